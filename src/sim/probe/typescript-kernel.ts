import { createDisplay } from "./display.ts";
import { addNoise, filterAxial, filterLateral } from "./filter.kernel.ts";
import { noiseRms, type EchoKernel, type KernelSetup } from "./kernel.ts";
import { FINE_LINES, RANK } from "./lateral.ts";
import { createSplatter, type IqGrid } from "./splat.kernel.ts";

/** The readable path, and the oracle of the fast one. */
export function typescriptKernel(setup: KernelSetup): EchoKernel {
  const { scene, probe, scan, settings, beam, effects, seed, lines, samples, boneSurface } = setup;
  const grid = (columns: number): IqGrid => ({
    lines: columns,
    samples,
    re: new Float32Array(columns * samples),
    im: new Float32Array(columns * samples),
  });
  const scattered = grid((lines - 1) * FINE_LINES + 1),
    beamed = Array.from({ length: RANK }, () => grid(lines)),
    coherent = grid(lines),
    received = grid(lines);
  const splat = createSplatter(scene, probe, scan, settings, beam, effects, seed, boneSurface);
  const display = createDisplay(probe, scan, settings, beam.sampleMm, samples);
  const rms = noiseRms(setup);
  return {
    coherent,
    received,
    scatter(kneeFromImage, map, points) {
      scattered.re.fill(0);
      scattered.im.fill(0);
      coherent.re.fill(0);
      coherent.im.fill(0);
      splat(kneeFromImage, map, points, scattered);
      beamed.forEach((to, rank) => filterLateral(scattered, beam, rank, to));
    },
    receive(frameIndex) {
      if (rms > 0) addNoise(beamed[0]!, rms, seed, frameIndex);
      received.re.set(coherent.re);
      received.im.set(coherent.im);
      filterAxial(beamed, beam, received);
    },
    display: (power) => display(received, power),
  };
}

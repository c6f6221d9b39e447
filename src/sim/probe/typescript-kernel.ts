import { createDisplay } from "./display.ts";
import { addNoise, filterAxial, filterLateral } from "./filter.kernel.ts";
import { noiseRms, type EchoKernel, type KernelSetup } from "./kernel.ts";
import { FINE_LINES, RANK } from "./lateral.ts";
import { createLineMapper } from "./line-map.ts";
import type { LineMap } from "./map.ts";
import { addRing, mirrorAdder } from "./mirrors.ts";
import { createSplatter, type IqGrid } from "./splat.kernel.ts";

/** The readable path, and the oracle of the fast one. */
export function typescriptKernel(setup: KernelSetup): EchoKernel {
  const { scene, probe, scan, looks, settings, beam, effects, seed, lines, samples, boneSurface } = setup;
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
  const addMirror = mirrorAdder(beam, coherent),
    mappers = looks.map((look) =>
      createLineMapper(scene, probe, look.scan, settings, beam, effects, seed, boneSurface),
    );
  let pose = new Float64Array(12),
    map: LineMap | undefined;
  return {
    coherent,
    received,
    see(kneeFromImage, look) {
      coherent.re.fill(0);
      coherent.im.fill(0);
      pose = kneeFromImage.slice();
      map = mappers[look]!(pose, addMirror);
      if (effects.ringDown) addRing(map.contact, looks[look]!.scan, addMirror);
      return map;
    },
    scatter(points) {
      scattered.re.fill(0);
      scattered.im.fill(0);
      if (map) splat(pose, map, points, scattered);
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

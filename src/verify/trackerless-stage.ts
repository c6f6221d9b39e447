import { createWorkerPool } from "../core/worker-pool.ts";

import type { Trajectory } from "../metrics/trajectory/trajectory.ts";
import { calibrateCurves } from "../pipeline/pose/decorrelation/calibrate-curves.ts";
import { collectSamples } from "../pipeline/pose/decorrelation/collect-samples.ts";
import type { DecorrelationCurves } from "../pipeline/pose/decorrelation/curves.ts";
import { observeSweep } from "../pipeline/pose/decorrelation/observe-sweep.ts";
import type { SweepImages } from "../pipeline/pose/sweep-images.ts";
import { phantomPose, phantomScene, plainTissue } from "../sim/probe/phantoms.ts";
import { imageGeometry, type Probe, probes } from "../sim/probe/probe.ts";
import { renderFrames } from "../sim/probe/render.ts";
import type { Tissue } from "../sim/scene.ts";

/** A motor stage: half the default probe over a block of one tissue. */
export const stageProbe: Probe = { ...probes["telemed-l12-40"], elementCount: 96, lineCount: 96 };
const settings = { widthPx: 256, heightPx: 256, depthMm: 34 };

/** `count` places `stepMm` apart along z, mm. */
export const steps = (count: number, stepMm: number, from = 0): number[] =>
  Array.from({ length: count }, (_, i) => from + i * stepMm);

/** Images that look along y at places along z. */
export const slide = (zMm: readonly number[]): Trajectory => ({
  fromImage: Float64Array.from(zMm.flatMap((z) => [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, z])),
});

/** Images of a tissue along z. */
export async function stage(
  seed: string,
  zMm: readonly number[],
  { probe = stageProbe, tissue = plainTissue() }: { readonly probe?: Probe; readonly tissue?: Tissue } = {},
): Promise<SweepImages> {
  const geometry = imageGeometry(probe, settings);
  const scene = phantomScene(
    { tissue: () => 0, tissues: [tissue] },
    { halfMm: [14, Math.max(...zMm.map(Math.abs)) + 6], depthMm: 38, spacingMm: 1 },
  );
  const poses = new Float64Array(zMm.length * 12);
  zMm.forEach((z, i) => poses.set(phantomPose(0, 0, z), 12 * i));
  const workers = createWorkerPool(1);
  try {
    const frames = await renderFrames({ scene, probe, settings, seed, poses, workers });
    return {
      name: seed,
      count: zMm.length,
      geometry,
      timeS: Float64Array.from(zMm, (_, i) => i / 28),
      read: async (i) => ({ width: geometry.width, height: geometry.height, pixels: frames[i]!.pixels }),
    };
  } finally {
    await workers.close();
  }
}

let made: Promise<DecorrelationCurves> | undefined;
/** Of plain speckle, from two slow stages. */
export const stageCurves = (): Promise<DecorrelationCurves> =>
  (made ??= (async () => {
    const zs = [steps(24, 0.12, -1.4), steps(24, 0.3, -3.5)];
    const known = [];
    for (const [i, z] of zs.entries()) {
      const observation = await observeSweep(await stage(`stage-${i}`, z), 60);
      known.push({ observation, fromImage: slide(z).fromImage });
    }
    return calibrateCurves(collectSamples(known), { about: "", probe: "", scaleSd: 0.1 });
  })());

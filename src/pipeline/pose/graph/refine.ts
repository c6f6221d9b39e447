import { imageFromPixel } from "../../../data/image.ts";
import { multiply3x4, invert3x4 } from "../../../core/rigid.ts";
import type { StageContext } from "../../stage.ts";
import { latticeOf, resampler } from "../lattice.ts";
import type { RecoveredPoses } from "../recover-poses.ts";
import type { RefinePoses } from "../refine-poses.ts";
import { findCrossings, linePicture, type PictureStack } from "./crossings.ts";
import { solveGraph, type GraphSweep, type Observation, type SolvedGraph } from "./pose-graph.ts";

/** Of odometry from images alone, per mm of way: chosen after the errors of a few development strokes, not fitted to them. */
export const IMAGES_SD_PER_MM: GraphSweep["sdPerMm"] = [0.08, 0.05, 0.12, 0.006, 0.004, 0.004];
/** With an orientation sensor: chosen likewise. */
export const SENSOR_SD_PER_MM: GraphSweep["sdPerMm"] = [0.04, 0.03, 0.06, 0.0006, 0.0006, 0.0006];

/** Sweeps that cross one another tell how far each of them went: laid together by what they show where they meet. */
export const refineByCrossings =
  (sdPerMm: GraphSweep["sdPerMm"], dynamicRangeDb: number): RefinePoses =>
  async ({ recovered }, { log }) => {
    const sweeps = graphSweeps(recovered, sdPerMm);
    const observations = await crossingsOf(recovered, sweeps, dynamicRangeDb, log);
    if (observations.length === 0) {
      log.warn("no two sweeps cross one another where they show the same: the pose graph adds nothing to the steps");
      return recovered;
    }
    return laidOut(recovered, solveGraph(sweeps, observations), observations.length);
  };

/** Poses of each sweep's images, mm, in the frame of the tracked frames. */
export function graphSweeps(
  { frames, geometry, sweeps }: RecoveredPoses,
  sdPerMm: GraphSweep["sdPerMm"],
): GraphSweep[] {
  const toPixel = invert3x4(imageFromPixel(geometry));
  const middleMm = ((geometry.height - 1) / 2 - geometry.faceCentrePx[1]) * geometry.spacingMm[1];
  return sweeps.map(({ first, count }) => {
    const fromImage = new Float64Array(12 * count);
    for (let i = 0; i < count; i++) {
      const at = 12 * (first + i);
      fromImage.set(multiply3x4(frames.referenceFromPixel.subarray(at, at + 12), toPixel), 12 * i);
    }
    return { fromImage, centreMm: [0, middleMm], sdPerMm };
  });
}

export async function crossingsOf(
  { frames, geometry, sweeps }: RecoveredPoses,
  graph: readonly GraphSweep[],
  dynamicRangeDb: number,
  log: StageContext["log"],
): Promise<Observation[]> {
  if (sweeps.length < 2) return [];
  const lattice = latticeOf(geometry),
    resample = resampler(lattice, geometry, dynamicRangeDb);
  const stacks: PictureStack[] = [];
  for (const [sweep, { first, count }] of sweeps.entries()) {
    const pictures: Float32Array[] = [];
    for (let i = 0; i < count; i++) pictures.push(linePicture(resample(await frames.read(first + i)), lattice));
    stacks.push({ sweep, lattice, pictures, fromImage: graph[sweep]!.fromImage });
  }
  const all: Observation[] = [];
  for (const a of stacks) {
    for (const b of stacks) {
      // Each of a pair is laid across the other one.
      if (a.sweep === b.sweep) continue;
      const found = findCrossings(a, b);
      if (found.length > 0)
        log.info("crossing", { of: sweeps[a.sweep]!.name, by: sweeps[b.sweep]!.name, matches: found.length });
      all.push(...found);
    }
  }
  return all;
}

/** The recovered poses with those of the graph in their place. */
export function laidOut(recovered: RecoveredPoses, solved: SolvedGraph, observations: number): RecoveredPoses {
  const fromPixel = imageFromPixel(recovered.geometry);
  const referenceFromPixel = recovered.frames.referenceFromPixel.slice();
  const sweeps = recovered.sweeps.map((sweep, s) => {
    const poses = solved.fromImage[s]!,
      firstFromReference = invert3x4(poses.slice(0, 12)),
      firstFromImage = new Float64Array(12 * sweep.count),
      centreSdMm = new Float64Array(3 * sweep.count);
    for (let i = 0; i < sweep.count; i++) {
      const pose = poses.slice(12 * i, 12 * i + 12);
      referenceFromPixel.set(multiply3x4(pose, fromPixel), 12 * (sweep.first + i));
      firstFromImage.set(multiply3x4(firstFromReference, pose), 12 * i);
      // Between the first frame, which is known, and the last one errors grow as the way.
      solved.lastSdMm[s]!.forEach((sd, axis) => (centreSdMm[3 * i + axis] = (sd * i) / Math.max(1, sweep.count - 1)));
    }
    const warnings = observations > 0 ? sweep.warnings : [...sweep.warnings];
    return { ...sweep, firstFromImage, centreSdMm, warnings };
  });
  return { ...recovered, sweeps, frames: { ...recovered.frames, referenceFromPixel } };
}

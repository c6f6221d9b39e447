import type { Log } from "../core/log.ts";
import { createRng } from "../core/rng.ts";
import type { WorkerPool } from "../core/worker-pool.ts";
import { framePose } from "../data/tracked-frames.ts";
import type { Recording } from "../data/recording.ts";
import type { Mesh } from "../geometry/mesh.ts";
import type { IgtlServer } from "../hardware/openigtlink/server.ts";
import { createRidgeRibbon } from "../pipeline/surface/ridge-ribbon.ts";
import { trackFrames } from "../pipeline/sync/track-frames.ts";
import type { FixedTransform } from "../pipeline/sync/transform-path.ts";
import type { PipelineOptions } from "../pipeline/run.ts";

/** The bone that has been found in the images of a played scan until now. */
export interface GrowingBone {
  /** Body or frame whose coordinates the surface has. */
  readonly referenceName: string;
  /** When the last image arrived. */
  readonly endsS: number;
  /** Of the images that have arrived by this time of the recording's host; undefined when it has not grown since. */
  until(receivedS: number): Mesh | undefined;
}

/**
 * Finds the bone of a scan before it is played: what the images show up to a moment is the same whenever it is found.
 * Throws an UnsuitableInputError when no image has a pose.
 */
export async function findGrowingBone(
  recording: Recording,
  fixed: readonly FixedTransform[],
  { sync, segment }: Pick<PipelineOptions, "sync" | "segment">,
  { log, workers }: { readonly log: Log; readonly workers: WorkerPool },
): Promise<GrowingBone> {
  const context = { rng: createRng("growing bone"), log, workers };
  const frames = await trackFrames.run({ recording, fixed }, sync, context);
  const { masks } = await segment(frames, context);
  const receivedAtS = recording.images!.receivedAtS;
  const ribbon = createRidgeRibbon();
  let next = 0;
  return {
    referenceName: sync.referenceName,
    endsS: receivedAtS[receivedAtS.length - 1] ?? -Infinity,
    until(receivedS) {
      const before = ribbon.vertexCount;
      while (next < frames.count && receivedAtS[frames.sourceIndex[next]!]! <= receivedS) {
        ribbon.add(masks[next]!, framePose(frames, next));
        next++;
      }
      return ribbon.vertexCount > before ? ribbon.mesh() : undefined;
    },
  };
}

/** A new surface at most this often, seconds of the scan. */
const EVERY_S = 0.5;

/**
 * Publishes it as POLYDATA "Bone" while the scan is played: call what is returned with every image. To those who come
 * later, GET_POLYDATA gives the last one.
 */
export function publishGrowing(bone: GrowingBone): (receivedS: number, server: IgtlServer) => void {
  let lastS = -Infinity;
  return (receivedS, server) => {
    if (receivedS - lastS < EVERY_S && receivedS < bone.endsS) return;
    const mesh = bone.until(receivedS);
    if (!mesh) return;
    lastS = receivedS;
    server.publishMesh("Bone", mesh, {});
  };
}

import { UnsuitableInputError } from "../../core/errors.ts";
import { withMeanPixelDepth } from "../../data/image.ts";
import type { Recording } from "../../data/recording.ts";
import type { TrackedFrames } from "../../data/tracked-frames.ts";
import type { Stage } from "../stage.ts";
import { clockSegments } from "./clock-segments.ts";
import { describeFrames, imagesOf } from "./image-frames.ts";
import { covers, poseAt } from "./pose-at.ts";
import { alongPath, findTransformPath, type FixedTransform } from "./transform-path.ts";

export interface SyncInput {
  readonly recording: Recording;
  /** Calibrations: at least the one from `imageName` (pixels) to the probe. */
  readonly fixed: readonly FixedTransform[];
}

export interface SyncOptions {
  readonly imageName: string;
  /** The body or frame in which the bone is wanted. */
  readonly referenceName: string;
  /** By how much the images' times run behind the tracker's, seconds (temporal calibration). By-time pairing only. */
  readonly imageLagS: number;
  /** A pose is interpolated only between neighbours that are at most this many tracker periods apart. */
  readonly maxGapPeriods: number;
}

/** Moves smaller than this over the whole recording are a probe that stood still, mm. */
const STANDSTILL_MM = 0.05;

/** The calibration holds for the images that the scan began with. */
export const CHANGED_IMAGE =
  "the image's geometry had changed (another depth or size, or its clock was set): reconstruct it apart";

/**
 * Gives every image its pose: by index where the recording pairs them, else at the image's acquisition time (host
 * clock, lag removed) by interpolation between the two tracker samples around it, never across a change of the
 * tracker's clock or bodies. Images after a change of their own geometry are left out. Frames without a pose are counted
 * by reason. Throws an UnsuitableInputError when no chain of transforms exists, no frame has a pose, or nothing moves.
 */
export const trackFrames: Stage<SyncInput, TrackedFrames, SyncOptions> = {
  name: "sync/track-frames",
  // 1.5 periods: one lost sample is bridged, a drop-out is not (PLUS bridges 0.5 s, which a moving hand outruns).
  defaults: { imageName: "Image", referenceName: "Reference", imageLagS: 0, maxGapPeriods: 1.5 },
  async run({ recording, fixed }, options, { log }) {
    const images = imagesOf(recording);
    const path = findTransformPath(options.imageName, options.referenceName, fixed, recording.poses);
    const pose = recording.pairing === "by-index" ? byIndex(recording) : byTime(recording, options);
    const dropped: Record<string, number> = {};
    const drop = (reason: string): void => void (dropped[reason] = (dropped[reason] ?? 0) + 1);
    const matrices: Float64Array[] = [],
      source: number[] = [];
    for (let i = 0; i < images.count; i++) {
      if (!images.valid[i]) {
        drop("image marked invalid");
        continue;
      }
      if (images.geometryEpoch && images.geometryEpoch[i] !== images.geometryEpoch[0]) {
        drop(CHANGED_IMAGE);
        continue;
      }
      const total = alongPath(path, fixed, (track) => pose(track, i));
      if (typeof total === "string") {
        drop(total);
        continue;
      }
      matrices.push(withMeanPixelDepth(total));
      source.push(i);
    }
    log.debug("poses", { frames: matrices.length, dropped });
    if (matrices.length === 0) {
      const why = Object.entries(dropped).map(([reason, n]) => `${reason} (${n})`);
      throw new UnsuitableInputError(
        `none of the ${images.count} frames of ${recording.name} has a pose: ${why.join(", ")}`,
        "Check that the probe and the reference were seen by the tracker, and that the right transforms are named",
      );
    }
    const referenceFromPixel = new Float64Array(matrices.length * 12);
    matrices.forEach((m, i) => referenceFromPixel.set(m, i * 12));
    const { width, height } = images;
    refuseStandstill(recording.name, referenceFromPixel, width, height);
    return { ...describeFrames(recording, Uint32Array.from(source)), referenceFromPixel, dropped };
  },
};

type PoseOf = (track: number, image: number) => Float64Array | string;

function byIndex({ poses }: Recording): PoseOf {
  return (track, image) => {
    const { tool, status, parentFromTool } = poses[track]!;
    const word = status[image];
    if (word === "tracked") return parentFromTool.slice(image * 12, image * 12 + 12);
    return word === undefined ? `"${tool}" has no pose for the frame` : `"${tool}" ${word}`;
  };
}

function byTime({ poses, images }: Recording, { imageLagS, maxGapPeriods }: SyncOptions): PoseOf {
  const clocks = poses.map(clockSegments);
  const imageClocks = clockSegments(images!);
  return (index, image) => {
    const imageClock = imageClocks.find(({ to }) => image < to)!;
    const hostS = imageClock.offsetS + imageClock.rate * (images!.acquiredAtS[image]! - imageLagS);
    const track = poses[index]!;
    const segment = clocks[index]!.find((each) => covers(track, each, hostS));
    return segment
      ? poseAt(track, segment, (hostS - segment.offsetS) / segment.rate, maxGapPeriods)
      : `"${track.tool}" has no pose at the time of the frame`;
  };
}

function refuseStandstill(name: string, poses: Float64Array, width: number, height: number): void {
  if (poses.length <= 12) return;
  let moved = 0;
  for (const [u, v] of [
    [0, 0],
    [width - 1, 0],
    [0, height - 1],
  ] as const) {
    for (let i = 12; i < poses.length; i += 12) {
      for (let row = 0; row < 12; row += 4) {
        const d = (k: number): number => poses[i + row + k]! - poses[row + k]!;
        moved = Math.max(moved, Math.abs(d(0) * u + d(1) * v + d(3)));
      }
    }
  }
  if (moved < STANDSTILL_MM) {
    throw new UnsuitableInputError(
      `the image never moves in ${name} (at most ${moved.toFixed(3)} mm in ${poses.length / 12} frames)`,
      "Record a sweep: move the probe relative to the reference; or name another reference",
    );
  }
}

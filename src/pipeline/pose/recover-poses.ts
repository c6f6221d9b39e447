import { UnsuitableInputError } from "../../core/errors.ts";
import { invert3x4, multiply3x4 } from "../../core/rigid.ts";
import { imageFromPixel, type ImageGeometry } from "../../data/image.ts";
import type { InertialTrack } from "../../data/inertial.ts";
import type { ImageFrames, TrackedFrames } from "../../data/tracked-frames.ts";
import type { StageContext } from "../stage.ts";
import type { RecoveredMotion, RecoverMotion, SweepImages } from "./sweep-images.ts";

export interface PoseInput {
  readonly frames: ImageFrames;
  /** How the pixels lie; a calibration's when the device declares nothing. */
  readonly geometry: ImageGeometry;
  /**
   * Frames with a measured pose: one frame of each sweep is laid on its own, the first that has one, and no other pose
   * is read. Undefined when nothing was tracked: all is then in the frame of the first image.
   */
  readonly anchors: Pick<TrackedFrames, "sourceIndex" | "referenceFromPixel"> | undefined;
  /** What an orientation sensor on the probe said, in the time of the images; absent when none is used. */
  readonly inertial?: InertialTrack;
  /** Strokes that the operator named, seconds of the images' times. */
  readonly strokes: readonly { readonly name: string; readonly fromS: number; readonly toS: number }[];
}

/** One unbroken run of frames: its place among the frames, and what was recovered of it. */
export interface RecoveredSweep extends RecoveredMotion {
  readonly name: string;
  /** Index of its first frame, and how many there are. */
  readonly first: number;
  readonly count: number;
}

export interface RecoveredPoses {
  readonly frames: TrackedFrames;
  readonly geometry: ImageGeometry;
  readonly sweeps: readonly RecoveredSweep[];
}

/** Recovers each sweep by itself and lays it on the reference frame by one measured pose. */
export async function recoverPoses(
  input: PoseInput,
  recover: RecoverMotion,
  context: StageContext,
): Promise<RecoveredPoses> {
  const { frames, geometry, anchors } = input;
  const runs = splitSweeps(input);
  if (!anchors && runs.length > 1) {
    throw new UnsuitableInputError(
      `the recording holds ${runs.length} sweeps and no measured pose that says how they lie to each other`,
      "Recover one sweep at a time, or record one tracked pose a sweep",
    );
  }
  const sweeps: RecoveredSweep[] = [],
    referenceFromPixel = new Float64Array(12 * frames.count),
    kept: number[] = [];
  const fromPixel = imageFromPixel(geometry),
    toPixel = invert3x4(fromPixel);
  for (const run of runs) {
    const motion = await recover(imagesOf(input, run), context);
    const anchor = anchorOf(input, run);
    if (anchors && !anchor) {
      context.log.warn(`no frame of the sweep "${run.name}" has a measured pose: it is left out`);
      continue;
    }
    const { firstFromImage } = motion;
    const pose = (i: number): Float64Array => firstFromImage.slice(12 * i, 12 * i + 12);
    const referenceFromFirst = anchor
      ? multiply3x4(multiply3x4(anchor.referenceFromPixel, toPixel), invert3x4(pose(anchor.at)))
      : undefined;
    sweeps.push({ ...run, ...motion, first: kept.length });
    for (let i = 0; i < run.count; i++) {
      const image = referenceFromFirst ? multiply3x4(referenceFromFirst, pose(i)) : pose(i);
      referenceFromPixel.set(multiply3x4(image, fromPixel), 12 * kept.length);
      kept.push(run.first + i);
    }
    context.log.progress("poses", kept.length, frames.count);
  }
  const select = <T extends Uint32Array | Float64Array>(all: T): T => all.filter((_, i) => isKept[i]) as T;
  const isKept = new Uint8Array(frames.count);
  for (const i of kept) isKept[i] = 1;
  return {
    geometry,
    sweeps,
    frames: {
      ...frames,
      count: kept.length,
      sourceIndex: select(frames.sourceIndex),
      timeS: select(frames.timeS),
      referenceFromPixel: referenceFromPixel.subarray(0, 12 * kept.length),
      read: (frame) => frames.read(kept[frame]!),
    },
  };
}

/** One unbroken run of frames and its images. */
export interface CutSweep extends Run {
  readonly images: SweepImages;
}

export function cutSweeps(input: PoseInput): CutSweep[] {
  return splitSweeps(input).map((run) => ({ ...run, images: imagesOf(input, run) }));
}

interface Run {
  readonly name: string;
  readonly first: number;
  readonly count: number;
}

/** A pause longer than this many mean periods, and than 0.25 s, ends a sweep. */
const GAP_PERIODS = 6;
const GAP_S = 0.25;

/** Neighbouring frames belong together unless time stands between them. A run of one frame has no motion: left out. */
function splitSweeps({ frames: { timeS, count }, strokes }: PoseInput): Run[] {
  const gaps = Array.from({ length: Math.max(0, count - 1) }, (_, i) => timeS[i + 1]! - timeS[i]!).sort(
    (a, b) => a - b,
  );
  const limit = Math.max(GAP_S, GAP_PERIODS * (gaps[Math.floor(gaps.length / 2)] ?? 0));
  const runs: Run[] = [];
  for (let first = 0; first < count;) {
    let end = first + 1;
    while (end < count && timeS[end]! - timeS[end - 1]! <= limit) end++;
    const middle = (timeS[first]! + timeS[end - 1]!) / 2;
    const stroke = strokes.find(({ fromS, toS }) => middle >= fromS && middle <= toS + 1);
    if (end - first > 1) runs.push({ name: stroke?.name ?? `sweep ${runs.length + 1}`, first, count: end - first });
    first = end;
  }
  if (runs.length > 0) return runs;
  throw new UnsuitableInputError(
    "no two images of the recording follow each other closely enough to compare them",
    "Poses without a tracker need a sequence of images at 5 frames a second or more",
  );
}

function imagesOf({ frames, geometry, inertial }: PoseInput, { name, first, count }: Run): SweepImages {
  return {
    name,
    count,
    geometry,
    timeS: frames.timeS.subarray(first, first + count),
    ...(inertial ? { inertial } : {}),
    read: (frame) => frames.read(first + frame),
  };
}

function anchorOf({ frames, anchors }: PoseInput, { first, count }: Run) {
  if (!anchors) return undefined;
  const places = new Map(Array.from(anchors.sourceIndex, (source, i) => [source, i]));
  for (let at = 0; at < count; at++) {
    const i = places.get(frames.sourceIndex[first + at]!);
    if (i !== undefined) return { at, referenceFromPixel: anchors.referenceFromPixel.slice(12 * i, 12 * i + 12) };
  }
  return undefined;
}

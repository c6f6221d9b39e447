import type { Job } from "../../core/worker-pool.ts";
import type { BoneMask, BoneMasks } from "../../data/bone-mask.ts";
import { framePose, type TrackedFrames } from "../../data/tracked-frames.ts";
import type { StageContext } from "../stage.ts";
import { emptyMask } from "./empty-mask.ts";
import { checkFrame, flagOf, flagSentences } from "./frame-check.ts";
import { unfoldingOf } from "./unfold.ts";

/** What one worker is given: one frame of its own (moved, not shared). */
export interface FrameJob<Options> {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array<ArrayBuffer>;
  readonly pixelMm: readonly [number, number];
  readonly options: Options;
  /** Equal for frames that are looked at with the very same options: what a worker may keep between them. */
  readonly key: string;
}

/** Frames read ahead per worker: enough to keep it busy, few enough to hold in memory. */
const READ_AHEAD = 4;

/** Distance of neighbouring columns and of neighbouring rows, mm, from a row-major 3×4 pixel-to-mm matrix. */
export function pixelSizeMm(m: Readonly<Float64Array>): [number, number] {
  return [Math.hypot(m[0]!, m[4]!, m[8]!), Math.hypot(m[1]!, m[5]!, m[9]!)];
}

/** As the device declares it, or by the calibration: what is found in a picture is the same on whatever tracker. */
export const pixelSize = (frames: TrackedFrames, frame: number): readonly [number, number] =>
  frames.nominalGeometry?.spacingMm ?? pixelSizeMm(framePose(frames, frame));

const keys = new WeakMap<object, string>();
let keysGiven = 0;

function keyOf(options: object): string {
  const known = keys.get(options) ?? String(++keysGiven);
  keys.set(options, known);
  return known;
}

/**
 * Sends every frame to `module`, whose answer is its BoneMask; they come back in the order of the frames. Sectors are sent
 * laid out by their beams. A frame without a picture in it is flagged; one that is no gray picture of the recording's size
 * is refused (UnsuitableInputError).
 */
export async function segmentAll<Options extends object>(
  module: URL,
  frames: TrackedFrames,
  options: Options,
  { log, workers }: StageContext,
): Promise<BoneMasks> {
  const masks: BoneMask[] = Array<BoneMask>(frames.count);
  const unfolding = unfoldingOf(frames.nominalGeometry);
  const batch = READ_AHEAD * workers.size,
    key = keyOf(options);
  for (let begin = 0; begin < frames.count; begin += batch) {
    const jobs: Job[] = [],
      asked: number[] = [];
    const end = Math.min(begin + batch, frames.count);
    for (let i = begin; i < end; i++) {
      const image = checkFrame(await frames.read(i), frames, frames.sourceIndex[i]!);
      const flag = flagOf(image);
      if (flag) {
        masks[i] = emptyMask(image, flag);
        continue;
      }
      const { width, height, pixels } = unfolding?.layOut(image) ?? image;
      const copy = new Uint8Array(pixels); // a view of a large buffer would be sent whole
      const pixelMm = unfolding?.pixelMm ?? pixelSize(frames, i);
      const data: FrameJob<Options> = { width, height, pixels: copy, pixelMm, options, key };
      jobs.push({ data, transfer: [copy.buffer] });
      asked.push(i);
    }
    const found = await workers.map<BoneMask>(module, jobs);
    found.forEach((mask, k) => (masks[asked[k]!] = unfolding ? unfolding.foldBack(mask) : mask));
    log.progress("segmentation", end, frames.count);
  }
  for (const sentence of flagSentences(masks.map(({ flag }) => flag))) log.warn(sentence);
  const withBone = masks.filter(({ ridgeConfidence }) => ridgeConfidence.some((c) => c > 0)).length;
  log.info("segmentation", { frames: frames.count, framesWithBone: withBone });
  return { masks };
}

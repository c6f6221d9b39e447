import { silentLog } from "../core/log.ts";
import type { BoneMask, BoneMasks, FrameFlag } from "../data/bone-mask.ts";
import type { TrackedFrames } from "../data/tracked-frames.ts";
import type { ContentCache } from "../io/content-cache.ts";
import { flagSentences } from "../pipeline/segmentation/frame-check.ts";
import { pixelSize } from "../pipeline/segmentation/segment-all.ts";
import type { StageContext } from "../pipeline/stage.ts";
import { segment } from "./build.ts";
import { digest } from "./cached-pictures.ts";
import type { SegmentationConfig } from "./schema.ts";
import { defaultModelCard, loadSegmentationModel } from "./segmentation-model.ts";

/** How the bone in the frames is come by: found anew, or as it was found before. */
export type FindBone = (config: SegmentationConfig, frames: TrackedFrames, context: StageContext) => Promise<BoneMasks>;

/**
 * Looks for bone in those frames alone whose answer `cache` does not hold. An entry is one frame's mask, kept under the
 * digest of everything that it follows from (pixels, their size and field, method, a network's weights, `codeDigest`): variants of
 * a study that differ in tracker or calibration share it. A user's own program is always asked: nobody knows what it reads.
 */
export function cachedMasks(cache: ContentCache, codeDigest: string, find: FindBone = segment): FindBone {
  return async (config, frames, context) => {
    if (config.kind === "module" || config.kind === "program") return find(config, frames, context);
    const method = digest([config, config.kind === "neural" ? await networkOf(config.model) : null]);
    const masks: (BoneMask | undefined)[] = [],
      keys: string[] = [];
    for (let i = 0; i < frames.count; i++) {
      const { width, height, pixels } = await frames.read(i);
      const picture = [width, height, pixels, pixelSize(frames, i), frames.nominalGeometry ?? null];
      const key = digest(["mask", codeDigest, method, picture]);
      keys.push(key);
      const kept = await cache.read(key);
      masks.push(kept && decodeMask(kept));
    }
    const missing = keys.flatMap((_, i) => (masks[i] ? [] : [i]));
    if (missing.length > 0) {
      const found = await find(config, only(frames, missing), { ...context, log: quietLog(context) });
      for (const [k, mask] of found.masks.entries()) {
        masks[missing[k]!] = mask;
        await cache.write(keys[missing[k]!]!, encodeMask(mask));
      }
    }
    const all = masks.map((mask) => mask!);
    for (const sentence of flagSentences(all.map(({ flag }) => flag))) context.log.warn(sentence);
    return { masks: all };
  };
}

/** Sentences about some of the frames would count too few; the progress is as it is. */
const quietLog = ({ log }: StageContext): StageContext["log"] => ({ ...silentLog, progress: log.progress });

/** Its card and its weights. */
const networkOf = async (card: string | undefined): Promise<string> =>
  digest((await loadSegmentationModel(card ?? defaultModelCard)).model);

function only(frames: TrackedFrames, chosen: readonly number[]): TrackedFrames {
  const referenceFromPixel = new Float64Array(chosen.length * 12);
  chosen.forEach((i, k) => referenceFromPixel.set(frames.referenceFromPixel.subarray(i * 12, i * 12 + 12), k * 12));
  return {
    ...frames,
    count: chosen.length,
    sourceIndex: Uint32Array.from(chosen, (i) => frames.sourceIndex[i]!),
    timeS: Float64Array.from(chosen, (i) => frames.timeS[i]!),
    referenceFromPixel,
    read: (k) => frames.read(chosen[k]!),
  };
}

const FLAGS: readonly (FrameFlag | undefined)[] = [undefined, "empty", "saturated"];

/** Width, height and flag as words, three numbers a column, then the picture of probabilities. */
export function encodeMask({
  width,
  height,
  probability,
  ridgeRowPx,
  ridgeConfidence,
  ridgeSdPx,
  flag,
}: BoneMask): Uint8Array {
  const bytes = new Uint8Array(12 + 12 * width + width * height);
  new Uint32Array(bytes.buffer, 0, 3).set([width, height, FLAGS.indexOf(flag)]);
  [ridgeRowPx, ridgeConfidence, ridgeSdPx].forEach((column, k) =>
    new Float32Array(bytes.buffer, 12 + 4 * width * k, width).set(column),
  );
  bytes.set(probability, 12 + 12 * width);
  return bytes;
}

/** Undefined where the bytes are not what `encodeMask` makes. */
export function decodeMask(bytes: Uint8Array): BoneMask | undefined {
  if (bytes.length < 12) return undefined;
  const own = bytes.slice(); // aligned, and of its own
  const words = new Uint32Array(own.buffer, 0, 3);
  const [width, height, flag] = [words[0]!, words[1]!, words[2]!];
  if (own.length !== 12 + 12 * width + width * height || flag >= FLAGS.length) return undefined;
  const column = (k: number): Float32Array =>
    new Float32Array(own.buffer.slice(12 + 4 * width * k, 12 + 4 * width * (k + 1)));
  const isFlagged = FLAGS[flag];
  return {
    width,
    height,
    probability: own.slice(12 + 12 * width),
    ridgeRowPx: column(0),
    ridgeConfidence: column(1),
    ridgeSdPx: column(2),
    ...(isFlagged ? { flag: isFlagged } : {}),
  };
}

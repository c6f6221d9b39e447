import type { ImageTrack } from "../../../data/recording.ts";
import { refuse, type Refused } from "../refused.ts";
import { findImageLine } from "./image-line.ts";
import { profileShift, rowProfile } from "./image-shift.ts";

/** A depth that follows the probe's motion, one value a frame that shows it. Times increase strictly. */
export interface ImageSignal {
  readonly kind: "line" | "whole image";
  readonly timeS: Float64Array;
  readonly depthPx: Float64Array;
  /** Frames without a value, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
}

/** Frames in which a line must be found for it to be the signal. */
const LINE_SHARE = 0.7;
/** Rows that the image may move between two frames, as a share of its height. */
const REACH_SHARE = 0.08;

/** Follows a line where most frames show one, else the rows of the image as a whole. */
export async function imageSignal(images: ImageTrack): Promise<ImageSignal | Refused> {
  const line: { t: number; depth: number }[] = [],
    whole: { t: number; depth: number }[] = [];
  const dropped: Record<string, number> = {};
  const drop = (word: string): void => void (dropped[word] = (dropped[word] ?? 0) + 1);
  let last = -Infinity,
    previous: Float64Array | undefined,
    depth = 0;
  for (let i = 0; i < images.count; i++) {
    const t = images.acquiredAtS[i]!;
    if (!images.valid[i]) drop("invalid");
    else if (!(t > last)) drop("with a time that does not increase");
    else {
      last = t;
      const image = await images.read(i);
      const found = findImageLine(image);
      if (found) line.push({ t, depth: found.depthPx });
      const profile = rowProfile(image);
      if (previous) depth += profileShift(previous, profile, Math.ceil(REACH_SHARE * images.height));
      previous = profile;
      whole.push({ t, depth });
    }
  }
  if (whole.length === 0) return refuse("No frame of the recording can be used", "Record the images again.");
  const useLine = line.length >= LINE_SHARE * whole.length;
  if (useLine && line.length < whole.length) dropped["without a line"] = whole.length - line.length;
  const chosen = useLine ? line : whole;
  return {
    kind: useLine ? "line" : "whole image",
    timeS: Float64Array.from(chosen, ({ t }) => t),
    depthPx: Float64Array.from(chosen, (p) => p.depth),
    dropped,
  };
}

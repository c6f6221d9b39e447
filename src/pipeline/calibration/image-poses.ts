import { compose, interpolate, invert, type Frame, type Rigid } from "../../core/rigid.ts";
import type { Recording } from "../../data/recording.ts";
import { poseAt, relativePoses, type PoseSeries } from "./pose-series.ts";
import { refuse, type Refused } from "./refused.ts";
import { smoothPoses } from "./smooth-poses.ts";

export interface ImagePoseSearch {
  /** Names of the tools. */
  readonly probe: string;
  readonly reference: string;
  /** Half width of the window over which poses are smoothed, s; 0: not at all. */
  readonly smoothS: number;
  /** By how much the images' times run behind the poses', s; for recordings without a common index. */
  readonly imageLagS: number;
}

/** Row-major 3×4 referenceFromProbe at each image, mm; undefined where the probe was not tracked. */
export function imagePoses(
  recording: Recording,
  { probe, reference, smoothS, imageLagS }: ImagePoseSearch,
): { readonly status: "found"; of(image: number): Readonly<Float64Array> | undefined } | Refused {
  const { images } = recording;
  if (!images) return refuse("The recording has no images", "Give a recording with images and poses.");
  const parentOf = (tool: string): string => recording.poses.find((track) => track.tool === tool)?.parent ?? "";
  const moving = relativePoses(recording, probe, parentOf(probe)),
    fixed = relativePoses(recording, reference, parentOf(reference));
  if ("status" in moving) return moving;
  if ("status" in fixed) return fixed;
  const smooth = (series: PoseSeries): PoseSeries => (smoothS > 0 ? smoothPoses(series, smoothS) : series);
  const smoothMoving = smooth(moving),
    smoothFixed = smooth(fixed);
  return {
    status: "found",
    of(image) {
      const atS = images.acquiredAtS[image]! - imageLagS,
        byIndex = recording.pairing === "by-index";
      const trackerFromProbe = poseOf<"probe">(smoothMoving, byIndex, image, atS),
        trackerFromReference = poseOf<"reference">(smoothFixed, byIndex, image, atS);
      if (!trackerFromProbe || !trackerFromReference) return undefined;
      return compose(invert(trackerFromReference), trackerFromProbe).m;
    },
  };
}

/** Image and poses may lie this far apart in time, s. */
const SAME_TIME_S = 0.1;

/** The pose that belongs to an image: the one of its index, else between its neighbours in time. */
export function poseOf<Tool extends Frame>(
  series: PoseSeries,
  byIndex: boolean,
  index: number,
  atS: number,
): Rigid<"tracker", Tool> | undefined {
  const { sourceIndex, timeS } = series;
  const keys: ArrayLike<number> = byIndex ? sourceIndex : timeS,
    wanted = byIndex ? index : atS;
  let low = 0,
    high = keys.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  const at = (i: number): Rigid<"tracker", Tool> => ({ m: poseAt(series, i) });
  if (byIndex) return keys[low] === wanted ? at(low) : undefined;
  const before = Math.max(0, low - 1),
    gapS = timeS[low]! - timeS[before]!,
    share = gapS > 0 ? (atS - timeS[before]!) / gapS : 0;
  if (share >= 0 && share <= 1 && gapS > 0 && gapS <= SAME_TIME_S) return interpolate(at(before), at(low), share);
  const near = low > 0 && share < 0.5 ? before : low;
  return Math.abs(timeS[near]! - atS) <= SAME_TIME_S ? at(near) : undefined;
}

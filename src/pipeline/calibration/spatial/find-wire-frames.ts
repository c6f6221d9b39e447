import { compose, interpolate, invert, multiply3x4, type Frame, type Rigid } from "../../../core/rigid.ts";
import type { Recording } from "../../../data/recording.ts";
import { poseAt, relativePoses, type PoseSeries } from "../pose-series.ts";
import { refuse, type Refused } from "../refused.ts";
import { smoothPoses } from "../smooth-poses.ts";
import type { NWirePhantom } from "./nwire-phantom.ts";
import { segmentWires, type WireFrame } from "./wire-frames.ts";

export interface WireSearch {
  readonly phantom: NWirePhantom;
  /** Names of the tools. */
  readonly probe: string;
  readonly reference: string;
  /** Row-major 3×4, mm: where the phantom is fixed on its reference. */
  readonly referenceFromPhantom: Readonly<Float64Array>;
  /** Half width of the window over which poses are smoothed, s; 0: not at all. */
  readonly smoothS: number;
  /** By how much the images' times run behind the poses', s; for recordings without a common index. */
  readonly imageLagS?: number;
}

export interface FoundFrames {
  readonly status: "found";
  readonly frames: readonly WireFrame[];
  /** Frames with pixels, and those in which all wires were found (tracked or not). */
  readonly examined: number;
  readonly segmented: number;
  readonly width: number;
  readonly height: number;
}

/** Image and poses may lie this far apart in time, s. */
const SAME_TIME_S = 0.1;

/** Segments every frame of the recording and gives those with all wires the probe's pose on the phantom. */
export async function findWireFrames(recording: Recording, search: WireSearch): Promise<FoundFrames | Refused> {
  const { images } = recording;
  if (!images) return refuse("The recording has no images", "Give a recording with images and poses.");
  const probe = relativePoses(recording, search.probe, parentOf(recording, search.probe)),
    reference = relativePoses(recording, search.reference, parentOf(recording, search.reference));
  if ("status" in probe) return probe;
  if ("status" in reference) return reference;
  const smooth = (series: PoseSeries): PoseSeries =>
    search.smoothS > 0 ? smoothPoses(series, search.smoothS) : series;
  const smoothProbe = smooth(probe),
    smoothReference = smooth(reference);
  const frames: WireFrame[] = [];
  let examined = 0,
    segmented = 0;
  for (let index = 0; index < images.count; index++) {
    if (!images.valid[index]) continue;
    examined++;
    const found = segmentWires(await images.read(index), search.phantom);
    if (!found) continue;
    segmented++;
    const atS = images.acquiredAtS[index]! - (search.imageLagS ?? 0);
    const byIndex = recording.pairing === "by-index";
    const trackerFromProbe = poseOf<"probe">(smoothProbe, byIndex, index, atS),
      trackerFromReference = poseOf<"reference">(smoothReference, byIndex, index, atS);
    if (!trackerFromProbe || !trackerFromReference) continue;
    const probeFromTracker = invert(trackerFromProbe);
    const { m } = compose(probeFromTracker, trackerFromReference);
    const probeFromPhantom = multiply3x4(m, search.referenceFromPhantom);
    frames.push({ index, pixels: found.pixels, handed: found.handed, probeFromPhantom });
  }
  return { status: "found", frames, examined, segmented, width: images.width, height: images.height };
}

function parentOf({ poses }: Recording, tool: string): string {
  return poses.find((track) => track.tool === tool)?.parent ?? "";
}

/** The pose that belongs to an image: the one of its index, else between its neighbours in time. */
function poseOf<Tool extends Frame>(
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

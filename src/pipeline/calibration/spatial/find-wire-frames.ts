import { compose, invert, multiply3x4 } from "../../../core/rigid.ts";
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
    const byIndex = recording.pairing === "by-index";
    const p = sampleOf(smoothProbe, byIndex, index, images.acquiredAtS[index]!),
      r = sampleOf(smoothReference, byIndex, index, images.acquiredAtS[index]!);
    if (p < 0 || r < 0) continue;
    const probeFromTracker = invert<"tracker", "probe">({ m: poseAt(smoothProbe, p) });
    const { m } = compose(probeFromTracker, { m: poseAt(smoothReference, r) });
    const probeFromPhantom = multiply3x4(m, search.referenceFromPhantom);
    frames.push({ index, pixels: found.pixels, handed: found.handed, probeFromPhantom });
  }
  return { status: "found", frames, examined, segmented, width: images.width, height: images.height };
}

function parentOf({ poses }: Recording, tool: string): string {
  return poses.find((track) => track.tool === tool)?.parent ?? "";
}

/** The sample that belongs to an image: the one of its index, else the nearest in time; −1: none. */
function sampleOf({ sourceIndex, timeS }: PoseSeries, byIndex: boolean, index: number, atS: number): number {
  const keys: ArrayLike<number> = byIndex ? sourceIndex : timeS,
    wanted = byIndex ? index : atS;
  let low = 0,
    high = keys.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  if (byIndex) return keys[low] === wanted ? low : -1;
  const near = low > 0 && wanted - keys[low - 1]! < keys[low]! - wanted ? low - 1 : low;
  return Math.abs(keys[near]! - wanted) <= SAME_TIME_S ? near : -1;
}

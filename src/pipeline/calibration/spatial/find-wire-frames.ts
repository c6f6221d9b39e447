import { percentile } from "../../../core/stats.ts";
import type { Recording } from "../../../data/recording.ts";
import { poseOf } from "../image-poses.ts";
import { relativePoses, type PoseSeries } from "../pose-series.ts";
import { refuse, type Refused } from "../refused.ts";
import { smoothPoses } from "../smooth-poses.ts";
import { MOST_DOTS } from "./find-dots.ts";
import type { NWirePhantom } from "./nwire-phantom.ts";
import { placePhantom, segmentImage, type FramePoses, type WireFrame } from "./wire-frames.ts";

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
  const frames: WireFrame[] = [],
    spotsSeen: number[] = [];
  let examined = 0,
    segmented = 0,
    before: Readonly<Float64Array> | undefined;
  for (let index = 0; index < images.count; index++) {
    if (!images.valid[index]) continue;
    examined++;
    const { spots, wires: found } = segmentImage(await images.read(index), search.phantom);
    spotsSeen.push(spots);
    if (!found) continue;
    segmented++;
    const atS = images.acquiredAtS[index]! - (search.imageLagS ?? 0);
    const byIndex = recording.pairing === "by-index";
    const posesFrom = (ofProbe: PoseSeries, ofReference: PoseSeries): FramePoses | undefined => {
      const trackerFromProbe = poseOf(ofProbe, byIndex, index, atS)?.m,
        trackerFromReference = poseOf(ofReference, byIndex, index, atS)?.m;
      return trackerFromProbe && trackerFromReference ? { trackerFromProbe, trackerFromReference } : undefined;
    };
    const raw = posesFrom(probe, reference),
      smoothed = posesFrom(smoothProbe, smoothReference);
    if (!raw || !smoothed) continue;
    const placed = placePhantom({ raw, smooth: smoothed }, search.referenceFromPhantom, search.phantom, before);
    before = raw.trackerFromProbe;
    frames.push({
      index,
      timeS: images.acquiredAtS[index]!,
      pixels: found.pixels,
      handed: found.handed,
      ...placed,
    });
  }
  if (frames.length < LEAST_FRAMES) return fewFrames(search.phantom, spotsSeen, segmented, frames.length);
  return { status: "found", frames, examined, segmented, width: images.width, height: images.height };
}

/** No calibration works with fewer (PLUS asks for as many). */
const LEAST_FRAMES = 10;

/** Why so few frames show the phantom: there is none, it is another one, or the tracker lost the tools. */
function fewFrames({ wires }: NWirePhantom, spotsSeen: readonly number[], segmented: number, tracked: number): Refused {
  const spots = percentile(spotsSeen, 0.5),
    all = spotsSeen.length;
  if (segmented >= LEAST_FRAMES) {
    return refuse(
      `All wires were found in ${segmented} of ${all} frames, but probe and reference were tracked in ${tracked} of these only`,
      "Keep the markers of both in view of the tracker while sweeping.",
    );
  }
  const counted = `all ${wires.length} wires were found in ${segmented} of ${all} frames, at least ${LEAST_FRAMES} are needed`;
  if (!(spots >= wires.length)) {
    return refuse(
      `There is no phantom in the frames: half of them show ${Math.round(spots || 0)} bright spots or fewer (${counted})`,
      "Lower the probe into the bath until every wire is in the picture; check depth and gain.",
    );
  }
  if (spots >= MOST_DOTS) {
    return refuse(
      `No phantom stands out in the frames: they are full of bright spots (${counted})`,
      "Lower the gain, switch off the scanner's overlays, and image the wires in clear water.",
    );
  }
  return refuse(
    `The frames show spots (${Math.round(spots)} in the middle one), but not as the wires of this phantom lie: is it another one? (${counted})`,
    "Check that the configuration describes the phantom in the images, and that every wire is in the picture.",
  );
}

function parentOf({ poses }: Recording, tool: string): string {
  return poses.find((track) => track.tool === tool)?.parent ?? "";
}

import { compose, invert, multiply3x4 } from "../../../core/rigid.ts";
import { mean } from "../../../core/stats.ts";
import type { Image } from "../../../data/image.ts";
import { coreCentre } from "./core-centre.ts";
import { findDots } from "./find-dots.ts";
import { labelWires, shareBetween, type LabelledFrame } from "./label-wires.ts";
import type { NWirePhantom } from "./nwire-phantom.ts";
import { distance, placeOf, type Vector3 } from "../vector3.ts";

/** Frames in which all wires were found and the probe was tracked. */
export interface WireFrame {
  /** Index of the frame in the recording. */
  readonly index: number;
  readonly timeS: number;
  /** Column and row of each wire, in the phantom's order. */
  readonly pixels: LabelledFrame["pixels"];
  readonly handed: LabelledFrame["handed"];
  /** Row-major 3×4, mm. */
  readonly probeFromPhantom: Readonly<Float64Array>;
  /** How the tracker did at this frame; absent: not looked at. */
  readonly tracking?: FrameTracking;
}

export interface FrameTracking {
  /** By how much smoothing over time moved the middle of the wires, mm. */
  readonly jitterMm: number;
  /** The tracker gave the probe the very pose that it gave it at the frame before. */
  readonly repeated: boolean;
}

/** Poses of one frame, row-major 3×4: as the tracker gave them, and smoothed over time. */
export interface FramePoses {
  readonly trackerFromProbe: Readonly<Float64Array>;
  readonly trackerFromReference: Readonly<Float64Array>;
}

/** The phantom on the probe at one frame. `before`: the tracker's pose of the probe at the frame before. */
export function placePhantom(
  { raw, smooth }: { readonly raw: FramePoses; readonly smooth: FramePoses },
  referenceFromPhantom: Readonly<Float64Array>,
  { wires }: NWirePhantom,
  before: Readonly<Float64Array> | undefined,
): Required<Pick<WireFrame, "probeFromPhantom" | "tracking">> {
  const place = ({ trackerFromProbe, trackerFromReference }: FramePoses): Float64Array => {
    const probeFromTracker = invert<"tracker", "probe">({ m: trackerFromProbe });
    const { m } = compose(probeFromTracker, { m: trackerFromReference });
    return multiply3x4(m, referenceFromPhantom);
  };
  const probeFromPhantom = place(smooth),
    middle = [0, 1, 2].map((k) => mean(wires.flatMap(({ frontMm, backMm }) => [frontMm[k]!, backMm[k]!])));
  const at = (m: Readonly<Float64Array>): Vector3 => placeOf(m, 0, [middle[0]!, middle[1]!, middle[2]!]);
  return {
    probeFromPhantom,
    tracking: {
      jitterMm: distance(at(place(raw)), at(probeFromPhantom)),
      repeated: before !== undefined && raw.trackerFromProbe.every((x, k) => x === before[k]),
    },
  };
}

/** PLUS opens echoes with a disc of 0.27 mm; wires are about 0.4 mm thick, their echoes wider. */
const CORE_RADIUS_MM = 0.25;

/** What one image shows. */
export interface SegmentedImage {
  /** Bright spots, wires or not. */
  readonly spots: number;
  /** The wires; undefined when they are not all there. */
  readonly wires: LabelledFrame | undefined;
}

export function segmentImage(image: Image, phantom: NWirePhantom): SegmentedImage {
  const dots = findDots(image),
    found = labelWires(dots, phantom, image.width);
  if (!found) return { spots: dots.length, wires: undefined };
  const pixels: (readonly [number, number])[] = [];
  for (const place of found.pixels) {
    const core = coreCentre(image, place, CORE_RADIUS_MM * found.pxPerMm);
    if (!core) return { spots: dots.length, wires: undefined };
    pixels.push(core);
  }
  return { spots: dots.length, wires: { ...found, pixels } };
}

/** The wires of one image; undefined when they are not all there. */
export const segmentWires = (image: Image, phantom: NWirePhantom): LabelledFrame | undefined =>
  segmentImage(image, phantom).wires;

/**
 * Where the image cuts the diagonal of an N, from the shares on the row of its three dots (Pagoulatos et al. 2001), in
 * the phantom's frame, mm.
 */
export function diagonalPoint(phantom: NWirePhantom, pattern: number, pixels: LabelledFrame["pixels"]): Vector3 {
  const at = 3 * pattern;
  const dot = (i: number): { u: number; v: number } => ({ u: pixels[i]![0], v: pixels[i]![1] });
  const share = shareBetween(dot(at), dot(at + 1), dot(at + 2));
  const from = phantom.frontSection[at]!,
    to = phantom.frontSection[at + 2]!,
    front = phantom.frontSection[at + 1]!,
    back = phantom.backSection[at + 1]!;
  const x = from[0] + share * (to[0] - from[0]),
    y = from[1] + share * (to[1] - from[1]),
    dx = back[0] - front[0],
    dy = back[1] - front[1];
  const along = ((x - front[0]) * dx + (y - front[1]) * dy) / (dx * dx + dy * dy);
  const { frontMm: a, backMm: b } = phantom.wires[at + 1]!;
  return [a[0] + along * (b[0] - a[0]), a[1] + along * (b[1] - a[1]), a[2] + along * (b[2] - a[2])];
}

import type { PackedMeshHeader } from "../geometry/packed-mesh.ts";

/** Bytes as base64 of their zlib stream. */
export type PackedBytes = string;

/** One number a vertex in multiples of `step`; NaN where there is none. */
export interface PackedValues {
  readonly step: number;
  readonly bytes: PackedBytes;
}

/** A mesh inside the page; geometry/packed-mesh.ts says how its bytes lie. */
export interface PageMesh extends PackedMeshHeader {
  readonly bone: string;
  readonly role: "result" | "truth";
  readonly geometry: PackedBytes;
  /** Result: signed distance to the true bone. Truth: distance to the nearest result. mm. */
  readonly errorMm: PackedValues | null;
  /** Truth only: 1 where the probe could have seen the bone, else 0. */
  readonly reachable: PackedBytes | null;
  /** Result only: how many image columns saw bone at the vertex, and one standard deviation of its height, mm. */
  readonly observations: PackedValues | null;
  readonly sdMm: PackedValues | null;
}

/** The way of the probe; parallel arrays, one entry a frame, in the order of time. */
export interface PageScan {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Columns of the image at which `rows` are given. */
  readonly columns: readonly number[];
  /** Of this many used frames one is here. */
  readonly everyFrames: number;
  readonly strokes: readonly string[];
  readonly index: readonly number[];
  readonly timeS: readonly number[];
  /** An entry of `strokes`, or −1. */
  readonly stroke: readonly number[];
  /** Little-endian 32-bit floats, nine a frame, as `ScanFrame.pose`. */
  readonly poses: PackedBytes;
  /** Row of the bone line at each column of each frame. Null: no columns. */
  readonly rows: PackedValues | null;
  /** Small pictures of the frames in one, as base64 of a PNG. */
  readonly film: {
    readonly png: string;
    readonly across: number;
    readonly tilePx: readonly [width: number, height: number];
  } | null;
  /** A frame saw a point when its bone line passes this near, mm. */
  readonly nearMm: number;
}

export interface PageHistogram {
  readonly bone: string;
  readonly edgesMm: readonly number[];
  readonly share: readonly number[];
}

/** sRGB, 0 … 1. */
export type PageColour = readonly [number, number, number];

/** What the page's script draws, embedded in it as JSON; everything else is plain markup. */
export interface PageData {
  readonly title: string;
  readonly meshes: readonly PageMesh[];
  /** Interleaved xyz, mm. */
  readonly probePathMm: readonly number[];
  readonly scan: PageScan | null;
  readonly histograms: readonly PageHistogram[];
  /** Evenly spaced over [−range, range]. */
  readonly errorColours: readonly PageColour[];
  /** Evenly spaced over [0, missedMm]. */
  readonly coverageColours: readonly PageColour[];
  /** Ends of the error colours that the reader can choose from, mm; the first is the one shown. */
  readonly errorRangesMm: readonly number[];
  /** Distance at which the last coverage colour is reached, mm. */
  readonly missedMm: number;
}

/** Id of the script element that holds the PageData. */
export const pageDataId = "page-data";

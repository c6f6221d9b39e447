import type { Made, Software } from "./provenance.ts";
import type { Figure } from "./report.ts";

/** Points, a line, or the outline of an area; two arrays of one length. */
export interface PlotSeries {
  readonly name: string;
  readonly shape: "points" | "line" | "band";
  readonly x: readonly number[];
  readonly y: readonly number[];
}

export interface PlotFigure {
  readonly kind: "plot";
  readonly title: string;
  readonly caption: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** One unit is as long on both axes. */
  readonly equal?: boolean;
  /** The values' axis starts at zero, so that heights compare. */
  readonly fromZero?: boolean;
  readonly series: readonly PlotSeries[];
  /** Areas behind the series, each in the colour of the series at its place. */
  readonly bands?: readonly PlotSeries[];
}

/** A place in a picture, px, and what it is. */
export interface FrameMark {
  readonly u: number;
  readonly v: number;
  readonly role: "found" | "expected";
}

export interface MarkedFrame {
  readonly label: string;
  readonly png: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** Width and height of a pixel, mm. */
  readonly spacingMm: readonly [number, number];
  readonly marks: readonly FrameMark[];
}

export interface FramesFigure {
  readonly kind: "frames";
  readonly title: string;
  readonly caption: string;
  readonly frames: readonly MarkedFrame[];
}

/** Values over the image, row by row from its upper left corner to its lower right one. */
export interface MapFigure {
  readonly kind: "map";
  readonly title: string;
  readonly caption: string;
  readonly unit: string;
  readonly widthMm: number;
  readonly heightMm: number;
  readonly columns: number;
  readonly rows: number;
  readonly values: readonly number[];
}

export type CalibrationFigure = PlotFigure | FramesFigure | MapFigure;

export interface PageFinding {
  readonly cause: string;
  readonly score: number;
  readonly sentence: string;
  readonly remedy: string;
}

/** Everything that the page of one calibration shows. */
export interface CalibrationPage {
  readonly title: string;
  readonly software?: Software;
  /** Of a simulated session. */
  readonly seed?: string;
  readonly made?: Made;
  /** What it was made from. */
  readonly facts: string;
  readonly headline: Readonly<Record<string, Figure>>;
  readonly sentences: readonly string[];
  /** The likeliest causes first; absent: no diagnosis was made. */
  readonly findings?: readonly PageFinding[];
  readonly figures: readonly CalibrationFigure[];
  /** As PLUS writes it in CoordinateDefinitions. */
  readonly transform?: { readonly from: string; readonly to: string; readonly matrix: readonly number[] };
}

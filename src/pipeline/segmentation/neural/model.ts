/** How a picture becomes the network's input. */
export type ModelInput =
  | {
      /** Cells of a fixed size in mm, row 0 at the probe's face; any number of rows and columns. */
      readonly kind: "lattice";
      readonly cellMm: number;
      /** Rows and columns are filled up with black to a multiple of this. */
      readonly multipleOf: number;
    }
  /** The whole picture squeezed to this many rows and columns, whatever its size in mm. */
  | { readonly kind: "squeezed"; readonly rows: number; readonly columns: number };

/** What the network's answer means. */
export type ModelOutput =
  /** Per column a distribution over the rows of its surface, in the output `none` the rest: no bone in the column. */
  | { readonly kind: "distribution"; readonly surface: string; readonly none: string }
  /** Per pixel how much it belongs to bone. `channel` counts from 0. */
  | {
      readonly kind: "mask";
      readonly name: string;
      readonly channel: number;
      readonly activation: "none" | "sigmoid" | "softmax";
      /** Where in the run of bone pixels the surface lies. */
      readonly surfaceAt: "top" | "middle";
      /** What counts as bone, 0 … 1. */
      readonly threshold: number;
    };

/** A network and what must be known to use it. */
export interface SegmentationModel {
  readonly name: string;
  /** An ONNX file, on shared memory, so that workers read one copy. */
  readonly weights: Uint8Array;
  readonly inputName: string;
  readonly layout: "nchw" | "nhwc";
  readonly channels: 1 | 3;
  /** Gray value g, 0 … 255, enters as (g / 255 − mean) / sd. */
  readonly mean: number;
  readonly sd: number;
  readonly input: ModelInput;
  readonly output: ModelOutput;
}

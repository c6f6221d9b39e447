import { UnsuitableInputError } from "../core/errors.ts";

/** One frame of found and true bone surface; all arrays one number a column. */
export interface BoneLineFrame {
  /** Distance of neighbouring columns and of neighbouring rows, mm. */
  readonly pixelMm: readonly [number, number];
  /** Row of the probe's face: depths are counted from it. */
  readonly faceRowPx: number;
  /** NaN where none was found. Undefined where segmentation refused the frame: all of its bone counts as missed. */
  readonly found:
    | {
        readonly rowPx: Readonly<Float32Array>;
        /** Chance that the surface lies there, 0 … 1. */
        readonly confidence: Readonly<Float32Array>;
        /** One standard deviation of the row, rows; NaN where none is claimed. */
        readonly sdPx: Readonly<Float32Array>;
      }
    | undefined;
  /** NaN where there is none: no bone in depth, no contact, or hidden. */
  readonly trueRowPx: Readonly<Float32Array>;
  /** Between the beam and the bone's normal. */
  readonly cosine: Readonly<Float32Array>;
  /** Name of the tissue right above the bone; "" where there is no bone. */
  readonly tissue: readonly string[];
}

/** Bone met at less than this is asked for: nearer to grazing most of the echo goes elsewhere. */
export const FACING_COSINE = Math.cos((50 * Math.PI) / 180);
/** One column in which bone is or was found. */
export interface JudgedColumn {
  /** Found minus true, mm; NaN unless both are there. */
  readonly errorMm: number;
  readonly isBone: boolean;
  readonly isFound: boolean;
  readonly confidence: number;
  readonly sdMm: number;
  readonly cosine: number;
  readonly depthMm: number;
  readonly tissue: string;
}

/** Of frames whose arrays differ in length: throws UnsuitableInputError. */
export function judgedColumns(frame: BoneLineFrame): JudgedColumn[] {
  const { pixelMm, faceRowPx, found, trueRowPx, cosine, tissue } = frame;
  const lengths = [found?.rowPx, found?.confidence, found?.sdPx, cosine, tissue].map((a) => a?.length);
  if (lengths.some((length) => length !== undefined && length !== trueRowPx.length)) {
    throw new UnsuitableInputError(
      `a frame with ${trueRowPx.length} columns of truth is compared with ${lengths.filter((n) => n !== undefined).join(", ")}`,
      "Compare frames of the same size",
    );
  }
  const columns: JudgedColumn[] = [];
  for (let u = 0; u < trueRowPx.length; u++) {
    const row = found?.rowPx[u] ?? NaN, trueRow = trueRowPx[u]!; // prettier-ignore
    const isFound = !Number.isNaN(row), isBone = !Number.isNaN(trueRow); // prettier-ignore
    if (!isFound && !isBone) continue;
    columns.push({
      errorMm: (row - trueRow) * pixelMm[1],
      isBone,
      isFound,
      confidence: isFound ? found!.confidence[u]! : 0,
      sdMm: isFound ? found!.sdPx[u]! * pixelMm[1] : NaN,
      cosine: isBone ? cosine[u]! : NaN,
      depthMm: ((isBone ? trueRow : row) - faceRowPx) * pixelMm[1],
      tissue: tissue[u]!,
    });
  }
  return columns;
}

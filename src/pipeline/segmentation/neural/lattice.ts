import type { GrayImage } from "../../../data/image.ts";
import { type Aperture, resampling } from "../working-image.ts";
import type { ModelInput } from "./model.ts";

/** The picture as the network sees it: rows of columns, gray 0 … 255, black where it was filled up. */
export interface Lattice {
  readonly rows: number;
  readonly columns: number;
  readonly gray: Float32Array;
  /** Image row of lattice row j: `firstRowPx + j · rowStepPx`; columns likewise. */
  readonly firstRowPx: number;
  readonly rowStepPx: number;
  readonly firstColumnPx: number;
  readonly columnStepPx: number;
  /** Columns that show the picture; the rest fills up. */
  readonly usedColumns: number;
}

/** The face: where the first echoes lie in most columns. Text and rules above it are rare columns. */
function faceRow({ top, first, last }: Aperture): number {
  const rows = Array.from(top.subarray(first, last + 1))
    .filter((row) => row >= 0)
    .sort((a, b) => a - b);
  return rows[Math.floor(0.1 * (rows.length - 1))] ?? 0;
}

export function latticeOf(
  { pixels, width, height }: GrayImage,
  aperture: Aperture,
  pixelMm: readonly [number, number],
  input: ModelInput,
): Lattice {
  const place = input.kind === "lattice" ? placeCells(aperture, height, pixelMm, input) : squeeze(width, height, input);
  const { rows, columns, firstRowPx, rowStepPx, firstColumnPx, columnStepPx } = place;
  const across = resampling(width, firstColumnPx, columnStepPx, columns),
    down = resampling(height, firstRowPx, rowStepPx, rows);
  const narrow = new Float32Array(height * columns);
  for (let v = 0; v < height; v++) {
    for (let i = 0; i < columns; i++) {
      const from = across.at[i]!;
      let sum = 0;
      for (let k = 0; k < across.width; k++) {
        const weight = across.taps[i * across.width + k]!;
        if (weight > 0) sum += weight * pixels[v * width + from + k]!;
      }
      narrow[v * columns + i] = sum;
    }
  }
  const gray = new Float32Array(rows * columns);
  for (let j = 0; j < rows; j++) {
    const from = down.at[j]!;
    for (let k = 0; k < down.width; k++) {
      const weight = down.taps[j * down.width + k]!;
      if (!(weight > 0)) continue;
      const row = (from + k) * columns;
      for (let i = 0; i < columns; i++) gray[j * columns + i]! += weight * narrow[row + i]!;
    }
  }
  return { ...place, gray };
}

type Place = Omit<Lattice, "gray">;

function placeCells(
  aperture: Aperture,
  height: number,
  pixelMm: readonly [number, number],
  { cellMm, multipleOf }: Extract<ModelInput, { kind: "lattice" }>,
): Place {
  const columnStepPx = cellMm / pixelMm[0],
    rowStepPx = cellMm / pixelMm[1],
    firstRowPx = faceRow(aperture);
  const filled = (count: number): number => multipleOf * Math.ceil(count / multipleOf);
  const usedColumns = Math.floor((aperture.last - aperture.first) / columnStepPx) + 1;
  return {
    rows: filled(Math.floor((height - 1 - firstRowPx) / rowStepPx) + 1),
    columns: filled(usedColumns),
    firstRowPx,
    rowStepPx,
    firstColumnPx: aperture.first,
    columnStepPx,
    usedColumns,
  };
}

function squeeze(width: number, height: number, { rows, columns }: Extract<ModelInput, { kind: "squeezed" }>): Place {
  const columnStepPx = width / columns,
    rowStepPx = height / rows;
  return {
    rows,
    columns,
    firstRowPx: (rowStepPx - 1) / 2,
    rowStepPx,
    firstColumnPx: (columnStepPx - 1) / 2,
    columnStepPx,
    usedColumns: columns,
  };
}

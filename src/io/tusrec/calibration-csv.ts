import { readFile, stat } from "node:fs/promises";
import { FormatError } from "../../core/errors.ts";
import { multiply3x4 } from "../../core/rigid.ts";

/** How the image of a TUS-REC scan sits on the tracked tool. */
export interface TusRecCalibration {
  /** Row-major 3×4: (column, row, 0) of a pixel, counted from 0, to mm in the tool's frame. */
  readonly toolFromPixel: Float64Array;
  /** mm a pixel. */
  readonly spacingMm: readonly [number, number];
}

const MAX_BYTES = 64 * 1024;
const REMEDY =
  "Give the calib_matrix.csv of the data set: twice four rows of four numbers, each with or without a title";

/**
 * `calib_matrix.csv`: four rows from pixels to mm, four rows from mm of the image to the tool (a rigid transform), each
 * with a title line (2024, 2025) or without (2023). The data set counts pixels from 1; here they are counted from 0.
 */
export async function readTusRecCalibration(path: string): Promise<TusRecCalibration> {
  const facts = await stat(path).catch(() => undefined);
  if (!facts?.isFile()) throw new FormatError(path, { whole: true }, "is not a file", REMEDY);
  if (facts.size > MAX_BYTES) throw new FormatError(path, { whole: true }, `has ${facts.size} bytes`, REMEDY);
  return parseTusRecCalibration(path, await readFile(path, "utf8"));
}

export function parseTusRecCalibration(path: string, text: string): TusRecCalibration {
  const rows = text
    .split(/\r?\n/)
    .map((line, i) => ({ line: i + 1, cells: line.split(",").map((cell) => cell.trim()) }))
    .filter(({ cells }) => cells.some((cell) => cell !== ""))
    .filter(({ cells }) => !isTitle(cells))
    .map(({ line, cells }) => {
      const numbers = cells.filter((cell) => cell !== "").map(Number);
      if (numbers.length === 4 && numbers.every(Number.isFinite)) return numbers;
      throw new FormatError(path, { field: `line ${line}` }, "is not four numbers", REMEDY);
    });
  if (rows.length !== 8) throw new FormatError(path, { whole: true }, `has ${rows.length} rows of numbers`, REMEDY);
  const mmFromPixel = rows.slice(0, 3).flat(),
    toolFromMm = rows.slice(4, 7).flat();
  const affine = [rows[3]!, rows[7]!].every((row) => row.every((n, i) => n === (i === 3 ? 1 : 0)));
  if (!affine) throw new FormatError(path, { field: "the fourth rows" }, "are not 0, 0, 0, 1", REMEDY);
  const [sx, , , tx, , sy, , ty] = mmFromPixel;
  if (!(sx! > 0 && sy! > 0)) throw new FormatError(path, { field: "the scales" }, `are ${sx} and ${sy}`, REMEDY);
  // z of a pixel is 0: the third column only has to keep the matrix invertible.
  const mmFromZeroBased = Float64Array.of(sx!, 0, 0, tx! + sx!, 0, sy!, 0, ty! + sy!, 0, 0, (sx! + sy!) / 2, 0);
  const skewed = [1, 2, 4, 6, 8, 9].some((i) => mmFromPixel[i] !== 0);
  if (skewed) throw new FormatError(path, { field: "the scales" }, "are no diagonal matrix", REMEDY);
  return { toolFromPixel: multiply3x4(Float64Array.from(toolFromMm), mmFromZeroBased), spacingMm: [sx!, sy!] };
}

const isTitle = (cells: readonly string[]): boolean => cells.every((cell) => cell === "" || Number.isNaN(Number(cell)));

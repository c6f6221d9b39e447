import { readFile, stat } from "node:fs/promises";
import { FormatError } from "../core/errors.ts";
import { decodeTransform } from "./slicer/itk-transform.ts";

const MAX_BYTES = 1 << 20;
const REMEDY = "Give 12 or 16 numbers in rows (3×4 or 4×4), an ITK .tfm, or calibration.json of a run";

/** One transform. Row-major 3×4. */
export interface MatrixFile {
  readonly m: Float64Array;
  /** Whether (column, row, 0) of a pixel goes in: the file itself says so. */
  readonly fromPixel: boolean;
}

/** Throws a FormatError that names the field. */
export async function readMatrix(path: string): Promise<MatrixFile> {
  const { size } = await stat(path);
  if (size > MAX_BYTES) throw new FormatError(path, { whole: true }, `is ${size} bytes large`, REMEDY);
  const bytes = await readFile(path);
  if (/\.(tfm|txt)$/i.test(path) && bytes.subarray(0, 8).toString("latin1") === "#Insight") {
    return { m: decodeTransform(bytes, path), fromPixel: false };
  }
  return /\.json$/i.test(path) ? fromJson(bytes.toString("utf8"), path) : fromRows(bytes.toString("utf8"), path);
}

function fromJson(text: string, path: string): MatrixFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new FormatError(path, { whole: true }, (error as Error).message, REMEDY);
  }
  const found = typeof json === "object" && json !== null && "probeFromPixel" in json ? json.probeFromPixel : undefined;
  if (!Array.isArray(found)) throw new FormatError(path, { field: "probeFromPixel" }, "is missing", REMEDY);
  return { m: checked(found.flat(), path, "probeFromPixel"), fromPixel: true };
}

function fromRows(text: string, path: string): MatrixFile {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "" && !line.startsWith("#"));
  const numbers = lines
    .join(" ")
    .trim()
    .split(/[\s,;]+/)
    .map(Number);
  return { m: checked(numbers, path, "numbers"), fromPixel: false };
}

function checked(values: readonly unknown[], path: string, field: string): Float64Array {
  const numbers = values.map(Number);
  if ((numbers.length !== 12 && numbers.length !== 16) || !numbers.every(Number.isFinite)) {
    throw new FormatError(path, { field }, `has ${numbers.length} entries, expected 12 or 16 finite numbers`, REMEDY);
  }
  if (numbers.length === 16 && ![0, 0, 0, 1].every((value, k) => numbers[12 + k] === value)) {
    throw new FormatError(path, { field }, "has another fourth row than 0 0 0 1", REMEDY);
  }
  return Float64Array.from(numbers.slice(0, 12));
}

import { readFile, stat } from "node:fs/promises";
import { FormatError } from "../core/errors.ts";
import { fromQuaternion, orthonormalityError } from "../core/rigid.ts";

/** Poses as text, one a line. */
export interface TrajectoryFile {
  readonly format: "poses.csv" | "tum" | "kitti";
  /** Seconds; undefined where the format has none. */
  readonly timeS: Float64Array | undefined;
  /** 12 numbers a line: row-major 3×4 rigid, in the file's own unit of length; NaN where the line says there is none. */
  readonly poses: Float64Array;
}

/** An hour at 120 Hz in the widest format. */
const MAX_BYTES = 256 * 2 ** 20;
/** Digits that a text file loses. */
const ROTATION_ERROR = 1e-3;

/**
 * Reads `poses.csv` (time, status, 12 numbers; as a run leaves it), TUM (t tx ty tz qx qy qz qw) or KITTI (12 numbers); the
 * number of columns tells which. Throws a FormatError with the line.
 */
export async function readTrajectory(path: string): Promise<TrajectoryFile> {
  const { size } = await stat(path);
  if (size > MAX_BYTES) throw new FormatError(path, { whole: true }, `is ${size} bytes large`, "Give up to 256 MB");
  return parseTrajectory(await readFile(path, "utf8"), path);
}

export function parseTrajectory(text: string, path: string): TrajectoryFile {
  const lines = text
    .split(/\r?\n/)
    .map((line, i) => ({ fields: line.trim().split(/[\s,]+/), number: i + 1, raw: line.trim() }))
    .filter(({ raw }) => raw !== "" && !raw.startsWith("#"));
  const isCsv = lines[0]?.raw.startsWith("time_s,") === true;
  const rows = isCsv ? lines.slice(1) : lines;
  const columns = isCsv ? 14 : (rows[0]?.fields.length ?? 0);
  const format = isCsv ? "poses.csv" : columns === 8 ? "tum" : columns === 12 ? "kitti" : undefined;
  if (format === undefined || rows.length === 0) {
    const remedy = "Give poses.csv of a run, TUM (8 columns) or KITTI (12 columns)";
    throw new FormatError(path, { whole: true }, `has ${rows.length} lines of ${columns} columns`, remedy);
  }
  const poses = new Float64Array(12 * rows.length),
    timeS = new Float64Array(rows.length);
  rows.forEach(({ fields, number }, i) => {
    const fail = (problem: string): never => {
      throw new FormatError(path, { field: `line ${number}` }, problem, `Write ${columns} numbers a line`);
    };
    const lost = isCsv && fields.slice(2).every((x) => x === "" || x === "NaN" || x === "nan");
    if (isCsv && (lost || fields.length < 14)) {
      poses.fill(NaN, 12 * i, 12 * i + 12);
      timeS[i] = Number(fields[0]);
      return;
    }
    if (fields.length !== columns) fail(`has ${fields.length} columns where the first line has ${columns}`);
    const numbers = (isCsv ? [fields[0]!, ...fields.slice(2)] : fields).map(Number);
    if (!numbers.every((x) => Number.isFinite(x))) fail("holds something that is no number");
    const [t] = numbers;
    timeS[i] = format === "kitti" ? NaN : t!;
    const pose =
      format === "tum"
        ? fromQuaternion([numbers[4]!, numbers[5]!, numbers[6]!, numbers[7]!], [numbers[1]!, numbers[2]!, numbers[3]!])
            .m
        : Float64Array.from(format === "kitti" ? numbers : numbers.slice(1));
    if (orthonormalityError(pose) > ROTATION_ERROR) fail("its 3×3 part is no rotation");
    poses.set(pose, 12 * i);
  });
  return { format, timeS: format === "kitti" ? undefined : timeS, poses };
}

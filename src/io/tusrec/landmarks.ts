import { FormatError } from "../../core/errors.ts";
import { createBudget, type ReadLimits } from "../sequence/budget.ts";
import { openH5 } from "./h5-file.ts";

/** A point in one of the frames of a scan, as the challenge scores it. */
export interface FrameLandmark {
  /** From 0; at least 1, since the first frame is the reference. */
  readonly frame: number;
  /** Column and row of the pixel, counted from 0 (the file counts from 1). */
  readonly pixel: readonly [number, number];
}

const MAX_LANDMARKS = 100_000;
const REMEDY = "Give landmark_NNN.h5 of the data set: an array [L, 3] for each scan, of frame, x and y";

/** The landmarks of one scan (by its name, "RH_Per_L_DtP") of a subject's `landmark_NNN.h5`. */
export async function readTusRecLandmarks(
  path: string,
  scan: string,
  limits: ReadLimits = {},
): Promise<FrameLandmark[]> {
  const file = await openH5(path, createBudget(path, limits));
  try {
    const array = file.array(scan);
    if (!array) throw new FormatError(path, { field: scan.slice(0, 60) }, "is not a scan of this file", REMEDY);
    const [count, columns] = array.shape;
    if (count === undefined || count > MAX_LANDMARKS || columns !== 3 || array.shape.length !== 2)
      throw new FormatError(path, { field: scan.slice(0, 60) }, `has the shape [${array.shape.join(", ")}]`, REMEDY);
    const numbers = Array.from(array.read(0, count));
    return Array.from({ length: count }, (_, i): FrameLandmark => {
      const [frame, x, y] = numbers.slice(3 * i, 3 * i + 3);
      if (!Number.isInteger(frame) || !(frame! >= 1 && x! >= 1 && y! >= 1))
        throw new FormatError(path, { field: `${scan.slice(0, 60)} row ${i}` }, `is (${frame}, ${x}, ${y})`, REMEDY);
      return { frame: frame!, pixel: [x! - 1, y! - 1] };
    });
  } finally {
    file.close();
  }
}

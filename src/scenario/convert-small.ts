import { z } from "zod";
import { FormatError } from "../core/errors.ts";
import { decodeTransform, encodeTransform } from "../io/slicer/itk-transform.ts";
import { decodeMarkups, encodeMarkups, type NamedPosition } from "../io/slicer/markups.ts";
import { checkSchema } from "./check-schema.ts";

const landmarks = z.array(z.object({ name: z.string(), positionMm: z.tuple([z.number(), z.number(), z.number()]) }));
const calibration = z.object({ ImageToProbe: z.array(z.number()).length(16) });

/** Points of a `.mrk.json`, or of a result folder's `landmarks.json` (LPS, mm), as `.mrk.json`. */
export function convertPoints(bytes: Uint8Array, file: string): { readonly bytes: Uint8Array; readonly count: number } {
  const points: readonly NamedPosition[] = /\.mrk\.json$/i.test(file)
    ? decodeMarkups(bytes, file)
    : checkSchema(landmarks, jsonOf(bytes, file), file, "Give landmarks.json of a result folder, or a .mrk.json");
  return { bytes: encodeMarkups(points), count: points.length };
}

/** A `.tfm`, or the calibration of a result folder (`calibration.json`), as `.tfm`. */
export function convertTransform(bytes: Uint8Array, file: string): Uint8Array {
  if (/\.tfm$/i.test(file)) return encodeTransform(decodeTransform(bytes, file));
  const remedy = "Give calibration.json of a result folder, or a .tfm";
  const { ImageToProbe } = checkSchema(calibration, jsonOf(bytes, file), file, remedy);
  return encodeTransform(Float64Array.from(ImageToProbe.slice(0, 12)));
}

function jsonOf(bytes: Uint8Array, file: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new FormatError(file, { whole: true }, "is no JSON", "");
  }
}

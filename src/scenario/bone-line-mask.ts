import type { BoneMask } from "../data/bone-mask.ts";
import { drawBand } from "../pipeline/segmentation/draw-band.ts";

const DRAWN_SIGMA_MM = 0.3;
/** Of a row that comes without one: a line that was rounded to whole pixels is off by up to half. */
const DEFAULT_SD_PX = 0.5;

/** Checks what a user's module answered for one frame. Throws an Error that says what is wrong with it. */
export function boneLineMask(
  answer: unknown,
  width: number,
  height: number,
  pixelMm: readonly [number, number],
): BoneMask {
  if (typeof answer !== "object" || answer === null)
    throw new Error(`it answered ${String(answer)}, expected an object`);
  const { ridgeRowPx, confidence, sdPx } = answer as Record<string, unknown>;
  const rows = numbers(ridgeRowPx, "ridgeRowPx", width);
  const sure =
    confidence === undefined
      ? rows.map((row) => (Number.isNaN(row) ? 0 : 1))
      : numbers(confidence, "confidence", width);
  const sd = sdPx === undefined ? rows.map(() => DEFAULT_SD_PX) : numbers(sdPx, "sdPx", width);
  for (let u = 0; u < width; u++) {
    const row = rows[u]!;
    if (Number.isNaN(row)) {
      sure[u] = 0;
      sd[u] = NaN;
      continue;
    }
    if (!(row >= 0 && row <= height - 1))
      throw new Error(`ridgeRowPx[${u}] is ${row}, expected NaN or a row from 0 to ${height - 1}`);
    if (!(sure[u]! >= 0 && sure[u]! <= 1)) throw new Error(`confidence[${u}] is ${sure[u]}, expected 0 to 1`);
    if (!(sd[u]! > 0 && sd[u]! < height)) throw new Error(`sdPx[${u}] is ${sd[u]}, expected more than 0`);
    // A column that is not sure at all shows no bone.
    if (sure[u] === 0) rows[u] = sd[u] = NaN;
  }
  return {
    width,
    height,
    probability: drawBand({ width, height }, rows, sure, pixelMm, DRAWN_SIGMA_MM),
    ridgeRowPx: rows,
    ridgeConfidence: sure,
    ridgeSdPx: sd,
  };
}

function numbers(value: unknown, name: string, width: number): Float32Array {
  const length = typeof value === "object" && value !== null && "length" in value ? value.length : undefined;
  if (length !== width)
    throw new Error(`${name} has ${String(length)} entries, expected one for each of ${width} columns`);
  const list = Float32Array.from(value as ArrayLike<number>);
  if (Array.isArray(value) && value.some((entry) => typeof entry !== "number"))
    throw new Error(`${name} holds something else than numbers`);
  return list;
}

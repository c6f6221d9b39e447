import { allocateSamples, type Samples } from "./samples.ts";

/**
 * How a stored image lies against the internal one (MF: +u to the marked side, +v away from the transducer), as steps
 * from stored to internal: first transpose, then mirror.
 */
export interface Orientation {
  readonly transpose: boolean;
  readonly mirrorU: boolean;
  readonly mirrorV: boolean;
}

export const internalOrientation: Orientation = { transpose: false, mirrorU: false, mirrorV: false };

/**
 * PLUS's two letters for the stored columns and rows (a third, A or D, is the elevation of 3D images): M/U towards the
 * marked/unmarked side, F/N away from/near the transducer. Undefined for anything else (XX, empty).
 */
export function parseOrientation(text: string): Orientation | undefined {
  const match = /^(?:([MU])([FN])|([FN])([MU]))[AD]?$/.exec(text);
  if (!match) return undefined;
  const transpose = match[1] === undefined;
  const lateral = transpose ? match[4] : match[1],
    depth = transpose ? match[3] : match[2];
  return { transpose, mirrorU: lateral === "U", mirrorV: depth === "N" };
}

/** Stored rows of `width` columns to internal ones; returns `stored` itself when nothing is to be done. */
export function orient(
  stored: Samples,
  width: number,
  height: number,
  { transpose, mirrorU, mirrorV }: Orientation,
): Samples {
  if (!transpose && !mirrorU && !mirrorV) return stored;
  const type = stored instanceof Uint8Array ? "u8" : stored instanceof Int16Array ? "i16" : "f32";
  const out = allocateSamples(type, stored.length);
  const outWidth = transpose ? height : width,
    outHeight = transpose ? width : height;
  const stepU = transpose ? width : 1,
    stepV = transpose ? 1 : width;
  for (let v = 0, to = 0; v < outHeight; v++) {
    const row = (mirrorV ? outHeight - 1 - v : v) * stepV;
    for (let u = 0; u < outWidth; u++) out[to++] = stored[row + (mirrorU ? outWidth - 1 - u : u) * stepU]!;
  }
  return out;
}

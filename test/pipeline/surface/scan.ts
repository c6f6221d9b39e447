import type { Rng } from "../../../src/core/rng.ts";
import type { BoneMask } from "../../../src/data/bone-mask.ts";
import type { TrackedFrames } from "../../../src/data/tracked-frames.ts";
import type { SurfaceInput } from "../../../src/pipeline/surface/extract.ts";

const WIDTH = 400, PIXEL_MM = 0.1; // prettier-ignore

/** One image: its row-major 3×4 (pixel to mm), and the depth of the surface in each column, mm; undefined for none. */
export interface Slice {
  readonly pose: Float64Array;
  readonly depthMm: (xMm: number) => number | undefined;
}

/**
 * Looks down −z (or up, with `up`) from height `topMm`, turned by `turnRad` about z: column 200 over (0, 0), the plane
 * `elevationMm` away from it, everything moved by `offMm`.
 */
export function lookingDown(
  topMm: number,
  elevationMm: number,
  { turnRad = 0, offMm = [0, 0, 0], up = false }: { turnRad?: number; offMm?: readonly number[]; up?: boolean } = {},
): Float64Array {
  const c = Math.cos(turnRad), s = Math.sin(turnRad), d = (WIDTH / 2) * PIXEL_MM; // prettier-ignore
  const [ox, oy, oz] = offMm as [number, number, number];
  return Float64Array.of(
    PIXEL_MM * c, 0, 0, -d * c - s * elevationMm + ox,
    PIXEL_MM * s, 0, 0, -d * s + c * elevationMm + oy,
    0, up ? PIXEL_MM : -PIXEL_MM, 0, topMm + oz,
  ); // prettier-ignore
}

/** Perfect ridges of the slices, in pixels, plus normal noise. x runs from −20 to 20 mm across an image. */
export function scanOf(slices: readonly Slice[], noiseMm: number, rng: Rng): SurfaceInput {
  const masks = slices.map(({ depthMm }): BoneMask => {
    const ridgeRowPx = new Float32Array(WIDTH).fill(NaN), ridgeConfidence = new Float32Array(WIDTH); // prettier-ignore
    for (let u = 0; u < WIDTH; u++) {
      const depth = depthMm((u - WIDTH / 2) * PIXEL_MM);
      if (depth === undefined) continue;
      ridgeRowPx[u] = (depth + noiseMm * rng.normal()) / PIXEL_MM;
      ridgeConfidence[u] = 1;
    }
    return {
      width: WIDTH,
      height: 500,
      probability: new Uint8Array(0),
      ridgeRowPx,
      ridgeConfidence,
      ridgeSdPx: ridgeConfidence,
    };
  });
  const frames: TrackedFrames = {
    count: slices.length,
    width: WIDTH,
    height: 500,
    sourceIndex: Uint32Array.from(slices.keys()),
    timeS: Float64Array.from(slices.keys()),
    referenceFromPixel: Float64Array.from(slices.flatMap(({ pose }) => [...pose])),
    dropped: {},
    read: () => Promise.reject(new Error("the surface is made from masks alone")),
  };
  return { frames, masks: { masks } };
}

/** Upper part of a sphere about the origin, seen from above: slices `stepMm` apart, surfaces up to 66° steep. */
export function sphereSlices(
  radiusMm: number,
  stepMm: number,
  view: { turnRad?: number; offMm?: readonly number[] } = {},
): Slice[] {
  const slices: Slice[] = [];
  const top = radiusMm + 10;
  for (let e = -0.8 * radiusMm; e <= 0.8 * radiusMm; e += stepMm) {
    slices.push({
      pose: lookingDown(top, e, view),
      depthMm: (x) => {
        const z = Math.sqrt(radiusMm ** 2 - x * x - e * e);
        return z > 0.4 * radiusMm ? top - z : undefined;
      },
    });
  }
  return slices;
}

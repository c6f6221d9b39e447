import type { Rng } from "../core/rng.ts";
import type { BoneMask, BoneMasks } from "../data/bone-mask.ts";
import type { TrackedFrames } from "../data/tracked-frames.ts";
import { createClosestPoint } from "../geometry/closest-point.ts";
import { meshBounds, type Mesh } from "../geometry/mesh.ts";

const WIDTH = 400, HEIGHT = 1000, PIXEL_MM = 0.2; // prettier-ignore

type Vector = readonly [number, number, number];

/** One image without errors: where it lies, and the depth of the bone in each column, mm; undefined for none. */
export interface PerfectSlice {
  /** Row-major 3×4, pixel to mm. */
  readonly pose: Float64Array;
  readonly depthMm: (xMm: number) => number | undefined;
}

export interface PerfectScan {
  readonly frames: TrackedFrames;
  readonly masks: BoneMasks;
}

/** Column 200 starts at `top` and looks along `down`; columns run along `across` (both unit). */
export function slicePose(top: Vector, across: Vector, down: Vector): Float64Array {
  const half = (WIDTH / 2) * PIXEL_MM;
  return Float64Array.from(
    [0, 1, 2].flatMap((axis) => {
      const a = axis as 0 | 1 | 2;
      return [PIXEL_MM * across[a], PIXEL_MM * down[a], 0, top[a] - half * across[a]];
    }),
  );
}

/** The ridges of the slices, each column of a slice `offsetMm` too deep as drawn for that slice. */
export function perfectScan(
  slices: readonly PerfectSlice[],
  offsetMm: (slice: number) => number = () => 0,
): PerfectScan {
  const masks = slices.map(({ depthMm }, s): BoneMask => {
    const ridgeRowPx = new Float32Array(WIDTH).fill(NaN), ridgeConfidence = new Float32Array(WIDTH); // prettier-ignore
    const off = offsetMm(s);
    for (let u = 0; u < WIDTH; u++) {
      const depth = depthMm((u - WIDTH / 2) * PIXEL_MM);
      if (depth === undefined) continue;
      ridgeRowPx[u] = (depth + off) / PIXEL_MM;
      ridgeConfidence[u] = 1;
    }
    const probability = new Uint8Array(0);
    return { width: WIDTH, height: HEIGHT, probability, ridgeRowPx, ridgeConfidence, ridgeSdPx: ridgeConfidence };
  });
  const frames: TrackedFrames = {
    count: slices.length,
    width: WIDTH,
    height: HEIGHT,
    sourceIndex: Uint32Array.from(slices.keys()),
    timeS: Float64Array.from(slices.keys()),
    referenceFromPixel: Float64Array.from(slices.flatMap(({ pose }) => [...pose])),
    dropped: {},
    read: () => Promise.reject(new Error("a perfect scan has no pictures")),
  };
  return { frames, masks: { masks } };
}

/** The upper part of a sphere about the origin from above, slices `stepMm` apart, surfaces up to 66° steep. */
export function sphereSlices(radiusMm: number, stepMm: number, holeMm = 0): PerfectSlice[] {
  const top = radiusMm + 10;
  const slices: PerfectSlice[] = [];
  for (let y = -0.8 * radiusMm; y <= 0.8 * radiusMm + 1e-9; y += stepMm) {
    slices.push({
      pose: slicePose([0, y, top], [1, 0, 0], [0, 0, -1]),
      depthMm: (x) => {
        const z2 = radiusMm ** 2 - x * x - y * y;
        return z2 > (0.4 * radiusMm) ** 2 && x * x + y * y >= holeMm * holeMm ? top - Math.sqrt(z2) : undefined;
      },
    });
  }
  return slices;
}

/** Independent errors of the slices' height, normal with this standard deviation, mm. */
export function heightErrors(count: number, sdMm: number, rng: Rng): (slice: number) => number {
  const errors = Array.from({ length: count }, () => sdMm * rng.normal());
  return (slice) => errors[slice]!;
}

/** A flatter beam shows no bone. */
const LEAST_COS = 0.5;

/**
 * A bone that stands along z, from the front, from both sides and from behind, in transverse slices `stepMm` apart
 * between two heights: the first surface that each column's straight beam meets.
 */
export function boneSlices(mesh: Mesh, [fromMm, toMm]: readonly [number, number], stepMm: number): PerfectSlice[] {
  const surface = createClosestPoint(mesh), { min, max } = meshBounds(mesh); // prettier-ignore
  const middle = [0, 1].map((a) => (min[a as 0 | 1] + max[a as 0 | 1]) / 2) as [number, number];
  const FAR_MM = 80;
  const views: readonly (readonly [Vector, Vector])[] = [
    [[1, 0, 0], [0, -1, 0]], [[0, 1, 0], [1, 0, 0]], [[0, 1, 0], [-1, 0, 0]], [[1, 0, 0], [0, 1, 0]],
  ]; // prettier-ignore
  return views.flatMap(([across, down]) =>
    Array.from({ length: Math.floor((toMm - fromMm) / stepMm) + 1 }, (_, n): PerfectSlice => {
      const top: Vector = [middle[0] - FAR_MM * down[0], middle[1] - FAR_MM * down[1], fromMm + n * stepMm];
      return {
        pose: slicePose(top, across, down),
        depthMm: (x) => {
          const origin = [top[0] + x * across[0], top[1] + x * across[1], top[2]] as const;
          const [hit] = surface.rayHits(origin, down, 2 * FAR_MM);
          if (!hit) return undefined;
          const p = origin.map((o, a) => o + hit.distanceMm * down[a as 0 | 1 | 2]) as [number, number, number];
          const near = surface.nearest(...p);
          if (!near) return undefined;
          const n3 = surface.normalAt(near);
          return -(n3[0] * down[0] + n3[1] * down[1] + n3[2] * down[2]) > LEAST_COS ? hit.distanceMm : undefined;
        },
      };
    }),
  );
}

import type { PairObservation } from "./observe-pair.ts";
import type { PatchGrid } from "./speckle.ts";

/** Motion within the image's plane: (tx, ty) mm of the image's origin and the turn about its normal, rad. */
export interface InPlaneMotion {
  readonly txMm: number;
  readonly tyMm: number;
  readonly rollRad: number;
  /** Standard deviations of the three. */
  readonly sd: readonly [number, number, number];
}

/** What one patch's match is worth at best, mm: matches follow slanted anatomy as well as the probe. */
const PATCH_SD_MM = 0.08;
const ROUNDS = 4;

/**
 * Weighted least squares of dx = tx − roll·y, dy = ty + roll·x over the patches, with Tukey-like weights against patches
 * that slid along structure. Undefined with fewer than 3 patches.
 */
export function fitInPlane(pair: PairObservation, grid: PatchGrid): InPlaneMotion | undefined {
  const used = Array.from(pair.found, (f, i) => (f ? i : -1)).filter((i) => i >= 0);
  if (used.length < 3) return undefined;
  const sharp = (bend: number): number => Math.min(2, Math.max(0.02, -bend));
  const weights = used.map((i) => ({
    x: sharp(pair.bendX[i]!) * pair.peak[i]!,
    y: sharp(pair.bendY[i]!) * pair.peak[i]!,
  }));
  const robust = used.map(() => 1);
  let motion = [0, 0, 0],
    inverse: number[][] = [],
    scale = PATCH_SD_MM;
  for (let round = 0; round < ROUNDS; round++) {
    const a = [[0, 0, 0], [0, 0, 0], [0, 0, 0]], b = [0, 0, 0]; // prettier-ignore
    used.forEach((i, k) => {
      const x = grid.xMm[i]!, y = grid.yMm[i]!; // prettier-ignore
      add(a, b, [1, 0, -y], pair.dxMm[i]!, weights[k]!.x * robust[k]!);
      add(a, b, [0, 1, x], pair.dyMm[i]!, weights[k]!.y * robust[k]!);
    });
    inverse = invertSymmetric3(a);
    motion = inverse.map((row) => row.reduce((sum, value, k) => sum + value * b[k]!, 0));
    const residuals = used.map((i) => {
      const rx = pair.dxMm[i]! - motion[0]! + motion[2]! * grid.yMm[i]!,
        ry = pair.dyMm[i]! - motion[1]! - motion[2]! * grid.xMm[i]!;
      return Math.hypot(rx, ry);
    });
    scale = Math.max(PATCH_SD_MM / 2, 1.2 * [...residuals].sort((p, q) => p - q)[residuals.length >> 1]!);
    residuals.forEach((r, k) => (robust[k] = (r < 3 * scale ? (1 - (r / (3 * scale)) ** 2) ** 2 : 0) + 1e-3));
  }
  const [txMm, tyMm, rollRad] = motion as [number, number, number];
  const sd = [0, 1, 2].map((k) => scale * Math.sqrt(Math.max(0, inverse[k]![k]!))) as [number, number, number];
  return { txMm, tyMm, rollRad, sd };
}

function add(a: number[][], b: number[], row: readonly number[], value: number, weight: number): void {
  for (let i = 0; i < 3; i++) {
    b[i]! += weight * row[i]! * value;
    for (let j = 0; j < 3; j++) a[i]![j]! += weight * row[i]! * row[j]!;
  }
}

/** Of a positive 3×3 matrix; a little is added to the diagonal, so that patches in one row do not break it. */
function invertSymmetric3(m: readonly (readonly number[])[]): number[][] {
  const ridge = 1e-9 * (m[0]![0]! + m[1]![1]! + m[2]![2]!) + 1e-12;
  const [a, b, c] = [m[0]![0]! + ridge, m[0]![1]!, m[0]![2]!];
  const [d, e, f] = [m[1]![1]! + ridge, m[1]![2]!, m[2]![2]! + ridge];
  const A = d * f - e * e, B = c * e - b * f, C = b * e - c * d; // prettier-ignore
  const det = a * A + b * B + c * C;
  return [
    [A / det, B / det, C / det],
    [B / det, (a * f - c * c) / det, (b * c - a * e) / det],
    [C / det, (b * c - a * e) / det, (a * d - b * b) / det],
  ];
}

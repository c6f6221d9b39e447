import { Matrix, solve } from "ml-matrix";
import { fromAxisAngle, fromQuaternion, multiply3x4 } from "../../../core/rigid.ts";
import type { DistanceField } from "../../../geometry/distance-field.ts";

/** Where a bone may lie: model coordinates from those of the mesh (after mirroring), and the size against the typical. */
export interface Start {
  readonly modelFromMesh: Float64Array;
  readonly scale: number;
  /** Mean distance to the typical bone, each capped at `CAP_MM`. */
  readonly costMm: number;
}

/** The 60 rotations of the icosahedron: no rotation is farther than 45 degrees from one of them. */
export function icosahedralRotations(): Float64Array[] {
  const golden = (1 + Math.sqrt(5)) / 2;
  const all: [number, number, number, number][] = [];
  for (let axis = 0; axis < 4; axis++) all.push([0, 1, 2, 3].map((i) => Number(i === axis)) as never);
  for (let signs = 0; signs < 8; signs++) {
    all.push([1, signs & 1 ? -1 : 1, signs & 2 ? -1 : 1, signs & 4 ? -1 : 1]);
  }
  const evenPermutations = [
    [0, 1, 2, 3], [1, 2, 0, 3], [2, 0, 1, 3], [0, 3, 1, 2], [0, 2, 3, 1], [3, 1, 0, 2],
    [2, 1, 3, 0], [1, 3, 2, 0], [3, 0, 2, 1], [1, 0, 3, 2], [2, 3, 0, 1], [3, 2, 1, 0],
  ] as const; // prettier-ignore
  for (const places of evenPermutations) {
    for (let signs = 0; signs < 4; signs++) {
      const base = [golden, signs & 1 ? -1 : 1, (signs & 2 ? -1 : 1) / golden, 0];
      const q: [number, number, number, number] = [0, 0, 0, 0];
      places.forEach((place, i) => (q[place] = base[i]!));
      all.push(q);
    }
  }
  return all.map((q) => fromQuaternion(q).m as Float64Array);
}

/** Beyond this a point says no more: the sawn end, osteophytes, a wrong start. */
const CAP_MM = 8;
const ITERATIONS = 14;
/** Spread of sizes, of the logarithm; how strongly it holds. */
const SIZE_SD = 0.12;
const STEP_MM = 0.4;

/**
 * Best pose and size of the typical bone from one rotation: damped Gauss-Newton with Huber weights on its distance
 * field. `points` are interleaved, in the mesh's frame.
 */
export function refineStart(
  field: DistanceField,
  points: Readonly<Float64Array>,
  rotation: Readonly<Float64Array>,
  centreModel: readonly [number, number, number],
): Start {
  const n = points.length / 3;
  const centre = [0, 1, 2].map((axis) => {
    let sum = 0;
    for (let i = axis; i < points.length; i += 3) sum += points[i]!;
    return sum / n;
  }) as [number, number, number];
  let m = multiply3x4(fromAxisAngle([1, 0, 0], 0, centreModel).m, rotation);
  m = multiply3x4(m, fromAxisAngle([1, 0, 0], 0, [-centre[0], -centre[1], -centre[2]]).m);
  let logScale = 0;
  const evaluate = (pose: Readonly<Float64Array>, size: number): number => {
    let sum = 0;
    const k = Math.exp(-size);
    for (let i = 0; i < points.length; i += 3) {
      const x = points[i]!, y = points[i + 1]!, z = points[i + 2]!; // prettier-ignore
      const d = field.distanceMm(
        k * (pose[0]! * x + pose[1]! * y + pose[2]! * z + pose[3]!),
        k * (pose[4]! * x + pose[5]! * y + pose[6]! * z + pose[7]!),
        k * (pose[8]! * x + pose[9]! * y + pose[10]! * z + pose[11]!),
      );
      sum += Math.min(CAP_MM, Math.abs(d));
    }
    return sum / n + 0.5 * (size / SIZE_SD) ** 2;
  };
  let cost = evaluate(m, logScale),
    damping = 1e-3;
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const a = Matrix.zeros(7, 7),
      b = Matrix.zeros(7, 1);
    const row = [0, 0, 0, 0, 0, 0, 0];
    const k = Math.exp(-logScale);
    for (let i = 0; i < points.length; i += 3) {
      const x = points[i]!, y = points[i + 1]!, z = points[i + 2]!; // prettier-ignore
      const qx = m[0]! * x + m[1]! * y + m[2]! * z + m[3]!,
        qy = m[4]! * x + m[5]! * y + m[6]! * z + m[7]!,
        qz = m[8]! * x + m[9]! * y + m[10]! * z + m[11]!;
      const d = field.distanceMm(k * qx, k * qy, k * qz);
      const gx = (field.distanceMm(k * qx + STEP_MM, k * qy, k * qz) - d) / STEP_MM,
        gy = (field.distanceMm(k * qx, k * qy + STEP_MM, k * qz) - d) / STEP_MM,
        gz = (field.distanceMm(k * qx, k * qy, k * qz + STEP_MM) - d) / STEP_MM;
      const w = 1 / Math.max(1, Math.abs(d) / 2.5);
      row[0] = qy * gz - qz * gy;
      row[1] = qz * gx - qx * gz;
      row[2] = qx * gy - qy * gx;
      row[3] = gx;
      row[4] = gy;
      row[5] = gz;
      row[6] = -(qx * gx + qy * gy + qz * gz);
      for (let r = 0; r < 7; r++) {
        b.set(r, 0, b.get(r, 0) - w * row[r]! * d);
        for (let c = 0; c <= r; c++) a.set(r, c, a.get(r, c) + w * row[r]! * row[c]!);
      }
    }
    for (let r = 0; r < 7; r++) for (let c = r + 1; c < 7; c++) a.set(r, c, a.get(c, r));
    a.set(6, 6, a.get(6, 6) + n / SIZE_SD ** 2);
    b.set(6, 0, b.get(6, 0) - (n * logScale) / SIZE_SD ** 2);
    for (let r = 0; r < 7; r++) a.set(r, r, a.get(r, r) * (1 + damping) + 1e-9);
    const step = solve(a, b).to1DArray();
    const turn = fromAxisAngle([step[0]!, step[1]!, step[2]!], Math.hypot(step[0]!, step[1]!, step[2]!), [
      step[3]!, step[4]!, step[5]!,
    ]); // prettier-ignore
    const next = multiply3x4(turn.m, m),
      nextScale = Math.max(-0.35, Math.min(0.35, logScale + step[6]!));
    const nextCost = evaluate(next, nextScale);
    if (nextCost < cost) {
      const settled = cost - nextCost < 1e-3;
      m = next;
      logScale = nextScale;
      cost = nextCost;
      damping = Math.max(1e-6, damping / 5);
      if (settled) break;
    } else {
      damping *= 20;
      if (damping > 1e4) break;
    }
  }
  return { modelFromMesh: m, scale: Math.exp(logScale), costMm: cost };
}

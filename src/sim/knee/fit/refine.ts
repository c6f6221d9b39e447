import { Matrix, solve } from "ml-matrix";
import { fromAxisAngle, multiply3x4 } from "../../../core/rigid.ts";
import type { Implicit } from "../implicit.ts";
import type { BoneFamily, Values } from "./family.ts";

/** Pose and shape: model coordinates from those of the mesh (after mirroring), and the parameters' values. */
export interface Candidate {
  readonly modelFromMesh: Float64Array;
  readonly values: Values;
  /** Robust mean square of the distances plus what the shape costs, mm². */
  readonly costMm2: number;
}

export interface RefineOptions {
  readonly iterations: number;
  /** Whether a point, in model coordinates, belongs to the compared region. */
  readonly within: (x: number, y: number, z: number) => boolean;
  readonly onIteration?: (done: number, total: number) => void;
}

/** Distances beyond this weigh by their length, not its square (Huber): osteophytes, missing parts, noise. */
const HUBER_MM = 2.5;
/**
 * Points near each other err together, so a bone says about as much as this many independent points, each right to
 * 1 mm: that is what the spread of the family is weighed against.
 */
const INDEPENDENT_POINTS = 150;
/** The family's own spread, widened: other knees than those it was made from. */
const WIDENED = 1.5;
const GRADIENT_STEP_MM = 0.02;
/** Of the parameters' spread. */
const PARAMETER_STEP = 0.03;
/** Iterations after which the corrections for blending are measured again. */
const REFRESH = 4;

const huber = (r: number): number => (Math.abs(r) <= HUBER_MM ? r * r : HUBER_MM * (2 * Math.abs(r) - HUBER_MM));

/**
 * Levenberg-Marquardt over pose (6) and the family's free parameters: the first-order distance of each point of the
 * mesh to the model's surface, with the family's spread about `start` as prior. `points` are interleaved xyz.
 */
export function refine(
  family: BoneFamily,
  points: Readonly<Float64Array>,
  start: Pick<Candidate, "modelFromMesh" | "values">,
  { iterations, within, onIteration }: RefineOptions,
): Candidate {
  const { free } = family,
    size = 6 + free.length,
    prior = start.values;
  let values = start.values,
    m = start.modelFromMesh,
    near = family.near(values),
    damping = 1e-2;
  const priorWeight = 1 / INDEPENDENT_POINTS / WIDENED ** 2;
  const shapeCost = (v: Values): number =>
    free.reduce((sum, { name, sd }) => sum + priorWeight * ((v[name]! - prior[name]!) / sd) ** 2, 0);
  const evaluate = (pose: Readonly<Float64Array>, v: Values): number => {
    const solid = near(v);
    let sum = 0,
      count = 0;
    for (let i = 0; i < points.length; i += 3) {
      const [x, y, z] = moved(pose, points, i);
      if (!within(x, y, z)) continue;
      const f = solid(x, y, z);
      sum += huber(f / slope(solid, x, y, z, f).length);
      count++;
    }
    return count > 0 ? sum / count + shapeCost(v) : Infinity;
  };

  let cost = evaluate(m, values);
  for (let iteration = 0; iteration < iterations; iteration++) {
    onIteration?.(iteration, iterations);
    if (iteration > 0 && iteration % REFRESH === 0) {
      near = family.near(values);
      cost = evaluate(m, values);
    }
    const solid = near(values);
    const varied = free.map(({ name, sd }) => near({ ...values, [name]: values[name]! + PARAMETER_STEP * sd }));
    const a = new Float64Array(size * size),
      b = new Float64Array(size),
      row = new Float64Array(size);
    let count = 0;
    for (let i = 0; i < points.length; i += 3) {
      const [x, y, z] = moved(m, points, i);
      if (!within(x, y, z)) continue;
      const f = solid(x, y, z);
      const { gx, gy, gz, length } = slope(solid, x, y, z, f);
      const nx = gx / length, ny = gy / length, nz = gz / length, r = f / length; // prettier-ignore
      row[0] = y * nz - z * ny;
      row[1] = z * nx - x * nz;
      row[2] = x * ny - y * nx;
      row[3] = nx;
      row[4] = ny;
      row[5] = nz;
      for (let k = 0; k < varied.length; k++) row[6 + k] = (varied[k]!(x, y, z) - f) / (PARAMETER_STEP * length);
      const w = 1 / Math.max(1, Math.abs(r) / HUBER_MM);
      for (let j = 0; j < size; j++) {
        const wj = w * row[j]!;
        b[j]! -= wj * r;
        for (let k = 0; k <= j; k++) a[j * size + k]! += wj * row[k]!;
      }
      count++;
    }
    if (count === 0) break;
    const normal = Matrix.zeros(size, size),
      right = Matrix.zeros(size, 1);
    for (let j = 0; j < size; j++) {
      for (let k = 0; k <= j; k++) {
        normal.set(j, k, a[j * size + k]! / count);
        normal.set(k, j, a[j * size + k]! / count);
      }
      right.set(j, 0, b[j]! / count);
      const parameter = free[j - 6];
      if (parameter) {
        const z = (values[parameter.name]! - prior[parameter.name]!) / parameter.sd;
        normal.set(j, j, normal.get(j, j) + priorWeight);
        right.set(j, 0, right.get(j, 0) - priorWeight * z);
      }
    }
    let better = false;
    for (let attempt = 0; attempt < 6 && !better; attempt++) {
      const damped = normal.clone();
      for (let j = 0; j < size; j++) damped.set(j, j, normal.get(j, j) * (1 + damping) + 1e-9);
      const step = solve(damped, right).to1DArray();
      const turn = fromAxisAngle([step[0]!, step[1]!, step[2]!], Math.hypot(step[0]!, step[1]!, step[2]!), [
        step[3]!, step[4]!, step[5]!,
      ]); // prettier-ignore
      const pose = multiply3x4(turn.m, m);
      const next: Record<string, number> = { ...values };
      free.forEach(({ name, sd, isLength }, k) => {
        // No step of more than one spread at once; a length stays a length.
        const limited = values[name]! + sd * Math.max(-1, Math.min(1, step[6 + k]!));
        next[name] = isLength ? Math.max(0.15 * prior[name]!, limited) : limited;
      });
      const nextCost = evaluate(pose, next);
      if (nextCost < cost) {
        better = true;
        const settled = cost - nextCost < 1e-4 * cost;
        m = pose;
        values = next;
        cost = nextCost;
        damping = Math.max(1e-5, damping / 4);
        if (settled && iteration > REFRESH) return { modelFromMesh: m, values, costMm2: cost };
      } else damping *= 6;
    }
    if (!better) break;
  }
  return { modelFromMesh: m, values, costMm2: cost };
}

function moved(m: Readonly<Float64Array>, p: Readonly<Float64Array>, i: number): [number, number, number] {
  const x = p[i]!, y = p[i + 1]!, z = p[i + 2]!; // prettier-ignore
  return [
    m[0]! * x + m[1]! * y + m[2]! * z + m[3]!,
    m[4]! * x + m[5]! * y + m[6]! * z + m[7]!,
    m[8]! * x + m[9]! * y + m[10]! * z + m[11]!,
  ];
}

function slope(solid: Implicit, x: number, y: number, z: number, f: number) {
  const gx = (solid(x + GRADIENT_STEP_MM, y, z) - f) / GRADIENT_STEP_MM,
    gy = (solid(x, y + GRADIENT_STEP_MM, z) - f) / GRADIENT_STEP_MM,
    gz = (solid(x, y, z + GRADIENT_STEP_MM) - f) / GRADIENT_STEP_MM;
  // A function that is nearly flat far from its surface must not make a far point farther.
  return { gx, gy, gz, length: Math.max(0.4, Math.sqrt(gx * gx + gy * gy + gz * gz)) };
}

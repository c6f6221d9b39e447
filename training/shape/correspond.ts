import type { SampledDistance } from "../../src/sim/knee/sampled-distance.ts";
import { type Mesh, meshBounds } from "../../src/geometry/mesh.ts";

/** Rounds of moving towards the surface, each with less smoothing of the step than the one before; then some without. */
const SMOOTH_ROUNDS = 40,
  FREE_ROUNDS = 6,
  MOST_PASSES = 60;
/** Longest step of a round, mm. */
const MAX_STEP_MM = 2;
/** Step of the difference quotients, mm. */
const STEP_MM = 0.2;

/**
 * The template's vertices brought onto the zero set of `target`: stretched along each axis to its bounds, then moved
 * along the distance's gradient with a step field that is smoothed over the mesh, ever less. What lies at a place of the
 * template so comes to lie at the like place of the target. Both in one anatomical frame.
 */
export function correspond(
  template: Mesh,
  target: { readonly mesh: Mesh; readonly distance: SampledDistance },
): Float32Array {
  const from = meshBounds(template),
    to = meshBounds(target.mesh);
  const at = Float64Array.from(template.positions, (value, i) => {
    const axis = (i % 3) as 0 | 1 | 2;
    const share = (value - from.min[axis]) / (from.max[axis] - from.min[axis]);
    return to.min[axis] + share * (to.max[axis] - to.min[axis]);
  });
  const near = neighbours(template);
  let step = new Float64Array(at.length);
  for (let round = 0; round < SMOOTH_ROUNDS + FREE_ROUNDS; round++) {
    towards(target.distance, at, step);
    const passes = Math.round(MOST_PASSES * Math.max(0, 1 - round / SMOOTH_ROUNDS) ** 2);
    for (let pass = 0; pass < passes; pass++) step = smoothed(step, near);
    for (let i = 0; i < at.length; i++) at[i]! += step[i]!;
  }
  return Float32Array.from(at);
}

/** Writes the step from each point to the surface along the gradient. */
function towards(distance: SampledDistance, at: Readonly<Float64Array>, step: Float64Array): void {
  for (let i = 0; i < at.length; i += 3) {
    const x = at[i]!, y = at[i + 1]!, z = at[i + 2]!; // prettier-ignore
    const d = distance.distanceMm(x, y, z);
    const gx = distance.distanceMm(x + STEP_MM, y, z) - distance.distanceMm(x - STEP_MM, y, z);
    const gy = distance.distanceMm(x, y + STEP_MM, z) - distance.distanceMm(x, y - STEP_MM, z);
    const gz = distance.distanceMm(x, y, z + STEP_MM) - distance.distanceMm(x, y, z - STEP_MM);
    const length = Math.hypot(gx, gy, gz) || 1;
    const along = -Math.max(-MAX_STEP_MM, Math.min(MAX_STEP_MM, d)) / length;
    step[i] = along * gx;
    step[i + 1] = along * gy;
    step[i + 2] = along * gz;
  }
}

function neighbours({ positions, triangles }: Mesh): Uint32Array[] {
  const sets = Array.from({ length: positions.length / 3 }, () => new Set<number>());
  for (let i = 0; i < triangles.length; i += 3) {
    for (let c = 0; c < 3; c++) {
      sets[triangles[i + c]!]!.add(triangles[i + ((c + 1) % 3)]!).add(triangles[i + ((c + 2) % 3)]!);
    }
  }
  return sets.map((set) => Uint32Array.from(set));
}

function smoothed(step: Readonly<Float64Array>, near: readonly Uint32Array[]): Float64Array<ArrayBuffer> {
  const out = new Float64Array(step.length);
  near.forEach((list, v) => {
    for (let axis = 0; axis < 3; axis++) {
      let sum = 0;
      for (const w of list) sum += step[3 * w + axis]!;
      out[3 * v + axis] = 0.5 * step[3 * v + axis]! + (0.5 * sum) / list.length;
    }
  });
  return out;
}

import { fromAxisAngle, multiply3x4, rotateVector, transformPoint } from "../../core/rigid.ts";
import { type ClosestPoint, createClosestPoint } from "../../geometry/closest-point.ts";
import { icp } from "../../geometry/icp.ts";
import { type Mesh, meshBounds, vertexCount } from "../../geometry/mesh.ts";

/** A model bone to lay onto a mesh of the same kind, in its own frame, mm. */
export interface Template {
  readonly mesh: Mesh;
  /** Which end is the joint: the shaft leaves the model at the other one. "none": it has no shaft. */
  readonly joint: "bottom" | "top" | "none";
}

export interface Registration {
  /** Row-major 3×4, a rigid motion: from the mesh's frame to the template's (which is scaled, not moved). */
  readonly templateFromMesh: Float64Array;
  /** Size of the mesh relative to the template. */
  readonly scale: number;
  /** Between the mesh and the scaled template, over the 90 % that lie nearest, mm. */
  readonly rmsMm: number;
}

/** How much of the bone next to the joint takes part, in mm at the template's size: the shaft tells little. */
const PART_MM = 92,
  END_MM = 6;

const COARSE_POINTS = 220,
  FINE_POINTS = 1200;

type Matrix = Float64Array;

const rotation = (axis: readonly [number, number, number], rad: number): Matrix =>
  Float64Array.from(fromAxisAngle(axis, rad).m);

/** Turns about X by each of `xRad`, then about Z by each of `zRad`: where a search begins. */
export function starts(xRad: readonly number[], zRad: readonly number[]): Matrix[] {
  return zRad.flatMap((z) => xRad.map((x) => multiply3x4(rotation([1, 0, 0], x), rotation([0, 0, 1], z))));
}

/**
 * Lays a mesh onto a template by trimmed ICP of its vertices, from every start orientation with a few points and from
 * the best with many; the size follows from the fit.
 */
export function registerBone(mesh: Mesh, template: Template, orientations: readonly Matrix[]): Registration {
  const surface = createClosestPoint(template.mesh);
  let best: { readonly m: Matrix; readonly scale: number; readonly rms: number } | undefined;
  for (const orientation of orientations) {
    const start = place(mesh, template, orientation);
    const fit = refine(mesh, template, surface, start, { count: COARSE_POINTS, iterations: 15, rounds: 2 });
    if (fit && (!best || fit.rms < best.rms)) best = fit;
  }
  best = best && refine(mesh, template, surface, best, { count: FINE_POINTS, iterations: 40, rounds: 4 });
  if (!best) throw new RangeError("a bone with fewer than three vertices cannot be registered");
  return { templateFromMesh: best.m, scale: best.scale, rmsMm: best.rms };
}

interface Placed {
  /** Rigid; the scaled template is template × scale. */
  readonly m: Matrix;
  readonly scale: number;
}

/** Vertices next to the joint after turning by `m`, every n-th, as mm of the template's size. */
function jointPoints(mesh: Mesh, { joint }: Template, { m, scale }: Placed, count: number): Float64Array {
  const { positions: p } = mesh;
  let low = Infinity,
    high = -Infinity;
  for (let i = 0; i < p.length; i += 3) {
    const z = m[8]! * p[i]! + m[9]! * p[i + 1]! + m[10]! * p[i + 2]!;
    low = Math.min(low, z);
    high = Math.max(high, z);
  }
  const from = joint === "top" ? Math.max(low + END_MM, high - PART_MM * scale) : low,
    to = joint === "bottom" ? Math.min(high - END_MM, low + PART_MM * scale) : high;
  const chosen: number[] = [];
  for (let i = 0; i < p.length; i += 3) {
    const z = m[8]! * p[i]! + m[9]! * p[i + 1]! + m[10]! * p[i + 2]!;
    if (z >= from && z <= to) chosen.push(i);
  }
  const step = Math.max(1, chosen.length / count);
  const points: number[] = [];
  for (let at = 0; at < chosen.length; at += step) {
    const i = chosen[Math.floor(at)]!;
    points.push(...transformPoint(m, p[i]!, p[i + 1]!, p[i + 2]!).map((value) => value / scale));
  }
  return Float64Array.from(points);
}

/** Size from the width, position from the boxes of the parts next to the joint. */
function place(mesh: Mesh, template: Template, turn: Matrix): Placed {
  const box = (points: ArrayLike<number>) =>
    meshBounds({ positions: Float32Array.from(points), triangles: new Uint32Array(0) });
  const { joint } = template;
  /** Only the 45 mm (of the template) next to the joint: the rest depends on where the shaft was cut. */
  const trimmed = (points: ArrayLike<number>, unit: number): number[] => {
    const { min, max } = box(points);
    const kept: number[] = [];
    for (let i = 0; i < points.length; i += 3) {
      const z = points[i + 2]!;
      if (joint === "bottom" ? z > min[2] + 45 * unit : joint === "top" && z < max[2] - 45 * unit) continue;
      kept.push(points[i]!, points[i + 1]!, z);
    }
    return kept;
  };
  const model = box(trimmed(template.mesh.positions, 1));
  const turned: number[] = [];
  for (let v = 0; v < vertexCount(mesh); v++) {
    turned.push(
      ...rotateVector(turn, ...([0, 1, 2].map((a) => mesh.positions[3 * v + a]!) as [number, number, number])),
    );
  }
  const own = box(trimmed(turned, 1));
  const width = own.max[0] - own.min[0],
    modelWidth = model.max[0] - model.min[0];
  const scale = width / modelWidth;
  const middle = (b: typeof model, axis: 0 | 1): number => (b.min[axis] + b.max[axis]) / 2;
  const end = (b: typeof model): number =>
    joint === "bottom" ? b.min[2] : joint === "top" ? b.max[2] : (b.min[2] + b.max[2]) / 2;
  const m = turn.slice();
  m[3] = scale * middle(model, 0) - middle(own, 0);
  m[7] = scale * middle(model, 1) - middle(own, 1);
  m[11] = scale * end(model) - end(own);
  return { m, scale };
}

function refine(
  mesh: Mesh,
  template: Template,
  surface: ClosestPoint,
  start: Placed,
  { count, iterations, rounds }: { readonly count: number; readonly iterations: number; readonly rounds: number },
): (Placed & { readonly rms: number }) | undefined {
  let { m, scale } = start,
    rms = Infinity;
  for (let round = 0; round < rounds; round++) {
    const points = jointPoints(mesh, template, { m, scale }, count);
    const fit = icp(points, surface, { trim: 0.1, maxIterations: iterations });
    if (fit.status === "refused") return undefined;
    // In units of the template: template ≈ fit · (m · p / scale), so the rigid part moves by scale.
    const step = Float64Array.from(fit.transform.m);
    for (const row of [3, 7, 11]) step[row]! *= scale;
    m = multiply3x4(step, m);
    rms = fit.rmsMm * scale;
    if (round + 1 === rounds) break;
    // A size that changes about the middle of the part shifts the origin with it.
    const next = scale / fit.scale;
    const centre = [0, 0, 0].map((_, axis) => {
      let sum = 0;
      for (let i = axis; i < points.length; i += 3) sum += points[i]!;
      return (3 * sum) / points.length;
    }) as [number, number, number];
    const moved = transformPoint(fit.transform.m, ...centre);
    for (const [axis, row] of [3, 7, 11].entries()) m[row]! += moved[axis]! * (next - scale);
    scale = next;
  }
  return { m, scale, rms };
}

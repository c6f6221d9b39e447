import { transformPoint } from "../core/rigid.ts";
import type { Rng } from "../core/rng.ts";
import { createRng } from "../core/rng.ts";
import { type Grid, voxelCount } from "../geometry/grid.ts";
import { isosurface } from "../geometry/isosurface.ts";
import type { Bounds, Mesh } from "../geometry/mesh.ts";
import { femurShape } from "../sim/knee/femur.ts";
import type { Implicit } from "../sim/knee/implicit.ts";
import type { Knee } from "../sim/knee/knee.ts";
import type { KneeParameters } from "../sim/knee/parameters.ts";
import { patellaShape } from "../sim/knee/patella.ts";
import { tibiaShape } from "../sim/knee/tibia.ts";
import {
  type FemurMeasures,
  measureFemur,
  measurePatella,
  measureTibia,
  type PatellaMeasures,
  type TibiaMeasures,
} from "./knee-measures.ts";

export interface BoneMeasures {
  readonly femur: FemurMeasures;
  readonly tibia: TibiaMeasures;
  readonly patella: PatellaMeasures;
}

/** Length of the patellar tendon of a posed knee: from the patella's pole to the middle of its end on the tubercle. */
export function tendonLength(knee: Knee): number {
  const pole = knee.landmarks.find(({ name }) => name === "distal pole")!.positionMm;
  const end = transformPoint(knee.pose.kneeFromTibia.m, ...knee.set.shapes.tibia.tubercle);
  return Math.hypot(pole[0] - end[0], pole[1] - end[1], pole[2] - end[2]);
}

const QUICK_SPACING_MM = 1.75;
const STEP_MM = 0.02;

/**
 * The joint's end of each bone, meshed coarsely but with every vertex on the bone's surface: the same shapes as the
 * full build's in a thirtieth of its time. What the coarse triangles cost is measured by `quick-measures`.
 */
export function quickMeasures({ femur: f, tibia: t, patella: p }: KneeParameters): BoneMeasures {
  const femur = femurShape(f),
    tibia = tibiaShape(t, femur.grooveX),
    patella = patellaShape(p);
  const w = f.epicondylarWidthMm / 2 + 5,
    deep = Math.max(f.medialDepthMm, f.lateralDepthMm);
  const tw = t.plateauWidthMm / 2 + 5,
    td = t.plateauDepthMm / 2;
  return {
    femur: measureFemur(
      quickMesh(femur.solid, {
        min: [-w, -f.posteriorOffsetMm - 12, femur.distalZ - 5],
        max: [w, deep - f.posteriorOffsetMm + 12, 22],
      }),
    ),
    tibia: measureTibia(quickMesh(tibia.solid, { min: [-tw, -td - 6, -26], max: [tw, td + 14, 17] })),
    patella: measurePatella(
      quickMesh(patella.solid, {
        min: [-p.widthMm * 0.6, -p.thicknessMm * 0.7 - 3, -p.heightMm * 0.6 - 3],
        max: [p.widthMm * 0.7, p.thicknessMm * 0.7 + 3, p.heightMm * 0.6 + 3],
      }),
    ),
  };
}

function quickMesh(solid: Implicit, { min, max }: Bounds): Mesh {
  const h = QUICK_SPACING_MM;
  const shape = [0, 1, 2].map((a) => Math.ceil((max[a as 0] - min[a as 0]) / h) + 1) as [number, number, number];
  const grid: Grid = { shape, spacingMm: [h, h, h], originMm: min };
  const values = new Float32Array(voxelCount(grid));
  for (let k = 0, at = 0; k < shape[2]; k++) {
    for (let j = 0; j < shape[1]; j++) {
      for (let i = 0; i < shape[0]; i++, at++) values[at] = solid(min[0] + i * h, min[1] + j * h, min[2] + k * h);
    }
  }
  const { positions, triangles } = isosurface(grid, values, 0, { inside: "below" });
  for (let v = 0; v < positions.length; v += 3) {
    let x = positions[v]!, y = positions[v + 1]!, z = positions[v + 2]!; // prettier-ignore
    for (let iteration = 0; iteration < 3; iteration++) {
      const f = solid(x, y, z);
      if (Math.abs(f) < 1e-3) break;
      const gx = (solid(x + STEP_MM, y, z) - f) / STEP_MM,
        gy = (solid(x, y + STEP_MM, z) - f) / STEP_MM,
        gz = (solid(x, y, z + STEP_MM) - f) / STEP_MM;
      const step = f / Math.max(0.1, gx * gx + gy * gy + gz * gz);
      x -= step * gx;
      y -= step * gy;
      z -= step * gz;
    }
    positions.set([x, y, z], v);
  }
  return { positions, triangles };
}

/**
 * Draw number `index` of `count` that together fill the family evenly (Latin hypercube): every parameter's stream
 * gives one normal number from each of `count` equally likely intervals, in an order of its own. Means and spreads of
 * few draws are then nearly those of many.
 */
export function evenDraw(seed: string, index: number, count: number): Rng {
  const stream = (path: string): Rng => ({
    path,
    uniform: () => createRng(`${seed}/${path}/${index}`).uniform(),
    integer: (n) => createRng(`${seed}/${path}/${index}`).integer(n),
    fork: (label) => stream(`${path}/${label}`),
    normal: () => normalQuantile((placeOf(`${seed}/${path}`, index, count) + 0.5) / count),
  });
  return stream("even");
}

/** Where `index` lands in a shuffle (Fisher-Yates) that depends on `label` alone. */
function placeOf(label: string, index: number, count: number): number {
  const rng = createRng(label);
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = rng.integer(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order[index]!;
}

/** Inverse of the normal distribution, relative error 1e-9 (Acklam 2003). */
export function normalQuantile(p: number): number {
  const a = [
    -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239,
  ] as const;
  const b = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572] as const;
  const c = [
    -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
    2.938163982698783,
  ] as const;
  const d = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416] as const;
  const tail = (q: number): number =>
    (((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5]) /
    ((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1);
  if (p < 0.02425) return tail(Math.sqrt(-2 * Math.log(p)));
  if (p > 1 - 0.02425) return -tail(Math.sqrt(-2 * Math.log(1 - p)));
  const q = p - 0.5,
    r = q * q;
  return (
    ((((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * q) /
    (((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + 1)
  );
}

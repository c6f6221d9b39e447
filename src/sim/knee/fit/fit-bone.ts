import { UnsuitableInputError } from "../../../core/errors.ts";
import type { Log } from "../../../core/log.ts";
import { invert3x4, multiply3x4 } from "../../../core/rigid.ts";
import { weightedPercentile } from "../../../core/stats.ts";
import { createClosestPoint } from "../../../geometry/closest-point.ts";
import { type Mesh, transformMesh, triangleNormal } from "../../../geometry/mesh.ts";
import { sampleSurface, type SurfaceSamples } from "../../../geometry/sample-surface.ts";
import { meshSolid } from "../mesh-solid.ts";
import { sampleDistance } from "../sampled-distance.ts";
import { boneFamily, type BoneFamily, type FittedBone, scaledValues, type Values } from "./family.ts";
import { type Candidate, refine } from "./refine.ts";
import { icosahedralRotations, refineStart, type Start } from "./starts.ts";

export type Side = "right" | "left";

/** Area-weighted distances between two surfaces in one direction, mm. */
export interface Spread {
  readonly meanMm: number;
  readonly rmsMm: number;
  readonly p95Mm: number;
  readonly maxMm: number;
  readonly points: number;
}

export interface FitResult {
  readonly bone: FittedBone;
  readonly side: Side;
  /** The other side fits nearly as well: the shape alone does not tell left from right. */
  readonly sideIsUnsure: boolean;
  readonly parameters: Values;
  /** Row-major 3×4: model frame (of a right bone) from the mesh's; mirrors when `side` is left. */
  readonly modelFromMesh: Float64Array;
  /** Mesh to model and model to mesh, over the compared region. */
  readonly toModel: Spread;
  readonly toMesh: Spread;
  /** The fitted bone in the frame of the mesh. */
  readonly fitted: Mesh;
}

export interface FitOptions {
  readonly log: Log;
  readonly side?: Side | "either";
}

/** How many points each stage looks at. */
const START_POINTS = 220,
  COARSE_POINTS = 700,
  FINE_POINTS = 2400,
  SCORE_PER_CM2 = 40;
/** Starts that are refined, a side. */
const REFINED_STARTS = 4;
/** A mesh longer than this is a whole bone: only its ends are tried, over this much of its length. */
const LONG_MM = 150,
  END_MM = 85;
/** Nothing within this distance of the sawn end is compared. */
const END_MARGIN_MM = 3;
/** A bone that is smaller or larger than this in its longest extent is in another unit, or no such bone. */
const SIZE_LIMITS_MM = { femur: [45, 600], tibia: [45, 550], patella: [22, 75] } as const;
/** Sides whose costs differ by less than this share cannot be told apart. */
const UNSURE = 0.15;

const mirrorX = Float64Array.of(-1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0);

/** Fits pose, side and shape of the parametric bone to a closed mesh in mm, wherever it lies and however it is turned. */
export async function fitBone(mesh: Mesh, bone: FittedBone, { log, side = "either" }: FitOptions): Promise<FitResult> {
  refuseOtherSizes(mesh, bone);
  const family = boneFamily(bone);
  const sides: readonly Side[] = side === "either" ? ["right", "left"] : [side];
  const start = sampleDistance(family.near(family.typical)(family.typical), family.bounds(family.typical), 3);
  const found: { side: Side; candidate: Candidate; region: Region }[] = [];
  for (const which of sides) {
    const turned = which === "left" ? mirrored(mesh) : mesh;
    const starts = placeStarts(turned, family, start, (done, total) => log.progress(`starts, ${which}`, done, total));
    let best: { candidate: Candidate; region: Region } | undefined;
    for (const { modelFromMesh, scale } of starts.slice(0, REFINED_STARTS)) {
      const region = regionOf(turned, family, modelFromMesh);
      const points = interior(turned, region, modelFromMesh, COARSE_POINTS);
      const candidate = refine(
        family, points, { modelFromMesh, values: scaledValues(family, scale) }, { iterations: 8, within: region.within },
      ); // prettier-ignore
      if (!best || candidate.costMm2 < best.candidate.costMm2) best = { candidate, region };
    }
    if (best) found.push({ side: which, ...best });
  }
  const finished = found.map(({ side: which, candidate }) => {
    const turned = which === "left" ? mirrored(mesh) : mesh;
    const region = regionOf(turned, family, candidate.modelFromMesh);
    const points = interior(turned, region, candidate.modelFromMesh, FINE_POINTS);
    const scale = sizeOf(family, candidate.values);
    return {
      side: which,
      region,
      turned,
      candidate: refine(
        family, points, { modelFromMesh: candidate.modelFromMesh, values: scaledValues(family, scale) },
        { iterations: 40, within: region.within, onIteration: (done, total) => log.progress(`shape, ${which}`, done, total) },
      ),
    }; // prettier-ignore
  });
  for (const { side: which } of finished) log.progress(`shape, ${which}`, 40, 40);
  finished.sort((a, b) => a.candidate.costMm2 - b.candidate.costMm2);
  const [best, other] = finished;
  if (!best) throw new UnsuitableInputError("no start led to a fit", "Check that the mesh is this bone");
  for (const { side: which, candidate } of finished) log.debug(`cost of the ${which} side`, { mm2: candidate.costMm2 });
  const { values, modelFromMesh } = best.candidate;
  const model = await modelMesh(family, values);
  const { toModel, toMesh } = compare(best.turned, model, modelFromMesh, best.region);
  const whole = best.side === "left" ? multiply3x4(modelFromMesh, mirrorX) : modelFromMesh;
  const fitted = transformMesh(model, invert3x4(whole));
  return {
    bone,
    side: best.side,
    sideIsUnsure: other !== undefined && other.candidate.costMm2 < best.candidate.costMm2 * (1 + UNSURE),
    parameters: values,
    modelFromMesh: whole,
    toModel,
    toMesh,
    fitted: best.side === "left" ? reversed(fitted) : fitted,
  };
}

function refuseOtherSizes(mesh: Mesh, bone: FittedBone): void {
  if (mesh.triangles.length === 0) throw new UnsuitableInputError("the mesh is empty", "Give a surface of the bone");
  if (mesh.positions.some((v) => !Number.isFinite(v)))
    throw new UnsuitableInputError("the mesh has coordinates that are no numbers", "Repair the mesh");
  const { longestMm } = principal(sampleSurface(mesh, { perCm2: 0, minimum: 500 }).positions);
  const [least, most] = SIZE_LIMITS_MM[bone];
  if (longestMm < least || longestMm > most) {
    throw new UnsuitableInputError(
      `the mesh is ${longestMm.toPrecision(3)} long, a ${bone} in mm is ${least} to ${most}`,
      "Give one bone, in millimetres",
    );
  }
}

const reversed = ({ positions, triangles }: Mesh): Mesh => ({
  positions,
  triangles: triangles.map((_, i) => triangles[i - (i % 3) + [0, 2, 1][i % 3]!]!),
});

const mirrored = (mesh: Mesh): Mesh => reversed(transformMesh(mesh, mirrorX));

/** Main direction of points by power iteration, and the extent along it. */
function principal(p: Readonly<Float64Array>): { axis: [number, number, number]; low: number; longestMm: number } {
  const c = [0, 0, 0],
    n = p.length / 3;
  for (let i = 0; i < p.length; i++) c[i % 3]! += p[i]! / n;
  let axis: [number, number, number] = [0.5, 0.6, 0.62];
  for (let iteration = 0; iteration < 60; iteration++) {
    const next = [0, 0, 0];
    for (let i = 0; i < p.length; i += 3) {
      const x = p[i]! - c[0]!, y = p[i + 1]! - c[1]!, z = p[i + 2]! - c[2]!; // prettier-ignore
      const along = x * axis[0] + y * axis[1] + z * axis[2];
      next[0]! += along * x;
      next[1]! += along * y;
      next[2]! += along * z;
    }
    const length = Math.hypot(...next) || 1;
    axis = [next[0]! / length, next[1]! / length, next[2]! / length];
  }
  let low = Infinity,
    high = -Infinity;
  for (let i = 0; i < p.length; i += 3) {
    const along = p[i]! * axis[0] + p[i + 1]! * axis[1] + p[i + 2]! * axis[2];
    low = Math.min(low, along);
    high = Math.max(high, along);
  }
  return { axis, low, longestMm: high - low };
}

/** Starts from many rotations, best first; of a whole bone, from either end. */
function placeStarts(
  mesh: Mesh,
  family: BoneFamily,
  field: ReturnType<typeof sampleDistance>,
  onProgress: (done: number, total: number) => void,
): Start[] {
  const all = sampleSurface(mesh, { perCm2: 0, minimum: START_POINTS }).positions;
  const { axis, low, longestMm } = principal(all);
  const ends: Float64Array[] = [];
  if (family.cut && longestMm > LONG_MM) {
    const many = sampleSurface(mesh, { perCm2: 0, minimum: Math.ceil((START_POINTS * longestMm) / END_MM) }).positions;
    const part = (from: number, to: number): Float64Array => {
      const kept: number[] = [];
      for (let i = 0; i < many.length; i += 3) {
        const along = many[i]! * axis[0] + many[i + 1]! * axis[1] + many[i + 2]! * axis[2] - low;
        if (along >= from && along <= to) kept.push(many[i]!, many[i + 1]!, many[i + 2]!);
      }
      return Float64Array.from(kept);
    };
    ends.push(part(0, END_MM), part(longestMm - END_MM, longestMm));
  } else ends.push(all);
  const size = scaledValues(family, 1);
  const { min, max } = family.bounds(size);
  // The middle of what a scan of the joint holds: the joint's end of the model.
  const centreZ = family.cut ? (family.cut.towards === 1 ? 6 : -22) : 0;
  const centre: [number, number, number] = [(min[0] + max[0]) / 2, (min[1] + max[1]) / 2, centreZ];
  const rotations = icosahedralRotations();
  const starts: Start[] = [];
  ends.forEach((points, end) =>
    rotations.forEach((rotation, i) => {
      starts.push(refineStart(field, points, rotation, centre));
      onProgress(end * rotations.length + i + 1, ends.length * rotations.length);
    }),
  );
  starts.sort((a, b) => a.costMm - b.costMm);
  // Many rotations end in one place: one of each is enough.
  const distinct: Start[] = [];
  for (const start of starts) {
    if (distinct.every((d) => poseDifference(d.modelFromMesh, start.modelFromMesh) > 0.2)) distinct.push(start);
  }
  return distinct;
}

/** Largest difference of the entries of two rotations, plus that of the translations in units of 30 mm. */
function poseDifference(a: Readonly<Float64Array>, b: Readonly<Float64Array>): number {
  let turn = 0,
    shift = 0;
  for (let i = 0; i < 12; i++) {
    const d = Math.abs(a[i]! - b[i]!);
    if (i % 4 === 3) shift = Math.max(shift, d / 30);
    else turn = Math.max(turn, d);
  }
  return turn + shift;
}

/** What is compared, in model coordinates. */
interface Region {
  readonly within: (x: number, y: number, z: number) => boolean;
}

/** The joint's end over the family's reach, up to the sawn end of the mesh if it ends earlier. */
function regionOf(mesh: Mesh, { cut }: BoneFamily, modelFromMesh: Readonly<Float64Array>): Region {
  if (!cut) return { within: () => true };
  const { towards, reachMm } = cut;
  const model = transformMesh(mesh, modelFromMesh);
  let joint = Infinity,
    end = -Infinity;
  for (let i = 2; i < model.positions.length; i += 3) {
    joint = Math.min(joint, towards * model.positions[i]!);
    end = Math.max(end, towards * model.positions[i]!);
  }
  const limit = Math.min(joint + reachMm, end + 1);
  // The sawn end: triangles near the end that face along the shaft. Their mean plane bounds the region.
  const normal = [0, 0, 0],
    at = [0, 0, 0];
  let area = 0;
  for (let t = 0; t < model.triangles.length / 3; t++) {
    const v = 3 * model.triangles[3 * t]!;
    if (towards * model.positions[v + 2]! < end - 15) continue;
    const n = triangleNormal(model, t),
      length = Math.hypot(...n);
    if (towards * n[2] < 0.85 * length) continue;
    area += length;
    for (let axis = 0; axis < 3; axis++) {
      normal[axis]! += n[axis as 0];
      at[axis]! += length * model.positions[v + axis]!;
    }
  }
  if (area / 2 < 150) return { within: (_x, _y, z) => towards * z < limit };
  const length = Math.hypot(...normal);
  const nx = normal[0]! / length, ny = normal[1]! / length, nz = normal[2]! / length; // prettier-ignore
  const plane = (nx * at[0]! + ny * at[1]! + nz * at[2]!) / area - END_MARGIN_MM;
  return { within: (x, y, z) => towards * z < limit && nx * x + ny * y + nz * z < plane };
}

/** About `count` points of the mesh that lie in the region now, and those a little beyond, interleaved. */
function interior(mesh: Mesh, { within }: Region, m: Readonly<Float64Array>, count: number): Float64Array {
  const { positions } = sampleSurface(mesh, { perCm2: 0, minimum: count });
  let inside = 0;
  for (let i = 0; i < positions.length; i += 3) inside += Number(within(...place(m, positions, i)));
  const share = inside / (positions.length / 3);
  return share > 0.7
    ? positions
    : sampleSurface(mesh, { perCm2: 0, minimum: Math.ceil(count / Math.max(0.05, share)) }).positions;
}

function place(m: Readonly<Float64Array>, p: Readonly<Float64Array>, i: number): [number, number, number] {
  const x = p[i]!, y = p[i + 1]!, z = p[i + 2]!; // prettier-ignore
  return [
    m[0]! * x + m[1]! * y + m[2]! * z + m[3]!,
    m[4]! * x + m[5]! * y + m[6]! * z + m[7]!,
    m[8]! * x + m[9]! * y + m[10]! * z + m[11]!,
  ];
}

/** Mean ratio of the lengths to the typical ones. */
function sizeOf({ free, typical }: BoneFamily, values: Values): number {
  const main = free.filter(({ name, isLength }) => isLength && typical[name]! > 30);
  return main.reduce((sum, { name }) => sum + values[name]! / typical[name]!, 0) / main.length;
}

/** Vertices 1.2 mm apart, exactly on the surface. */
export async function modelMesh(family: BoneFamily, values: Values): Promise<Mesh> {
  const bounds = family.bounds(values);
  return meshSolid(sampleDistance(family.near(values)(values), bounds, 1.2), bounds, 1.2);
}

function compare(mesh: Mesh, model: Mesh, modelFromMesh: Readonly<Float64Array>, { within }: Region) {
  const inModel = transformMesh(mesh, modelFromMesh);
  const options = { perCm2: SCORE_PER_CM2, minimum: 2000 };
  return {
    toModel: spread(sampleSurface(inModel, options), model, within),
    toMesh: spread(sampleSurface(model, options), inModel, within),
  };
}

function spread({ positions: p }: SurfaceSamples, target: Mesh, within: Region["within"]): Spread {
  const surface = createClosestPoint(target);
  const distances: number[] = [];
  for (let i = 0; i < p.length; i += 3) {
    if (within(p[i]!, p[i + 1]!, p[i + 2]!)) distances.push(surface.distanceMm(p[i]!, p[i + 1]!, p[i + 2]!));
  }
  const d = Float64Array.from(distances);
  const sum = d.reduce((a, b) => a + b, 0),
    squares = d.reduce((a, b) => a + b * b, 0);
  return {
    meanMm: sum / d.length,
    rmsMm: Math.sqrt(squares / d.length),
    p95Mm: weightedPercentile(d, new Float64Array(d.length).fill(1), 0.95),
    maxMm: d.reduce((a, b) => Math.max(a, b), 0),
    points: d.length,
  };
}

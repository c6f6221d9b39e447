import { UnsuitableInputError } from "../core/errors.ts";
import { closestPointOf, createClosestPoint, type ClosestPoint } from "../geometry/closest-point.ts";
import type { DistanceField } from "../geometry/distance-field.ts";
import { edgeDefects, selectTriangles, surfaceArea, triangleCount, type Mesh } from "../geometry/mesh.ts";
import { sampleSurface } from "../geometry/sample-surface.ts";

/** A true bone as the metrics need it; `TrueBone` of src/data/ground-truth.ts is one. Same frame as the result, mm. */
export interface TruthSurface {
  /** Outward. Closed, unless `distance` is given: inside and outside of an open one are taken from that. */
  readonly mesh: Mesh;
  readonly distance?: DistanceField;
  /** Per triangle: how many frames saw it. Without it every triangle counts as reachable. */
  readonly insonified?: ArrayLike<number>;
  /** Per triangle: index into `regionNames`. */
  readonly region?: ArrayLike<number>;
  readonly regionNames?: readonly string[];
}

/** Where the scene was cut off: neither side can be judged there. */
export interface CropPlane {
  readonly pointMm: readonly [number, number, number];
  readonly normal: readonly [number, number, number];
}

export interface CompareOptions {
  /** At least 20 (reference: uniform samples of ≥ 20 points/cm²). */
  readonly samplesPerCm2: number;
  /** Each surface gets at least so many samples, however small it is. */
  readonly minimumSamples: number;
  /** A true triangle is reachable when at least so many frames saw it. */
  readonly insonifiedFrames: number;
  readonly cropPlanes: readonly CropPlane[];
  /** Both surfaces are left out up to this distance from a crop plane, on either side of it, and from a cut cap. */
  readonly cropMarginMm: number;
  /** Regions of the truth that are no bone surface (cut caps); results nearest to them are left out too. */
  readonly excludedRegions: readonly string[];
}

export const compareDefaults: CompareOptions = {
  samplesPerCm2: 50,
  minimumSamples: 2000,
  insonifiedFrames: 1,
  cropPlanes: [],
  cropMarginMm: 5,
  excludedRegions: ["cap"],
};

/** Parallel arrays, one entry a sample. */
export interface SideSamples {
  /** Interleaved xyz, mm. */
  readonly positions: Float64Array;
  /** To the closest point of the other surface; infinite where there is no other surface. */
  readonly distanceMm: Float64Array;
  /** Area that the sample stands for, mm². */
  readonly weights: Float64Array;
  /** Region of the truth: the sample's own, or that of the nearest true triangle. */
  readonly region: Uint16Array;
}

/** Raw distances both ways; excluded samples are not here. */
export interface SurfaceComparison {
  /** Result → truth ("A"), with the sign of the truth: positive outside the true bone. */
  readonly result: SideSamples & { readonly signedMm: Float64Array };
  /** Truth → result ("B"). */
  readonly truth: SideSamples & { readonly reachable: Uint8Array };
}

/** A truth made ready: many results can be compared with it. */
export interface PreparedTruth {
  readonly truth: TruthSurface;
  readonly surface: ClosestPoint;
  readonly excluded: Uint8Array;
  /** False where neither surface is judged: near a crop plane or a cut cap. */
  judges(x: number, y: number, z: number): boolean;
  /** Positive outside; which side a point lies on, with the distance to the mesh. */
  signedMm(x: number, y: number, z: number): { readonly signedMm: number; readonly triangle: number };
}

export function prepareTruth(truth: TruthSurface, options: CompareOptions): PreparedTruth {
  const count = triangleCount(truth.mesh);
  for (const field of ["insonified", "region"] as const) {
    const flags = truth[field];
    if (flags && flags.length !== count)
      throw new UnsuitableInputError(
        `the truth has ${count} triangles but ${flags.length} entries of ${field}`,
        "Give one entry a triangle",
      );
  }
  if (!(surfaceArea(truth.mesh) > 0))
    throw new UnsuitableInputError("the true surface has no area", "Give the true bone as a mesh of triangles");
  const surface = closestPointOf(truth.mesh);
  const excluded = new Uint8Array(count);
  if (truth.region)
    for (let i = 0; i < count; i++)
      if (options.excludedRegions.includes(truth.regionNames?.[truth.region[i]!] ?? "")) excluded[i] = 1;
  const field = truth.distance && edgeDefects(truth.mesh).open > 0 ? truth.distance : undefined;
  return {
    truth,
    surface,
    excluded,
    judges: judgedPlaces(truth.mesh, excluded, options),
    signedMm(x, y, z) {
      const { signedMm, distanceMm, triangle } = surface.nearestSigned(x, y, z);
      return { signedMm: field ? Math.sign(field.distanceMm(x, y, z)) * distanceMm : signedMm, triangle };
    },
  };
}

/** `result` undefined or without area: there is no A, and every B is infinite. */
export function compareSurfaces(
  result: Mesh | undefined,
  prepared: PreparedTruth,
  options: CompareOptions,
): SurfaceComparison {
  if (!(options.samplesPerCm2 >= 20))
    throw new UnsuitableInputError(
      `${options.samplesPerCm2} samples per cm² are too few to score a surface`,
      "Ask for at least 20",
    );
  return {
    result: resultToTruth(result, prepared, options),
    truth: truthToResult(result, prepared, options),
  };
}

const density = ({ samplesPerCm2, minimumSamples }: CompareOptions) =>
  ({ perCm2: samplesPerCm2, minimum: minimumSamples }) as const;

function resultToTruth(
  result: Mesh | undefined,
  { truth, signedMm: signedAt, excluded, judges }: PreparedTruth,
  options: CompareOptions,
): SurfaceComparison["result"] {
  const rows = collector();
  const signed: number[] = [];
  if (result) {
    const { count, positions, areaMm2 } = sampleSurface(result, density(options));
    for (let i = 0; i < count; i++) {
      const x = positions[3 * i]!,
        y = positions[3 * i + 1]!,
        z = positions[3 * i + 2]!;
      if (!judges(x, y, z)) continue;
      const { signedMm, triangle } = signedAt(x, y, z);
      if (excluded[triangle]) continue;
      rows.add(x, y, z, Math.abs(signedMm), areaMm2, truth.region?.[triangle] ?? 0);
      signed.push(signedMm);
    }
  }
  return { ...rows.done(), signedMm: Float64Array.from(signed) };
}

function truthToResult(
  result: Mesh | undefined,
  { truth, excluded, judges }: PreparedTruth,
  options: CompareOptions,
): SurfaceComparison["truth"] {
  const surface = result && surfaceArea(result) > 0 ? closestPointOf(result) : undefined;
  const rows = collector();
  const reachable: number[] = [];
  const { count, positions, triangle, areaMm2 } = sampleSurface(truth.mesh, density(options));
  for (let i = 0; i < count; i++) {
    const t = triangle[i]!,
      x = positions[3 * i]!,
      y = positions[3 * i + 1]!,
      z = positions[3 * i + 2]!;
    if (excluded[t] || !judges(x, y, z)) continue;
    rows.add(x, y, z, surface?.distanceMm(x, y, z) ?? Infinity, areaMm2, truth.region?.[t] ?? 0);
    reachable.push(!truth.insonified || truth.insonified[t]! >= options.insonifiedFrames ? 1 : 0);
  }
  return { ...rows.done(), reachable: Uint8Array.from(reachable) };
}

function judgedPlaces(
  mesh: Mesh,
  excluded: Readonly<Uint8Array>,
  { cropPlanes, cropMarginMm }: CompareOptions,
): (x: number, y: number, z: number) => boolean {
  const planes = cropPlanes.map(({ pointMm: p, normal: n }) => {
    const length = Math.hypot(...n);
    if (!(length > 0))
      throw new UnsuitableInputError("a crop plane has no direction", "Give a normal that is not zero");
    return [n[0] / length, n[1] / length, n[2] / length, (n[0] * p[0] + n[1] * p[1] + n[2] * p[2]) / length] as const;
  });
  const caps = excluded.includes(1)
    ? createClosestPoint(selectTriangles(mesh, (t) => excluded[t] === 1).mesh)
    : undefined;
  return (x, y, z) =>
    planes.every(([a, b, c, d]) => Math.abs(a * x + b * y + c * z - d) > cropMarginMm) &&
    caps?.nearest(x, y, z, cropMarginMm) === undefined;
}

function collector() {
  const positions: number[] = [],
    distances: number[] = [],
    weights: number[] = [],
    regions: number[] = [];
  return {
    add(x: number, y: number, z: number, distanceMm: number, areaMm2: number, region: number): void {
      positions.push(x, y, z);
      distances.push(distanceMm);
      weights.push(areaMm2);
      regions.push(region);
    },
    done: (): SideSamples => ({
      positions: Float64Array.from(positions),
      distanceMm: Float64Array.from(distances),
      weights: Float64Array.from(weights),
      region: Uint16Array.from(regions),
    }),
  };
}

/** All samples of several comparisons as one: figures of many bones or runs come from pooled samples. */
export function poolComparisons(comparisons: readonly SurfaceComparison[]): SurfaceComparison {
  const floats = (of: (c: SurfaceComparison) => Float64Array): Float64Array => {
    const parts = comparisons.map(of),
      all = new Float64Array(parts.reduce((n, part) => n + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  };
  const side = (of: (c: SurfaceComparison) => SideSamples): SideSamples => ({
    positions: floats((c) => of(c).positions),
    distanceMm: floats((c) => of(c).distanceMm),
    weights: floats((c) => of(c).weights),
    region: Uint16Array.from(comparisons.flatMap((c) => [...of(c).region])),
  });
  return {
    result: { ...side((c) => c.result), signedMm: floats((c) => c.result.signedMm) },
    truth: {
      ...side((c) => c.truth),
      reachable: Uint8Array.from(comparisons.flatMap((c) => [...c.truth.reachable])),
    },
  };
}

import type { Rng } from "../core/rng.ts";
import { weightedPercentile } from "../core/stats.ts";
import { closestPointOf } from "../geometry/closest-point.ts";
import type { Mesh } from "../geometry/mesh.ts";
import { sampleSurface } from "../geometry/sample-surface.ts";
import { blockBootstrap, type Interval, spatialBlocks } from "./block-bootstrap.ts";
import {
  compareDefaults,
  prepareTruth,
  type CompareOptions,
  type PreparedTruth,
  type TruthSurface,
} from "./compare-surfaces.ts";

/** Seen: some beam met the true bone there. A completed bone is scored where one did, where none did, and together. */
export type CompletionPart = "seen" | "unseen" | "whole";
export const completionParts: readonly CompletionPart[] = ["seen", "unseen", "whole"];

/** Distances both ways, one entry a sample of either surface. */
export interface CompletionSamples {
  /** Interleaved xyz, mm. */
  readonly positions: Float64Array;
  readonly distanceMm: Float64Array;
  readonly areaMm2: Float64Array;
  readonly seen: Uint8Array;
  /** 1 for truth → result, 0 for result → truth. */
  readonly ofTruth: Uint8Array;
}

export interface CompletionScore {
  readonly samples: CompletionSamples;
  /** Signed distance to the truth of every vertex of the result, mm. */
  readonly vertexErrorMm: Float32Array;
  /** Share of the result's vertices whose error lies within 1.96 of the stated SDs; null when none is judged. */
  readonly withinStated: number | null;
}

/**
 * A completed bone against the true one, nothing aligned. A place of the result belongs to the part that the nearest
 * place of the truth belongs to; cut ends of shafts, and what lies within 5 mm of them, are left out on both sides.
 */
export function scoreCompletion(
  result: { readonly mesh: Mesh; readonly uncertaintyMm: Readonly<Float32Array> },
  truth: TruthSurface,
  options: Partial<CompareOptions> = {},
): CompletionScore {
  const all: CompareOptions = { ...compareDefaults, ...options };
  const prepared = prepareTruth(truth, all);
  const isSeen = (t: number): number => (!truth.insonified || truth.insonified[t]! >= all.insonifiedFrames ? 1 : 0);
  const density = { perCm2: all.samplesPerCm2, minimum: all.minimumSamples };
  const rows = { positions: [] as number[], distanceMm: [] as number[], areaMm2: [] as number[], seen: [] as number[] };
  const add = (x: number, y: number, z: number, distanceMm: number, areaMm2: number, triangle: number): void => {
    if (prepared.excluded[triangle]) return;
    rows.positions.push(x, y, z);
    rows.distanceMm.push(distanceMm);
    rows.areaMm2.push(areaMm2);
    rows.seen.push(isSeen(triangle));
  };
  const own = sampleSurface(result.mesh, density);
  forJudged(own.positions, prepared, (x, y, z) => {
    const { signedMm, triangle } = prepared.signedMm(x, y, z);
    add(x, y, z, Math.abs(signedMm), own.areaMm2, triangle);
  });
  const ofResult = rows.seen.length;
  const surface = closestPointOf(result.mesh);
  const other = sampleSurface(truth.mesh, density);
  forJudged(other.positions, prepared, (x, y, z, i) =>
    add(x, y, z, surface.distanceMm(x, y, z), other.areaMm2, other.triangle[i]!),
  );
  return {
    samples: {
      positions: Float64Array.from(rows.positions),
      distanceMm: Float64Array.from(rows.distanceMm),
      areaMm2: Float64Array.from(rows.areaMm2),
      seen: Uint8Array.from(rows.seen),
      ofTruth: Uint8Array.from(rows.seen, (_, i) => (i < ofResult ? 0 : 1)),
    },
    ...vertexErrors(result, prepared),
  };
}

function forJudged(
  positions: Readonly<Float64Array>,
  prepared: PreparedTruth,
  visit: (x: number, y: number, z: number, sample: number) => void,
): void {
  for (let i = 0; i < positions.length; i += 3) {
    const x = positions[i]!,
      y = positions[i + 1]!,
      z = positions[i + 2]!;
    if (prepared.judges(x, y, z)) visit(x, y, z, i / 3);
  }
}

function vertexErrors(
  { mesh, uncertaintyMm }: { readonly mesh: Mesh; readonly uncertaintyMm: Readonly<Float32Array> },
  prepared: PreparedTruth,
): Pick<CompletionScore, "vertexErrorMm" | "withinStated"> {
  const { positions: p } = mesh;
  const vertexErrorMm = new Float32Array(p.length / 3);
  let judged = 0,
    within = 0;
  for (let v = 0; v < vertexErrorMm.length; v++) {
    const x = p[3 * v]!,
      y = p[3 * v + 1]!,
      z = p[3 * v + 2]!;
    const { signedMm, triangle } = prepared.signedMm(x, y, z);
    vertexErrorMm[v] = signedMm;
    if (prepared.excluded[triangle] || !prepared.judges(x, y, z)) continue;
    judged++;
    if (Math.abs(signedMm) <= 1.96 * uncertaintyMm[v]!) within++;
  }
  return { vertexErrorMm, withinStated: judged > 0 ? within / judged : null };
}

/** Several bones as one. */
export function poolCompletions(parts: readonly CompletionSamples[]): CompletionSamples {
  const floats = (of: (part: CompletionSamples) => Float64Array): Float64Array =>
    Float64Array.from(parts.flatMap((part) => Array.from(of(part))));
  const bytes = (of: (part: CompletionSamples) => Uint8Array): Uint8Array =>
    Uint8Array.from(parts.flatMap((part) => Array.from(of(part))));
  return {
    positions: floats((part) => part.positions),
    distanceMm: floats((part) => part.distanceMm),
    areaMm2: floats((part) => part.areaMm2),
    seen: bytes((part) => part.seen),
    ofTruth: bytes((part) => part.ofTruth),
  };
}

export interface CompletionFigures {
  /** Root mean square over both ways, weighted by area, mm; with its interval over patches of bone. */
  readonly rmsMm: number | null;
  readonly interval: Interval | null;
  /** 95 % of truth → result lies below, mm. */
  readonly p95Mm: number | null;
  /** Of the truth, mm². */
  readonly areaMm2: number;
}

/** Neighbours within cubes of this edge err together, mm. */
const BLOCK_MM = 10;
const REPLICATES = 400;

export function completionFigures(samples: CompletionSamples, part: CompletionPart, rng: Rng): CompletionFigures {
  const { positions, distanceMm, areaMm2, seen, ofTruth } = samples;
  const chosen = Uint32Array.from(seen.keys()).filter((i) => part === "whole" || (seen[i] === 1) === (part === "seen"));
  const [blocks] = spatialBlocks([pick3(positions, chosen)], BLOCK_MM);
  const squares = new Float64Array(blocks!.count),
    weights = new Float64Array(blocks!.count);
  chosen.forEach((i, at) => {
    const block = blocks!.of[at]!;
    squares[block]! += areaMm2[i]! * distanceMm[i]! ** 2;
    weights[block]! += areaMm2[i]!;
  });
  const rmsOf = (drawn: Readonly<Uint32Array>): [number | null] => {
    let sum = 0,
      weight = 0;
    drawn.forEach((times, block) => {
      sum += times * squares[block]!;
      weight += times * weights[block]!;
    });
    return [weight > 0 ? Math.sqrt(sum / weight) : null];
  };
  const [rmsMm] = rmsOf(new Uint32Array(squares.length).fill(1));
  const [interval = null] = blockBootstrap(squares.length, REPLICATES, rng.fork(`completion/${part}`), rmsOf);
  const back = chosen.filter((i) => ofTruth[i] === 1);
  const areas = Float64Array.from(back, (i) => areaMm2[i]!);
  return {
    rmsMm,
    interval,
    p95Mm:
      back.length > 0
        ? weightedPercentile(
            Float64Array.from(back, (i) => distanceMm[i]!),
            areas,
            0.95,
          )
        : null,
    areaMm2: areas.reduce((sum, area) => sum + area, 0),
  };
}

function pick3(positions: Readonly<Float64Array>, chosen: Readonly<Uint32Array>): Float64Array {
  const some = new Float64Array(3 * chosen.length);
  chosen.forEach((i, at) => some.set(positions.subarray(3 * i, 3 * i + 3), 3 * at));
  return some;
}

import { UnsuitableInputError } from "../../../core/errors.ts";
import { curveAt, distanceOf, fallOf, type DecorrelationCurves } from "./curves.ts";

/** One patch of one pair whose distance out of the plane is known. Parallel arrays. */
export interface DecorrelationSamples {
  /** Frames between the two. */
  readonly lag: Float64Array;
  readonly depthMm: Float64Array;
  readonly distanceMm: Float64Array;
  readonly correlation: Float64Array;
  /** Correlation lengths and logarithm of the SNR of the patch. */
  readonly across: Float64Array;
  readonly down: Float64Array;
  readonly logSnr: Float64Array;
}

const DEPTHS_MM = [3, 8, 13, 18, 23, 28, 33, 38, 43, 48];
const DISTANCES_MM = [0, 0.1, 0.2, 0.3, 0.4, 0.55, 0.7, 0.9, 1.15, 1.45, 1.8, 2.3];
/** Width of the kernels that gather samples around a node. */
const DEPTH_SD_MM = 3,
  DISTANCE_SD_MM = 0.04,
  DISTANCE_SD_SHARE = 0.1;
const LEAST_SAMPLES = 300;
const LEAST_RISE_PER_MM = 0.05;
const LEAST_FALL_SD = 0.08;

/** Fits the curves to samples of known distance. Throws an UnsuitableInputError when there are too few of them. */
export function calibrateCurves(
  samples: DecorrelationSamples,
  about: { readonly about: string; readonly probe: string; readonly scaleSd: number },
): DecorrelationCurves {
  const n = samples.depthMm.length;
  if (n < LEAST_SAMPLES) {
    throw new UnsuitableInputError(
      `only ${n} patches of known distance were found again`,
      `Record a slow sweep over tissue, some 0.1 to 0.5 mm a frame: ${LEAST_SAMPLES} are needed`,
    );
  }
  const columns = [samples.across, samples.down, samples.logSnr] as const;
  const typical = columns.map((column) => column.reduce((sum, x) => sum + x, 0) / n) as [number, number, number];
  let coherency: [number, number, number] = [0, 0, 0];
  let curves = gather(samples, { ...about, coherency, typical });
  for (let round = 0; round < 2; round++) {
    const found = regress(samples, curves);
    coherency = [0, 1, 2].map((k) => coherency[k]! + found[k]!) as [number, number, number];
    curves = gather(samples, { ...about, coherency, typical });
  }
  return curves;
}

type Fixed = Pick<DecorrelationCurves, "about" | "probe" | "scaleSd" | "coherency" | "typical">;

const logScale = (s: DecorrelationSamples, { coherency, typical }: Fixed, i: number): number => {
  const log =
    coherency[0] * (s.across[i]! - typical[0]) +
    coherency[1] * (s.down[i]! - typical[1]) +
    coherency[2] * (s.logSnr[i]! - typical[2]);
  return Math.min(0.7, Math.max(-0.7, log));
};

/** Kernel means at every node of every lag, made to rise along each row. */
function gather(samples: DecorrelationSamples, fixed: Fixed): DecorrelationCurves {
  const distance = samples.distanceMm.map((d, i) => d * Math.exp(-logScale(samples, fixed, i)));
  const fall = Float64Array.from(samples.correlation, fallOf);
  const lags = [...new Set(samples.lag)].sort((a, b) => a - b);
  const nodes = (own: readonly number[]): Node[][] =>
    DEPTHS_MM.map((depth) => kernelMeans(own, samples.depthMm, distance, fall, depth));
  const pooled = nodes([...samples.lag.keys()]);
  return {
    kind: "decorrelation-curves",
    ...fixed,
    depthsMm: DEPTHS_MM,
    distancesMm: DISTANCES_MM,
    lags: lags.map((lag) => {
      const own = [...samples.lag.keys()].filter((i) => samples.lag[i] === lag);
      const rows = nodes(own).map((row, d) => rising(row.map((node, k) => towards(node, pooled[d]![k]!))));
      return { lag, fall: rows.map((row) => row.fall), fallSd: rows.map((row) => row.sd) };
    }),
  };
}

/** What a lag saw little of (short ways at long lags) is taken from all lags, which count as so much weight. */
const POOLED_WEIGHT = 60;

function towards(own: Node, pooled: Node): Node {
  if (!(pooled.w > 0)) return own;
  if (!(own.w > 1e-9)) return pooled;
  const share = own.w / (own.w + POOLED_WEIGHT);
  return {
    w: Math.max(own.w, pooled.w),
    fall: share * own.fall + (1 - share) * pooled.fall,
    sd: Math.sqrt(share * own.sd ** 2 + (1 - share) * pooled.sd ** 2),
  };
}

interface Node {
  readonly w: number;
  readonly fall: number;
  readonly sd: number;
}

function kernelMeans(
  own: readonly number[],
  depthMm: Readonly<Float64Array>,
  distance: Readonly<Float64Array>,
  fall: Readonly<Float64Array>,
  depth: number,
): Node[] {
  const near = own.filter((i) => Math.abs(depthMm[i]! - depth) < 3 * DEPTH_SD_MM);
  const depthWeight = near.map((i) => Math.exp(-0.5 * ((depthMm[i]! - depth) / DEPTH_SD_MM) ** 2));
  return DISTANCES_MM.map((d) => {
    const width = DISTANCE_SD_MM + DISTANCE_SD_SHARE * d;
    let w = 0, sum = 0, squares = 0, at = 0, atSquares = 0, atFall = 0; // prettier-ignore
    near.forEach((i, k) => {
      const off = (distance[i]! - d) / width;
      if (Math.abs(off) > 3) return;
      const weight = depthWeight[k]! * Math.exp(-0.5 * off * off);
      w += weight;
      sum += weight * fall[i]!;
      squares += weight * fall[i]! ** 2;
      at += weight * (distance[i]! - d);
      atSquares += weight * (distance[i]! - d) ** 2;
      atFall += weight * (distance[i]! - d) * fall[i]!;
    });
    // Local straight line: at the ends the samples lie on one side.
    const det = w * atSquares - at * at;
    const straight = det > 1e-12 * w * w ? (atSquares * sum - at * atFall) / det : sum / w;
    const mean = sum / w;
    return { w, fall: w > 1e-9 ? straight : NaN, sd: Math.sqrt(Math.max(0, squares / w - mean * mean)) };
  });
}

/** Weight below which a node has seen too little to be believed. */
const LEAST_WEIGHT = 5;

/**
 * Made to rise along the row by weighted isotonic regression (pool adjacent violators; Ayer and others 1955, Ann. Math.
 * Statist. 26:641): a running maximum would lift all that follows to one node that few patches chanced to make too high.
 */
function rising(row: readonly Node[]): { readonly fall: number[]; readonly sd: number[] } {
  const least = DISTANCES_MM.map((mm) => LEAST_RISE_PER_MM * mm);
  const known = isotonic(
    row.map(({ w, fall }, k) => (w > LEAST_WEIGHT ? fall - least[k]! : NaN)),
    row.map(({ w }) => w),
  ).map((value, k) => value + least[k]!);
  const spreads = row.filter(({ w }) => w > LEAST_WEIGHT).map(({ sd }) => sd);
  const typicalSd = spreads.length > 0 ? spreads.reduce((a, b) => a + b, 0) / spreads.length : 0.4;
  const fall: number[] = [];
  row.forEach((_, k) => {
    let value = known[k]!;
    if (Number.isNaN(value)) {
      const before = fall[k - 1];
      const after = known.findIndex((x, j) => j > k && !Number.isNaN(x));
      if (before === undefined)
        value = after >= 0 ? (known[after]! * DISTANCES_MM[k]!) / DISTANCES_MM[after]! : DISTANCES_MM[k]!;
      else if (after >= 0) {
        const s = (DISTANCES_MM[k]! - DISTANCES_MM[k - 1]!) / (DISTANCES_MM[after]! - DISTANCES_MM[k - 1]!);
        value = before + s * (known[after]! - before);
      } else value = before;
    }
    fall.push(Math.max(k === 0 ? 0 : fall[k - 1]! + least[k]! - least[k - 1]!, value));
  });
  return { fall, sd: row.map(({ w, sd }) => Math.max(LEAST_FALL_SD, w > LEAST_WEIGHT ? sd : typicalSd)) };
}

/** The nearest values that never fall, by least squares with these weights; NaN stays where it is. */
function isotonic(values: readonly number[], weights: readonly number[]): number[] {
  const pools: { sum: number; w: number; at: number[] }[] = [];
  values.forEach((value, k) => {
    if (Number.isNaN(value)) return;
    const w = weights[k]!;
    let pool = { sum: w * value, w, at: [k] };
    for (let before = pools.at(-1); before && before.sum / before.w > pool.sum / pool.w; before = pools.at(-1)) {
      pool = { sum: before.sum + pool.sum, w: before.w + pool.w, at: [...before.at, ...pool.at] };
      pools.pop();
    }
    pools.push(pool);
  });
  const out = values.slice();
  for (const { sum, w, at } of pools) for (const k of at) out[k] = sum / w;
  return out;
}

/** How the logarithm of true over read distance goes with the three features: ordinary least squares with a ridge. */
function regress(samples: DecorrelationSamples, curves: DecorrelationCurves): [number, number, number] {
  const rowOf = new Map<number, ReturnType<typeof curveAt>>();
  const a = Array.from({ length: 4 }, () => new Float64Array(4)),
    b = new Float64Array(4);
  for (let i = 0; i < samples.depthMm.length; i++) {
    const d = samples.distanceMm[i]!;
    if (d < 0.15 || d > 1.2) continue;
    const depth = Math.round(samples.depthMm[i]! * 2) / 2,
      key = 1000 * samples.lag[i]! + depth;
    let row = rowOf.get(key);
    if (!row) rowOf.set(key, (row = curveAt(curves, depth, samples.lag[i]!)));
    const read = distanceOf(curves, row, fallOf(samples.correlation[i]!));
    if (read < 0.03) continue;
    const value = Math.log(d / read) - logScale(samples, curves, i);
    const x = [
      1,
      samples.across[i]! - curves.typical[0],
      samples.down[i]! - curves.typical[1],
      samples.logSnr[i]! - curves.typical[2],
    ];
    for (let r = 0; r < 4; r++) {
      b[r]! += x[r]! * value;
      for (let c = 0; c < 4; c++) a[r]![c]! += x[r]! * x[c]!;
    }
  }
  for (let r = 1; r < 4; r++) a[r]![r]! += 1;
  const solved = solve4(a, b);
  return [solved[1]!, solved[2]!, solved[3]!];
}

function solve4(a: readonly Float64Array[], b: Float64Array): Float64Array {
  const m = a.map((row, i) => [...row, b[i]!]);
  for (let k = 0; k < 4; k++) {
    const pivot = m[k]![k]! || 1e-9;
    for (let r = 0; r < 4; r++) {
      if (r === k) continue;
      const f = m[r]![k]! / pivot;
      for (let c = k; c < 5; c++) m[r]![c]! -= f * m[k]![c]!;
    }
  }
  return Float64Array.from({ length: 4 }, (_, k) => m[k]![4]! / (m[k]![k]! || 1e-9));
}

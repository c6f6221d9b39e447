import jstat from "jstat";
import type { Rng } from "../core/rng.ts";
import { mean, percentile, standardDeviation } from "../core/stats.ts";
import { MOST_KNEES } from "../data/study.ts";
import type { Interval } from "./block-bootstrap.ts";

/** What each knee gave: one list a knee, one number a seed. The knee is the unit; its seeds are repeats of it. */
export type KneeValues = readonly (readonly number[])[];

/** Mean over knees of the mean over a knee's seeds: a knee with more seeds counts no more. NaN without a knee. */
export const populationMean = (values: KneeValues): number => mean(kneeMeans(values));

/** Knees without a value are left out. */
export const kneeMeans = (values: KneeValues): number[] =>
  values.filter((seeds) => seeds.length > 0).map((seeds) => mean(seeds));

export interface Spread {
  /** Standard deviation between knees, the part of their seeds taken off; 0 where the seeds explain it all. */
  readonly betweenKnees: number;
  /** Pooled standard deviation between the seeds of one knee; NaN where no knee has two. */
  readonly betweenSeeds: number;
}

/** Components of variance of one-way random effects (Searle, Casella & McCulloch 1992, ch. 3), by moments. */
export function components(values: KneeValues): Spread {
  const knees = values.filter((seeds) => seeds.length > 0);
  const repeated = knees.filter((seeds) => seeds.length > 1);
  const freedom = repeated.reduce((n, seeds) => n + seeds.length - 1, 0);
  const within = repeated.reduce((sum, seeds) => sum + (seeds.length - 1) * standardDeviation(seeds) ** 2, 0) / freedom;
  const between = standardDeviation(kneeMeans(knees)) ** 2;
  const share = knees.reduce((sum, seeds) => sum + 1 / seeds.length, 0) / knees.length;
  return {
    betweenKnees: Math.sqrt(Math.max(0, between - (freedom > 0 ? within * share : 0))),
    betweenSeeds: freedom > 0 ? Math.sqrt(within) : NaN,
  };
}

/** Fewer knees than this give no interval at all. */
const FEWEST = 3;
/** Of the mean's sign, which the bias correction rests on, to 2 % at this many. */
export const REPLICATES = 4000;

export type IntervalKind = "t" | "percentile" | "bca";

/**
 * 95 % interval of the population's mean, of which the knees at hand are a sample.
 *
 * - `t`: Student's, exact for normal populations.
 * - `percentile` and `bca` (bias-corrected and accelerated; Efron 1987): bootstrap over whole knees, without resampling
 *   seeds within them (Davison & Hinkley 1997, 3.8). Both are widened for few knees: the tails are taken where Student's
 *   interval has them, Φ(−√(n / (n − 1)) t) in place of 2.5 % (Hesterberg 2015, expanded percentile interval). No
 *   bootstrap interval reaches beyond the smallest and the largest knee, which alone holds a median in 1 − 2^(1 − n): with
 *   5 knees 93.75 %.
 *
 * Null with fewer than 3 knees.
 */
export function populationInterval(values: KneeValues, kind: IntervalKind, rng: Rng): Interval | null {
  const means = kneeMeans(values);
  if (means.length < FEWEST) return null;
  return kind === "t" ? tInterval(means) : bootstrapInterval(means, kind, rng);
}

const tQuantile = (n: number): number => jstat.studentt.inv(0.975, n - 1);
const phi = (z: number): number => jstat.normal.cdf(z, 0, 1);
const phiInverse = (p: number): number => jstat.normal.inv(p, 0, 1);

function tInterval(means: readonly number[]): Interval {
  const half = (tQuantile(means.length) * standardDeviation(means)) / Math.sqrt(means.length);
  return [mean(means) - half, mean(means) + half];
}

function bootstrapInterval(means: readonly number[], kind: "percentile" | "bca", rng: Rng): Interval {
  const n = means.length,
    estimate = mean(means);
  const drawn = new Float64Array(REPLICATES);
  for (let r = 0; r < REPLICATES; r++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += means[rng.integer(n)]!;
    drawn[r] = sum / n;
  }
  const zTail = Math.sqrt(n / (n - 1)) * tQuantile(n);
  if (kind === "percentile") return [percentile(drawn, phi(-zTail)), percentile(drawn, phi(zTail))];
  const bias = phiInverse(shareBelow(drawn, estimate)),
    a = acceleration(means);
  const tail = (z: number): number => phi(bias + (bias + z) / (1 - a * (bias + z)));
  return [percentile(drawn, tail(-zTail)), percentile(drawn, tail(zTail))];
}

/** Ties count half; never 0 or 1, whose normal quantile is infinite. */
function shareBelow(drawn: Readonly<Float64Array>, estimate: number): number {
  // Resamples that draw every knee equally often give the estimate but for rounding.
  const near = 1e-12 * Math.max(1, Math.abs(estimate));
  let below = 0;
  for (const value of drawn) below += value < estimate - near ? 1 : value <= estimate + near ? 0.5 : 0;
  return Math.min(1 - 0.5 / drawn.length, Math.max(0.5 / drawn.length, below / drawn.length));
}

/** Efron 1987: a sixth of the skewness of the jackknife's values; for a mean that of the sample over √n. */
function acceleration(means: readonly number[]): number {
  const centre = mean(means);
  let square = 0,
    cube = 0;
  for (const value of means) {
    square += (value - centre) ** 2;
    cube += (value - centre) ** 3;
  }
  return square > 0 ? cube / (6 * square ** 1.5) : 0;
}

/** Same knees and seeds in both; a seed that is missing in one is left out of the pair. */
export function pairedDifferences(
  first: readonly (readonly (number | null)[])[],
  second: readonly (readonly (number | null)[])[],
): KneeValues {
  return first.map((seeds, knee) =>
    seeds.flatMap((a, seed) => {
      const b = second[knee]?.[seed];
      return a === null || b === null || b === undefined ? [] : [b - a];
    }),
  );
}

/**
 * Knees that a paired comparison needs to show a mean difference of `effect` in 80 of 100 studies, two-sided at 5 %, when
 * differences between knees have the standard deviation `sd`: n = ((t0.975 + t0.8) sd / effect)², by Student's quantiles
 * of that n. At least 3, at most MOST_KNEES.
 */
export function kneesToShow(effect: number, sd: number): number {
  if (!(sd > 0)) return FEWEST;
  for (let n = FEWEST; n < MOST_KNEES; n++) {
    const t = jstat.studentt.inv(0.975, n - 1) + jstat.studentt.inv(0.8, n - 1);
    if (n >= ((t * sd) / effect) ** 2) return n;
  }
  return MOST_KNEES;
}

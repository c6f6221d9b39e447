import { createRng, type Rng } from "../core/rng.ts";
import { populationInterval, type IntervalKind, type KneeValues } from "../metrics/population.ts";
import type { Check, Suite } from "./check.ts";

/** A made-up population of knees whose mean is known. */
interface Population {
  readonly name: string;
  readonly mean: number;
  knee(rng: Rng): number;
}

const normal: Population = { name: "normal", mean: 1, knee: (rng) => 1 + 0.2 * rng.normal() };
/** Surface errors are skewed like this: skewness 0.95. */
const SIGMA = 0.3;
const skewed: Population = {
  name: "skewed (log-normal)",
  mean: Math.exp(SIGMA ** 2 / 2),
  knee: (rng) => Math.exp(SIGMA * rng.normal()),
};

const SEEDS = 2;
const SEED_SD = 0.1;

/** Knees of the population, two seeds each that scatter about their knee. */
const draw = ({ knee }: Population, knees: number, rng: Rng): KneeValues =>
  Array.from({ length: knees }, () => {
    const own = knee(rng);
    return Array.from({ length: SEEDS }, () => own + SEED_SD * rng.normal());
  });

function coverage(population: Population, knees: number, kind: IntervalKind, trials: number): number {
  const rng = createRng(`verify statistics/${population.name}/${knees}/${kind}`);
  let held = 0;
  for (let i = 0; i < trials; i++) {
    const interval = populationInterval(draw(population, knees, rng), kind, rng.fork(String(i)));
    if (interval && interval[0] <= population.mean && population.mean <= interval[1]) held++;
  }
  return held / trials;
}

const cases: readonly (readonly [Population, number, IntervalKind])[] = [
  [normal, 5, "t"],
  [normal, 8, "t"],
  [normal, 12, "percentile"],
  [normal, 12, "bca"],
  [skewed, 8, "t"],
  [skewed, 12, "t"],
  [skewed, 20, "bca"],
];

const names: Readonly<Record<IntervalKind, string>> = {
  t: "Student's",
  percentile: "the bootstrap's (percentile)",
  bca: "the bootstrap's (BCa)",
};

const checks: readonly Check[] = cases.map(([population, knees, kind]) => ({
  id: `statistics.coverage.${population.name.slice(0, 6).trim()}.${knees}.${kind}`,
  statement: `Of ${knees} knees with two seeds from a ${population.name} population ${names[kind]} 95 % interval holds the mean in 93 to 97 of 100 studies`,
  source: "definition of a confidence interval; populations with a known mean",
  expected: 0.95,
  tolerance: 0.02,
  async run({ full }) {
    const measured = coverage(population, knees, kind, full ? 5000 : kind === "t" ? 2000 : 800);
    return { measured, pass: Math.abs(measured - 0.95) <= 0.02 };
  },
}));

/** A check that cannot fail is none: an interval that takes seeds for knees must be found too narrow. */
const seedsAsKnees: Check = {
  id: "statistics.pseudo-replication",
  statement:
    "An interval that counts every seed as a knee of its own is found out: it holds the mean in far less than 93 %",
  source: "Hurlbert 1984, pseudoreplication",
  expected: "< 0.9",
  tolerance: 0,
  async run() {
    const rng = createRng("verify statistics/pseudo");
    let held = 0;
    const trials = 1000;
    for (let i = 0; i < trials; i++) {
      const flat = draw(normal, 8, rng)
        .flat()
        .map((value) => [value]);
      const interval = populationInterval(flat, "t", rng)!;
      if (interval[0] <= normal.mean && normal.mean <= interval[1]) held++;
    }
    return { measured: held / trials, pass: held / trials < 0.9 };
  },
};

export const statisticsSuite: Suite = {
  name: "statistics",
  about: "intervals over knees hold what they promise, on populations whose mean is known",
  checks: [...checks, seedsAsKnees],
};

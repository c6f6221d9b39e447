import type { Rng } from "../core/rng.ts";
import { percentile } from "../core/stats.ts";

/** Ends of a 95 % interval. */
export type Interval = readonly [number, number];

/** Number of each point's cube of side `sizeMm`, counted up in the order of first use, and how many there are. */
export interface Blocks {
  readonly of: Uint32Array;
  readonly count: number;
}

/** Cubes are aligned to the frame's origin. Several point sets are numbered together, so both surfaces share cubes. */
export function spatialBlocks(sets: readonly Readonly<Float64Array>[], sizeMm: number): readonly Blocks[] {
  const names = new Map<string, number>();
  const numbered = sets.map((positions) =>
    Uint32Array.from({ length: positions.length / 3 }, (_, i) => {
      const key = [0, 1, 2].map((axis) => Math.floor(positions[3 * i + axis]! / sizeMm)).join();
      let name = names.get(key);
      if (name === undefined) names.set(key, (name = names.size));
      return name;
    }),
  );
  return numbered.map((of) => ({ of, count: names.size }));
}

/**
 * Percentile interval (Efron & Tibshirani 1993, ch. 13) of each figure that `figures` gives, by drawing whole blocks
 * with replacement (block bootstrap: Lahiri 2003): neighbours err together, and drawing them one by one would fake
 * precision. `figures` is told how often each block was drawn; a figure that is null in a replicate is left out of it.
 * Null where there are fewer than two blocks or no replicate gave the figure.
 */
export function blockBootstrap(
  blockCount: number,
  replicates: number,
  rng: Rng,
  figures: (drawn: Readonly<Uint32Array>) => readonly (number | null)[],
): (Interval | null)[] {
  const drawn = new Uint32Array(blockCount);
  const values: number[][] = figures(drawn.fill(1)).map(() => []);
  if (blockCount < 2) return values.map(() => null);
  for (let replicate = 0; replicate < replicates; replicate++) {
    drawn.fill(0);
    for (let i = 0; i < blockCount; i++) drawn[rng.integer(blockCount)]! += 1;
    figures(drawn).forEach((value, k) => {
      if (value !== null && Number.isFinite(value)) values[k]!.push(value);
    });
  }
  return values.map((list) => (list.length > 0 ? [tail(list, 0.025), tail(list, 0.975)] : null));
}

/** At rank p (n + 1): the usual p (n − 1) + 1 lies inside of it and made intervals of 200 replicates 1 % short. */
function tail(list: readonly number[], p: number): number {
  const n = list.length;
  return n > 1 ? percentile(list, Math.min(1, Math.max(0, (p * (n + 1) - 1) / (n - 1)))) : list[0]!;
}

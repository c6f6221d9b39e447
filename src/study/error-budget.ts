import { createRng } from "../core/rng.ts";
import type { ErrorBudget, Squared } from "../data/study.ts";
import { populationInterval, populationMean } from "../metrics/population.ts";
import { combine, numbersOf, type Cells } from "./cells.ts";

/** One variant's first figure by knee and seed. */
export interface NamedCells {
  readonly name: string;
  readonly cells: Cells;
}

/**
 * From variants named "all", "none", "only <source>" and "all but <source>". Independent errors add in quadrature: all is
 * done in squares, knee by knee and seed by seed, so that what a knee costs by itself drops out. Undefined when one that
 * is needed was not measured.
 */
export function errorBudget(variants: readonly NamedCells[]): Omit<ErrorBudget, "published"> | undefined {
  const named = (name: string): Cells | undefined => variants.find((variant) => variant.name === name)?.cells;
  const all = named("all"),
    none = named("none");
  if (!all || !none) return undefined;
  const sources = variants.flatMap(({ name, cells }) => {
    const source = /^only (.+)$/.exec(name)?.[1];
    if (source === undefined) return [];
    const without = named(`all but ${source}`);
    return [
      {
        name: source,
        only: cells,
        alone: squared(combine((only, base) => only ** 2 - base ** 2, cells, none)),
        missing: without ? squared(combine((whole, rest) => whole ** 2 - rest ** 2, all, without)) : null,
      },
    ];
  });
  const rest = combine(
    (whole, base, ...only) => whole ** 2 - base ** 2 - only.reduce((sum, value) => sum + value ** 2 - base ** 2, 0),
    all,
    none,
    ...sources.map(({ only }) => only),
  );
  const budget = {
    all: squared(combine((whole) => whole ** 2, all)),
    none: squared(combine((base) => base ** 2, none)),
    sources: sources
      .map(({ name, alone, missing }) => ({ name, alone, missing }))
      .sort((a, b) => b.alone.mean - a.alone.mean),
    rest: squared(rest),
  };
  const parts = [budget.all, budget.none, budget.rest, ...budget.sources.map(({ alone }) => alone)];
  if (sources.length === 0 || parts.some(({ mean }) => !Number.isFinite(mean))) return undefined;
  return { ...budget, explainedShare: 1 - budget.rest.mean / budget.all.mean };
}

function squared(cells: Cells): Squared {
  const values = numbersOf(cells);
  // Student's interval draws nothing.
  return { mean: populationMean(values), interval: populationInterval(values, "t", createRng("budget")) };
}

/** Root of a square that noise may have made negative: with its sign. */
export const signedRoot = (square: number): number => Math.sign(square) * Math.sqrt(Math.abs(square));

import type { VariantSummary } from "../data/study.ts";

export interface ErrorSource {
  readonly name: string;
  /** What it adds alone, on top of no source, in quadrature; in the figure's unit. */
  readonly alone: number;
  /** What is gone without it, in quadrature; null where there is no variant "all but …". */
  readonly missing: number | null;
}

export interface ErrorBudget {
  /** The figure with every source, and with none. */
  readonly all: number;
  readonly none: number;
  /** Largest first. */
  readonly sources: readonly ErrorSource[];
  /** (none² + Σ alone²) / all²: 1 where the sources add in quadrature; the rest is their interplay. */
  readonly explainedShare: number;
}

/**
 * From variants named "all" (the reference), "none", "only <source>" and "all but <source>". Undefined when one that is
 * needed was not measured. A difference of squares below zero (noise) counts as 0.
 */
export function errorBudget(variants: readonly VariantSummary[], reference: number): ErrorBudget | undefined {
  const meanOf = (name: string): number | null =>
    variants.find((variant) => variant.name === name)?.figures[0]!.mean ?? null;
  const all = variants[reference]?.figures[0]!.mean ?? null,
    none = meanOf("none");
  if (all === null || none === null) return undefined;
  const sources: ErrorSource[] = [];
  for (const { name, figures } of variants) {
    const source = /^only (.+)$/.exec(name)?.[1];
    const value = figures[0]!.mean;
    if (source === undefined || value === null) continue;
    const without = meanOf(`all but ${source}`);
    sources.push({
      name: source,
      alone: beyond(value, none),
      missing: without === null ? null : beyond(all, without),
    });
  }
  if (sources.length === 0) return undefined;
  sources.sort((a, b) => b.alone - a.alone);
  const explained = none ** 2 + sources.reduce((sum, { alone }) => sum + alone ** 2, 0);
  return { all, none, sources, explainedShare: explained / all ** 2 };
}

const beyond = (value: number, base: number): number => Math.sqrt(Math.max(0, value ** 2 - base ** 2));

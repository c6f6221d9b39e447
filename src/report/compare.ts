import type { Figure, Report } from "../data/report.ts";
import { flatten } from "./configuration.ts";

export interface FigureChange {
  readonly id: string;
  readonly before: Figure | null;
  readonly after: Figure | null;
  /** after − before; null where one of them is not there. */
  readonly change: number | null;
  /**
   * Whether the change is larger than the root of the sum of squares of both half intervals: it then stands out of what
   * another patch of surface would have given. Figures without intervals differ when they differ.
   */
  readonly beyondNoise: boolean;
}

export interface OptionChange {
  readonly path: string;
  readonly before: string | null;
  readonly after: string | null;
}

export interface Comparison {
  /** Options that differ, in the order of the first report, then those that only the second has. */
  readonly options: readonly OptionChange[];
  readonly seeds: readonly [string | null, string | null];
  readonly versions: readonly [string, string];
  /** Every figure of either report. */
  readonly figures: readonly FigureChange[];
  /** Warnings that the second has and the first has not. */
  readonly newWarnings: readonly string[];
}

const half = ({ low, high }: Figure): number => (high - low) / 2;

/** What changed from one report to another: in how it was made, and in what came out. */
export function compareReports(before: Report, after: Report): Comparison {
  const ids = [...new Set([...Object.keys(before.headline), ...Object.keys(after.headline)])];
  return {
    options: changedOptions(before.configuration, after.configuration),
    seeds: [before.seed, after.seed],
    versions: [before.software.version, after.software.version],
    figures: ids.map((id) => changeOf(id, before.headline[id] ?? null, after.headline[id] ?? null)),
    newWarnings: after.warnings.filter((warning) => !before.warnings.includes(warning)),
  };
}

function changeOf(id: string, before: Figure | null, after: Figure | null): FigureChange {
  if (!before || !after) return { id, before, after, change: null, beyondNoise: before !== after };
  const change = after.value - before.value;
  return { id, before, after, change, beyondNoise: Math.abs(change) > Math.hypot(half(before), half(after)) };
}

function changedOptions(before: unknown, after: unknown): OptionChange[] {
  const old = new Map(flatten(before)),
    now = new Map(flatten(after));
  const paths = [...new Set([...old.keys(), ...now.keys()])];
  return paths
    .map((path): OptionChange => ({ path, before: old.get(path) ?? null, after: now.get(path) ?? null }))
    .filter(({ before: a, after: b }) => a !== b);
}

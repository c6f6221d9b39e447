import type { CaseResult } from "../data/study.ts";
import type { StudyPlan } from "./plan.ts";

/** Figure of every knee and seed of one variant; null where the case failed or did not give it. */
export type Cells = readonly (readonly (number | null)[])[];

export function cellsOf(
  { study: { seedsPerKnee } }: StudyPlan,
  results: readonly CaseResult[],
  variant: number,
  figure: string,
  knees: number,
): Cells {
  const cells = Array.from({ length: knees }, () => Array.from({ length: seedsPerKnee }, (): number | null => null));
  for (const { id, outcome } of results) {
    if (id.variant !== variant || id.knee >= knees || outcome.status !== "measured") continue;
    const value = outcome.headline[figure]?.value;
    if (value !== undefined) cells[id.knee]![id.seed] = value;
  }
  return cells;
}

export const numbersOf = (cells: Cells): number[][] => cells.map((seeds) => seeds.filter((value) => value !== null));

/** Cell by cell; null where one of them is. */
export const combine = (of: (...values: number[]) => number, ...all: readonly Cells[]): Cells =>
  all[0]!.map((seeds, knee) =>
    seeds.map((_, seed) => {
      const values = all.map((cells) => cells[knee]?.[seed] ?? null);
      return values.every((value) => value !== null) ? of(...values) : null;
    }),
  );

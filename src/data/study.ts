import type { Software } from "./provenance.ts";
import type { Figure } from "./report.ts";

/** One run of a study: which variant, on which knee, with which draw of everything else. All count from 0. */
export interface CaseId {
  readonly variant: number;
  readonly knee: number;
  readonly seed: number;
}

/** What one case gave. */
export interface CaseFigures {
  readonly headline: Readonly<Record<string, Figure>>;
  /** The raw samples behind it, thinned: signed distance of each bone's result to the truth at 0, 1, … 100 % of its area. */
  readonly distances: readonly { readonly bone: string; readonly mm: readonly number[] }[];
}

/** A case that could not be finished stays in the table, with its reason. */
export type CaseOutcome =
  ({ readonly status: "measured" } & CaseFigures) | { readonly status: "failed"; readonly reason: string };

export interface CaseResult {
  readonly id: CaseId;
  readonly outcome: CaseOutcome;
}

/** Where the search for how many knees a comparison needs ends: it then needs this many or more. */
export const MOST_KNEES = 10_000;

/** A figure of one variant over the knees of a study; numbers that the cases do not give are null. */
export interface VariantFigure {
  readonly id: string;
  readonly unit: string;
  /** Mean over knees of the mean over a knee's seeds, and its 95 % interval; null with fewer than 3 knees. */
  readonly mean: number | null;
  readonly interval: readonly [number, number] | null;
  /** BCa bootstrap over knees beside it, which holds for skewed populations of many knees. */
  readonly bootstrap: readonly [number, number] | null;
  /** Of all cases, in the direction that is worse for this figure. */
  readonly worst: number | null;
  readonly sdBetweenKnees: number | null;
  readonly sdBetweenSeeds: number | null;
  /** One number a knee; null where it has no finished case. */
  readonly perKnee: readonly (number | null)[];
  /** Against the reference variant, on the same knees and seeds; null for the reference itself. */
  readonly difference: {
    readonly mean: number;
    readonly interval: readonly [number, number] | null;
    /** Knees that a study needs to show a difference of `effect` (in the figure's unit) in 80 of 100 tries. */
    readonly knees: number;
    readonly effect: number;
  } | null;
}

export interface VariantSummary {
  readonly name: string;
  /** Dotted field of the scenario → what it was set to. */
  readonly set: Readonly<Record<string, unknown>>;
  readonly cases: number;
  readonly failed: readonly { readonly reason: string; readonly count: number }[];
  readonly figures: readonly VariantFigure[];
}

/** A difference of squares, in the square of the figure's unit: its mean over knees with the 95 % interval. */
export interface Squared {
  readonly mean: number;
  readonly interval: readonly [number, number] | null;
}

/** What each source of error costs, in squares: independent errors add in quadrature. */
export interface ErrorBudget {
  /** With every source, and with none. */
  readonly all: Squared;
  readonly none: Squared;
  /** Largest first: what it adds alone on top of none, and what is gone from all without it. */
  readonly sources: readonly { readonly name: string; readonly alone: Squared; readonly missing: Squared | null }[];
  /** all − none − Σ alone: what the sum in quadrature does not explain. */
  readonly rest: Squared;
  /** 1 − rest / all. */
  readonly explainedShare: number;
  /** Where the whole is plausible by what others measured; null when the study names none. */
  readonly published: PublishedBudget | null;
}

/** In the figure's unit. */
export interface PublishedBudget {
  readonly from: number;
  readonly to: number;
  readonly of: string;
  readonly parts: readonly { readonly name: string; readonly mm: number }[];
}

/** `study-report.json`: deterministic, and the same whoever ran the cases. */
export interface StudyReport {
  readonly schemaVersion: 1;
  readonly name: string;
  readonly question: string;
  readonly about: string;
  readonly software: Software;
  readonly seed: string;
  readonly knees: number;
  readonly seedsPerKnee: number;
  /** Why fewer knees than planned are in the table; null when all are. */
  readonly stopped: string | null;
  readonly reference: string;
  readonly variants: readonly VariantSummary[];
  /** One sentence. */
  readonly answer: string;
  /** Of a study that asks what each error costs; else null. */
  readonly budget: ErrorBudget | null;
  readonly limits: readonly string[];
}

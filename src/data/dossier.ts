import type { Made, Software, UsedModel } from "./provenance.ts";
import type { StudyReport } from "./study.ts";
import type { VerifyRow } from "./verification.ts";

/** A topic and what there is to say of it. */
export type Said = readonly [topic: string, sentence: string];

/** What was planned, before anything was run. */
export interface Protocol {
  /** The scenario in words. */
  readonly rig: readonly Said[];
  readonly variants: readonly { readonly name: string; readonly changes: readonly Said[] }[];
  readonly reference: string;
  readonly knees: number;
  readonly seedsPerKnee: number;
  /** The first decides. `effect`: the difference that a reader would care for, in the figure's unit. */
  readonly figures: readonly { readonly id: string; readonly better: "lower" | "higher"; readonly effect: number }[];
  /** How the study is evaluated, in sentences: intervals, the rule of the answer, when it may end early. */
  readonly rules: readonly string[];
}

/** A check of this version; it has not been run where there is no row. */
export interface DossierCheck {
  readonly id: string;
  readonly statement: string;
  readonly source: string;
  readonly row: VerifyRow | null;
}

export interface DossierSuite {
  readonly name: string;
  readonly about: string;
  /** Where its rows come from, in words. */
  readonly from: string;
  readonly checks: readonly DossierCheck[];
}

/** Everything that the dossier of a study holds. */
export interface Dossier {
  readonly name: string;
  readonly question: string;
  readonly about: string;
  readonly seed: string;
  /** The program that compiled the dossier; the study names its own. */
  readonly software: Software;
  readonly made: Made;
  readonly models: readonly UsedModel[];
  readonly protocol: Protocol;
  readonly suites: readonly DossierSuite[];
  /** Rows of a file that this version has no check for. */
  readonly unknownRows: readonly VerifyRow[];
  /** Null where the study has no results yet. */
  readonly study: StudyReport | null;
  readonly studyMade: Made | null;
  readonly limits: readonly string[];
  readonly notModelled: readonly string[];
  /** Parts that are missing, and what would bring them, in sentences. */
  readonly missing: readonly string[];
  /** Files that it was made from, and their SHA-256. */
  readonly files: readonly { readonly name: string; readonly sha256: string }[];
  readonly commands: readonly string[];
  /** Whole, for the appendix. */
  readonly texts: readonly { readonly name: string; readonly text: string }[];
  /** Of the reference variant, every default filled in. */
  readonly configuration: unknown;
}

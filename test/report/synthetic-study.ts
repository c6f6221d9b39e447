import type { Dossier, DossierCheck, DossierSuite } from "../../src/data/dossier.ts";
import type { StudyReport, VariantFigure } from "../../src/data/study.ts";
import type { VerifyRow } from "../../src/data/verification.ts";
import { syntheticAssets, syntheticReport } from "./synthetic-report.ts";

const figure = (mean: number, difference: number | null): VariantFigure => ({
  id: "all.reachable.assd",
  unit: "mm",
  mean,
  interval: [mean - 0.1, mean + 0.1],
  bootstrap: [mean - 0.08, mean + 0.09],
  worst: mean + 0.4,
  sdBetweenKnees: 0.1,
  sdBetweenSeeds: 0.05,
  perKnee: [mean - 0.05, mean, mean + 0.07],
  difference: difference === null ? null : { mean: difference, interval: [difference - 0.05, difference + 0.05], knees: 7, effect: 0.2 }, // prettier-ignore
});

export function syntheticStudy(changes: Partial<StudyReport> = {}): StudyReport {
  return {
    schemaVersion: 1,
    name: "tiny",
    question: "How many images do I need?",
    about: "Two rates.",
    software: syntheticReport().software,
    seed: "study/tiny",
    knees: 3,
    seedsPerKnee: 1,
    stopped: null,
    reference: "8 a second",
    variants: [
      { name: "4 a second", set: { "source.imaging.rateHz": 4 }, cases: 3, failed: [{ reason: "no bone was found", count: 1 }], figures: [figure(1.2, 0.3)] }, // prettier-ignore
      { name: "8 a second", set: { "source.imaging.rateHz": 8 }, cases: 3, failed: [], figures: [figure(0.9, null)] },
    ],
    answer: '"8 a second" is enough: mean surface distance 0.90 mm (95 %: 0.80 to 1.00).',
    budget: null,
    limits: ["One probe."],
    ...changes,
  };
}

export const row = (id: string, pass: VerifyRow["pass"], changes: Partial<VerifyRow> = {}): VerifyRow => ({
  id,
  statement: `What ${id} states, mm.`,
  source: "closed form",
  expected: 1,
  tolerance: 0.004,
  measured: pass === true ? 1.000_113_7 : 1.273_456,
  pass,
  ...changes,
});

export const suite = (name: string, rows: readonly (VerifyRow | string)[]): DossierSuite => ({
  name,
  about: `All about ${name}`,
  from: "of the file that was given",
  checks: rows.map((entry): DossierCheck =>
    typeof entry === "string"
      ? { id: entry, statement: `What ${entry} states, mm.`, source: "closed form", row: null }
      : { id: entry.id, statement: entry.statement, source: entry.source, row: entry },
  ),
});

export function syntheticDossier(changes: Partial<Dossier> = {}): Dossier {
  const { software, models = [], configuration } = syntheticReport();
  const study = syntheticStudy();
  return {
    name: study.name,
    question: study.question,
    about: study.about,
    seed: study.seed,
    software,
    made: syntheticAssets().made!,
    models,
    protocol: {
      rig: [["Knee", "An adult's."]],
      variants: study.variants.map(({ name, set }) => ({
        name,
        changes: Object.entries(set).map(([field, value]) => [field, String(value)] as const),
      })),
      reference: study.reference,
      knees: 3,
      seedsPerKnee: 1,
      figures: [{ id: "all.reachable.assd", better: "lower", effect: 0.2 }],
      rules: ["All 3 knees are run."],
    },
    suites: [
      suite("geometry", [row("geometry.one", true), row("geometry.two", true)]),
      suite("ultrasound", [row("ultrasound.one", true), row("ultrasound.late", false), row("ultrasound.absent", "skipped", { measured: "no recording" }), "ultrasound.new"]), // prettier-ignore
    ],
    unknownRows: [],
    study,
    studyMade: null,
    limits: study.limits,
    notModelled: ["Refraction."],
    missing: [],
    files: [{ name: "tiny.yaml", sha256: "cd".repeat(32) }],
    commands: ["npx sonobench study tiny"],
    texts: [{ name: "The study: tiny.yaml", text: "name: tiny\n" }],
    configuration,
    ...changes,
  };
}

import type { CaseResult } from "../data/study.ts";
import type { Column } from "../io/table.ts";
import type { StudyPlan } from "./plan.ts";

/**
 * One row a case in the order of knee, seed, variant: what was varied, how it ended, and every headline figure with its
 * interval (`<id>`, `<id>.low`, `<id>.high`).
 */
export function caseTable({ variants }: StudyPlan, results: readonly CaseResult[]): Column[] {
  const fields = [...new Set(variants.flatMap(({ set }) => Object.keys(set)))];
  const figures = [
    ...new Set(results.flatMap(({ outcome }) => (outcome.status === "measured" ? Object.keys(outcome.headline) : []))),
  ].sort();
  const text = (name: string, of: (result: CaseResult) => string | null): Column => ({
    name,
    kind: "text",
    values: results.map(of),
  });
  const number = (name: string, of: (result: CaseResult) => number | null): Column => ({
    name,
    kind: "number",
    values: results.map(of),
  });
  const figure = (id: string, part: "value" | "low" | "high") => (result: CaseResult) =>
    result.outcome.status === "measured" ? (result.outcome.headline[id]?.[part] ?? null) : null;
  return [
    text("variant", ({ id }) => variants[id.variant]!.name),
    ...fields.map((field) => fieldColumn(field, variants, results)),
    number("knee", ({ id }) => id.knee),
    number("seed", ({ id }) => id.seed),
    text("status", ({ outcome }) => outcome.status),
    text("reason", ({ outcome }) => (outcome.status === "failed" ? outcome.reason : null)),
    ...figures.flatMap((id) => [
      number(id, figure(id, "value")),
      number(`${id}.low`, figure(id, "low")),
      number(`${id}.high`, figure(id, "high")),
    ]),
  ];
}

/** The samples behind the figures: one row a case, bone and percentile of the result's area; signed distance, mm. */
export function sampleTable({ variants }: StudyPlan, results: readonly CaseResult[]): Column[] {
  const rows = results.flatMap(({ id, outcome }) =>
    outcome.status === "failed"
      ? []
      : outcome.distances.flatMap(({ bone, mm }) => mm.map((value, percentile) => ({ id, bone, percentile, value }))),
  );
  return [
    { name: "variant", kind: "text", values: rows.map(({ id }) => variants[id.variant]!.name) },
    { name: "knee", kind: "number", values: rows.map(({ id }) => id.knee) },
    { name: "seed", kind: "number", values: rows.map(({ id }) => id.seed) },
    { name: "bone", kind: "text", values: rows.map(({ bone }) => bone) },
    { name: "percentile", kind: "number", values: rows.map(({ percentile }) => percentile) },
    { name: "signedMm", kind: "number", values: rows.map(({ value }) => value) },
  ];
}

/** A column of numbers where every variant sets a number, else of text (JSON where it is no text). */
function fieldColumn(field: string, variants: StudyPlan["variants"], results: readonly CaseResult[]): Column {
  const values = results.map(({ id }) => variants[id.variant]!.set[field] ?? null);
  if (values.every((value) => value === null || typeof value === "number")) {
    return { name: field, kind: "number", values };
  }
  return {
    name: field,
    kind: "text",
    values: values.map((value) => (value === null || typeof value === "string" ? value : JSON.stringify(value))),
  };
}

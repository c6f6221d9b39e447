import { readFile } from "node:fs/promises";
import { z } from "zod";
import { FormatError } from "../core/errors.ts";
import type { StudyReport } from "../data/study.ts";
import type { StudyPlan } from "./plan.ts";
import { parseJsonText } from "../core/json-text.ts";

const number = z.number().nullable();
const interval = z.tuple([z.number(), z.number()]).nullable();

const figure = z.looseObject({
  id: z.string(),
  unit: z.string(),
  mean: number,
  interval,
  bootstrap: interval,
  worst: number,
  sdBetweenKnees: number,
  sdBetweenSeeds: number,
  perKnee: z.array(number),
  difference: z.looseObject({ mean: z.number(), interval, knees: z.number(), effect: z.number() }).nullable(),
});

const squared = z.strictObject({ mean: z.number(), interval });
const budget = z.strictObject({
  all: squared,
  none: squared,
  sources: z.array(z.strictObject({ name: z.string(), alone: squared, missing: squared.nullable() })).min(1),
  rest: squared,
  explainedShare: z.number(),
  published: z
    .strictObject({
      from: z.number(),
      to: z.number(),
      of: z.string(),
      parts: z.array(z.strictObject({ name: z.string(), mm: z.number() })),
    })
    .nullable(),
});

const studySchema = z.looseObject({
  schemaVersion: z.literal(1),
  name: z.string(),
  question: z.string(),
  about: z.string(),
  software: z.looseObject({ name: z.literal("sonobench"), version: z.string() }),
  seed: z.string(),
  knees: z.int().min(0),
  seedsPerKnee: z.int().min(1),
  stopped: z.string().nullable(),
  reference: z.string(),
  variants: z
    .array(
      z.looseObject({
        name: z.string(),
        set: z.record(z.string(), z.unknown()),
        cases: z.int().min(0),
        failed: z.array(z.strictObject({ reason: z.string(), count: z.int().min(1) })),
        figures: z.array(figure).min(1),
      }),
    )
    .min(1),
  answer: z.string(),
  // Reports that are older than the budget have none.
  budget: budget.nullable().default(null),
  limits: z.array(z.string()),
});

const REMEDY = "Make it again from its cases: sonobench study <study> --collect";

/**
 * The study-report.json of a study's results; null where there is none. Throws a FormatError that names the field where it
 * is cut off, edited, or of another study.
 */
export async function readStudyReport(file: string, { study, variants }: StudyPlan): Promise<StudyReport | null> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return null;
  const found = parse(text, file);
  if (found.name !== study.name) {
    throw new FormatError(file, { field: "name" }, `this is of the study "${found.name}"`, "Give another --results");
  }
  const [planned, there] = [variants, found.variants].map((list) => list.map(({ name }) => name).join("\n"));
  if (planned !== there) {
    throw new FormatError(file, { field: "variants" }, "the variants are not those of the study's file", REMEDY);
  }
  return found;
}

function parse(text: string, file: string): StudyReport {
  const parsed = studySchema.safeParse(parseJsonText(text, file, REMEDY, "}"));
  // What the schema does not name (of a later version) is carried along and not shown.
  if (parsed.success) return parsed.data as unknown as StudyReport;
  const [issue] = parsed.error.issues;
  const field = issue?.path.map(String).join(".");
  throw new FormatError(file, field ? { field } : { whole: true }, issue?.message ?? "no report of a study", REMEDY);
}

import { z } from "zod";
import { checkSchema } from "../scenario/check-schema.ts";

const field = z
  .string()
  .regex(
    /^[a-z][A-Za-z0-9]*(\.[a-z0-9][A-Za-z0-9]*)*$/,
    "write the path of a scenario's field, like source.imaging.rateHz",
  );
const settings = z.record(field, z.unknown());

const variantName = z.string().min(1).max(80);

const range = z
  .strictObject({
    field,
    from: z.number(),
    to: z.number(),
    scale: z.enum(["linear", "log"]).default("linear"),
    integer: z.boolean().default(false),
  })
  .refine(({ from, to }) => from < to, "from must be less than to")
  .refine(({ scale, from }) => scale === "linear" || from > 0, "a log scale starts above 0");

const sweep = z.discriminatedUnion("kind", [
  z
    .strictObject({
      kind: z.literal("list"),
      variants: z
        .array(z.strictObject({ name: variantName, set: settings.default({}) }))
        .min(1)
        .max(500),
    })
    .describe("variants by name"),
  z
    .strictObject({
      kind: z.literal("grid"),
      over: z
        .array(z.strictObject({ field, values: z.array(z.unknown()).min(1).max(1000) }))
        .min(1)
        .max(8),
    })
    .describe("every combination of the values"),
  z
    .strictObject({
      kind: z.enum(["random", "latin-hypercube"]),
      over: z.array(range).min(1).max(12),
      samples: z.int().min(2).max(5000),
    })
    .describe("points drawn within the ranges"),
]);

const figure = z.strictObject({
  id: z.string().min(1).describe("an id of headline in report.json, like all.reachable.assd"),
  better: z.enum(["lower", "higher"]).default("lower"),
  effect: z.number().gt(0).default(0.2).describe("the difference that a reader would care for, in the figure's unit"),
});

const answer = z.discriminatedUnion("kind", [
  z
    .strictObject({ kind: z.literal("best") })
    .describe("which variant is best by the first figure, and what the others lose"),
  z
    .strictObject({
      kind: z.literal("enough"),
      within: z
        .number()
        .gt(0)
        .describe("worse than the best by less than this is good enough, in the first figure's unit"),
    })
    .describe("variants are listed from the cheapest: the first that is good enough"),
  z
    .strictObject({
      kind: z.literal("budget"),
      published: z
        .strictObject({
          from: z.number().gt(0),
          to: z.number().gt(0),
          of: z.string().min(5).max(200).describe("what the range was published for"),
          parts: z
            .array(z.strictObject({ name: variantName, mm: z.number().gt(0) }))
            .max(20)
            .default([]),
        })
        .optional()
        .describe("where the whole is plausible, in the first figure's unit; drawn beside"),
    })
    .describe("variants named `all`, `only …`, `all but …`: what each source of error costs, in quadrature"),
]);

const studySchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]*$/, "use small letters, digits, dashes")
    .max(80),
  question: z.string().min(5).max(300).describe("as a newcomer asks it"),
  about: z.string().max(3000).default(""),
  base: z.string().describe("the scenario that is varied, relative to this file"),
  set: settings.default({}).describe("fields that differ from the base in every variant"),
  sweep,
  reference: variantName.optional().describe("variant that the others are compared with; the first when left out"),
  knees: z.int().min(1).max(10_000).default(5),
  seedsPerKnee: z.int().min(1).max(100).default(2),
  seed: z.string().min(1).max(100).describe("cases draw from it alone; not one that anything was tuned on"),
  figures: z
    .array(figure)
    .min(1)
    .max(30)
    .default([{ id: "all.reachable.assd", better: "lower", effect: 0.2 }]),
  stop: z
    .strictObject({
      halfWidth: z.number().gt(0).describe("of the 95 % interval of the first figure in every variant, in its unit"),
      minKnees: z.int().min(3).max(1000).default(5),
    })
    .optional()
    .describe("end before all knees are done when the intervals are narrow enough"),
  answer: answer.prefault({ kind: "best" }),
  limits: z.array(z.string().min(1).max(500)).max(20).default([]).describe("what the answer does not hold for"),
});

export type Study = z.output<typeof studySchema>;
export type SweepConfig = Study["sweep"];
export type StudyFigure = Study["figures"][number];

/** Throws a FormatError that names file and field. */
export const parseStudy = (json: unknown, file: string): Study =>
  checkSchema(studySchema, json, file, "Every field is listed in scenarios/studies/schema.json");

/** For editors: `scenarios/studies/schema.json`. */
export const studyJsonSchema = (): unknown => z.toJSONSchema(studySchema, { io: "input" });

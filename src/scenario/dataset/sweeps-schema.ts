import { z } from "zod";
import { checkSchema } from "../check-schema.ts";

const range = (low: number, high: number, from: number, to: number) =>
  z
    .tuple([z.number().min(low).max(high), z.number().min(low).max(high)])
    .refine(([a, b]) => a <= b, "expected [lowest, highest]")
    .default([from, to]);

const recipeSchema = z.strictObject({
  kind: z.literal("sweep-dataset"),
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]*$/i, "use letters, digits, dots, dashes")
    .max(80),
  about: z.string().max(2000).default(""),
  seed: z.string().min(1).max(200).default("sweeps"),
  split: z
    .strictObject({
      train: z.int().min(0).max(10000).default(60),
      validation: z.int().min(0).max(1000).default(3),
    })
    .prefault({})
    .describe("knees of each part: parts never share a knee"),
  sweepsPerKnee: z.int().min(1).max(100).default(12).describe("each with a scanner and a lens of its own"),
  framesPerSweep: z.int().min(8).max(1000).default(64),
  narrowShare: z.number().min(0).max(1).default(0.5).describe("sweeps with half the face, at half the cost"),
  gridSpacingMm: z.number().min(0.4).max(2).default(0.75),
  flexionDeg: range(0, 120, 5, 100),
  stepMm: range(0, 5, 0.12, 0.8).describe("mean way between frames"),
  reversedShare: z.number().min(0).max(1).default(0.25).describe("sweeps that turn back once or more"),
  turningShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.35)
    .describe("sweeps that turn about the contact instead of sliding"),
  steadyTurnShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.6)
    .describe("of those, fans, rocks and turns about the beam at a steady pace, as in TUS-REC 2025; the others waver"),
  turnDegPerFrame: range(0, 5, 0.4, 1.6).describe("pace of steady turns"),
  depthMm: range(20, 120, 34, 54),
  dynamicRangeDb: range(20, 120, 50, 70).describe("the pipeline is told 60"),
  gainDb: range(-40, 40, -8, 8),
  smoothingLateralMm: range(0, 2, 0.1, 0.4),
  smoothingAxialMm: range(0, 1, 0.03, 0.17),
  lensShare: range(0.3, 3, 0.8, 1.25).describe("times the probe's aperture, and focus, in elevation"),
  noiseDb: range(-200, 0, -80, -55),
  echoSpreadDb: z.number().min(0).max(20).default(5).describe("SD of each tissue's scatter level against its sheets"),
  plainShare: z.number().min(0).max(1).default(0.25).describe("tissues that are speckle alone, without any sheets"),
  attenuationShare: range(0.3, 3, 0.75, 1.35),
  pressMm: range(-10, 10, 1, 5),
});

/** Simulated sweeps with true motion for the pose network: every range is drawn from evenly, for each sweep. */
export type SweepRecipe = z.output<typeof recipeSchema>;

/** Throws a FormatError that names the file and the field. */
export function parseSweepRecipe(json: unknown, file: string): SweepRecipe {
  return checkSchema(recipeSchema, json, file, "See scenarios/datasets/sweeps.yaml and docs/trackerless.md");
}

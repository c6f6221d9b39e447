import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { SegmentationModel } from "../pipeline/segmentation/neural/model.ts";
import { openSession } from "../pipeline/segmentation/neural/session.ts";
import { checkSchema } from "./check-schema.ts";
import { readYaml } from "./load.ts";
import { readWeights, weightsFields } from "./model-weights.ts";

const size = z.int().min(16).max(4096);

const card = z.strictObject({
  kind: z.literal("segmentation-model"),
  ...weightsFields,
  input: z
    .strictObject({
      name: z.string().default("gray"),
      layout: z.enum(["nchw", "nhwc"]).default("nchw"),
      channels: z
        .union([z.literal(1), z.literal(3)])
        .default(1)
        .describe("3: the gray value three times"),
      mean: z.number().default(0).describe("gray value g enters as (g / 255 - mean) / sd"),
      sd: z.number().positive().default(1),
      size: z.discriminatedUnion("kind", [
        z.strictObject({
          kind: z.literal("lattice"),
          cellMm: z.number().min(0.02).max(2),
          multipleOf: z.int().min(1).max(128).default(16),
        }),
        z.strictObject({ kind: z.literal("squeezed"), rows: size, columns: size }),
      ]),
    })
    .describe("one picture; the size in mm, or in pixels to which the whole picture is squeezed"),
  output: z.discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("distribution"),
      surface: z.string().default("surface"),
      none: z.string().default("none"),
    }),
    z.strictObject({
      kind: z.literal("mask"),
      name: z.string(),
      channel: z.int().min(0).max(63).default(0).describe("which channel is bone"),
      activation: z.enum(["none", "sigmoid", "softmax"]).default("none"),
      surfaceAt: z.enum(["top", "middle"]).default("middle").describe("where in the run of bone pixels"),
      threshold: z.number().gt(0).lt(1).default(0.5),
    }),
  ]),
});

/** No segmentation network for one picture needs more. */
const MAX_WEIGHTS_MB = 512;

/** The model that ships with the package. */
export const defaultModelCard = fileURLToPath(new URL("../../models/bone/card.yaml", import.meta.url));

export interface LoadedModel {
  readonly model: SegmentationModel;
  /** Of the weights. */
  readonly sha256: string;
}

/**
 * Reads a model card and its weights, and opens the network once to see that it is what the card says. Throws a
 * FormatError (card, field) or an UnsuitableInputError (network).
 */
export async function loadSegmentationModel(path: string): Promise<LoadedModel> {
  const remedy = "See models/bone/card.yaml and docs/segmentation.md";
  const found = checkSchema(card, await readYaml(path), path, remedy);
  const { bytes, sha256 } = await readWeights(path, found, MAX_WEIGHTS_MB);
  const { name, input, output } = found;
  const { name: inputName, layout, channels, mean, sd, size: kind } = input;
  const model: SegmentationModel = { name, weights: bytes, inputName, layout, channels, mean, sd, input: kind, output };
  const session = await openSession(model);
  await session.release();
  return { model, sha256 };
}

import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { DOMAIN_SIZE } from "../pipeline/pose/learned/domain.ts";
import type { PoseModel } from "../pipeline/pose/learned/recover.ts";
import { checkSchema } from "./check-schema.ts";
import { loadCurves } from "./decorrelation-curves.ts";
import { readYaml } from "./load.ts";
import { readWeights, weightsFields } from "./model-weights.ts";

const card = z.strictObject({
  kind: z.literal("pose-model"),
  ...weightsFields,
  domain: z.string().describe("what the training sweeps looked like (export.py), relative to the card"),
  curves: z.string().describe("the curves that it was trained with, relative to the card"),
});

const domain = z.strictObject({
  kind: z.literal("pose-domain"),
  sweeps: z.int().min(1),
  mean: z.array(z.number()).length(DOMAIN_SIZE),
  covariance: z.array(z.array(z.number()).length(DOMAIN_SIZE)).length(DOMAIN_SIZE),
});

/** No network for this job needs more. */
const MAX_WEIGHTS_MB = 64;

/** The model that ships with the package. */
export const defaultPoseCard = fileURLToPath(new URL("../../models/trackerless/card.yaml", import.meta.url));

/** Throws a FormatError that names the card and the field. */
export async function loadPoseModel(path: string): Promise<PoseModel> {
  const remedy = "See models/trackerless/card.yaml and docs/trackerless.md";
  const found = checkSchema(card, await readYaml(path), path, remedy);
  const beside = (name: string): string => resolve(dirname(path), name);
  const { bytes: weights } = await readWeights(path, found, MAX_WEIGHTS_MB);
  const trained = checkSchema(domain, await readYaml(beside(found.domain)), beside(found.domain), remedy);
  return { weights, domain: trained, curves: await loadCurves(beside(found.curves)) };
}

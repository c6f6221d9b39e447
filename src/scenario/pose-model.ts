import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { FormatError } from "../core/errors.ts";
import { DOMAIN_SIZE } from "../pipeline/pose/learned/domain.ts";
import type { PoseModel } from "../pipeline/pose/learned/recover.ts";
import { checkSchema } from "./check-schema.ts";
import { loadCurves } from "./decorrelation-curves.ts";
import { readYaml } from "./load.ts";

const card = z.strictObject({
  kind: z.literal("pose-model"),
  name: z.string().min(1).max(80),
  about: z.string().max(4000).default(""),
  weights: z.string().describe("the .onnx file, relative to the card"),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional()
    .describe("of the weights; checked when it is given"),
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
const MAX_WEIGHTS = 64 * 2 ** 20;

/** The model that ships with the package. */
export const defaultPoseCard = fileURLToPath(new URL("../../models/trackerless/card.yaml", import.meta.url));

/** Throws a FormatError that names the card and the field. */
export async function loadPoseModel(path: string): Promise<PoseModel> {
  const remedy = "See models/trackerless/card.yaml and docs/trackerless.md";
  const found = checkSchema(card, await readYaml(path), path, remedy);
  const beside = (name: string): string => resolve(dirname(path), name);
  const weightsPath = beside(found.weights);
  const size = await stat(weightsPath).then(({ size: bytes }) => bytes, () => -1); // prettier-ignore
  if (size < 0)
    throw new FormatError(path, { field: "weights" }, `there is no ${weightsPath}`, "Put the .onnx file there");
  if (size > MAX_WEIGHTS)
    throw new FormatError(weightsPath, { whole: true }, `is ${size} bytes large`, "Use up to 64 MB");
  const weights = new Uint8Array(await readFile(weightsPath));
  const sha256 = createHash("sha256").update(weights).digest("hex");
  if (found.sha256 !== undefined && found.sha256 !== sha256) {
    throw new FormatError(path, { field: "sha256" }, `the weights have ${sha256}`, "Get the file that the card is of");
  }
  const trained = checkSchema(domain, await readYaml(beside(found.domain)), beside(found.domain), remedy);
  return { weights, domain: trained, curves: await loadCurves(beside(found.curves)) };
}

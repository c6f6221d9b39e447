import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { z } from "zod";
import type { UsedModel } from "../data/provenance.ts";
import { defaultCurves } from "./decorrelation-curves.ts";
import { readYaml } from "./load.ts";
import { defaultPoseCard } from "./pose-model.ts";
import type { Scenario } from "./schema.ts";
import { defaultModelCard } from "./segmentation-model.ts";
import { defaultShapeModels } from "./shape-models.ts";

const named = z.object({ name: z.string(), weights: z.string() });

const sha256 = async (path: string): Promise<string> =>
  createHash("sha256")
    .update(await readFile(path))
    .digest("hex");

async function ofCard(use: string, card: string): Promise<UsedModel> {
  const { name, weights } = named.parse(await readYaml(card));
  return { use, name, sha256: await sha256(resolve(dirname(card), weights)) };
}

/** Every file of weights or shapes that the pipeline of a scenario reads; its own cards were checked when they were used. */
export async function usedModels({ segmentation, pose, completion }: Scenario): Promise<UsedModel[]> {
  const models: UsedModel[] = [];
  if (segmentation.kind === "neural") {
    models.push(await ofCard("bone in the images", segmentation.model ?? defaultModelCard));
  }
  if (segmentation.kind === "module") {
    models.push({
      use: "bone in the images",
      name: basename(segmentation.file),
      sha256: await sha256(segmentation.file),
    });
  }
  const isWithSteps = pose.kind === "pose-graph" || pose.kind === "content";
  if (pose.kind === "learned" || (isWithSteps && pose.from !== "decorrelation")) {
    models.push(await ofCard("poses", pose.model ?? defaultPoseCard));
  }
  if (pose.kind === "decorrelation" || (isWithSteps && pose.from === "decorrelation")) {
    const file = pose.curves ?? defaultCurves;
    models.push({ use: "poses", name: basename(file), sha256: await sha256(file) });
  }
  if (pose.kind === "content") {
    const file = pose.shapes ?? defaultShapeModels;
    models.push({ use: "bones that poses are fitted to", name: basename(file), sha256: await sha256(file) });
  }
  if (completion.kind === "shape-model") {
    const file = completion.model ?? defaultShapeModels;
    models.push({ use: "whole bones", name: basename(file), sha256: await sha256(file) });
  }
  return models;
}

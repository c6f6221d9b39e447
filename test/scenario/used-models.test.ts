import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { parseScenario } from "../../src/scenario/schema.ts";
import { usedModels } from "../../src/scenario/used-models.ts";

const simulated = (changes: object) =>
  parseScenario({ name: "x", source: { kind: "simulated" }, ...changes }, "x.yaml");
const sha256 = async (file: string): Promise<string> =>
  createHash("sha256")
    .update(await readFile(resolve(import.meta.dirname, "../../models", file)))
    .digest("hex");

test("a run names the network and the shapes that it follows from, by the hash of their bytes", async () => {
  expect(await usedModels(simulated({}))).toEqual([
    { use: "bone in the images", name: expect.any(String) as string, sha256: await sha256("bone/bone.onnx") },
    { use: "whole bones", name: "knee.shape", sha256: await sha256("shape/knee.shape") },
  ]);
});

test("a run without networks names none, and poses without a tracker name what they use", async () => {
  const plain = { segmentation: { kind: "classical" }, completion: { kind: "none" } };
  expect(await usedModels(simulated(plain))).toEqual([]);
  const [learned] = await usedModels(simulated({ ...plain, pose: { kind: "learned" } }));
  expect(learned).toEqual({
    use: "poses",
    name: expect.any(String) as string,
    sha256: await sha256("trackerless/pose.onnx"),
  });
  const content = await usedModels(simulated({ ...plain, pose: { kind: "content" } }));
  expect(content).toEqual([
    learned,
    { use: "bones that poses are fitted to", name: "knee.shape", sha256: await sha256("shape/knee.shape") },
  ]);
});

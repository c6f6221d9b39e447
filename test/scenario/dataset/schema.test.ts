import { resolve } from "node:path";
import { expect, test } from "vitest";
import { parseRecipe } from "../../../src/scenario/dataset/schema.ts";
import { readYaml } from "../../../src/scenario/load.ts";

const RECIPE = resolve(import.meta.dirname, "../../../scenarios/datasets/bone.yaml");
const parse = (part: object) => parseRecipe({ kind: "dataset", name: "d", ...part }, "d.yaml");

test("the recipe that ships holds back a probe: the test part has one that the training never meets", async () => {
  const { probes, testProbes, split } = parseRecipe(await readYaml(RECIPE), RECIPE);
  expect(testProbes!.some((name) => (probes as readonly string[]).includes(name))).toBe(false);
  expect(Math.min(split.train, split.validation, split.test)).toBeGreaterThan(0);
});

test("what a recipe leaves out is as plain as it can be: no artefacts, no other roughness, one look", () => {
  expect(parse({})).toMatchObject({
    gasShare: 0,
    wireShare: 0,
    bonelessShare: 0,
    tankShare: 0,
    compoundShare: 0,
    probeSpread: 0,
    roughnessShare: [1, 1],
  });
});

test("a range from high to low and a misspelt field are refused by name", () => {
  expect(() => parse({ depthMm: [60, 30] })).toThrow(/d\.yaml: depthMm.*lowest, highest/);
  expect(() => parse({ gasshare: 0.1 })).toThrow(/gasshare/);
});

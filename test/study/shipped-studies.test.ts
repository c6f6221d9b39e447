import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { planStudy } from "../../src/study/plan.ts";
import { studyJsonSchema } from "../../src/study/study-schema.ts";

const STUDIES = join(import.meta.dirname, "../../scenarios/studies");
const files = readdirSync(STUDIES).filter((name) => name.endsWith(".yaml"));

test.each(files)("%s can be planned: every variant is a valid scenario", async (name) => {
  const plan = await planStudy(join(STUDIES, name));
  expect(`${plan.study.name}.yaml`).toBe(name);
  // The scored seed of the main job is for reporting; no study draws from it.
  expect(plan.scenarioOf({ variant: 0, knee: 0, seed: 0 }).seed).not.toBe("knee-tracked");
});

test("schema.json beside them is what the schema says today", () => {
  expect(JSON.parse(readFileSync(join(STUDIES, "schema.json"), "utf8"))).toEqual(studyJsonSchema());
});

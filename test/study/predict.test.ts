import { join } from "node:path";
import { expect, test } from "vitest";
import { planStudy } from "../../src/study/plan.ts";
import { predictStudy } from "../../src/study/predict.ts";
import { inWords, predictCases } from "../../src/study/predict-time.ts";

const shipped = (name: string) => planStudy(join(import.meta.dirname, `../../scenarios/studies/${name}.yaml`));

test("what variants share counts once: five trackers that watch the same scans cost less than three scans", async () => {
  const trackers = predictStudy(await shipped("which-tracker"), [], 1),
    scanners = predictStudy(await shipped("hospital-scanner-or-telemed"), [], 1);
  expect(trackers.cases).toBe(scanners.cases);
  expect(trackers.cacheGb).toBeCloseTo(scanners.cacheGb / 5, 6);
  expect(trackers.seconds).toBeLessThan(0.7 * scanners.seconds);
});

test("finished cases are not counted, and cores share the rest", async () => {
  const plan = await shipped("which-tracker");
  const outcome = { status: "failed", reason: "" } as const;
  const done = plan.variants.map((_, variant) => ({ id: { variant, knee: 0, seed: 0 }, outcome }));
  const all = predictStudy(plan, [], 1);
  expect(predictStudy(plan, done, 1).cases).toBe(45);
  expect(predictStudy(plan, [], 2).seconds).toBeCloseTo(all.seconds / 2, 9);
});

test("long times are said in words", () => {
  expect([5, 100, 7200, 200_000, 1e8].map(inWords)).toEqual([
    "5 seconds",
    "2 minutes",
    "2.0 hours",
    "2 days",
    "3 years",
  ]);
  expect(predictCases(1_000_000, 2).resultsMb).toBeGreaterThan(10_000);
});

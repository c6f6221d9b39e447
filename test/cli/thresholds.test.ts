import { expect, test } from "vitest";
import { MissedThreshold, UsageError } from "../../src/cli/command.ts";
import { checkThresholds } from "../../src/cli/thresholds.ts";

const headline = { "all.reachable.assd": { value: 1.1, low: 1, high: 1.2, unit: "mm" } };

test("a condition that holds is a miss; one that does not is none", () => {
  expect(() => checkThresholds(headline, ["all.reachable.assd > 1.2", "all.reachable.assd <= 1.0"])).not.toThrow();
  expect(() => checkThresholds(headline, ["all.reachable.assd>1.05"])).toThrow(MissedThreshold);
  expect(() => checkThresholds(headline, ["all.reachable.assd >= 1.1"])).toThrow(MissedThreshold);
});

test("a figure that was not measured is a miss, so that a renamed id cannot pass for ever", () => {
  expect(() => checkThresholds(headline, ["all.assd > 1"])).toThrow(/was not measured/);
});

test("what cannot be read is refused", () => {
  expect(() => checkThresholds(headline, ["all.reachable.assd"])).toThrow(UsageError);
  expect(() => checkThresholds(headline, ["all.reachable.assd = 1"])).toThrow(UsageError);
});

import { expect, test } from "vitest";
import { createRng } from "../../../src/core/rng.ts";
import { mean, standardDeviation } from "../../../src/core/stats.ts";
import { typicalKnee } from "../../../src/sim/knee/parameters.ts";
import { forCases } from "../../support/cases.ts";

test("the same seed gives the same knee, another seed another one", () => {
  expect(typicalKnee(createRng("a"))).toEqual(typicalKnee(createRng("a")));
  expect(typicalKnee(createRng("a"), "male")).not.toEqual(typicalKnee(createRng("b"), "male"));
});

test("epicondylar width has the published mean and nearly the published spread, per sex", () => {
  for (const [sex, average, sd] of [
    ["male", 82.65, 3.96],
    ["female", 72.47, 3.49],
  ] as const) {
    const widths = Array.from({ length: 600 }, (_, i) =>
      typicalKnee(createRng(`width/${i}`), sex).femur.epicondylarWidthMm,
    ); // prettier-ignore
    // Standard error of the mean of 600: sd / 24.5; three of them.
    expect(Math.abs(mean(widths) - average)).toBeLessThan((3 * sd) / Math.sqrt(600));
    // Folding at 2.5 SD takes a percent off the spread.
    expect(standardDeviation(widths) / sd).toBeGreaterThan(0.85);
    expect(standardDeviation(widths) / sd).toBeLessThan(1.05);
  }
});

test("both sexes occur when none is asked for", () => {
  const sexes = new Set(Array.from({ length: 40 }, (_, i) => typicalKnee(createRng(`sex/${i}`)).sex));
  expect(sexes).toEqual(new Set(["male", "female"]));
});

test("every length is positive and the notch fits between the condyles", () => {
  forCases(200, "parameters", (rng) => {
    const { femur, tibia, patella, softTissue } = typicalKnee(rng);
    for (const part of [femur, tibia, patella, softTissue]) {
      for (const [name, value] of Object.entries(part)) {
        // Angles and deviations from the average shape have either sign.
        if (!name.endsWith("Rad") && !name.endsWith("OffsetMm")) expect(value, name).toBeGreaterThan(0);
      }
    }
    expect(femur.notchWidthMm).toBeLessThan(femur.epicondylarWidthMm * 0.4);
    expect(patella.widthMm).toBeLessThan(femur.epicondylarWidthMm * 0.7);
  });
});

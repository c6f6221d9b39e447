import { expect, test } from "vitest";
import { coolWarm, foundMissed, labFromRgb, rgbFromLab, sampleMap, type Rgb } from "../../src/report/colour-map.ts";
import { forCases } from "../support/cases.ts";

const bytes = (colour: Rgb): number[] => colour.map((c) => Math.round(c * 255));

test("the diverging map has the colours of Moreland's published table", () => {
  // Table of 9 entries beside the paper (CoolWarmUChar33.csv, every fourth row).
  const table = [
    [59, 76, 192], [98, 130, 234], [141, 176, 254], [184, 208, 249], [221, 221, 221],
    [245, 196, 173], [244, 154, 123], [222, 96, 77], [180, 4, 38],
  ]; // prettier-ignore
  sampleMap(coolWarm, -1, 1, 9).forEach((colour, i) => {
    bytes(colour).forEach((value, channel) => expect(Math.abs(value - table[i]![channel]!)).toBeLessThanOrEqual(1));
  });
});

test("both halves of the diverging map darken away from a gray middle, alike to a few steps of lightness", () => {
  /** Moreland's ends differ a little: 38 and 39 in L*. Between them, 6 is well below what makes one side louder. */
  const LIGHTNESS = 6;
  let before = Infinity;
  for (let t = 0; t <= 1; t += 0.05) {
    const cool = labFromRgb(coolWarm(-t))[0],
      warm = labFromRgb(coolWarm(t))[0];
    expect(Math.abs(cool - warm)).toBeLessThan(LIGHTNESS);
    expect(Math.max(cool, warm)).toBeLessThanOrEqual(before + 1e-9);
    before = Math.max(cool, warm);
  }
});

test("colours go to L*a*b* and back unchanged", () => {
  /** The two published 3×3 matrices invert each other to seven digits. */
  const MATRICES = 1e-5;
  forCases(200, "lab", (rng) => {
    const colour: Rgb = [rng.uniform(), rng.uniform(), rng.uniform()];
    rgbFromLab(labFromRgb(colour)).forEach((c, i) => expect(Math.abs(c - colour[i]!)).toBeLessThan(MATRICES));
  });
});

test("the coverage map runs through three distinct colours and stays in range", () => {
  const [found, , missed] = sampleMap(foundMissed, 0, 1, 3);
  expect(bytes(found!)).toEqual([13, 128, 120]);
  expect(bytes(missed!)).toEqual([204, 69, 23]);
});

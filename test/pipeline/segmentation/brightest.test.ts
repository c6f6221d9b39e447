import { expect, test } from "vitest";
import { createRng } from "../../../src/core/rng.ts";
import { brightestDefaults, findBrightest } from "../../../src/pipeline/segmentation/brightest.ts";
import { type Drawing, drawFrame } from "./draw-frame.ts";

const PIXEL_MM = 0.2;
const drawing: Drawing = { width: 160, height: 200, pixelMm: PIXEL_MM, marginPx: 0, tissueGray: 40 };
const find = (part: Partial<Drawing>) =>
  findBrightest(drawFrame({ ...drawing, ...part }, createRng("brightest")), [PIXEL_MM, PIXEL_MM], brightestDefaults);

/** The band is 0.4 mm wide and lies in speckle. */
const BAND_MM = 0.25;

test("bone that is the brightest thing in the picture is found where it is", () => {
  const { ridgeRowPx, ridgeConfidence } = find({ bone: () => 20 });
  const off = Array.from(ridgeRowPx.subarray(10, 150), (row) => Math.abs(row * PIXEL_MM - 20));
  expect(off.every((mm) => mm < BAND_MM)).toBe(true);
  expect(ridgeConfidence[80]).toBeGreaterThan(0.4);
});

test("without a shadow there is no bone, however bright a line is", () => {
  const { ridgeRowPx } = find({ tissueGray: 80, fascia: [() => 15] });
  expect(ridgeRowPx.every(Number.isNaN)).toBe(true);
});

test("a brighter line above takes the bone's place where it lies over the shadow: what the baseline cannot tell", () => {
  const { ridgeRowPx } = find({ bone: () => 12, fascia: [() => 9, () => 9] });
  expect(Math.abs(ridgeRowPx[80]! * PIXEL_MM - 9)).toBeLessThan(2 * BAND_MM);
});

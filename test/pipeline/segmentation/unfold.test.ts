import { expect, it } from "vitest";
import type { BoneMask } from "../../../src/data/bone-mask.ts";
import type { ImageGeometry } from "../../../src/data/image.ts";
import { unfoldingOf } from "../../../src/pipeline/segmentation/unfold.ts";

const geometry: ImageGeometry = {
  width: 300,
  height: 220,
  spacingMm: [0.3, 0.3],
  faceCentrePx: [149.5, 15],
  fieldOfView: { kind: "sector", radiusMm: 20, angleRad: 1.3, depthMm: 50 },
};
const unfolding = unfoldingOf(geometry)!;
const { width, height, spacingMm, faceCentrePx } = geometry;

/** Depth below the face and angle of a pixel. */
function beamOf(u: number, v: number): { readonly depth: number; readonly angle: number } {
  const x = (u - faceCentrePx[0]) * spacingMm[0],
    y = (v - faceCentrePx[1]) * spacingMm[1] + 20;
  return { depth: Math.hypot(x, y) - 20, angle: Math.atan2(x, y) };
}

const picture = (gray: (depth: number, angle: number) => number): Uint8Array => {
  const pixels = new Uint8Array(width * height);
  for (let v = 0; v < height; v++) {
    for (let u = 0; u < width; u++) {
      const { depth, angle } = beamOf(u, v);
      if (depth >= 0 && depth <= 50 && Math.abs(angle) <= 0.65) pixels[v * width + u] = gray(depth, angle);
    }
  }
  return pixels;
};

it("equal depth becomes a row and a beam becomes a column", () => {
  const laid = unfolding.layOut({ width, height, pixels: picture((depth) => 4 * depth) });
  const GRAY = 1.5; // bilinear between rounded pixels
  for (let row = 4; row < laid.height - 4; row += 9) {
    for (let column = 6; column < laid.width - 6; column += 5) {
      expect(Math.abs(laid.pixels[row * laid.width + column]! - 4 * row * 0.3)).toBeLessThan(GRAY);
    }
  }
  const { pixels } = unfolding.layOut({ width, height, pixels: picture((_, angle) => 125 + 180 * angle) });
  for (let column = 6; column < laid.width - 6; column += 5) {
    const expected = 125 + 180 * ((column / (laid.width - 1) - 0.5) * 1.3);
    // Near the face a pixel spans 0.015 rad.
    for (const row of [60, 150]) expect(Math.abs(pixels[row * laid.width + column]! - expected)).toBeLessThan(3);
  }
});

it("a line found along the beams is put back where it was, with its confidence and its picture", () => {
  const depthAt = (angle: number): number => 25 + 6 * Math.cos(4 * angle);
  const size = unfolding.layOut({ width, height, pixels: new Uint8Array(width * height) });
  const angleOf = (column: number): number => (column / (size.width - 1) - 0.5) * 1.3;
  const mask: BoneMask = {
    width: size.width,
    height: size.height,
    probability: new Uint8Array(size.width * size.height),
    ridgeRowPx: Float32Array.from({ length: size.width }, (_, i) =>
      Math.abs(angleOf(i)) < 0.4 ? depthAt(angleOf(i)) / 0.3 : NaN,
    ),
    ridgeConfidence: new Float32Array(size.width).fill(0.7),
    ridgeSdPx: new Float32Array(size.width).fill(0.5),
  };
  mask.ridgeRowPx.forEach((row, i) => {
    if (!Number.isNaN(row)) mask.probability[Math.round(row) * size.width + i] = 200;
  });
  const folded = unfolding.foldBack(mask);
  const CHORD_PX = 0.01;
  let columns = 0;
  folded.ridgeRowPx.forEach((row, u) => {
    if (Number.isNaN(row)) return expect(folded.ridgeConfidence[u]).toBe(0);
    columns++;
    const { depth, angle } = beamOf(u, row);
    expect(Math.abs(depth - depthAt(angle)) / 0.3).toBeLessThan(CHORD_PX);
    expect(folded.ridgeConfidence[u]).toBeCloseTo(0.7, 6);
    expect(folded.ridgeSdPx[u]).toBeCloseTo(0.5, 6);
    const near = [-1, 0, 1].map((d) => folded.probability[(Math.round(row) + d) * width + u]!);
    expect(Math.max(...near)).toBeGreaterThan(60);
  });
  expect(columns).toBeGreaterThan(110);
});

it("pictures without a sector are taken as they are", () => {
  const { fieldOfView: _, ...plain } = geometry;
  expect(unfoldingOf(plain)).toBeUndefined();
  expect(unfoldingOf({ ...plain, fieldOfView: { kind: "rectangle", widthMm: 40, depthMm: 50 } })).toBeUndefined();
  expect(unfoldingOf(undefined)).toBeUndefined();
});

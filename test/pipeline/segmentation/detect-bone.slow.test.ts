import { expect, test } from "vitest";
import { createRng } from "../../../src/core/rng.ts";
import type { BoneMask } from "../../../src/data/bone-mask.ts";
import { detectBone } from "../../../src/pipeline/segmentation/detect-bone.ts";
import { detectorDefaults } from "../../../src/pipeline/segmentation/detector-options.ts";
import { forCases } from "../../support/cases.ts";
import { drawFrame, type Drawing } from "./draw-frame.ts";

/** DESIGN.md section 6: mean ridge error of the segmentation on unseen frames. */
const MEAN_ERROR_MM = 0.3;
const P95_ERROR_MM = 1;
/** Share of the bone's columns that may be missed, and of the others that may be called bone. */
const MISSED_SHARE = 0.1;
const FALSE_SHARE = 0.05;

const base = { width: 480, height: 480, pixelMm: 0.0977, marginPx: 40 } as const;
const fascia = [(x: number) => 6 + 0.05 * x, (x: number) => 9 + 0.6 * Math.sin(x / 6)];

interface Score {
  readonly errorsMm: readonly number[];
  readonly missed: number;
  readonly falsely: number;
}

function score(mask: BoneMask, { width, pixelMm, marginPx, bone }: Drawing): Score {
  const errorsMm: number[] = [];
  let missed = 0, falsely = 0, withBone = 0; // prettier-ignore
  for (let u = marginPx; u < width - marginPx; u++) {
    const truth = bone?.(u * pixelMm),
      found = mask.ridgeRowPx[u]! * pixelMm;
    if (truth !== undefined) withBone++;
    if (truth !== undefined && Number.isNaN(found)) missed++;
    if (truth === undefined && !Number.isNaN(found)) falsely++;
    if (truth !== undefined && !Number.isNaN(found)) errorsMm.push(Math.abs(found - truth));
  }
  const others = width - 2 * marginPx - withBone;
  return { errorsMm, missed: missed / Math.max(1, withBone), falsely: falsely / Math.max(1, others) };
}

const detect = (drawing: Drawing, seed: string): BoneMask =>
  detectBone(drawFrame(drawing, createRng(seed)), [drawing.pixelMm, drawing.pixelMm], detectorDefaults);

function expectFound(drawing: Drawing, seed: string): void {
  const { errorsMm, missed } = score(detect(drawing, seed), drawing);
  const sorted = errorsMm.toSorted((a, b) => a - b);
  expect(missed).toBeLessThan(MISSED_SHARE);
  expect(errorsMm.reduce((a, b) => a + b, 0) / errorsMm.length).toBeLessThan(MEAN_ERROR_MM);
  expect(sorted[Math.floor(0.95 * sorted.length)]).toBeLessThan(P95_ERROR_MM);
}

test("a convex bone under two fascias is followed from edge to edge", () => {
  forCases(3, "detect/dome", (rng, seed) => {
    const top = 14 + 8 * rng.uniform(), radius = 20 + 15 * rng.uniform(); // prettier-ignore
    expectFound({ ...base, fascia, bone: (x) => top + radius - Math.sqrt(radius ** 2 - (x - 23.4) ** 2) }, seed);
  });
});

test("a bone tilted by 35 degrees is followed", () => {
  expectFound(
    { ...base, fascia: [fascia[0]!], bone: (x) => 12 + (x - 4) * Math.tan((35 * Math.PI) / 180) * 0.8 },
    "tilted",
  );
});

test("the same bone is found at another pixel size without other options", () => {
  const drawing = { width: 820, height: 616, pixelMm: 0.0854, marginPx: 176, fascia };
  expectFound(
    { ...drawing, bone: (x) => (Math.abs(x - 35) < 15 ? 22 + 18 - Math.sqrt(18 ** 2 - (x - 35) ** 2) : undefined) },
    "other pixels",
  );
});

test("a line with a shadow of its own that goes on sideways from the foot of a steep flank is not taken for bone", () => {
  const flank = (x: number): number => 14 + 1.4 * Math.max(0, x - 16);
  const drawn: Drawing = { ...base, bone: (x) => (x < 30 ? flank(x) : flank(30)) };
  const truth: Drawing = { ...base, bone: (x) => (x < 30 ? flank(x) : undefined) };
  const { falsely, missed } = score(detect(drawn, "kink"), truth);
  expect(missed).toBeLessThan(MISSED_SHARE);
  expect(falsely).toBeLessThan(FALSE_SHARE);
});

test("where half the frame has bone, the other half is left without", () => {
  const drawing: Drawing = { ...base, fascia: [fascia[0]!], bone: (x) => (x < 24 ? 16 + 0.1 * x : undefined) };
  const { errorsMm, falsely, missed } = score(detect(drawing, "half"), drawing);
  expect(missed).toBeLessThan(MISSED_SHARE);
  expect(falsely).toBeLessThan(FALSE_SHARE);
  expect(errorsMm.reduce((a, b) => a + b, 0) / errorsMm.length).toBeLessThan(MEAN_ERROR_MM);
});

test("tissue and fascia without bone give no bone", () => {
  forCases(3, "detect/none", (rng, seed) => {
    const lean = 0.1 * rng.normal();
    const lines = [5, 10, 17, 26].map((depth) => (x: number) => depth + lean * (x - 24));
    expect(score(detect({ ...base, fascia: lines }, seed), base).falsely).toBeLessThan(FALSE_SHARE);
  });
});

test("empty, constant, saturated and tiny frames give no bone and no error", () => {
  for (const [width, height] of [
    [1, 1],
    [2, 3],
    [16, 16],
    [300, 5],
    [5, 300],
    [256, 256],
  ] as const) {
    for (const gray of [0, 1, 40, 255]) {
      const mask = detectBone(
        { width, height, pixels: new Uint8Array(width * height).fill(gray) },
        [0.1, 0.1],
        detectorDefaults,
      );
      expect(mask.ridgeRowPx.length).toBe(width);
      expect(mask.probability.length).toBe(width * height);
      expect(mask.ridgeRowPx.every(Number.isNaN)).toBe(true);
      expect(mask.ridgeConfidence.every((c) => c === 0)).toBe(true);
      expect(mask.probability.every((p) => p === 0)).toBe(true);
    }
  }
});

test("confidence, ridge and probability agree, and black margins hold none of them", () => {
  const drawing: Drawing = { ...base, fascia, bone: () => 20 };
  const mask = detect(drawing, "agree");
  for (let u = 0; u < base.width; u++) {
    const confidence = mask.ridgeConfidence[u]!, row = mask.ridgeRowPx[u]!; // prettier-ignore
    expect(confidence > 0).toBe(!Number.isNaN(row));
    expect(confidence).toBeLessThanOrEqual(1);
    if (u < base.marginPx || u >= base.width - base.marginPx) expect(confidence).toBe(0);
    if (confidence === 0) continue;
    const peak = mask.probability[Math.round(row) * base.width + u]!;
    expect(Math.abs(peak - 255 * confidence)).toBeLessThan(0.02 * 255); // half a pixel off the ridge at most
    expect(mask.probability[Math.round(row + 1.5 / base.pixelMm) * base.width + u]).toBe(0);
  }
});

test("the drawn band has the stated width across a tilted surface, not along the beam", () => {
  const tilt = 0.6;
  const mask = detect({ ...base, bone: (x) => 12 + tilt * (x - 4) }, "band");
  const u = base.width / 2, row = mask.ridgeRowPx[u]!; // prettier-ignore
  const sigmaRows = (detectorDefaults.drawnSigmaMm * Math.hypot(1, tilt)) / base.pixelMm;
  const one =
    mask.probability[Math.round(row + sigmaRows) * base.width + u]! /
    mask.probability[Math.round(row) * base.width + u]!;
  expect(one).toBeGreaterThan(Math.exp(-0.5 * 1.3 ** 2)); // rounding to rows and to the found slope: a third of a sigma
  expect(one).toBeLessThan(Math.exp(-0.5 * 0.7 ** 2));
});

test("a frame mirrored left to right gives the mirrored ridge", () => {
  const image = drawFrame({ ...base, fascia, bone: (x) => 15 + 0.02 * (x - 15) ** 2 }, createRng("mirror"));
  const { width, height, pixels } = image;
  const mirrored = pixels.map((_, at) => pixels[at - (at % width) + width - 1 - (at % width)]!);
  const a = detectBone(image, [base.pixelMm, base.pixelMm], detectorDefaults);
  const b = detectBone({ width, height, pixels: mirrored }, [base.pixelMm, base.pixelMm], detectorDefaults);
  let both = 0, far = 0; // prettier-ignore
  for (let u = 0; u < width; u++) {
    const p = a.ridgeRowPx[u]!, q = b.ridgeRowPx[width - 1 - u]!; // prettier-ignore
    if (Number.isNaN(p) || Number.isNaN(q)) continue;
    both++;
    if (Math.abs(p - q) * base.pixelMm > 0.1) far++; // the working cells fall elsewhere
  }
  expect(both).toBeGreaterThan(0.9 * (width - 2 * base.marginPx));
  expect(far / both).toBeLessThan(0.05);
});

import { expect, test } from "vitest";
import { createRng } from "../../src/core/rng.ts";
import { ridgeError, scoreSegmentation, type RidgePair } from "../../src/metrics/segmentation.ts";
import { forCases } from "../support/cases.ts";

const PIXEL_MM = 0.1;
/** Rows are floats of 24 bits around 300. */
const FLOAT32_MM = 1e-5;

const options = { pixelMm: PIXEL_MM, rng: createRng("test"), replicates: 100 };
const row = (...rows: number[]): Float32Array => Float32Array.from(rows);

test("errors are found minus true along the beam, in mm, pooled over all columns of all frames", () => {
  const frames: RidgePair[] = [
    { foundRowPx: row(101, 102), trueRowPx: row(100, 100) },
    { foundRowPx: row(97, 200, 200), trueRowPx: row(100, 200, 200) },
  ];
  const { report, measurement } = scoreSegmentation(frames, options);
  expect(measurement).toMatchObject({ status: "measured" });
  // |errors| 1 2 3 0 0 px; the mean of the frames' means would be 1.25 px
  expect(report.meanAbsMm).toBeCloseTo(0.12, 6);
  expect(report.biasMm).toBeCloseTo(0, 6);
  expect(report.p95Mm).toBeCloseTo(0.3, 6);
  expect(report.columns).toBe(5);
});

test("a ridge that is too deep has a positive bias", () => {
  const { report } = scoreSegmentation([{ foundRowPx: row(105, 105), trueRowPx: row(100, 100) }], options);
  expect(report.biasMm).toBeCloseTo(0.5, 6);
});

test("missed is a share of the columns with bone, false a share of all columns", () => {
  const frames: RidgePair[] = [{ foundRowPx: row(NaN, 10, 10, 10, NaN), trueRowPx: row(10, 10, NaN, NaN, NaN) }];
  const { report } = scoreSegmentation(frames, options);
  expect(report.missedColumnsShare).toBeCloseTo(1 / 2, 12);
  expect(report.falseColumnsShare).toBeCloseTo(2 / 5, 12);
});

test("a frame that gave nothing misses all of its bone", () => {
  const frames: RidgePair[] = [
    { foundRowPx: undefined, trueRowPx: row(10, 10, NaN) },
    { foundRowPx: row(10, 10, NaN), trueRowPx: row(10, 10, NaN) },
  ];
  expect(scoreSegmentation(frames, options).report).toMatchObject({
    missedColumnsShare: 0.5,
    falseColumnsShare: 0,
    columns: 6,
  });
});

test("a shift of the found ridge shifts the bias by as much; twice the tolerance is noticed", () => {
  forCases(100, "segmentation/shift", (rng) => {
    const truth = Float32Array.from({ length: 64 }, () => (rng.uniform() < 0.2 ? NaN : 100 + 200 * rng.uniform()));
    const shiftPx = 20 * rng.uniform() - 10;
    const bias = (by: number): number =>
      scoreSegmentation([{ foundRowPx: truth.map((r) => r + by), trueRowPx: truth }], { ...options, replicates: 0 })
        .report.biasMm!;
    expect(Math.abs(bias(shiftPx) - shiftPx * PIXEL_MM)).toBeLessThan(FLOAT32_MM);
    expect(Math.abs(bias(shiftPx + (3 * FLOAT32_MM) / PIXEL_MM) - shiftPx * PIXEL_MM)).toBeGreaterThan(FLOAT32_MM);
  });
});

test("without a pair of found and true bone there is no error, and the metric says why", () => {
  const frames: RidgePair[] = [{ foundRowPx: row(NaN, 4), trueRowPx: row(3, NaN) }];
  expect(scoreSegmentation(frames, options).report).toMatchObject({
    meanAbsMm: null,
    p95Mm: null,
    biasMm: null,
    missedColumnsShare: 1,
  });
  expect(ridgeError(PIXEL_MM).measure(frames, null)).toMatchObject({ status: "failed" });
  expect(scoreSegmentation([], options).report).toMatchObject({
    meanAbsMm: null,
    missedColumnsShare: null,
    columns: 0,
  });
});

test("the interval counts runs of alike frames, not columns: more columns alone do not narrow it", () => {
  const rng = createRng("drift");
  // every run of 30 frames has an error of its own
  const runs = Array.from({ length: 10 }, () => rng.normal());
  const width = (columns: number): number => {
    const frames = Array.from({ length: 300 }, (_, i): RidgePair => {
      const truth = new Float32Array(columns).fill(100);
      return { trueRowPx: truth, foundRowPx: truth.map((r) => r + runs[Math.floor(i / 30)]!) };
    });
    const [low, high] = scoreSegmentation(frames, options).spread.biasMm!;
    return high - low;
  };
  expect(width(64) / width(4)).toBeCloseTo(1, 3);
  expect(width(4)).toBeGreaterThan(0.05);
});

test("frames of another width and pixels without height are refused", () => {
  expect(() => scoreSegmentation([{ foundRowPx: row(1), trueRowPx: row(1, 2) }], options)).toThrow(
    /1 columns and the true one 2/,
  );
  expect(() => scoreSegmentation([], { ...options, pixelMm: 0 })).not.toThrow();
  expect(() => scoreSegmentation([{ foundRowPx: row(1), trueRowPx: row(1) }], { ...options, pixelMm: 0 })).toThrow(
    RangeError,
  );
});

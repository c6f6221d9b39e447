import { expect, test } from "vitest";
import { scoreBoneLines } from "../../src/metrics/bone-line.ts";
import { percentile } from "../../src/metrics/error-figures.ts";
import type { BoneLineFrame } from "../../src/metrics/judged-column.ts";

const COLUMNS = 100;
const PIXEL_MM = [0.2, 0.1] as const;
const columns = (value: (u: number) => number): Float32Array =>
  Float32Array.from({ length: COLUMNS }, (_, u) => value(u));

/** A flat bone 20 mm deep that is found `offMm` too deep, in the columns for which the two say so. */
function frame(
  offMm: number,
  {
    isBone = () => true,
    isFound = () => true,
    cosine = 1,
    confidence = 0.9,
    sdMm = 0.1,
  }: {
    isBone?: (u: number) => boolean;
    isFound?: (u: number) => boolean;
    cosine?: number;
    confidence?: number;
    sdMm?: number;
  } = {},
): BoneLineFrame {
  return {
    pixelMm: PIXEL_MM,
    faceRowPx: 10,
    found: {
      rowPx: columns((u) => (isFound(u) ? 210 + offMm / PIXEL_MM[1] : NaN)),
      confidence: columns((u) => (isFound(u) ? confidence : 0)),
      sdPx: columns((u) => (isFound(u) ? sdMm / PIXEL_MM[1] : NaN)),
    },
    trueRowPx: columns((u) => (isBone(u) ? 210 : NaN)),
    cosine: columns((u) => (isBone(u) ? cosine : NaN)),
    tissue: Array.from({ length: COLUMNS }, (_, u) => (isBone(u) ? (u < 40 ? "fat" : "muscle") : "")),
  };
}

/** A row is kept as a 32-bit number: 200 rows with 24 bits. */
const ROUNDING_MM = 1e-5;

test("a line found 0.3 mm too deep everywhere has that bias, mean and 95 %, and the Dice of two shifted bands", () => {
  const score = scoreBoneLines([frame(0.3), frame(0.3)]);
  for (const value of [score.biasMm, score.meanAbsMm, score.p95Mm, score.hd95Mm]) {
    expect(Math.abs(value! - 0.3)).toBeLessThan(ROUNDING_MM);
  }
  expect(score.dice).toBeCloseTo(0.7, 4); // bands 1 mm thick, 0.7 mm of them in common
  expect(score).toMatchObject({ missedShare: 0, falseShare: null, failedFrames: 0, frames: 2 });
});

test("a line found too high has a negative bias, and errors of both signs cancel in the bias alone", () => {
  expect(scoreBoneLines([frame(-0.5)]).biasMm).toBeCloseTo(-0.5, 4);
  const both = scoreBoneLines([frame(-0.5), frame(0.5)]);
  expect(both.biasMm).toBeCloseTo(0, 4);
  expect(scoreBoneLines([frame(-0.5), frame(0.2), frame(0.2)]).medianMm).toBeCloseTo(0.2, 4);
  expect(both.meanAbsMm).toBeCloseTo(0.5, 4);
});

test("false bone is a share of the columns without bone, missed bone one of those that face the beam", () => {
  const half = { isBone: (u: number) => u < 50 };
  const falsely = scoreBoneLines([frame(0, { ...half, isFound: (u) => u < 60 })]);
  expect(falsely.falseShare).toBeCloseTo(10 / 50, 6);
  expect(falsely.missedShare).toBe(0);
  const missed = scoreBoneLines([frame(0, { ...half, isFound: (u) => u < 40 })]);
  expect(missed.missedShare).toBeCloseTo(10 / 50, 6);
  const grazing = scoreBoneLines([frame(0, { isFound: () => false, cosine: Math.cos((51 * Math.PI) / 180) })]);
  expect(grazing).toMatchObject({ missedShare: null, columns: { withBone: 100, facing: 0, without: 0 } });
});

test("a frame in which nothing was found, or that was refused, is counted and stays in every denominator", () => {
  const nothing = frame(0, { isFound: () => false });
  const refused: BoneLineFrame = { ...frame(0), found: undefined };
  const score = scoreBoneLines([frame(0), nothing, refused]);
  expect(score.failedFrames).toBe(2);
  expect(score.missedShare).toBeCloseTo(2 / 3, 6);
  expect(score.hd95Mm).toBe(Infinity);
  expect(score.hd95OfOthersMm).toBeCloseTo(0, 4);
});

test("HD95 sees bone that was found beside the bone, which the error along the beam cannot", () => {
  const score = scoreBoneLines([frame(0, { isBone: (u) => u < 50 })]);
  // Of 100 found points the ones in columns 50 … 99 lie 0.2 … 10 mm aside; five of a hundred lie 9.2 mm or further.
  expect(score.hd95Mm).toBeCloseTo(9.2, 4);
  expect(score.p95Mm).toBeCloseTo(0, 4);
});

test("a confidence that is as often right as it says has no calibration error, and one that is not has it", () => {
  const right = (share: number, confidence: number): BoneLineFrame => {
    const base = frame(0, { confidence });
    const rowPx = columns((u) => (u < share * COLUMNS ? 210 : 260));
    return { ...base, found: { ...base.found!, rowPx } };
  };
  expect(scoreBoneLines([right(0.8, 0.8)]).reliability.calibrationError).toBeCloseTo(0, 6);
  const boastful = scoreBoneLines([right(0.6, 0.95)]).reliability;
  expect(boastful.calibrationError).toBeCloseTo(0.35, 6);
  expect(boastful.bins[9]).toMatchObject({ columns: 100, from: 0.9, to: 1 });
});

test("errors of twice their stated standard deviation are noticed", () => {
  expect(scoreBoneLines([frame(0.2, { sdMm: 0.1 })]).spread).toMatchObject({ within196: 0, within1: 0 });
  expect(scoreBoneLines([frame(0.2, { sdMm: 0.1 })]).spread.rms).toBeCloseTo(2, 3);
  expect(scoreBoneLines([frame(0.2, { sdMm: 0.4 })]).spread).toMatchObject({ within196: 1, within1: 1 });
});

test("columns are told apart by depth, tilt and the tissue above the bone", () => {
  const { depth, tilt, tissue } = scoreBoneLines([frame(0.1, { cosine: Math.cos(0.3) })]).groups;
  expect(depth.filter(({ columns: n }) => n > 0).map(({ name }) => name)).toEqual(["20-30 mm"]);
  expect(tilt.filter(({ columns: n }) => n > 0).map(({ name }) => name)).toEqual(["10-20 °"]);
  expect(tissue.map(({ name, columns: n }) => [name, n])).toEqual([["fat", 40], ["muscle", 60]]); // prettier-ignore
  expect(tissue[0]!.meanAbsMm).toBeCloseTo(0.1, 4);
});

test("of nothing there is no percentile, and frames of another width are refused", () => {
  expect(percentile([], 0.5)).toBe(null);
  const wrong = { ...frame(0), cosine: new Float32Array(7) };
  expect(() => scoreBoneLines([wrong])).toThrow(/100 columns of truth/);
});

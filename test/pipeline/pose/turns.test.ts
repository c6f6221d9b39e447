import { describe, expect, test } from "vitest";
import { createRng, type Rng } from "../../../src/core/rng.ts";
import type { ImageGeometry } from "../../../src/data/image.ts";
import type { DecorrelationCurves } from "../../../src/pipeline/pose/decorrelation/curves.ts";
import { curvesOf, fitElevation } from "../../../src/pipeline/pose/decorrelation/fit-elevation.ts";
import type { PairObservation } from "../../../src/pipeline/pose/decorrelation/observe-pair.ts";
import { recoverSteps, type Steps } from "../../../src/pipeline/pose/decorrelation/recover-steps.ts";
import { patchGrid } from "../../../src/pipeline/pose/decorrelation/speckle.ts";
import { withoutFeignedTurn } from "../../../src/pipeline/pose/decorrelation/steady-turn.ts";
import { turnPenalty } from "../../../src/pipeline/pose/decorrelation/turn-prior.ts";
import { latticeOf } from "../../../src/pipeline/pose/lattice.ts";

const geometry: ImageGeometry = {
  width: 400,
  height: 500,
  spacingMm: [0.1, 0.1],
  faceCentrePx: [199.5, 0],
  fieldOfView: { kind: "rectangle", widthMm: 39, depthMm: 50 },
};
const lattice = latticeOf(geometry),
  grid = patchGrid(lattice),
  MIDDLE_MM = grid.yMm.reduce((sum, y) => sum + y, 0) / grid.count;

/** As of the default probe: no more to lose beyond 1.4 mm, and patches that spread by a quarter. */
const FALLS = [0, 0.55, 0.95, 1.25, 1.45, 1.55],
  SPREAD = 0.25;
const curves: DecorrelationCurves = {
  kind: "decorrelation-curves",
  about: "closed form",
  probe: "none",
  depthsMm: [0, 50],
  distancesMm: [0, 0.2, 0.5, 0.9, 1.4, 2.3],
  lags: [1, 2, 4].map((lag) => ({ lag, fall: [FALLS, FALLS], fallSd: [0, 1].map(() => FALLS.map(() => SPREAD)) })),
  coherency: [0, 0, 0],
  typical: [0.9, 0.5, -0.6],
  scaleSd: 0.1,
};
const plain = {
  usable: new Uint8Array(grid.count).fill(1),
  snr: new Float64Array(grid.count).fill(Math.exp(-0.6)),
  across: new Float64Array(grid.count).fill(0.9),
  down: new Float64Array(grid.count).fill(0.5),
};

/** Written apart from curves.ts: straight lines between the nodes, level beyond the last. */
function fallAt(mm: number): number {
  const at = curves.distancesMm;
  for (let k = 1; k < at.length; k++) {
    if (mm <= at[k]!) return FALLS[k - 1]! + ((mm - at[k - 1]!) / (at[k]! - at[k - 1]!)) * (FALLS[k]! - FALLS[k - 1]!);
  }
  return FALLS.at(-1)!;
}

/** What the falls of one pair have too much in common: at the middle, per mm of depth, per mm across (elevation-cost.ts). */
const COMMON_SD = [0.09, 0.0045, 0.0045] as const;

type Motion = readonly [tzMm: number, fanRad: number, swingRad: number];

/** `common`: share of those errors that the pair has. */
function pairOf([tz, fan, swing]: Motion, rng: Rng, common = 1): PairObservation {
  const none = new Float64Array(grid.count),
    sharp = none.map(() => -1),
    [offset, perDepth, perAcross] = COMMON_SD.map((sd) => common * sd * rng.normal()) as [number, number, number];
  const peak = none.map((_, i) => {
    const x = grid.xMm[i]!,
      y = grid.yMm[i]!,
      error = offset + perDepth * (y - MIDDLE_MM) + perAcross * x + SPREAD * rng.normal();
    const fall = fallAt(Math.abs(tz + fan * y + swing * x)) + error;
    return Math.exp(-0.5 * Math.max(0, fall) ** 2);
  });
  return { found: new Uint8Array(grid.count).fill(1), dxMm: none, dyMm: none, peak, bendX: sharp, bendY: sharp };
}

const DRAWS = 48;
/** Root mean square errors of the two turns of one frame over draws, rad; the common sign is taken from the truth. */
function errorsOf(motion: Motion): { fan: number; swing: number } {
  let fan = 0,
    swing = 0;
  for (let k = 0; k < DRAWS; k++) {
    const pair = pairOf(motion, createRng(`turns/${motion.join()}/${k}`));
    const found = fitElevation(pair, plain, grid, curves, curvesOf(curves, grid, 1), 1)!;
    const sign = motion[1] * found.fanRad + motion[2] * found.swingRad < 0 ? -1 : 1;
    fan += (sign * found.fanRad - motion[1]) ** 2 / DRAWS;
    swing += (sign * found.swingRad - motion[2]) ** 2 / DRAWS;
  }
  return { fan: Math.sqrt(fan), swing: Math.sqrt(swing) };
}

describe("a turn out of the plane in one frame", () => {
  // 0.0045 by a normal prior of 0.008 rad and patches that are taken to err apart.
  const SLIDE_RAD = 0.0036;
  test.each([0.15, 0.3, 0.45])("of a slide of %d mm stays held, whatever its patches have in common", (mm) => {
    const { fan, swing } = errorsOf([mm, 0, 0]);
    expect(fan).toBeLessThan(SLIDE_RAD);
    expect(swing).toBeLessThan(SLIDE_RAD);
  });

  test.each([
    ["a fan about the face", [0, 0.035, 0]],
    ["a fan about the middle of the picture", [-0.01 * MIDDLE_MM, 0.01, 0]],
    ["a fan about the middle of the picture", [-0.035 * MIDDLE_MM, 0.035, 0]],
    ["a turn about the beam", [0, 0, 0.01]],
    ["a turn about the beam", [0, 0, 0.038]],
    ["a turn about the beam beside a slide", [0.4, 0, 0.038]],
  ] as const)("%s, %j, gets through to a third of it", (_, motion) => {
    const { fan, swing } = errorsOf(motion),
      turn = Math.hypot(motion[1], motion[2]);
    expect(fan).toBeLessThan(turn / 3);
    expect(swing).toBeLessThan(turn / 3);
  });

  test("is weighed by a density that is a normal one's near 0 and lets go of what is far out", () => {
    const SD = 0.005;
    for (const lag of [1, 4]) {
      const { cost, precision } = turnPenalty(0, lag);
      expect(cost).toBe(0);
      expect(precision * lag * SD ** 2).toBeCloseTo(1, 12);
      // Least squares with this weight have the slope of the cost.
      for (const turn of [0.001, 0.01, -0.05]) {
        const h = 1e-7,
          slope = (turnPenalty(turn + h, lag).cost - turnPenalty(turn - h, lag).cost) / (2 * h);
        expect(slope / (2 * turnPenalty(turn, lag).precision * turn)).toBeCloseTo(1, 5);
      }
    }
    // The pull is strongest at √5 SDs of Student's t with 4 degrees of freedom, where a normal one's goes on growing.
    const pull = (turn: number): number => turnPenalty(turn, 1).precision * turn;
    for (const turn of [0.5, 2]) expect(pull(turn * Math.sqrt(5) * SD)).toBeLessThan(pull(Math.sqrt(5) * SD));
    expect(pull(0.8) / pull(0.4)).toBeCloseTo(0.5, 2);
  });
});

describe("turns of a sweep", () => {
  const COUNT = 36;
  function recovered(step: (i: number) => Motion, read: (motion: Motion) => Motion = (m) => m): Steps {
    const rng = createRng("turning sweep");
    const pairs = new Map(
      [1, 2, 4].map((lag) => [
        lag,
        Array.from({ length: COUNT }, (_, i) => {
          if (i < lag) return undefined;
          const sum: [number, number, number] = [0, 0, 0];
          for (let k = i - lag + 1; k <= i; k++) step(k).forEach((value, axis) => (sum[axis as 0]! += value));
          return pairOf(read(sum), rng.fork(`${lag}/${i}`), 0);
        }),
      ]),
    );
    const frames = Array.from({ length: COUNT }, () => plain),
      pictureOf = Int32Array.from({ length: COUNT }, (_, i) => i);
    return recoverSteps({ lattice, grid, count: COUNT, staticShare: 0, pictureOf, frames, pairs }, curves);
  }
  /** Least-squares share of the true turns that was found, whatever the common sign. */
  const shareOf = (found: Float64Array, truth: (i: number) => number): number =>
    Math.abs(found.reduce((sum, x, i) => sum + (i > 0 ? x * truth(i) : 0), 0)) /
    found.reduce((sum, _, i) => sum + (i > 0 ? truth(i) ** 2 : 0), 0);
  const there = (i: number): number => (Math.floor((i - 1) / 12) % 2 === 0 ? 1 : -1);

  test("a fast fan is four fifths of it, though after two and four frames no speckle is left to read it by", () => {
    const fan = (i: number): number => 0.035 * there(i);
    // By lags that weigh by their own turn, which is small where all of them are saturated: 0.6.
    const { rxRad } = recovered((i) => [0, fan(i), 0]);
    expect(Math.abs(shareOf(rxRad, fan) - 1)).toBeLessThan(0.25);
  });

  test("and so is a turn about the beam", () => {
    const swing = (i: number): number => 0.038 * there(i);
    const { ryRad } = recovered((i) => [0, 0, swing(i)]);
    expect(Math.abs(shareOf(ryRad, swing) - 1)).toBeLessThan(0.25);
  });

  test("a turn that curves feign is taken away from a slide, and stated as an error of the scale", () => {
    const usual = recovered(() => [0.4, 0, 0]);
    expect(usual.feignedScaleSd).toBeLessThan(0.02);
    // Ways read 1 % shorter or longer for each mm of depth: another lens.
    const PER_MM = 0.01,
      spread = Math.sqrt(grid.yMm.reduce((sum, y) => sum + (y - MIDDLE_MM) ** 2, 0) / grid.count);
    const foreign = recovered(
      () => [0.4, 0, 0],
      ([tz]) => [tz * (1 - PER_MM * MIDDLE_MM), tz * PER_MM, 0],
    );
    // What the prior and common errors of the patches hold back of it is not seen to be taken away.
    expect(foreign.feignedScaleSd / (PER_MM * spread)).toBeGreaterThan(0.5);
    expect(foreign.feignedScaleSd / (PER_MM * spread)).toBeLessThan(1.1);
    const turned = foreign.rxRad.reduce((sum, x) => sum + x, 0),
      feigned = 0.4 * PER_MM * (COUNT - 1);
    expect(Math.abs(turned)).toBeLessThan(0.15 * feigned);
  });

  test("what is taken away is a share of the way, and nothing where the probe turns about its contact", () => {
    const way = new Float64Array(40).fill(0.4);
    const feigned = withoutFeignedTurn(way.map((mm) => 0.004 * mm), way); // prettier-ignore
    expect(feigned.takenPerMm).toBeCloseTo(0.004, 4);
    for (const turn of feigned.turn) expect(Math.abs(turn)).toBeLessThan(1e-5);
    const fan = withoutFeignedTurn(way.map((mm) => 0.04 * mm), way); // prettier-ignore
    expect(fan.takenPerMm).toBeLessThan(1e-6);
    expect(fan.turn[20]).toBeCloseTo(0.016, 6);
  });
});

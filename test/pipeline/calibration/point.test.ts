import { expect, test } from "vitest";
import { fromAxisAngle, transformPoint } from "../../../src/core/rigid.ts";
import { createRng, type Rng } from "../../../src/core/rng.ts";
import { calibratePoint, type PointFrame } from "../../../src/pipeline/calibration/point/calibrate-point.ts";
import { findPoint } from "../../../src/pipeline/calibration/point/find-point.ts";

const [WIDTH, HEIGHT] = [512, 480];
/** Pixels of 0.1 × 0.09 mm, the image 120 mm from the markers. */
const probeFromImage = fromAxisAngle<"probe", "image">([0.3, 1, -0.5], 1.9, [30, -70, 95]);
const truth = (() => {
  const { m } = probeFromImage;
  return Float64Array.from(m, (x, i) => x * [0.1, 0.09, 0.095, 1][i % 4]!);
})();
const POINT = [12, -30, 250] as const;

/** `count` views of the point at random pixels and attitudes within ±`turnRad`. */
function views(count: number, turnRad: number, rng: Rng, noise = { px: 0, mm: 0 }): PointFrame[] {
  return Array.from({ length: count }, (_, index) => {
    const pixel = [20 + 470 * rng.uniform(), 40 + 420 * rng.uniform()] as const;
    const turn = fromAxisAngle<"reference", "probe">(
      [rng.normal(), rng.normal(), rng.normal()],
      turnRad * (2 * rng.uniform() - 1),
    ).m;
    const seen = transformPoint(truth, pixel[0], pixel[1], 0),
      there = transformPoint(turn, ...seen);
    const m = Float64Array.from(turn);
    for (let k = 0; k < 3; k++) m[4 * k + 3] = POINT[k]! - there[k]! + noise.mm * rng.normal();
    return {
      index,
      pixel: [pixel[0] + noise.px * rng.normal(), pixel[1] + noise.px * rng.normal()],
      referenceFromProbe: m,
    };
  });
}

function cornerErrors(found: Readonly<Float64Array>): number[] {
  return [0, WIDTH].flatMap((u) =>
    [0, HEIGHT].map((v) => {
      const a = transformPoint(found, u, v, 0),
        b = transformPoint(truth, u, v, 0);
      return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
    }),
  );
}

/** Doubles through an iteration that ends when nothing gets better: a nanometre. */
const ITERATION_MM = 1e-6;

test("exact views of a resting point give the image's place, both pixel sizes and the point", () => {
  const fit = calibratePoint({ frames: views(40, 0.7, createRng("exact")), width: WIDTH, height: HEIGHT });
  if (fit.status === "refused") throw new Error(fit.reason);
  expect(Math.max(...cornerErrors(fit.probeFromPixel))).toBeLessThan(ITERATION_MM);
  expect(fit.spacingMm[0]).toBeCloseTo(0.1, 8);
  expect(fit.spacingMm[1]).toBeCloseTo(0.09, 8);
  expect(Math.hypot(...fit.pointMm.map((x, k) => x - POINT[k]!))).toBeLessThan(ITERATION_MM);
});

test("noisy views, a tenth of them of something else, are off by no more than three times what is stated", () => {
  for (const seed of ["a", "b", "c"]) {
    const rng = createRng(`noisy ${seed}`);
    const frames = views(80, 0.7, rng, { px: 2, mm: 0.3 }).map((frame, i): PointFrame =>
      i % 10 === 3 ? { ...frame, pixel: [WIDTH * rng.uniform(), HEIGHT * rng.uniform()] } : frame,
    );
    const fit = calibratePoint({ frames, width: WIDTH, height: HEIGHT });
    if (fit.status === "refused") throw new Error(fit.reason);
    expect(Math.max(...cornerErrors(fit.probeFromPixel))).toBeLessThan(3 * fit.cornerUncertaintyMm);
    expect(fit.cornerUncertaintyMm).toBeLessThan(0.6);
  }
});

test("too few views, a probe that is not turned, and a point that moves are each refused with their own sentence", () => {
  const refusal = (frames: readonly PointFrame[]): string => {
    const fit = calibratePoint({ frames, width: WIDTH, height: HEIGHT });
    return fit.status === "refused" ? fit.reason : "accepted";
  };
  const rng = createRng("refusals");
  expect(refusal(views(8, 0.7, rng))).toMatch(/8 tracked frames/);
  expect(refusal(views(40, 0.05, rng))).toMatch(/turned by \d+° only/);
  expect(refusal(views(40, 0.7, rng, { px: 0, mm: 12 }))).toMatch(/moves by/);
});

test("one bright spot is found between the ring at the face and noise; two alike are none", () => {
  const image = (spots: readonly (readonly [number, number])[]) => {
    const pixels = new Uint8Array(200 * 200);
    pixels.fill(60, 0, 400);
    for (const [u, v] of spots)
      for (let y = -6; y <= 6; y++)
        for (let x = -6; x <= 6; x++) pixels[(v + y) * 200 + u + x] = Math.round(200 * Math.exp(-(x * x + y * y) / 8));
    return { width: 200, height: 200, pixels };
  };
  const [u, v] = findPoint(image([[120, 90]]))!;
  expect(u).toBeCloseTo(120, 1);
  expect(v).toBeCloseTo(90, 1);
  expect(findPoint(image([[60, 90], [150, 120]]))).toBeUndefined(); // prettier-ignore
  expect(findPoint(image([]))).toBeUndefined();
});

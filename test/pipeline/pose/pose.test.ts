import { describe, expect, test } from "vitest";
import { silentLog } from "../../../src/core/log.ts";
import { fromAxisAngle, invert3x4, multiply3x4 } from "../../../src/core/rigid.ts";
import { createRng } from "../../../src/core/rng.ts";
import { createWorkerPool } from "../../../src/core/worker-pool.ts";
import { imageFromPixel, type GrayImage, type ImageGeometry } from "../../../src/data/image.ts";
import type { TrackedFrames } from "../../../src/data/tracked-frames.ts";
import {
  curveAt,
  distanceOf,
  fallOf,
  readCurve,
  type DecorrelationCurves,
} from "../../../src/pipeline/pose/decorrelation/curves.ts";
import { calibrateCurves } from "../../../src/pipeline/pose/decorrelation/calibrate-curves.ts";
import { curvesOf, fitElevation } from "../../../src/pipeline/pose/decorrelation/fit-elevation.ts";
import { fitInPlane } from "../../../src/pipeline/pose/decorrelation/fit-in-plane.ts";
import { correlate, matchPatch, type Match } from "../../../src/pipeline/pose/decorrelation/match.kernel.ts";
import type { PairObservation } from "../../../src/pipeline/pose/decorrelation/observe-pair.ts";
import { recoverSteps } from "../../../src/pipeline/pose/decorrelation/recover-steps.ts";
import { chooseSigns, type LagDistances } from "../../../src/pipeline/pose/decorrelation/signs.ts";
import { patchGrid } from "../../../src/pipeline/pose/decorrelation/speckle.ts";
import { solveWindows } from "../../../src/pipeline/pose/decorrelation/window-sums.ts";
import { latticeOf, resampler } from "../../../src/pipeline/pose/lattice.ts";
import { constantMotion, standStillMotion } from "../../../src/pipeline/pose/null-models.ts";
import { recoverPoses } from "../../../src/pipeline/pose/recover-poses.ts";

const geometry: ImageGeometry = {
  width: 400,
  height: 500,
  spacingMm: [0.1, 0.1],
  faceCentrePx: [199.5, 0],
  fieldOfView: { kind: "rectangle", widthMm: 39, depthMm: 50 },
};

/** ρ = exp(−d²/2σ²) with σ = 0.6 mm at every depth: fall = d/σ. */
const SIGMA_MM = 0.6;
const gaussian: DecorrelationCurves = {
  kind: "decorrelation-curves",
  about: "closed form",
  probe: "none",
  depthsMm: [0, 25, 50],
  distancesMm: [0, 0.5, 1, 1.5],
  lags: [1, 2, 4].map((lag) => ({
    lag,
    fall: [0, 1, 2].map(() => [0, 0.5, 1, 1.5].map((d) => d / SIGMA_MM)),
    fallSd: [0, 1, 2].map(() => [0.1, 0.1, 0.1, 0.1]),
  })),
  coherency: [0, 0, 0],
  typical: [0.9, 0.5, -0.6],
  scaleSd: 0.1,
};

const context = { rng: createRng("pose"), log: silentLog, workers: createWorkerPool(1) };
const lattice = latticeOf(geometry),
  grid = patchGrid(lattice);

function pairOf(distanceMm: (x: number, y: number) => number, noise = () => 0): PairObservation {
  const of = (value: (i: number) => number): Float64Array =>
    Float64Array.from({ length: grid.count }, (_, i) => value(i));
  return {
    found: new Uint8Array(grid.count).fill(1),
    dxMm: of((i) => 0.3 - 0.01 * grid.yMm[i]!),
    dyMm: of((i) => -0.2 + 0.01 * grid.xMm[i]!),
    peak: of((i) => Math.exp(-0.5 * (Math.abs(distanceMm(grid.xMm[i]!, grid.yMm[i]!)) / SIGMA_MM + noise()) ** 2)),
    bendX: of(() => -1),
    bendY: of(() => -1),
  };
}

const plain = {
  usable: new Uint8Array(grid.count).fill(1),
  snr: new Float64Array(grid.count).fill(Math.exp(-0.6)),
  across: new Float64Array(grid.count).fill(0.9),
  down: new Float64Array(grid.count).fill(0.5),
};

describe("the lattice", () => {
  test("covers the field of view with square cells from the face down", () => {
    expect([lattice.columns, lattice.rows]).toEqual([195, 249]);
    expect(lattice.originMm[0]).toBeCloseTo(-19.4, 9);
    expect(lattice.originMm[1]).toBeCloseTo(0.1, 9);
  });

  test("keeps an even gray and averages power, not gray values", () => {
    const image = (gray: (u: number) => number): GrayImage => ({
      width: 400,
      height: 500,
      pixels: Uint8Array.from({ length: 200_000 }, (_, at) => gray(at % 400)),
    });
    const resample = resampler(lattice, geometry, 60);
    expect(new Set(resample(image(() => 100)))).toEqual(new Set([100]));
    // Half the pixels 30 dB brighter: the mean power lies 3 dB below the brighter ones, 12.8 gray levels of 60 dB.
    const mixed = resample(image((u) => (u % 2 ? 200 : 72)));
    expect(Math.abs(mixed[50 * lattice.columns + 50]! - (200 - 12.8))).toBeLessThan(1);
  });

  test("gives non-square pixels the same cells", () => {
    const flat: ImageGeometry = { ...geometry, height: 250, spacingMm: [0.1, 0.2] };
    const there = latticeOf(flat);
    expect([there.columns, there.rows, there.cellMm]).toEqual([195, 249, 0.2]);
  });
});

describe("matching", () => {
  const columns = 60, rows = 60, size = 24; // prettier-ignore
  /** Speckle without structure, smooth over 3 cells, moved by (dx, dy) cells: a sum of waves of random phase. */
  function speckle(dx: number, dy: number): Float32Array {
    const rng = createRng("speckle");
    const waves = Array.from(
      { length: 60 },
      () => [0.6 * rng.normal(), 0.6 * rng.normal(), 6.28 * rng.uniform()] as const,
    );
    return Float32Array.from({ length: columns * rows }, (_, at) => {
      const x = (at % columns) - dx,
        y = Math.floor(at / columns) - dy;
      return waves.reduce((sum, [a, b, phase]) => sum + Math.cos(a * x + b * y + phase), 0);
    });
  }

  test("the correlation equals its definition", () => {
    const a = speckle(0, 0),
      b = speckle(1.3, -0.6);
    const cut = (image: Float32Array, u: number, v: number): number[] =>
      Array.from({ length: size * size }, (_, k) => image[(v + Math.floor(k / size)) * columns + u + (k % size)]!);
    const p = cut(a, 10, 12),
      q = cut(b, 12, 11);
    const mean = (x: number[]) => x.reduce((s, y) => s + y, 0) / x.length;
    const mp = mean(p), mq = mean(q); // prettier-ignore
    const dot = (x: number[], mx: number, y: number[], my: number) =>
      x.reduce((s, _, i) => s + (x[i]! - mx) * (y[i]! - my), 0);
    const expected = dot(p, mp, q, mq) / Math.sqrt(dot(p, mp, p, mp) * dot(q, mq, q, mq));
    expect(correlate(a, b, columns, size, 10, 12, 2, -1)).toBeCloseTo(expected, 6);
  });

  test("a shift of a fraction of a cell is found to a tenth of a cell", () => {
    const match: Match = { dx: 0, dy: 0, peak: 0, bendX: 0, bendY: 0 };
    for (const [dx, dy] of [
      [0.3, -0.4],
      [2.5, 1.2],
      [-3.1, 0.8],
    ] as const) {
      matchPatch(speckle(0, 0), speckle(dx, dy), { columns, rows, size, reach: 8 }, 18, 18, 0, 0, match);
      expect(Math.hypot(match.dx - dx, match.dy - dy)).toBeLessThan(0.1);
      expect(match.peak).toBeGreaterThan(0.97);
    }
  });
});

describe("motion from patches", () => {
  test("shift and roll within the plane are those that the patches moved by, whatever a few of them did", () => {
    const pair = pairOf(() => 0);
    pair.dxMm[3] = 1.5;
    pair.dyMm[20] = -1.4;
    const found = fitInPlane(pair, grid)!;
    expect(found.txMm).toBeCloseTo(0.3, 2);
    expect(found.tyMm).toBeCloseTo(-0.2, 2);
    expect(found.rollRad).toBeCloseTo(0.01, 3);
  });

  test("distance, fan and swing out of the plane come back from exact falls, up to their common sign", () => {
    for (const [tz, fan, swing] of [
      [0.5, 0.004, 0],
      [0.3, -0.002, 0.003],
      [-0.4, -0.003, 0.001],
    ] as const) {
      const pair = pairOf((x, y) => tz + fan * y + swing * x);
      const found = fitElevation(pair, plain, grid, gaussian, curvesOf(gaussian, grid, 1), 8)!;
      const sign = tz < 0 ? -1 : 1;
      expect(found.tzMm).toBeCloseTo(sign * tz, 2);
      expect(found.fanRad).toBeCloseTo(sign * fan, 3);
      expect(found.swingRad).toBeCloseTo(sign * swing, 3);
    }
  });

  test("a fan about mid-image, where near and far side move oppositely, is told from a slide", () => {
    const pair = pairOf((_, y) => 0.02 * (y - 25));
    const found = fitElevation(pair, plain, grid, gaussian, curvesOf(gaussian, grid, 1), 8)!;
    expect(Math.abs(found.fanRad)).toBeCloseTo(0.02, 2);
    expect(Math.abs(found.tzMm + 25 * found.fanRad)).toBeLessThan(0.05);
  });

  test("stated errors of the distance hold: |error| below 2 SD in at least 90 of 100 noisy draws", () => {
    let inside = 0;
    for (let i = 0; i < 100; i++) {
      const rng = createRng(`elevation/${i}`);
      const found = fitElevation(
        pairOf(
          () => 0.4,
          () => 0.1 * rng.normal(),
        ),
        plain,
        grid,
        gaussian,
        curvesOf(gaussian, grid, 1),
        1,
      )!;
      if (Math.abs(found.tzMm - 0.4) < 2 * found.sd[0]) inside++;
    }
    expect(inside).toBeGreaterThanOrEqual(90);
  });

  test("too few patches give no answer", () => {
    const pair = pairOf(() => 0.4);
    pair.found.fill(0, 3);
    expect(fitElevation(pair, plain, grid, gaussian, curvesOf(gaussian, grid, 1), 1)).toBeUndefined();
    pair.found.fill(0);
    expect(fitInPlane(pair, grid)).toBeUndefined();
  });
});

describe("signs and lags", () => {
  /** Lags as a perfect method would see them: magnitudes only. */
  const lagsOf = (steps: readonly number[]): LagDistances[] =>
    [1, 2, 4].map((lag) => ({
      lag,
      atPoints: [0, ...steps].map((_, i, all) =>
        i >= lag ? Float64Array.of(Math.abs(all.slice(i - lag + 1, i + 1).reduce((sum, s) => sum + s, 0))) : undefined,
      ),
    }));

  test("a hand that slows down, stops and comes back is followed by the lags", () => {
    const speeds = [...Array(12).fill(0.4), 0.3, 0.2, 0.1, -0.1, -0.2, -0.3, ...Array(12).fill(-0.4)] as number[];
    const [one, ...longer] = lagsOf(speeds);
    expect([...chooseSigns(one!, longer)].slice(1)).toEqual(speeds.map((s) => Math.sign(s)));
  });

  test("a fan that turns within a step, at 0.7 mm a step and lags that read long ways short, is followed", () => {
    const rng = createRng("fan");
    const read = (mm: number): number =>
      (Math.abs(mm) / Math.hypot(1, mm / 2.5)) * Math.exp(0.1 * rng.normal()) + 0.02 * rng.uniform();
    const steps = [1, -1, -1, 1].flatMap((sign) => Array.from({ length: 12 }, () => sign * 0.7));
    const lags = [1, 2, 4].map((lag): LagDistances => ({
      lag,
      atPoints: [0, ...steps].map((_, i, all) =>
        i >= lag ? Float64Array.of(read(all.slice(i - lag + 1, i + 1).reduce((sum, s) => sum + s, 0))) : undefined,
      ),
    }));
    const found = [...chooseSigns(lags[0]!, lags.slice(1))].slice(1);
    expect(found.filter((sign, i) => sign !== Math.sign(steps[i]!)).length).toBeLessThanOrEqual(1);
  });

  test("a steady slide has no turn in it", () => {
    const [one, ...longer] = lagsOf(Array(30).fill(0.45) as number[]);
    expect(new Set([...chooseSigns(one!, longer)].slice(1))).toEqual(new Set([1]));
  });

  test("lags that give one length agree, and a fourth frame that reads 30 % short is told by the logarithm of it", () => {
    const count = 14;
    const observed = (ofLag4: number) => {
      const pairs = new Map(
        [1, 2, 4].map((lag) => {
          const pair = pairOf(() => 0.2 * lag * (lag === 4 ? ofLag4 : 1));
          return [lag, Array.from({ length: count }, (_, i) => (i >= lag ? pair : undefined))] as const;
        }),
      );
      const frames = Array.from({ length: count }, () => plain);
      const pictureOf = Int32Array.from({ length: count }, (_, i) => i);
      return recoverSteps({ lattice, grid, count, staticShare: 0, pictureOf, frames, pairs }, gaussian);
    };
    expect(observed(1).lagDisagreement).toBeLessThan(0.03);
    expect(Math.abs(observed(0.7).lagDisagreement - Math.abs(Math.log(0.7)))).toBeLessThan(0.03);
  });

  test("windows over steps agree with the normal equations solved whole", () => {
    const rng = createRng("windows"),
      n = 15;
    const sums = Array.from({ length: 40 }, () => {
      const from = rng.integer(n - 1),
        to = Math.min(n - 1, from + [1, 2, 4][rng.integer(3)]!);
      return { from, to, value: rng.normal(), weight: 0.5 + rng.uniform() };
    });
    for (let i = 1; i < n; i++) sums.push({ from: i - 1, to: i, value: rng.normal(), weight: 1 });
    const x = solveWindows(n, sums);
    // The gradient of the weighted sum of squares vanishes in every step.
    for (let i = 1; i < n; i++) {
      const gradient = sums.reduce((total, { from, to, value, weight }) => {
        if (i <= from || i > to) return total;
        let sum = -value;
        for (let k = from + 1; k <= to; k++) sum += x[k]!;
        return total + weight * sum;
      }, 0);
      expect(Math.abs(gradient)).toBeLessThan(1e-6);
    }
  });
});

describe("curves", () => {
  test("a correlation of a Gaussian beam reads back as its distance", () => {
    const row = curveAt(gaussian, 30, 1);
    for (const d of [0.1, 0.4, 0.77, 1.4]) {
      expect(distanceOf(gaussian, row, fallOf(Math.exp(-(d * d) / (2 * SIGMA_MM ** 2))))).toBeCloseTo(d, 9);
      expect(readCurve(gaussian, row, d).fall).toBeCloseTo(d / SIGMA_MM, 9);
    }
  });

  test("calibration on Gaussian speckle whose width grows with depth finds that width", () => {
    const rng = createRng("calibrate"),
      n = 20_000;
    const sigma = (depth: number): number => 0.5 + depth / 100;
    const depthMm = new Float64Array(n), distanceMm = new Float64Array(n), correlation = new Float64Array(n); // prettier-ignore
    for (let i = 0; i < n; i++) {
      depthMm[i] = 50 * rng.uniform();
      distanceMm[i] = 2 * rng.uniform();
      correlation[i] = Math.exp(-0.5 * Math.max(0, distanceMm[i]! / sigma(depthMm[i]!) + 0.1 * rng.normal()) ** 2);
    }
    const same = new Float64Array(n).fill(0.5);
    const curves = calibrateCurves({ lag: same.map(() => 1), depthMm, distanceMm, correlation, across: same, down: same, logSnr: same }, { about: "", probe: "", scaleSd: 0.1 }); // prettier-ignore
    for (const depth of [13, 28, 38]) {
      const { fall } = readCurve(curves, curveAt(curves, depth, 1), 0.7);
      expect(Math.abs(fall - 0.7 / sigma(depth))).toBeLessThan(0.05);
    }
  });

  test("a dozen patches that fell far without a way do not lift the whole curve", () => {
    const rng = createRng("odd patches"),
      n = 4000,
      odd = (i: number): boolean => i < 12;
    const distanceMm = Float64Array.from({ length: n }, (_, i) => (odd(i) ? 0.02 : 0.25 + 1.75 * rng.uniform())),
      correlation = distanceMm.map((mm, i) =>
        Math.exp(-0.5 * (odd(i) ? 1.3 : mm / SIGMA_MM + 0.1 * rng.normal()) ** 2),
      ),
      same = new Float64Array(n).fill(0.5),
      depthMm = same.map(() => 43);
    const curves = calibrateCurves({ lag: same.map(() => 1), depthMm, distanceMm, correlation, across: same, down: same, logSnr: same }, { about: "", probe: "", scaleSd: 0.1 }); // prettier-ignore
    for (const mm of [0.4, 0.55, 0.7]) {
      expect(Math.abs(readCurve(curves, curveAt(curves, 43, 1), mm).fall - mm / SIGMA_MM)).toBeLessThan(0.05);
    }
  });

  test("calibration refuses what is too little", () => {
    const none = new Float64Array(10);
    const few = {
      lag: none,
      depthMm: none,
      distanceMm: none,
      correlation: none,
      across: none,
      down: none,
      logSnr: none,
    };
    expect(() => calibrateCurves(few, { about: "", probe: "", scaleSd: 0.1 })).toThrow("only 10 patches");
  });
});

describe("recovering poses", () => {
  const count = 9;
  const frames = {
    count,
    width: 400,
    height: 500,
    nominalGeometry: geometry,
    sourceIndex: Uint32Array.from({ length: count }, (_, i) => i),
    timeS: Float64Array.of(0, 0.1, 0.2, 0.3, 0.4, 2, 2.1, 2.2, 2.3),
    dropped: {},
    read: async () => ({ width: 400, height: 500, pixels: new Uint8Array(200_000) }),
  };
  const anchorsOf = (pose: (i: number) => Float64Array): Pick<TrackedFrames, "sourceIndex" | "referenceFromPixel"> => ({
    sourceIndex: frames.sourceIndex,
    referenceFromPixel: Float64Array.from(Array.from({ length: count }, (_, i) => [...multiply3x4(pose(i), imageFromPixel(geometry))]).flat()), // prettier-ignore
  });
  const strokes = [
    { name: "out", fromS: 0, toS: 0.5 },
    { name: "back", fromS: 2, toS: 2.4 },
  ];
  const pose = (i: number): Float64Array => fromAxisAngle([1, 2, 3], 0.1 * i, [i, 2 * i, -i]).m as Float64Array;

  test("a pause ends a sweep, and each sweep begins at the measured pose of its first frame", async () => {
    const found = await recoverPoses(
      { frames, geometry, anchors: anchorsOf(pose), strokes },
      constantMotion(10),
      context,
    );
    expect(found.sweeps.map(({ name, first, count: n }) => [name, first, n])).toEqual([["out", 0, 5], ["back", 5, 4]]); // prettier-ignore
    const toPixel = invert3x4(imageFromPixel(geometry));
    for (const [frame, stepMm] of [
      [0, 0],
      [5, 0],
      [3, 3],
    ] as const) {
      const image = multiply3x4(found.frames.referenceFromPixel.subarray(12 * frame, 12 * frame + 12), toPixel);
      const begin = pose(frame === 5 ? 5 : 0);
      const expected = multiply3x4(begin, fromAxisAngle([1, 0, 0], 0, [0, 0, stepMm]).m);
      image.forEach((value, k) => expect(value).toBeCloseTo(expected[k]!, 9));
    }
  });

  test("no measured pose but the first of each sweep changes anything", async () => {
    const wrong = (i: number): Float64Array =>
      i === 0 || i === 5 ? pose(i) : fromAxisAngle([0, 1, 0], 2, [99, i, 7]).m.slice();
    const [a, b] = await Promise.all(
      [pose, wrong].map((of) =>
        recoverPoses({ frames, geometry, anchors: anchorsOf(of), strokes }, constantMotion(10), context),
      ),
    );
    expect(a!.frames.referenceFromPixel).toEqual(b!.frames.referenceFromPixel);
  });

  test("several sweeps without any measured pose are refused: nothing says how they lie to each other", async () => {
    const input = { frames, geometry, anchors: undefined, strokes };
    await expect(recoverPoses(input, standStillMotion, context)).rejects.toThrow("holds 2 sweeps and no measured pose");
  });
});

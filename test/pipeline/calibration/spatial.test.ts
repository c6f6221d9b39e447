import { expect, test } from "vitest";
import { compose, fromAxisAngle, invert } from "../../../src/core/rigid.ts";
import { createRng, type Rng } from "../../../src/core/rng.ts";
import type { Image } from "../../../src/data/image.ts";
import { minimiseSquares } from "../../../src/pipeline/calibration/levenberg-marquardt.ts";
import { registrationWithin } from "../../../src/pipeline/calibration/diagnosis/suppositions.ts";
import { registrationCovariance } from "../../../src/pipeline/calibration/landmarks/registration-covariance.ts";
import { calibrateSpatial, type SpatialResult } from "../../../src/pipeline/calibration/spatial/calibrate-spatial.ts";
import { cut, wiresInProbe } from "../../../src/pipeline/calibration/spatial/image-model.ts";
import { nWirePhantom, type NWirePhantom } from "../../../src/pipeline/calibration/spatial/nwire-phantom.ts";
import { diagonalPoint, segmentWires, type WireFrame } from "../../../src/pipeline/calibration/spatial/wire-frames.ts";
import { smoothPoses } from "../../../src/pipeline/calibration/smooth-poses.ts";
import { distance, placeOf, type Vector3 } from "../../../src/pipeline/calibration/vector3.ts";

/** Three layers of N, 10 mm apart; the last one narrower and the middle one turned round, as fCal 2.0. */
const LAYERS: readonly (readonly [Vector3, Vector3])[][] = [
  [[[30, 0, 20], [30, 40, 20]], [[55, 0, 20], [35, 40, 20]], [[60, 0, 20], [60, 40, 20]]],
  [[[30, 0, 10], [30, 40, 10]], [[35, 0, 10], [55, 40, 10]], [[60, 0, 10], [60, 40, 10]]],
  [[[35, 0, 0], [35, 40, 0]], [[55, 0, 0], [40, 40, 0]], [[60, 0, 0], [60, 40, 0]]],
]; // prettier-ignore
const PATTERNS = LAYERS.map((wires, k) => ({
  type: "NWire",
  wires: wires.map(([frontMm, backMm], i) => ({ name: `${k}${i}`, frontMm, backMm })),
}));
const phantom = nWirePhantom(PATTERNS) as NWirePhantom;

const WIDTH = 600, HEIGHT = 460, SPACING = [0.08, 0.075] as const; // prettier-ignore
const turned = fromAxisAngle<"probe", "image">([0.2, 0.3, 1], 1.4, [12, 45, -3]).m;
const PROBE_FROM_PIXEL = Float64Array.from(turned, (x, k) =>
  k % 4 === 3 ? x : x * [SPACING[0], SPACING[1], 0.0775][k % 4]!,
);

/** The image looks along the wires, its top 12 mm above the first layer, leaned and moved at random. */
function frame(index: number, rng: Rng, noise: { readonly pixelPx: number; readonly poseMm: number }): WireFrame {
  const jitter = (size: number): number => size * (2 * rng.uniform() - 1);
  const turn = fromAxisAngle<"phantom", "image">([jitter(1), jitter(1), jitter(1)], jitter(0.15)).m;
  // Columns along +x, rows along −z, so the normal runs along +y: x (−z) = y.
  const upright = Float64Array.of(1, 0, 0, 0, 0, 0, 1, 0, 0, -1, 0, 0);
  const m = Float64Array.from(compose({ m: turn }, { m: upright }).m);
  const centre = placeOf(m, 0, [(WIDTH / 2) * SPACING[0], (HEIGHT / 2) * SPACING[1], 0]);
  const at: Vector3 = [46 + jitter(2), 20 + jitter(12), 12 + jitter(2)];
  for (let k = 0; k < 3; k++) m[4 * k + 3]! += at[k]! - centre[k]!;
  const probeFromPhantom = Float64Array.from(compose({ m: turned }, invert<"phantom", "image">({ m })).m);
  const truth: WireFrame = { index, timeS: index / 10, pixels: [], handed: 1, probeFromPhantom };
  const ends = wiresInProbe(truth, phantom);
  const pixels = phantom.wires.map((_, w) => {
    const [u, v] = cut(PROBE_FROM_PIXEL, ends[2 * w]!, ends[2 * w + 1]!);
    return [u + noise.pixelPx * rng.normal(), v + noise.pixelPx * rng.normal()] as const;
  });
  const moved = probeFromPhantom.map((x, k) => (k % 4 === 3 ? x + noise.poseMm * rng.normal() : x));
  return { ...truth, pixels, probeFromPhantom: moved };
}

const session = (seed: string, count: number, noise = { pixelPx: 0, poseMm: 0 }): WireFrame[] => {
  const rng = createRng(seed);
  return Array.from({ length: count }, (_, i) => frame(i, rng, noise));
};

function farthest(probeFromPixel: Readonly<Float64Array>): number {
  const corners = [[0, 0, 0], [WIDTH, 0, 0], [0, HEIGHT, 0], [WIDTH, HEIGHT, 0]] as const; // prettier-ignore
  return Math.max(...corners.map((p) => distance(placeOf(probeFromPixel, 0, p), placeOf(PROBE_FROM_PIXEL, 0, p))));
}

/** A frame drawn as blurred dots with wings, specks and haze. */
function drawn({ pixels }: WireFrame, rng: Rng): Image {
  const image = new Uint8Array(WIDTH * HEIGHT);
  const put = (u: number, v: number, value: number): void => {
    if (u < 0 || v < 0 || u >= WIDTH || v >= HEIGHT) return;
    const at = Math.round(v) * WIDTH + Math.round(u);
    image[at] = Math.min(255, image[at]! + value);
  };
  for (const [u0, v0] of pixels) {
    for (let dv = -14; dv <= 14; dv++) {
      for (let du = -30; du <= 30; du++) {
        const u = Math.round(u0) + du, v = Math.round(v0) + dv; // prettier-ignore
        put(u, v, 230 * Math.exp(-(((u - u0) / 8) ** 2) - ((v - v0) / 5) ** 2));
      }
    }
    for (let du = 0; du < 26; du++) put(u0 + 6 + du, v0 - 2, 70); // a thin wing to one side
  }
  for (let k = 0; k < 400; k++) put(rng.integer(WIDTH), rng.integer(HEIGHT), 30 * rng.uniform());
  return { width: WIDTH, height: HEIGHT, pixels: image };
}

test("exact dots give the image's place on the probe to a micrometre, both pixel sizes included", () => {
  const frames = session("exact", 20);
  const fit = calibrateSpatial({ frames, phantom, width: WIDTH, height: HEIGHT });
  if (fit.status === "refused") throw new Error(fit.reason);
  expect(farthest(fit.probeFromPixel)).toBeLessThan(1e-3);
  expect(fit.spacingMm[0]).toBeCloseTo(SPACING[0], 6);
  expect(fit.spacingMm[1]).toBeCloseTo(SPACING[1], 6);
  expect(fit.validationErrors.meanMm).toBeLessThan(1e-3);
});

test("a phantom whose picture looks the same mirrored or upside down is told the right way round by the poses", () => {
  const symmetric = nWirePhantom(
    [0, 1].map((k) => ({
      type: "NWire",
      wires: PATTERNS[k]!.wires.map((wire) => ({ ...wire })),
    })),
  ) as NWirePhantom;
  const frames = session("symmetric", 20).map((each) => ({ ...each, pixels: each.pixels.slice(0, 6) }));
  for (const order of [
    [2, 1, 0, 5, 4, 3],
    [3, 4, 5, 0, 1, 2],
    [5, 4, 3, 2, 1, 0],
  ]) {
    const mixed = frames.map((each) => ({ ...each, pixels: order.map((w) => each.pixels[w]!) }));
    const fit = calibrateSpatial({ frames: mixed, phantom: symmetric, width: WIDTH, height: HEIGHT });
    if (fit.status === "refused") throw new Error(fit.reason);
    expect(farthest(fit.probeFromPixel)).toBeLessThan(1e-3);
  }
});

test("the diagonal's place from the shares of its row is exact, however the image is tilted", () => {
  for (const each of session("tilted", 30)) {
    for (let k = 0; k < 3; k++) {
      const there = placeOf(each.probeFromPhantom, 0, diagonalPoint(phantom, k, each.pixels));
      const [u, v] = each.pixels[3 * k + 1]!;
      expect(distance(there, placeOf(PROBE_FROM_PIXEL, 0, [u, v, 0]))).toBeLessThan(1e-9);
    }
  }
});

test("with dots off by 2 px and poses by 0.3 mm, 60 frames give every corner within 0.5 mm, as the jackknife expects", () => {
  const frames = session("noisy", 60, { pixelPx: 2, poseMm: 0.3 });
  const fit = calibrateSpatial({ frames, phantom, width: WIDTH, height: HEIGHT });
  if (fit.status === "refused") throw new Error(fit.reason);
  expect(farthest(fit.probeFromPixel)).toBeLessThan(0.5);
  expect(fit.cornerUncertaintyMm).toBeGreaterThan(0.02);
  expect(fit.cornerUncertaintyMm).toBeLessThan(0.5);
});

test("a tenth of the frames being mislabelled by 3 mm hardly moves the result", () => {
  const frames = session("outliers", 60, { pixelPx: 1, poseMm: 0.1 }).map((each, i) =>
    i % 10 === 3 ? { ...each, pixels: each.pixels.map(([u, v]) => [u + 38, v] as const) } : each,
  );
  const fit = calibrateSpatial({ frames, phantom, width: WIDTH, height: HEIGHT });
  if (fit.status === "refused") throw new Error(fit.reason);
  expect(farthest(fit.probeFromPixel)).toBeLessThan(0.5);
  expect(fit.outlierShare).toBeGreaterThan(0.02);
});

test("drawn dots with wings and specks are all found and told apart, to a third of a millimetre", () => {
  const rng = createRng("drawn");
  for (const truth of session("drawn", 12)) {
    const inside = truth.pixels.every(([u, v]) => u > 10 && v > 10 && u < WIDTH - 10 && v < HEIGHT - 10);
    if (!inside) continue;
    const found = segmentWires(drawn(truth, rng), phantom);
    expect(found?.handed).toBe(1);
    found!.pixels.forEach(([u, v], w) => {
      expect(Math.hypot(u - truth.pixels[w]![0], v - truth.pixels[w]![1])).toBeLessThan(4);
    });
  }
});

test("a mirrored picture is labelled as mirrored, an empty one and one without a wire are not labelled", () => {
  const rng = createRng("mirror");
  const truth = session("mirror", 1)[0]!;
  const mirrored = { ...truth, pixels: truth.pixels.map(([u, v]) => [WIDTH - 1 - u, v] as const) };
  expect(segmentWires(drawn(mirrored, rng), phantom)?.handed).toBe(-1);
  expect(
    segmentWires({ width: WIDTH, height: HEIGHT, pixels: new Uint8Array(WIDTH * HEIGHT) }, phantom),
  ).toBeUndefined();
  const without = { ...truth, pixels: truth.pixels.filter((_, w) => w !== 4) };
  expect(segmentWires(drawn(without, rng), phantom)).toBeUndefined();
});

test("too few frames, a resting probe, and a phantom of another session are each refused with their own sentence", () => {
  const input = { phantom, width: WIDTH, height: HEIGHT };
  const reasonOf = (frames: readonly WireFrame[]): string => {
    const fit = calibrateSpatial({ ...input, frames });
    return fit.status === "refused" ? fit.reason : "calibrated";
  };
  expect(reasonOf(session("few", 5))).toMatch(/found in 5 tracked frames/);
  const still = session("still", 1)[0]!;
  expect(reasonOf(Array.from({ length: 30 }, () => still))).toMatch(/stood still/);
  const shuffled = session("other", 40);
  const other = shuffled.map((each, i) => ({ ...each, probeFromPhantom: shuffled[(i + 17) % 40]!.probeFromPhantom }));
  expect(reasonOf(other)).toMatch(/mm from where the phantom has them/);
});

test("phantoms without two N-wires, with skew sides or with a fourth wire are refused with their own sentence", () => {
  const reasonOf = (patterns: Parameters<typeof nWirePhantom>[0]): string => {
    const made = nWirePhantom(patterns);
    return "status" in made ? made.reason : "made";
  };
  expect(reasonOf([PATTERNS[0]!])).toMatch(/has 1 N-wires/);
  expect(reasonOf([PATTERNS[0]!, { type: "NWire", wires: PATTERNS[1]!.wires.slice(0, 2) }])).toMatch(/has 2 wires/);
  const [a, b, c] = PATTERNS[1]!.wires;
  const skew = { type: "NWire", wires: [a!, b!, { ...c!, backMm: [70, 40, 10] as const }] };
  expect(reasonOf([PATTERNS[0]!, skew])).toMatch(/not parallel/);
  expect(reasonOf([PATTERNS[0]!, { type: "NWire", wires: [a!, c!, c!] }])).toMatch(/runs along the sides/);
});

test("Levenberg-Marquardt finds the minimum of Rosenbrock's valley", () => {
  const fit = minimiseSquares({
    start: Float64Array.of(-1.2, 1),
    steps: Float64Array.of(1e-6, 1e-6),
    residuals: (p) => Float64Array.of(10 * (p[1]! - p[0]! ** 2), 1 - p[0]!),
  });
  expect(fit.parameters[0]).toBeCloseTo(1, 7);
  expect(fit.parameters[1]).toBeCloseTo(1, 7);
});

test("smoothing keeps a motion that is quadratic in time and halves jitter", () => {
  const n = 80, rng = createRng("smooth"); // prettier-ignore
  const timeS = Float64Array.from({ length: n }, (_, i) => i / 13 + 0.01 * rng.uniform());
  const path = (t: number): number => 3 + 2 * t - 0.7 * t * t;
  const made = (noise: number): Float64Array => {
    const poses = new Float64Array(12 * n);
    timeS.forEach((t, i) => poses.set([1, 0, 0, path(t) + noise * rng.normal(), 0, 1, 0, 0, 0, 0, 1, 0], 12 * i));
    return poses;
  };
  const rmsAfter = (noise: number): number => {
    const series = { timeS, poses: made(noise), sourceIndex: Uint32Array.from(timeS, (_, i) => i), dropped: {} };
    const { poses } = smoothPoses(series, 0.5);
    return Math.sqrt(timeS.reduce((sum, t, i) => sum + (poses[12 * i + 3]! - path(t)) ** 2, 0) / n);
  };
  expect(rmsAfter(0)).toBeLessThan(1e-9);
  expect(rmsAfter(0.2)).toBeLessThan(0.13);
});

test("a phantom whose registration is off by 2 standard deviations is moved back towards its place, and the image with it", () => {
  const registration = registrationCovariance(LAYERS.flat(2), 1);
  const off = registrationWithin(registration);
  const away = [0, 2, 0, 0, 0, 2];
  const frames = off.undo(session("registration", 40, { pixelPx: 0.5, poseMm: 0.05 }), away);
  const fit = (moveRegistration: boolean): SpatialResult => {
    const found = calibrateSpatial({ frames, phantom, width: WIDTH, height: HEIGHT, registration, moveRegistration });
    if (found.status === "refused") throw new Error(found.reason);
    return found;
  };
  const fixed = fit(false),
    moved = fit(true);
  expect(fixed.registrationMovedSd).toBe(0);
  expect(moved.registrationMovedSd).toBeGreaterThan(0.3);
  expect(farthest(moved.probeFromPixel)).toBeLessThan(0.6 * farthest(fixed.probeFromPixel));
  expect(moved.calibrationErrors.meanMm).toBeLessThan(fixed.calibrationErrors.meanMm);
});

import { expect, test } from "vitest";
import { fromAxisAngle, multiply3x4, transformPoint } from "../../../src/core/rigid.ts";
import { createRng, type Rng } from "../../../src/core/rng.ts";
import { calibratePlane, type PlaneFrame } from "../../../src/pipeline/calibration/plane/calibrate-plane.ts";

const [WIDTH, HEIGHT] = [512, 480];
const truth = (() => {
  const { m } = fromAxisAngle<"probe", "image">([0.3, 1, -0.5], 1.9, [30, -70, 95]);
  return Float64Array.from(m, (x, i) => x * [0.1, 0.09, 0.095, 1][i % 4]!);
})();
/** The reference looks at the tank from somewhere: plane z = 0 of the tank in its frame. */
const referenceFromTank = fromAxisAngle<"reference", "tracker">([1, -0.4, 0.2], 0.8, [40, 10, -200]).m;

/** Images whose face stands over the plane, leaned and tilted by up to `leanRad`; every image sees a line. */
function views(count: number, leanRad: number, rng: Rng, noiseMm = 0): PlaneFrame[] {
  const within = (limit: number): number => limit * (2 * rng.uniform() - 1);
  return Array.from({ length: count }, (_, index) => {
    const height = 15 + 20 * rng.uniform();
    const down = Float64Array.of(1, 0, 0, within(20), 0, 0, 1, within(20), 0, -1, 0, height);
    const lean = multiply3x4(
      fromAxisAngle([0, 1, 0], within(1.2)).m,
      multiply3x4(fromAxisAngle([0, 0, 1], within(leanRad)).m, fromAxisAngle([1, 0, 0], within(leanRad)).m),
    );
    const tankFromImage = multiply3x4(down, lean);
    // Where columns 100 and 400 of the image meet z = 0; pixels of 0.1 and 0.09 mm from its corner.
    const rowAt = (u: number): number =>
      -(tankFromImage[8]! * 0.1 * u + tankFromImage[11]!) / (tankFromImage[9]! * 0.09) +
      (noiseMm / 0.09) * rng.normal();
    const probeFromImage = Float64Array.from(truth, (x, i) => x / [0.1, 0.09, 0.095, 1][i % 4]!);
    const imageFromProbe = inverse(probeFromImage);
    return {
      index,
      pixels: [[100, rowAt(100)], [400, rowAt(400)]], // prettier-ignore
      referenceFromProbe: multiply3x4(multiply3x4(referenceFromTank, tankFromImage), imageFromProbe),
    };
  });
}

function inverse(m: Readonly<Float64Array>): Float64Array {
  const out = new Float64Array(12);
  for (let row = 0; row < 3; row++) {
    for (let k = 0; k < 3; k++) {
      out[4 * row + k] = m[4 * k + row]!;
      out[4 * row + 3]! -= m[4 * k + row]! * m[4 * k + 3]!;
    }
  }
  return out;
}

function worstCorner(found: Readonly<Float64Array>): number {
  return Math.max(
    ...[0, WIDTH].flatMap((u) =>
      [0, HEIGHT].map((v) => {
        const a = transformPoint(found, u, v, 0),
          b = transformPoint(truth, u, v, 0);
        return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
      }),
    ),
  );
}

const calibrate = (frames: readonly PlaneFrame[]) =>
  calibratePlane({ frames, width: WIDTH, height: HEIGHT, spacingMm: [0.1, 0.1] });

/** Doubles through an iteration on a shallow valley: ten nanometres. */
const ITERATION_MM = 1e-5;

test("exact lines of a resting plane give the image's place and both pixel sizes, whatever way the markers are mounted", () => {
  const fit = calibrate(views(80, 0.5, createRng("exact")));
  if (fit.status === "refused") throw new Error(fit.reason);
  expect(worstCorner(fit.probeFromPixel)).toBeLessThan(ITERATION_MM);
  expect(fit.spacingMm[0]).toBeCloseTo(0.1, 6);
  expect(fit.spacingMm[1]).toBeCloseTo(0.09, 6);
});

test("lines off by 0.2 mm leave the corners within three times what is stated", () => {
  for (const seed of ["a", "b"]) {
    const fit = calibrate(views(120, 0.5, createRng(`noisy ${seed}`), 0.2));
    if (fit.status === "refused") throw new Error(fit.reason);
    expect(worstCorner(fit.probeFromPixel)).toBeLessThan(3 * fit.cornerUncertaintyMm);
    expect(fit.cornerUncertaintyMm).toBeLessThan(1.5);
  }
});

test("too few lines, a probe that is hardly turned and no plane at all are each refused with their own sentence", () => {
  const refusal = (frames: readonly PlaneFrame[]): string => {
    const fit = calibrate(frames);
    return fit.status === "refused" ? fit.reason : "accepted";
  };
  const rng = createRng("refusals");
  expect(refusal(views(10, 0.5, rng))).toMatch(/10 tracked frames/);
  const still = views(40, 0.5, rng).map((frame, _, [first]) => ({
    ...frame,
    referenceFromProbe: first!.referenceFromProbe,
  }));
  expect(refusal(still)).toMatch(/turned by \d+° only/);
  const scattered = views(60, 0.5, rng, 25);
  expect(refusal(scattered)).toMatch(/from any one plane|uncertain/);
});

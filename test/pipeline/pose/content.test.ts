import { describe, expect, test } from "vitest";
import { silentLog } from "../../../src/core/log.ts";
import { fromAxisAngle, invert3x4, multiply3x4, transformPoint } from "../../../src/core/rigid.ts";
import { createRng } from "../../../src/core/rng.ts";
import { createWorkerPool } from "../../../src/core/worker-pool.ts";
import type { BoneMask } from "../../../src/data/bone-mask.ts";
import { imageFromPixel, type ImageGeometry } from "../../../src/data/image.ts";
import type { ShapeModel } from "../../../src/data/shape-model.ts";
import type { ImageFrames } from "../../../src/data/tracked-frames.ts";
import { matchSheet } from "../../../src/pipeline/completion/match-sheet.ts";
import { shapeInstance } from "../../../src/pipeline/completion/shape-instance.ts";
import type { BoneShapes } from "../../../src/pipeline/pose/content/bone-shapes.ts";
import type { ShapeStart } from "../../../src/data/shape-model.ts";
import { correctedPose, correctionAt, correctionSpline } from "../../../src/pipeline/pose/content/correction-spline.ts";
import { fitContent } from "../../../src/pipeline/pose/content/fit-content.ts";
import type { ContentSweep, LinePoints } from "../../../src/pipeline/pose/content/joint-fit.ts";
import { endSd, priorResiduals } from "../../../src/pipeline/pose/content/odometry-prior.ts";
import { openMotions } from "../../../src/pipeline/pose/content/open-motions.ts";
import { contentDefaults, refineByContent } from "../../../src/pipeline/pose/content/refine.ts";
import { correct } from "../../../src/pipeline/pose/graph/pose-graph.ts";
import { constantMotion } from "../../../src/pipeline/pose/null-models.ts";
import { recoverPoses } from "../../../src/pipeline/pose/recover-poses.ts";

/** A bone along z, from −60 to 60 mm: its radius at the angle θ from +y towards +x, mm. */
type Radius = (theta: number, z: number) => number;
const cylinder: Radius = () => 14;
const rise = (x: number): number => 1 / (1 + Math.exp(-x / 6));
/** Swells at both ends as a shaft does towards its joints, more to one side, with a crest along it. */
const bone: Radius = (theta, z) =>
  12 +
  8 * rise(-25 - z) * (1 + 0.35 * Math.sin(theta)) +
  6 * rise(z - 28) * (1 - 0.3 * Math.sin(theta)) +
  3 * Math.exp(-(((theta - 0.5) / 0.35) ** 2));

const ROUND = 60, ALONG = 41, HALF_MM = 60; // prettier-ignore

/** Open at both ends. */
function meshOf(radius: Radius): ShapeModel["mean"] {
  const positions: number[] = [], triangles: number[] = []; // prettier-ignore
  for (let k = 0; k < ALONG; k++) {
    const z = -HALF_MM + (2 * HALF_MM * k) / (ALONG - 1);
    for (let j = 0; j < ROUND; j++) {
      const theta = (2 * Math.PI * j) / ROUND;
      const wrapped = theta > Math.PI ? theta - 2 * Math.PI : theta,
        r = radius(wrapped, z);
      positions.push(r * Math.sin(theta), r * Math.cos(theta), z);
      if (k === 0) continue;
      const a = (k - 1) * ROUND + j, b = (k - 1) * ROUND + ((j + 1) % ROUND); // prettier-ignore
      triangles.push(a, a + ROUND, b, b, a + ROUND, b + ROUND);
    }
  }
  return { positions: Float32Array.from(positions), triangles: Uint32Array.from(triangles) };
}

/** What an operator touches: it holds the bone, whose place odometry alone would have to tell. */
const LANDMARKS: readonly (readonly [number, number, number])[] = [[-20, 0, -50], [20, 0, -50], [0, 15, -30], [0, 15, 40], [12, 0, 40]]; // prettier-ignore

/** One mode: 1 mm more radius everywhere. */
function modelOf(radius: Radius): ShapeModel {
  const mean = meshOf(radius);
  const mode = Float32Array.from({ length: mean.positions.length }, (_, i) => {
    const v = 3 * Math.floor(i / 3);
    return i % 3 === 2 ? 0 : mean.positions[i]! / Math.hypot(mean.positions[v]!, mean.positions[v + 1]!);
  });
  return {
    body: "femur",
    bones: [{ name: "femur", vertices: mean.positions.length / 3, triangles: mean.triangles.length / 3 }],
    mean,
    landmarks: LANDMARKS.map((meanMm, k) => ({ name: `touched ${k}`, meanMm })),
    modes: [Float32Array.from([...mode, ...LANDMARKS.flatMap(() => [0, 0, 0])])],
    residualSdMm: 0.1,
    cap: new Uint8Array(mean.triangles.length / 3),
  };
}

const match: BoneShapes["match"] = (model, coefficients, points, gateMm) =>
  matchSheet(shapeInstance(model, coefficients), model.cap, points, gateMm, "smooth");

const COUNT = 101,
  CENTRE = [0, 25] as const,
  DEPTH_MM = 40;
/** Image x to +x of the body, depth towards it, so z of the image runs against z of the body: from +50 to −50 mm. */
const trueZ = (i: number): number => 50 - i;
const truth = Float64Array.from(
  Array.from({ length: COUNT }, (_, i) => [1, 0, 0, 0, 0, -1, 0, DEPTH_MM, 0, 0, -1, trueZ(i)]).flat(),
);
const frameOf = (all: Readonly<Float64Array>, i: number): Float64Array => all.slice(12 * i, 12 * i + 12);

/** What the images show of the bone whose radius is by `wider` mm larger than the model's mean. */
function lineOf(radius: Radius, wider: number): LinePoints {
  const frame: number[] = [], xyMm: number[] = [], facing: number[] = []; // prettier-ignore
  for (let i = 0; i < COUNT; i += 2) {
    for (let theta = -1.1; theta < 1.11; theta += 0.2) {
      const at = (t: number) => {
        const r = radius(t, trueZ(i)) + wider;
        return [r * Math.sin(t), DEPTH_MM - r * Math.cos(t)] as const;
      };
      const [x, y] = at(theta), [x1, y1] = at(theta + 1e-4); // prettier-ignore
      const length = Math.hypot(x1 - x, y1 - y);
      frame.push(i);
      xyMm.push(x, y);
      facing.push((y1 - y) / length, -(x1 - x) / length);
    }
  }
  return { count: frame.length, frame: Uint32Array.from(frame), xyMm: Float64Array.from(xyMm), facing: Float64Array.from(facing) }; // prettier-ignore
}

/** Steps that are too short by a tenth, and turn by 0.1 rad about the image's x and z from end to end. */
function drifted(centre: readonly [number, number]): Float64Array {
  const poses = [frameOf(truth, 0)];
  for (let i = 1; i < COUNT; i++) {
    poses.push(correct(poses[i - 1]!, centre, Float64Array.of(0, 0, 0.9, 0.1 / (COUNT - 1), 0, 0.1 / (COUNT - 1))));
  }
  return Float64Array.from(poses.flatMap((pose) => [...pose]));
}

/** The bone is 0.7 SDs of its mode wider than the mean, and is looked for 1.2 mm and 2° off its place. */
function fitted(radius: Radius, odometry: Float64Array, centre: readonly [number, number]) {
  const spline = correctionSpline(odometry, centre, contentDefaults.knotMm);
  const errors = { sdPerMm: [0.06, 0.06, 0.1, 0.003, 0.003, 0.003], lengthMm: contentDefaults.lengthMm };
  const sweep: ContentSweep = { spline, errors, line: lineOf(radius, 0.7) };
  const start: ShapeStart = {
    model: modelOf(radius),
    bodyFromReference: fromAxisAngle([1, 1, 0], 0.035, [0.5, -0.5, 1]).m.slice(),
    touched: LANDMARKS.map((positionMm, landmark) => ({ landmark, positionMm })),
  };
  return fitContent({
    sweeps: [sweep],
    bodies: [start],
    match,
    // Lines without error: each patch is believed to a tenth of a millimetre.
    options: { ...contentDefaults.joint, pointMm2: 2 * 2.8, minSdMm: 0.1, touchSdMm: 0.3, firstSdMm: 0.02, firstSdRad: 0.0002 }, // prettier-ignore
  });
}

/** Error of the last frame: of its centre along its own axes, and its turn about them. */
function lastOff(poses: Float64Array, [x, y]: readonly [number, number]) {
  const m = multiply3x4(invert3x4(frameOf(truth, COUNT - 1)), frameOf(poses, COUNT - 1));
  const p = transformPoint(m, x, y, 0);
  return { mm: [p[0] - x, p[1] - y, p[2]], rad: [(m[9]! - m[6]!) / 2, (m[2]! - m[8]!) / 2, (m[4]! - m[1]!) / 2] };
}

describe("a fit of poses and bone shape to the bone line", () => {
  test("cures a scale error of a tenth and a swing where the surface tells them, on a bone that is not the mean", () => {
    const centre = [0, 25] as const;
    const odometry = drifted(centre);
    expect(lastOff(odometry, centre).mm[2]).toBeCloseTo(-10.1, 1);
    const { sweeps, state } = fitted(bone, odometry, centre);
    const { fromImage, observed, variance } = sweeps[0]!;
    const { mm, rad } = lastOff(fromImage, centre);
    // The way is told by where the bone swells; what lies across it by every point.
    expect(Math.hypot(mm[0]!, mm[1]!)).toBeLessThan(0.3);
    expect(Math.abs(mm[2]!)).toBeLessThan(1.5);
    expect(Math.hypot(...rad)).toBeLessThan(0.03);
    expect(state.coefficients[0]![0]).toBeCloseTo(0.7, 1);
    const sdMm = Math.sqrt(variance(COUNT - 1).fitted[14]!);
    expect(Math.abs(mm[2]!)).toBeLessThan(2 * sdMm);
    expect(sdMm).toBeLessThan(3);
    expect(openMotions(observed, variance(COUNT - 1)).sentence).toContain("Of the last image it tells all");
    fromImage.slice(0, 12).forEach((value, k) => expect(value).toBeCloseTo(truth[k]!, 12));
  });

  test("on a cylinder, slide and spin are named and stay odometry's; what lies across is cured", () => {
    // Turns are told about its axis, so that a turn within the plane is a spin and nothing else.
    const axis = [0, DEPTH_MM] as const;
    const odometry = drifted(axis),
      was = lastOff(odometry, axis);
    const { sweeps } = fitted(cylinder, odometry, axis);
    const { fromImage, observed, variance } = sweeps[0]!;
    const { mm, rad } = lastOff(fromImage, axis);
    expect(Math.abs(mm[2]! - was.mm[2]!)).toBeLessThan(0.3);
    expect(Math.abs(rad[2]! - was.rad[2]!)).toBeLessThan(0.005);
    expect(Math.abs(was.mm[1]!)).toBeGreaterThan(4);
    expect(Math.hypot(mm[0]!, mm[1]!)).toBeLessThan(0.3);
    const { leftShare, sentence } = openMotions(observed, variance(COUNT - 1));
    expect([2, 5].every((k) => leftShare[k]! > 0.95)).toBe(true);
    expect([0, 1, 3].every((k) => leftShare[k]! < 0.2)).toBe(true);
    expect(sentence).toMatch(/leaves open: way out of the plane \(\d+ %\), turn within the plane \(\d+ %\); it tells/);
  });
});

describe("odometry as a prior", () => {
  test("errors that last add up as the way does, and those soon forgotten as a walk", () => {
    expect(endSd(100, 1e6)).toBeCloseTo(100, 2);
    expect(endSd(100, 0.01) / Math.sqrt(2 * 100 * 0.01)).toBeCloseTo(1, 3);
  });

  test("an uncorrected sweep has no residual; a scale that is wrong by one SD from end to end has about one", () => {
    const spline = correctionSpline(truth, CENTRE, 15);
    const errors = { sdPerMm: [0.06, 0.06, 0.1, 0.003, 0.003, 0.003], lengthMm: 1e5 };
    const x = new Float64Array(6 * spline.controls);
    const chi2 = (): number => priorResiduals(spline, errors, x).residual.reduce((sum, r) => sum + r * r, 0);
    expect(chi2()).toBeLessThan(1e-18);
    // Control values at Greville's abscissae make the spline linear in the way: 0.1 mm a mm.
    const spans = spline.controls - 2,
      knot = (k: number): number => Math.min(spans, Math.max(0, k)) * (100 / spans);
    for (let c = 0; c < spline.controls; c++) x[6 * c + 2] = (0.1 * (knot(c - 1) + knot(c) + knot(c + 1))) / 3;
    expect(correctionAt(spline, x, COUNT - 1)[2]).toBeCloseTo(10, 9);
    expect(correctionAt(spline, x, 37)[2]).toBeCloseTo(3.7, 9);
    expect(chi2()).toBeCloseTo(1, 2);
  });

  test("the first frame has no correction, whatever the control values", () => {
    const spline = correctionSpline(truth, CENTRE, 15);
    const x = Float64Array.from({ length: 6 * spline.controls }, (_, i) => Math.sin(i));
    expect([...correctedPose(spline, x, 0)]).toEqual([...frameOf(truth, 0)]);
  });
});

describe("the stage", () => {
  const geometry: ImageGeometry = { width: 39, height: 400, spacingMm: [1, 0.1], faceCentrePx: [19, 0] };
  const strokes = [{ name: "along", fromS: 0, toS: 9 }];
  const frames: ImageFrames = {
    count: COUNT,
    width: 39,
    height: 400,
    nominalGeometry: geometry,
    sourceIndex: Uint32Array.from({ length: COUNT }, (_, i) => i),
    timeS: Float64Array.from({ length: COUNT }, (_, i) => 0.05 * i),
    dropped: {},
    read: async () => ({ width: 39, height: 400, pixels: new Uint8Array(39 * 400) }),
  };
  /** Of a cylinder that is 26 mm deep at the middle. */
  const mask: BoneMask = {
    width: 39,
    height: 400,
    probability: new Uint8Array(0),
    ridgeRowPx: Float32Array.from({ length: 39 }, (_, u) => 10 * (DEPTH_MM - Math.sqrt(14 ** 2 - (u - 19) ** 2))),
    ridgeConfidence: Float32Array.from({ length: 39 }, (_, u) => (Math.abs(u - 19) < 11 ? 1 : 0)),
    ridgeSdPx: new Float32Array(39).fill(1),
  };
  const context = { rng: createRng("content"), log: silentLog, workers: createWorkerPool(1) };
  const options = { ...contentDefaults, joint: { ...contentDefaults.joint, rounds: 2 } };
  const shapes = (found: boolean): BoneShapes => ({
    match,
    start: () =>
      found
        ? { starts: [{ model: modelOf(cylinder), bodyFromReference: fromAxisAngle([1, 0, 0], 0).m, touched: [] }], missing: [] }
        : { starts: [], missing: ["the points that tell how the knee lies were not touched"] }, // prettier-ignore
  });
  const run = async (poseOf: (i: number) => Float64Array, found = true) => {
    const anchors = {
      sourceIndex: frames.sourceIndex,
      referenceFromPixel: Float64Array.from(Array.from({ length: COUNT }, (_, i) => [...multiply3x4(poseOf(i), imageFromPixel(geometry))]).flat()), // prettier-ignore
    };
    const recovered = await recoverPoses({ frames, geometry, anchors, strokes }, constantMotion(18), context);
    const masks = { masks: Array.from({ length: COUNT }, () => mask) };
    const refined = await refineByContent(shapes(found), options)({ recovered, masks, points: [], sheets: async () => [] }, context); // prettier-ignore
    return { recovered, refined };
  };
  const measured = (i: number): Float64Array => frameOf(truth, i);

  test("no measured pose but the first changes anything, and that one is kept", async () => {
    const wrong = (i: number): Float64Array =>
      i === 0 ? measured(0) : fromAxisAngle([0, 1, 0], 2, [99, i, 7]).m.slice();
    const a = await run(measured), b = await run(wrong); // prettier-ignore
    expect(a.refined.frames.referenceFromPixel).toEqual(b.refined.frames.referenceFromPixel);
    expect(a.refined.frames.referenceFromPixel).not.toEqual(a.recovered.frames.referenceFromPixel);
    const first = multiply3x4(measured(0), imageFromPixel(geometry));
    first.forEach((value, k) => expect(a.refined.frames.referenceFromPixel[k]).toBeCloseTo(value, 9));
    expect(a.refined.sweeps[0]!.warnings.at(-1)).toMatch(/leaves open: .*way out of the plane \(100 %\)/);
    expect(a.refined.sweeps[0]!.centreSdMm!.slice(0, 3)).toEqual(new Float64Array(3));
  });

  test("without touched points the poses stay odometry's, and the report says why", async () => {
    const { recovered, refined } = await run(measured, false);
    expect(refined.frames.referenceFromPixel).toEqual(recovered.frames.referenceFromPixel);
    expect(refined.sweeps[0]!.warnings.at(-1)).toBe(
      "poses were not fitted to the bone: the points that tell how the knee lies were not touched",
    );
  });
});

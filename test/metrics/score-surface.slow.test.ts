import { expect, test } from "vitest";
import { fromAxisAngle } from "../../src/core/rigid.ts";
import { UnsuitableInputError } from "../../src/core/errors.ts";
import type { SurfaceScore } from "../../src/data/report.ts";
import { meshDistanceField } from "../../src/geometry/mesh-distance.ts";
import {
  mergeMeshes,
  selectTriangles,
  surfaceArea,
  transformMesh,
  triangleCentre,
  triangleCount,
  type Mesh,
} from "../../src/geometry/mesh.ts";
import { mergeTruths, scoreSurface, scoreTogether, type ScoreOptions } from "../../src/metrics/score-surface.ts";
import { boxMesh, icosphere, squareSheet } from "../../src/verify/shapes.ts";

/** 20,480 facets with edges up to 0.9 mm: they lie edge²/(8R) = 0.005 mm inside the sphere of 20 mm. */
const FACET_MM = 0.005;
/** Systematic samples of a smooth function on 5,000 points; random ones would have sd / √n = 0.008 mm. */
const SAMPLING_MM = 0.004;
/** A distance of R ± d/2 is crossed by a ring of samples; one ring more or less of 10,000 points. */
const SHARE = 0.006;

const RADIUS = 20;
const quick: Partial<ScoreOptions> = { replicates: 0, align: false, vertexErrors: false, minimumSamples: 5000 };
const sphere = icosphere(RADIUS, 5);
/** Enough where no closed form depends on the facets. */
const coarse = icosphere(RADIUS, 3);

const scoresByShift = new Map<number, SurfaceScore>();
function shiftedScore(shiftMm: number): SurfaceScore {
  const known = scoresByShift.get(shiftMm);
  if (known) return known;
  // an oblique direction, so that neither mesh is favoured
  const at = [0.48 * shiftMm, 0.6 * shiftMm, 0.64 * shiftMm] as const;
  const score = scoreSurface(icosphere(RADIUS, 5, at), { mesh: sphere }, quick).report.scores.whole;
  scoresByShift.set(shiftMm, score);
  return score;
}

/** Equal spheres of radius R, d apart: |x − c| − R = d cos θ + d²/(2R) sin²θ …, and cos θ is uniform on a sphere. */
const closedForm = (d: number) => ({
  assd: { expected: d / 2, tolerance: SAMPLING_MM },
  rms: { expected: d / Math.sqrt(3), tolerance: SAMPLING_MM },
  rmsAccuracy: { expected: d / Math.sqrt(3), tolerance: SAMPLING_MM },
  hd100: { expected: d, tolerance: FACET_MM + SAMPLING_MM },
  hd95: { expected: 0.95 * d, tolerance: FACET_MM + SHARE * d },
  bias: { expected: (d * d) / (3 * RADIUS), tolerance: SAMPLING_MM },
  meanAccuracy: { expected: d / 2, tolerance: SAMPLING_MM },
  meanCompleteness: { expected: d / 2, tolerance: SAMPLING_MM },
});

test.each(["assd", "rms", "rmsAccuracy", "hd100", "hd95", "bias", "meanAccuracy", "meanCompleteness"] as const)(
  "equal spheres of 20 mm, 2 mm apart: %s has its closed form, and a truth shifted by twice the tolerance fails",
  (figure) => {
    const { expected, tolerance } = closedForm(2)[figure];
    const measured = shiftedScore(2)[figure]!;
    expect(Math.abs(measured - expected)).toBeLessThanOrEqual(tolerance);
    expect(Math.abs(measured + 2 * tolerance - expected)).toBeGreaterThan(tolerance);
  },
);

test("the same check refuses spheres that are really 2 mm and two tolerances further apart", () => {
  // the distance at which ASSD is off by two of its tolerances
  const measured = shiftedScore(2 + 4 * SAMPLING_MM).assd!;
  expect(Math.abs(measured - closedForm(2).assd.expected)).toBeGreaterThan(SAMPLING_MM);
});

test.each([0, 1, 2, 3] as const)(
  "equal spheres 2 mm apart: shares below threshold %i are threshold / distance, at most 1",
  (k) => {
    const score = shiftedScore(2),
      expected = [0.25, 0.5, 1, 1][k]!;
    for (const share of [score.precision, score.coverage, score.fScore, score.surfaceDice]) {
      expect(Math.abs(share![k] - expected)).toBeLessThanOrEqual(SHARE);
      if (expected < 1) expect(Math.abs(share![k] + 2 * SHARE - expected)).toBeGreaterThan(SHARE);
    }
  },
);

test.each([
  [21.5, 20],
  [19.2, 20],
])("a sphere of %s mm in or around one of %s mm is the difference of the radii away, everywhere", (result, truth) => {
  const { whole } = scoreSurface(icosphere(result, 5), { mesh: icosphere(truth, 5) }, quick).report.scores;
  const away = Math.abs(result - truth);
  for (const figure of [whole.assd, whole.rms, whole.hd95, whole.hd100, whole.meanAccuracy, whole.meanCompleteness])
    expect(Math.abs(figure! - away)).toBeLessThan(2 * FACET_MM);
  expect(Math.abs(whole.bias! - (result - truth))).toBeLessThan(2 * FACET_MM);
  expect(whole.fScore).toEqual([0, away < 1 ? 1 : 0, 1, 1]);
});

test("parallel plates are their gap apart, on the side that the truth's normal says", () => {
  const truth = squareSheet(60, 20, [0, 0], 0);
  for (const gap of [1.25, -0.75]) {
    const { whole } = scoreSurface(squareSheet(60, 7, [0, 0], gap), { mesh: truth }, quick).report.scores;
    expect(whole.assd).toBeCloseTo(Math.abs(gap), 9);
    expect(whole.rms).toBeCloseTo(Math.abs(gap), 9);
    expect(whole.hd100).toBeCloseTo(Math.abs(gap), 9);
    expect(whole.bias).toBeCloseTo(gap, 9);
  }
});

test("a distance of exactly a threshold is not below it, and is within the tolerance of surface Dice", () => {
  const { whole } = scoreSurface(squareSheet(60, 7, [0, 0], 1), { mesh: squareSheet(60, 7, [0, 0], 0) }, quick).report
    .scores;
  expect(whole.precision).toEqual([0, 0, 1, 1]);
  expect(whole.coverage).toEqual([0, 0, 1, 1]);
  expect(whole.surfaceDice).toEqual([0, 1, 1, 1]);
});

test("half a plate is accurate but not complete; a plate too large is complete but not accurate", () => {
  const plate = (side: readonly [number, number]): Mesh => {
    const sheet = squareSheet(60, 60, [0, 0], 0);
    return selectTriangles(sheet, (t) => triangleCentre(sheet, t).x < side[0] && triangleCentre(sheet, t).y < side[1])
      .mesh;
  };
  const half = scoreSurface(plate([30, 60]), { mesh: plate([60, 60]) }, quick).report.scores.whole;
  expect(half.meanAccuracy).toBeCloseTo(0, 9);
  // from the other half to the edge: 0 … 30 mm, over half of the area
  expect(Math.abs(half.meanCompleteness! - 7.5)).toBeLessThan(0.05);
  expect(Math.abs(half.coverage![1] - 31 / 60)).toBeLessThan(SHARE);
  // the union of both directions by area: (1800 · 0 + 3600 · 7.5) / 5400
  expect(Math.abs(half.assd! - 5)).toBeLessThan(0.05);
  const large = scoreSurface(plate([60, 60]), { mesh: plate([30, 60]) }, quick).report.scores.whole;
  expect(large.meanCompleteness).toBeCloseTo(0, 9);
  expect(Math.abs(large.meanAccuracy! - 7.5)).toBeLessThan(0.05);
  expect(large.coverage).toEqual([1, 1, 1, 1]);
});

test("HD95 is the larger of the two one-way percentiles, not the percentile of the pool", () => {
  const sheet = squareSheet(60, 60, [0, 0], 0);
  const half = selectTriangles(sheet, (t) => triangleCentre(sheet, t).x < 30).mesh;
  const { hd95 } = scoreSurface(half, { mesh: sheet }, quick).report.scores.whole;
  // 5 % of the truth lie further than 27 mm from the half; pooled it would be 25.5
  expect(Math.abs(hd95! - 27)).toBeLessThan(60 * SHARE);
});

test("parts: completeness is over the part, accuracy over the whole result", () => {
  const insonified = Uint16Array.from({ length: triangleCount(coarse) }, (_, t) =>
    triangleCentre(coarse, t).z > 0 ? 4 : 0,
  );
  const upper = selectTriangles(coarse, (t) => triangleCentre(coarse, t).z > 0).mesh;
  const hallucination = icosphere(2, 3, [0, 0, 60]);
  const { reachable, unreachable, whole } = scoreSurface(
    mergeMeshes([upper, hallucination]),
    { mesh: coarse, insonified },
    quick,
  ).report.scores;
  expect(reachable.coverage![0]).toBe(1);
  expect(Math.abs(unreachable.coverage![0] - 0.5 / 20)).toBeLessThan(SHARE); // a rim of 0.5 mm of 20 mm height
  expect(reachable.truthAreaMm2 + unreachable.truthAreaMm2).toBeCloseTo(whole.truthAreaMm2, 6);
  // the ball that is not there costs in every part: its share of the result's area, 40 mm away
  for (const part of [reachable, unreachable, whole]) {
    expect(part.meanAccuracy).toBe(whole.meanAccuracy);
    expect(part.hd100).toBeGreaterThan(41);
    expect(part.precision![3]).toBeLessThan(1);
  }
});

test("seen by fewer frames than asked for is not reachable", () => {
  const insonified = new Uint16Array(triangleCount(coarse)).fill(2);
  const area = (insonifiedFrames: number): number =>
    scoreSurface(coarse, { mesh: coarse, insonified }, { ...quick, insonifiedFrames }).report.scores.reachable
      .truthAreaMm2;
  expect(area(2)).toBeGreaterThan(5000);
  expect(area(3)).toBe(0);
});

test("regions take the result that is nearest to them", () => {
  const region = Uint8Array.from({ length: triangleCount(sphere) }, (_, t) =>
    triangleCentre(sphere, t).z > 0 ? 0 : 1,
  );
  // the upper half 1 mm too large, the lower half missing
  const upper = selectTriangles(icosphere(21, 5), (t) => triangleCentre(sphere, t).z > 0).mesh;
  const truth = {
    mesh: sphere,
    region,
    regionNames: ["upper", "lower", "absent"],
    insonified: new Uint16Array(region.length).fill(1),
  };
  const { regions } = scoreSurface(upper, truth, quick).report;
  expect(regions.map((r) => r.region)).toEqual(["upper", "lower"]);
  const [first, second] = regions;
  expect(Math.abs(first!.mean! - 1)).toBeLessThan(2 * FACET_MM);
  expect(Math.abs(first!.bias! - 1)).toBeLessThan(2 * FACET_MM);
  expect(first!.reachableShare).toBe(1);
  expect(second!.coverage1mm).toBeLessThan(SHARE);
  regions.forEach(({ truthAreaMm2 }, number) => {
    const area = surfaceArea(selectTriangles(sphere, (t) => region[t] === number).mesh);
    expect(Math.abs(truthAreaMm2 / area - 1)).toBeLessThan(SHARE);
  });
});

test("cut caps, the 5 mm around them and around a crop plane count on neither side", () => {
  const box = boxMesh([40, 40, 80]);
  const side = (t: number): boolean => Math.abs(triangleCentre(box, t).z) < 39;
  const tube = selectTriangles(box, side).mesh;
  const region = Uint8Array.from({ length: 12 }, (_, t) => (side(t) ? 0 : 1));
  const truth = { mesh: box, region, regionNames: ["shaft", "cap"] };
  const ends = { pointMm: [0, 0, 40] as const, normal: [0, 0, 2] as const },
    starts = { pointMm: [0, 0, -40] as const, normal: [0, 0, 1] as const };
  const perimeterMm = 160,
    few = { ...quick, samplesPerCm2: 20, minimumSamples: 2000 };
  // the caps by their region, or by planes that one gives: the same 5 mm are left out at each end
  for (const [known, options] of [
    [truth, few],
    [{ mesh: box }, { ...few, cropPlanes: [ends, starts] }],
  ] as const) {
    const short = (byMm: number): SurfaceScore => {
      const result = transformMesh(tube, Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, (80 - byMm) / 80, -byMm / 2));
      return scoreSurface(result, known, options).report.scores.whole;
    };
    const exact = short(0);
    expect(exact.coverage).toEqual([1, 1, 1, 1]);
    expect(exact.truthAreaMm2 / (perimeterMm * 70)).toBeCloseTo(1, 2);
    // 4 mm short of the cut is complete where it can be judged, 8 mm short is 3 mm too short
    expect(short(4).hd100).toBeLessThan(1e-4);
    expect(short(8).hd100).toBeGreaterThan(2.5);
    // what goes on beyond the cut is not judged there
    expect(short(-4).hd100).toBeLessThan(1e-4);
  }
  const unknown = scoreSurface(tube, truth, { ...few, excludedRegions: [] }).report.scores.whole;
  expect(unknown.coverage![0]).toBeLessThan(0.9);
});

test("ICP undoes a motion before it scores the shape, and says how far it went", () => {
  const body: Mesh = {
    ...coarse,
    positions: coarse.positions.map((x, i) => x * [1, 1.4, 0.7][i % 3]! + (i % 3 === 0 ? 0.01 * x * x : 0)),
  };
  const { m } = fromAxisAngle([1, 1, 0], (3 * Math.PI) / 180, [2, -1, 2]);
  const { report, alignedScale } = scoreSurface(transformMesh(body, m), { mesh: body }, { ...quick, align: true });
  expect(report.scores.reachable.assd).toBeGreaterThan(0.5);
  expect(report.aligned!.reachable.assd).toBeLessThan(FACET_MM);
  expect(report.aligned!.rotationDeg).toBeCloseTo(3, 2);
  expect(report.aligned!.translationMm).toBeCloseTo(3, 0);
  expect(alignedScale).toBeCloseTo(1, 4);
});

test("without a surface the case stays: nothing covered, no distance, and the reason", () => {
  const none: Mesh = { positions: new Float32Array(0), triangles: new Uint32Array(0) };
  for (const [result, reason] of [
    [none, /no surface/],
    [{ positions: new Float32Array(9), triangles: Uint32Array.of(0, 1, 2) }, /no area/],
    [{ positions: Float32Array.of(0, 0, 0, 1, 0, 0, 0, NaN, 0), triangles: Uint32Array.of(0, 1, 2) }, /not finite/],
  ] as const) {
    const { report, truthVertexDistanceMm } = scoreSurface(result, { mesh: coarse }, { ...quick, vertexErrors: true });
    expect(report.failure).toMatch(reason);
    expect(report.scores.whole).toMatchObject({ assd: null, rms: null, hd95: null, bias: null, precision: null });
    expect(report.scores.whole.coverage).toEqual([0, 0, 0, 0]);
    expect(report.scores.whole.fScore).toEqual([0, 0, 0, 0]);
    expect(report.scores.whole.surfaceDice).toEqual([0, 0, 0, 0]);
    expect(report.aligned).toBeNull();
    expect(truthVertexDistanceMm.every((d) => d === Infinity)).toBe(true);
    expect(JSON.stringify(report)).not.toMatch(/Infinity|NaN/);
  }
});

test("bones are pooled by their samples, and a failed bone's surface stays in the denominator", () => {
  const none: Mesh = { positions: new Float32Array(0), triangles: new Uint32Array(0) };
  const at = (x: number): Mesh => icosphere(RADIUS, 4, [x, 0, 0]);
  const good = scoreSurface(at(0), { mesh: at(0) }, { ...quick, bone: "femur" }),
    bad = scoreSurface(none, { mesh: at(100) }, { ...quick, bone: "patella" });
  const { report } = scoreTogether([good, bad], quick);
  expect(report.bone).toBe("all");
  expect(report.failure).toBe("patella: no surface was reconstructed");
  expect(Math.abs(report.scores.whole.coverage![3] - 0.5)).toBeLessThan(SHARE);
  expect(report.scores.whole.assd).toBeLessThan(1e-5);
});

test("bones that are not told apart are scored against all bones, with the bone in the region's name", () => {
  const femur = { name: "femur", mesh: coarse, regionNames: ["notch"], region: new Uint8Array(triangleCount(coarse)) },
    tibia = { name: "tibia", mesh: icosphere(15, 4, [0, 0, -40]) };
  const truth = mergeTruths([femur, tibia]);
  const { report } = scoreSurface(mergeMeshes([coarse, tibia.mesh]), truth, quick);
  expect(report.regions.map((r) => r.region)).toEqual(["femur/notch", "tibia/surface"]);
  expect(report.scores.reachable.assd).toBeLessThan(1e-5);
});

test("every vertex gets its signed error, and every true vertex its distance to the result", () => {
  const { vertexErrorMm, truthVertexDistanceMm } = scoreSurface(
    icosphere(21, 4),
    { mesh: sphere },
    { ...quick, vertexErrors: true },
  );
  expect(vertexErrorMm).toHaveLength(2562);
  expect(Math.max(...vertexErrorMm.map((e) => Math.abs(e - 1)))).toBeLessThan(2 * FACET_MM);
  expect(truthVertexDistanceMm).toHaveLength(sphere.positions.length / 3);
  // the coarser result's facets lie up to 0.02 mm inside
  expect(Math.max(...truthVertexDistanceMm.map((e) => Math.abs(e - 1)))).toBeLessThan(5 * FACET_MM);
});

test("the histogram's shares add up to one and sit where the errors are", () => {
  const { histogram } = scoreSurface(icosphere(21.1, 5), { mesh: sphere }, quick).report;
  expect(histogram.edgesMm).toHaveLength(histogram.share.length + 1);
  expect(histogram.share.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
  const bin = histogram.share.findIndex((s) => s > 0.5);
  expect([histogram.edgesMm[bin], histogram.edgesMm[bin + 1]]).toEqual([1, 1.25]);
});

test("an open truth takes inside and outside from its distance field, and the magnitude from its mesh", () => {
  const open = selectTriangles(coarse, (t) => t % 7 !== 0).mesh;
  const field = meshDistanceField(coarse);
  const upsideDown = { distanceMm: (x: number, y: number, z: number): number => -7 * field.distanceMm(x, y, z) };
  const result = icosphere(21, 4);
  const plain = scoreSurface(result, { mesh: open, distance: field }, quick).report.scores.whole,
    turned = scoreSurface(result, { mesh: open, distance: upsideDown }, quick).report.scores.whole;
  expect(plain.bias).toBeGreaterThan(0.9);
  expect(turned.bias).toBe(-plain.bias!);
});

test("the same input gives the same bytes, and the seed moves nothing but the intervals", () => {
  const truth = icosphere(20, 3),
    result: Mesh = { ...truth, positions: truth.positions.map((x, i) => x * [1, 1.05, 0.95][i % 3]! + 0.5) };
  const run = (seed: string) => {
    const scored = scoreSurface(result, { mesh: truth }, { seed, replicates: 50, samplesPerCm2: 20 });
    return { report: JSON.stringify(scored.report), spread: JSON.stringify(scored.spread) };
  };
  const first = run("a"),
    other = run("b");
  expect(run("a")).toEqual(first);
  expect(other.report).toBe(first.report);
  expect(other.spread).not.toBe(first.spread);
});

test("an interval holds its figure, has a width where the error varies, and is null where there is no figure", () => {
  const { report, spread } = scoreSurface(
    icosphere(20, 4, [1, 0, 0]),
    { mesh: sphere },
    { align: false, vertexErrors: false },
  );
  for (const key of ["assd", "rms", "rmsAccuracy", "hd95", "bias", "meanAccuracy", "meanCompleteness"] as const) {
    const [low, high] = spread.reachable[key]!;
    expect(low <= report.scores.reachable[key]! && report.scores.reachable[key]! <= high).toBe(true);
    expect(high - low).toBeGreaterThan(0.02);
  }
  expect(spread.reachable.coverage3).toEqual([1, 1]);
  expect(spread.unreachable.assd).toBeNull();
});

test("a truth that cannot be used is bad input", () => {
  const none: Mesh = { positions: new Float32Array(0), triangles: new Uint32Array(0) };
  expect(() => scoreSurface(coarse, { mesh: none })).toThrow(UnsuitableInputError);
  expect(() => scoreSurface(coarse, { mesh: coarse, insonified: new Uint16Array(3) })).toThrow(
    /1280 triangles but 3 entries/,
  );
  expect(() => scoreSurface(coarse, { mesh: coarse }, { samplesPerCm2: 5 })).toThrow(/at least 20/);
});

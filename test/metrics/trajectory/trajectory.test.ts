import { expect, test } from "vitest";
import { fromAxisAngle, invert, multiply3x4 } from "../../../src/core/rigid.ts";
import { createRng, type Rng } from "../../../src/core/rng.ts";
import {
  absoluteErrors,
  alignTrajectory,
  errorStatistics,
  relativeErrors,
  stretchErrors,
} from "../../../src/metrics/trajectory/ape-rpe.ts";
import { drift } from "../../../src/metrics/trajectory/drift.ts";
import { perAxis } from "../../../src/metrics/trajectory/per-axis.ts";
import { poolSweeps, scoreTrajectory } from "../../../src/metrics/trajectory/score-trajectory.ts";
import { centreErrors } from "../../../src/metrics/trajectory/stated-errors.ts";
import { standStill, type Trajectory } from "../../../src/metrics/trajectory/trajectory.ts";
import { tusRecErrors, tusRecScore, type PixelGrid } from "../../../src/metrics/trajectory/tus-rec.ts";

/** Sums of some thousand doubles of a few mm. */
const ROUNDING_MM = 1e-9;

const grid: PixelGrid = { width: 16, height: 12, spacingMm: [0.5, 0.4], offset: [1, 1] };
const extent = { centreMm: [0, 20], sizeMm: [40, 40] } as const;

const line = (steps: number, stepMm: number): Trajectory => ({
  fromImage: Float64Array.from(
    Array.from({ length: steps + 1 }, (_, i) => [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, i * stepMm]).flat(),
  ),
});

function randomWalk(rng: Rng, frames: number): Trajectory {
  const fromImage = new Float64Array(12 * frames);
  let pose: Float64Array = fromAxisAngle([1, 2, 3], rng.normal(), [5, 6, 7]).m.slice();
  for (let i = 0; i < frames; i++) {
    fromImage.set(pose, 12 * i);
    const step = fromAxisAngle([rng.normal(), rng.normal(), rng.normal()], 0.05 * rng.normal(), [
      0.2 * rng.normal(),
      0.2 * rng.normal(),
      0.5 + 0.1 * rng.normal(),
    ]);
    pose = multiply3x4(pose, step.m);
  }
  return { fromImage };
}

/** TUS-REC by its definition: every field held whole, 4×4 products written out. */
function naiveTusRec(
  estimate: Trajectory,
  truth: Trajectory,
  g: PixelGrid,
  landmarks: readonly { frame: number; u: number; v: number }[],
) {
  const at = ({ fromImage }: Trajectory, i: number) => fromImage.slice(12 * i, 12 * i + 12);
  const field = (t: Trajectory, to: number, from: number): number[][] => {
    const m = multiply3x4(invert({ m: at(t, to) }).m, at(t, from));
    const out: number[][] = [];
    for (let v = 0; v < g.height; v++)
      for (let u = 0; u < g.width; u++) {
        const x = (u + g.offset[0]) * g.spacingMm[0],
          y = (v + g.offset[1]) * g.spacingMm[1];
        out.push([0, 4, 8].map((row, k) => m[row]! * x + m[row + 1]! * y + m[row + 3]! - [x, y, 0][k]!));
      }
    return out;
  };
  const far = (a: number[], b: number[]) => Math.hypot(a[0]! - b[0]!, a[1]! - b[1]!, a[2]! - b[2]!);
  const frames = truth.fromImage.length / 12;
  const mean = (values: number[]) => values.reduce((x, y) => x + y, 0) / values.length;
  const over = (to: (i: number) => number) =>
    mean(
      Array.from({ length: frames - 1 }, (_, k) => k + 1).flatMap((i) => {
        const a = field(estimate, to(i), i),
          b = field(truth, to(i), i);
        return a.map((p, k) => far(p, b[k]!));
      }),
    );
  const atLandmarks = (to: (i: number) => number) =>
    mean(
      landmarks.map(({ frame, u, v }) =>
        far(field(estimate, to(frame), frame)[v * g.width + u]!, field(truth, to(frame), frame)[v * g.width + u]!),
      ),
    );
  return { gpe: over(() => 0), lpe: over((i) => i - 1), gle: atLandmarks(() => 0), lle: atLandmarks((i) => i - 1) };
}

test("TUS-REC errors equal a twin that holds every displacement field, for 20 random pairs of walks", () => {
  for (let seed = 0; seed < 20; seed++) {
    const rng = createRng(`tus-rec/${seed}`);
    const truth = randomWalk(rng.fork("truth"), 9),
      estimate = randomWalk(rng.fork("estimate"), 9);
    const landmarks = [{ frame: 1, u: 0, v: 0 }, { frame: 8, u: 15, v: 11 }, { frame: 5, u: 7, v: 3 }]; // prettier-ignore
    const found = tusRecErrors(estimate, truth, grid, landmarks),
      expected = naiveTusRec(estimate, truth, grid, landmarks);
    for (const key of ["gpe", "gle", "lpe", "lle"] as const)
      expect(Math.abs(found[key] - expected[key]), `${key}, seed ${seed}`).toBeLessThan(ROUNDING_MM);
  }
});

test("a step too short by a share of 10 % scores 0.9 in every part of the score of 2025", () => {
  const truth = line(50, 0.5),
    estimate = line(50, 0.45);
  const {
    normalised,
    final,
    errors,
    standStill: still,
  } = tusRecScore(estimate, truth, grid, [{ frame: 30, u: 3, v: 4 }]);
  for (const value of [...Object.values(normalised), final]) expect(value).toBeCloseTo(0.9, 12);
  expect(still.gpe).toBeCloseTo((0.5 * 51) / 2, 12); // mean of 0.5 i, i = 1 … 50
  expect(errors.lpe).toBeCloseTo(0.05, 12);
});

test("the truth scores 1 and standing still scores 0", () => {
  const truth = randomWalk(createRng("score/ends"), 12);
  const landmarks = [{ frame: 6, u: 1, v: 1 }];
  expect(tusRecScore(truth, truth, grid, landmarks).final).toBeCloseTo(1, 9);
  expect(tusRecScore(standStill(12), truth, grid, landmarks).final).toBeCloseTo(0, 12);
});

test("no metric depends on the frame in which a trajectory is told", () => {
  const rng = createRng("frame"),
    truth = randomWalk(rng.fork("t"), 10),
    estimate = randomWalk(rng.fork("e"), 10);
  const moved: Trajectory = { fromImage: new Float64Array(120) };
  const elsewhere = fromAxisAngle([3, 1, 2], 1.1, [100, -20, 7]).m;
  for (let i = 0; i < 10; i++)
    (moved.fromImage as Float64Array).set(
      multiply3x4(elsewhere, estimate.fromImage.slice(12 * i, 12 * i + 12)),
      12 * i,
    );
  const score = (e: Trajectory) => JSON.stringify(scoreTrajectory({ name: "x", estimate: e, truth, grid }, createRng("1")), (_, v: unknown) => (typeof v === "number" ? Math.round(v * 1e6) / 1e6 + 0 : v)); // prettier-ignore
  expect(score(moved)).toBe(score(estimate));
});

test("drift by path and by displacement agree on a straight way and part on a way out and back", () => {
  const straight = drift(line(100, 0.9), line(100, 1), extent);
  expect(straight.finalByPath).toBeCloseTo(0.1, 6);
  expect(straight.finalByDisplacement).toBeCloseTo(0.1, 9);
  expect(straight.meanByPath).toBeCloseTo(0.1, 9);
  expect(straight.finalMm).toBeCloseTo(10, 9);
  expect(straight.maxMm).toBeCloseTo(10, 9);
  expect(straight.sumMm).toBeCloseTo(505, 9); // 0.1 · (1 + … + 100)
  const there = (far: number): Trajectory => ({
    fromImage: Float64Array.from(
      Array.from({ length: 41 }, (_, i) => [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, far * (i <= 20 ? i : 40.1 - i)]).flat(),
    ),
  });
  const back = drift(there(0.9), there(1), extent);
  expect(back.finalMm).toBeCloseTo(0.01, 9);
  expect(back.finalByPath).toBeCloseTo(0.01 / 39.9, 4);
  expect(back.finalByDisplacement).toBeCloseTo(0.1, 9);
});

test("drift by path takes the mean of the centre and both lower corners", () => {
  // A turn about the image's lateral axis at its origin: each point errs by 2 sin(a/2) times its distance to the axis.
  const turned: Trajectory = { fromImage: line(10, 1).fromImage.slice() };
  (turned.fromImage as Float64Array).set(fromAxisAngle([1, 0, 0], 0.2, [0, 0, 10]).m, 120);
  const { finalByPath, pathMm } = drift(turned, line(10, 1), extent);
  const chord = 2 * Math.sin(0.1);
  expect(pathMm).toBeCloseTo(10, 12);
  expect(finalByPath).toBeCloseTo((chord * (20 + 40 + 40)) / 3 / 10, 6);
});

test("per-axis errors are those that were put in, and the elevation scale is the ratio of the ways", () => {
  const truth = line(10, 1),
    fromImage = line(10, 0.8).fromImage.slice();
  for (let i = 0; i <= 10; i++)
    fromImage.set(fromAxisAngle([0, 0, 1], i === 0 ? 0 : 0.1, [i === 0 ? 0 : 0.5, 0, 0.8 * i]).m, 12 * i);
  const found = perAxis({ fromImage }, truth);
  expect(found.translationMm[0]).toBeCloseTo((0.5 * 10) / 11, 12);
  expect(found.translationMm[2]).toBeCloseTo((0.2 * 55) / 11, 12);
  expect(found.eulerDeg[2]).toBeCloseTo(((0.1 * 180) / Math.PI) * (10 / 11), 9);
  expect(found.axesDeg).toBeCloseTo((((0.1 * 180) / Math.PI) * 10 * 2) / 33, 9);
  expect(found.elevationScale).toBeCloseTo(0.8, 12);
});

test("SE3 alignment takes a rigid motion out and leaves a wrong scale in", () => {
  const truth = randomWalk(createRng("align"), 30);
  const fromImage = truth.fromImage.slice();
  const half = fromAxisAngle([0, 1, 1], 0.4, [3, 2, 1]).m;
  for (let i = 1; i < 30; i++) fromImage.set(multiply3x4(half, truth.fromImage.slice(12 * i, 12 * i + 12)), 12 * i);
  const first = alignTrajectory({ fromImage }, truth, "first-frame"),
    fitted = alignTrajectory({ fromImage }, truth, "se3");
  if ("refused" in first || "refused" in fitted) throw new Error("refused");
  expect(absoluteErrors(fitted, truth).translationMm.rmse).toBeLessThan(
    absoluteErrors(first, truth).translationMm.rmse,
  );
  // A straight way leaves the turn about it free: refused, not made up.
  expect(alignTrajectory(line(10, 1), line(10, 2), "se3")).toHaveProperty("refused");
});

test("relative errors over one frame and stretches of the path see a constant bias at its size", () => {
  const truth = line(100, 1),
    estimate = line(100, 1.1);
  expect(relativeErrors(estimate, truth, { delta: 1, pairs: "all" }).translationMm.mean).toBeCloseTo(0.1, 12);
  expect(relativeErrors(estimate, truth, { delta: 5, pairs: "consecutive" }).translationMm.max).toBeCloseTo(0.5, 9);
  for (const { share, lengthMm, translationPercent } of stretchErrors(estimate, truth)) {
    expect(lengthMm).toBeCloseTo(100 * share, 9);
    expect(translationPercent.median).toBeCloseTo(10, 9);
  }
});

test("statistics are those of the evaluation tools: population standard deviation, median of the middle two", () => {
  expect(errorStatistics([1, 2, 3, 6])).toEqual({
    rmse: Math.sqrt(50 / 4),
    mean: 3,
    median: 2.5,
    std: Math.sqrt(14 / 4),
    min: 1,
    max: 6,
  });
});

test("pooled figures take the median of drifts and the mean of scores over sweeps, with an interval over sweeps", () => {
  const sweeps = [0.8, 0.9, 0.95].map((share, i) =>
    scoreTrajectory({ name: `s${i}`, estimate: line(20, share), truth: line(20, 1), grid }, createRng("p")),
  );
  const { fdrPath, score2025 } = poolSweeps(sweeps, createRng("p"));
  expect(fdrPath!.value).toBeCloseTo(0.1, 6);
  expect(score2025!.value).toBeCloseTo((0.8 + 0.9 + 0.95) / 3, 9);
  expect(fdrPath!.interval![0]).toBeCloseTo(0.05, 6);
  expect(fdrPath!.interval![1]).toBeCloseTo(0.2, 6);
  expect(poolSweeps(sweeps.slice(0, 1), createRng("p")).fdrPath!.interval).toBeNull();
});

test("stated errors hold as often as the error lies within 1.96 of them: 10 % short, on a stroke whose SD is 6 % of the way", () => {
  const frames = 101,
    estimate = line(100, 0.9),
    truth = line(100, 1);
  const judged = (share: number) => {
    const centreSdMm = Float64Array.from({ length: 3 * frames }, (_, k) =>
      k % 3 === 2 ? share * Math.floor(k / 3) : 1,
    );
    return scoreTrajectory({ name: "s", estimate, truth, grid, centreSdMm }, createRng("p"));
  };
  const { stated } = judged(0.06);
  expect(stated!.within.map((x) => Number(x.toFixed(9)))).toEqual([1, 1, 1]);
  expect(stated!.last[2]).toBeCloseTo(-0.1 / 0.06, 9);
  // 1.96 × 5 % is less than 10 %: no frame is held along z, and all are along the two others.
  expect(judged(0.05).stated!.share).toBeCloseTo(2 / 3, 9);
  expect(poolSweeps([judged(0.06), judged(0.05)], createRng("p")).intervalCoverage!.value).toBeCloseTo(5 / 6, 9);
  expect(scoreTrajectory({ name: "s", estimate, truth, grid }, createRng("p")).stated).toBeNull();
});

test("the picture's middle is judged, not its face: a fan about the face errs by angle times depth", () => {
  const fan = (rad: number): Trajectory => ({
    fromImage: Float64Array.from([...fromAxisAngle([1, 0, 0], 0).m, ...fromAxisAngle([1, 0, 0], rad).m]),
  });
  const [x, y, z] = centreErrors(fan(0.1), standStill(2), [0, 20]).subarray(3);
  expect([x, y, z]).toEqual([0, expect.closeTo(20 * (Math.cos(0.1) - 1), 9), expect.closeTo(20 * Math.sin(0.1), 9)]);
});

test("trajectories that do not pair up or are not finite are refused by name", () => {
  const judge = (estimate: Trajectory) => () =>
    scoreTrajectory({ name: "s", estimate, truth: line(5, 1), grid }, createRng("p"));
  expect(judge(line(4, 1))).toThrow("s: 5 estimated and 6 true poses");
  const broken = { fromImage: line(5, 1).fromImage.slice() };
  broken.fromImage[29] = NaN;
  expect(judge(broken)).toThrow("s: the estimated pose of frame 2 is not finite");
});

import { fromAxisAngle, multiply3x4 } from "../core/rigid.ts";
import { createRng, type Rng } from "../core/rng.ts";
import {
  absoluteErrors,
  alignTrajectory,
  relativeErrors,
  relativeErrorsByPath,
  stretchErrors,
} from "../metrics/trajectory/ape-rpe.ts";
import type { Trajectory } from "../metrics/trajectory/trajectory.ts";
import { numericCheck, type Check } from "./check.ts";
import {
  angleDeg,
  apart,
  hornFit,
  inverse,
  pathOf,
  place,
  product,
  relativeError,
  rmse,
  type Pose,
} from "./trajectory-oracle.ts";

/** Sums over some hundred doubles of some hundred mm. */
const AGREEMENT = 1e-9;
const PAIRS = 20,
  FRAMES = 80;

interface JudgedPair {
  readonly estimate: Trajectory;
  readonly truth: Trajectory;
}

/** A hand's walk of some 100 mm, and the same with a drift of its own. */
function walks(rng: Rng): JudgedPair {
  const truth = new Float64Array(12 * FRAMES),
    estimate = new Float64Array(12 * FRAMES);
  let p: Float64Array = fromAxisAngle([1, 2, 3], rng.normal(), [50, -60, 700]).m.slice(),
    q: Float64Array = fromAxisAngle([3, 1, 2], rng.normal(), [10, 20, 30]).m.slice();
  const step = (scale: number, t: readonly [number, number, number], turn: number): Float64Array =>
    fromAxisAngle([turn, 1, 0.3], turn, [scale * t[0], scale * t[1], scale * t[2]]).m.slice();
  for (let i = 0; i < FRAMES; i++) {
    truth.set(p, 12 * i);
    estimate.set(q, 12 * i);
    const t = [0.4 * rng.normal(), 0.3 * rng.normal(), 1.2 + 0.3 * rng.normal()] as const,
      turn = 0.02 * rng.normal();
    p = multiply3x4(p, step(1, t, turn));
    q = multiply3x4(q, step(0.9 + 0.05 * rng.normal(), t, turn + 0.01 * rng.normal()));
  }
  return { truth: { fromImage: truth }, estimate: { fromImage: estimate } };
}

/** As nested lists, both in their first frame. */
function listed({ fromImage }: Trajectory): Pose[] {
  const poses = Array.from({ length: fromImage.length / 12 }, (_, i): Pose => [
    ...[0, 1, 2].map((row) => Array.from(fromImage.subarray(12 * i + 4 * row, 12 * i + 4 * row + 4))),
    [0, 0, 0, 1],
  ]);
  const back = inverse(poses[0]!);
  return poses.map((pose) => product(back, pose));
}

/** Largest difference between ours and the oracle's over seeded pairs; NaN when nothing was compared. */
function largest(
  ours: (pair: JudgedPair) => readonly number[],
  oracle: (truth: Pose[], estimate: Pose[]) => readonly number[],
): number {
  let worst = NaN;
  for (let i = 0; i < PAIRS; i++) {
    const pair = walks(createRng("verify metrics/trajectory").fork(String(i)));
    const a = ours(pair),
      b = oracle(listed(pair.truth), listed(pair.estimate));
    if (a.length === 0 || a.length !== b.length) return NaN;
    // An error of nothing would agree with anything.
    if (!a.every((value) => value > 1e-3)) return NaN;
    worst = Math.max(Number.isNaN(worst) ? 0 : worst, ...a.map((value, k) => Math.abs(value - b[k]!)));
  }
  return worst;
}

const translation = (errors: readonly Pose[]): number => rmse(errors.map((e) => apart(place(e), [0, 0, 0])));
const rotation = (errors: readonly Pose[]): number => rmse(errors.map(angleDeg));

const agreement = (id: string, what: string, source: string, measure: () => number): Check =>
  numericCheck(
    {
      id: `metrics.trajectory.${id}`,
      statement: `${what}: the largest difference from an oracle written apart from it, over ${PAIRS} pairs of walks (mm or degrees)`,
      source,
      expected: 0,
      tolerance: AGREEMENT,
    },
    measure,
  );

const EVO = "evo's definitions, reference/trackerless.md 1.6",
  RPG = "rpg_trajectory_evaluation's definitions, reference/trackerless.md 1.6";

const aligned = ({ estimate, truth }: JudgedPair, how: "first-frame" | "se3") => {
  const found = alignTrajectory(estimate, truth, how);
  if ("refused" in found) throw new Error(found.refused);
  return absoluteErrors(found, truth);
};

/** Pairs of frames by path: from each, the nearest to `deltaMm` on, within `toleranceMm`. */
function pairsByPath(path: readonly number[], deltaMm: number, toleranceMm: number): (readonly [number, number])[] {
  const pairs: (readonly [number, number])[] = [];
  for (let i = 0; i + 1 < path.length; i++) {
    const rest = path.slice(i + 1).map((at) => Math.abs(at - path[i]! - deltaMm));
    const j = rest.indexOf(Math.min(...rest));
    if (rest[j]! <= toleranceMm) pairs.push([i, i + 1 + j]);
  }
  return pairs;
}

export const trajectoryChecks: readonly Check[] = [
  agreement("ape", "Absolute pose error (first frame), translation and rotation, RMSE", EVO, () =>
    largest(
      (pair) => {
        const { translationMm, rotationDeg } = aligned(pair, "first-frame");
        return [translationMm.rmse, rotationDeg.rmse];
      },
      (truth, estimate) => {
        const errors = truth.map((p, i) => product(inverse(p), estimate[i]!));
        return [rmse(truth.map((p, i) => apart(place(p), place(estimate[i]!)))), rotation(errors)];
      },
    ),
  ),
  agreement(
    "ape-se3",
    "Absolute trajectory error after SE3 alignment of the positions (Umeyama without scale)",
    `${EVO}; Horn 1987`,
    () =>
      largest(
        (pair) => [aligned(pair, "se3").translationMm.rmse],
        (truth, estimate) => {
          const fit = hornFit(estimate.map(place), truth.map(place));
          return [rmse(truth.map((p, i) => apart(place(p), place(product(fit, estimate[i]!)))))];
        },
      ),
  ),
  agreement("rpe-frames", "Relative pose error over 1 and 7 frames, all pairs and consecutive", EVO, () =>
    largest(
      ({ estimate, truth }) =>
        (
          [
            [1, "all"],
            [7, "all"],
            [7, "consecutive"],
          ] as const
        ).flatMap(([delta, pairs]) => {
          const { translationMm, rotationDeg } = relativeErrors(estimate, truth, { delta, pairs });
          return [translationMm.rmse, rotationDeg.rmse];
        }),
      (truth, estimate) =>
        (
          [
            [1, 1],
            [7, 1],
            [7, 7],
          ] as const
        ).flatMap(([delta, stride]) => {
          const errors: Pose[] = [];
          for (let i = 0; i + delta < truth.length; i += stride)
            errors.push(relativeError(truth, estimate, i, i + delta));
          return [translation(errors), rotation(errors)];
        }),
    ),
  ),
  agreement("rpe-path", "Relative pose error over 0.01 m of path, all pairs within 1 mm", EVO, () =>
    largest(
      ({ estimate, truth }) => {
        const found = relativeErrorsByPath(estimate, truth, { deltaMm: 10, toleranceMm: 1, pairs: "all" })!;
        return [found.translationMm.rmse, found.rotationDeg.rmse];
      },
      (truth, estimate) => {
        const errors = pairsByPath(pathOf(truth), 10, 1).map(([i, j]) => relativeError(truth, estimate, i, j));
        return [translation(errors), rotation(errors)];
      },
    ),
  ),
  agreement("stretches", "Errors over stretches of 10 to 50 % of the path, mm, % and degrees", RPG, () =>
    largest(
      ({ estimate, truth }) =>
        stretchErrors(estimate, truth).flatMap(({ translationMm, translationPercent, rotationDeg }) => [
          translationMm.mean,
          translationPercent.mean,
          rotationDeg.mean,
        ]),
      (truth, estimate) => {
        const path = pathOf(truth);
        return [0.1, 0.2, 0.3, 0.4, 0.5].flatMap((share) => {
          const long = share * path.at(-1)!;
          const errors = pairsByPath(path, long, 0.2 * long).map(([i, j]) => relativeError(truth, estimate, i, j));
          const mean = (of: (e: Pose) => number): number => errors.reduce((sum, e) => sum + of(e), 0) / errors.length;
          const far = mean((e) => apart(place(e), [0, 0, 0]));
          return [far, (100 * far) / long, mean(angleDeg)];
        });
      },
    ),
  ),
  numericCheck(
    {
      id: "metrics.trajectory.by-hand",
      statement: "Steps of 1 mm told as 1.1 mm: over 10 mm of path the relative error is 1 mm",
      source: "by hand",
      expected: 1,
      tolerance: AGREEMENT,
    },
    () => {
      const line = (stepMm: number): Trajectory => ({
        fromImage: Float64Array.from(
          Array.from({ length: 40 }, (_, i) => [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, i * stepMm]).flat(),
        ),
      });
      const how = { deltaMm: 10, toleranceMm: 0.01, pairs: "consecutive" } as const;
      return relativeErrorsByPath(line(1.1), line(1), how)?.translationMm.rmse ?? NaN;
    },
  ),
];

import { compose, fromAxisAngle } from "../core/rigid.ts";
import { createRng } from "../core/rng.ts";
import { fitRigid } from "../geometry/rigid-fit.ts";
import { targetError } from "../pipeline/calibration/landmarks/target-error.ts";
import { calibratePivot } from "../pipeline/calibration/pivot/calibrate-pivot.ts";
import type { PoseSeries } from "../pipeline/calibration/pose-series.ts";
import type { Refused } from "../pipeline/calibration/refused.ts";
import { calibrateLag, defaultLag, type LagCalibration } from "../pipeline/calibration/temporal/calibrate-lag.ts";
import { distance, placeOf, type Vector3 } from "../pipeline/calibration/vector3.ts";
import { causeChecks } from "./calibration-causes.ts";
import { imageChecks } from "./calibration-images.ts";
import { recordedChecks } from "./calibration-recorded.ts";
import { accepted } from "./calibration-sessions.ts";
import { spatialStatistics } from "./calibration-statistics.ts";
import { numericCheck, type Check, type Suite } from "./check.ts";

const TIP: Vector3 = [3, -5, -150];

/** A stylus led around a cone of `leanRad` about x and y, its tip in one divot. */
function coneSession(
  seed: string,
  [leanX, leanY]: readonly [number, number],
  noiseMm: number,
  count = 150,
): PoseSeries {
  const rng = createRng(seed),
    poses = new Float64Array(12 * count),
    at: Vector3 = [10, 20, 30];
  const timeS = Float64Array.from({ length: count }, (_, i) => i / 20);
  for (let i = 0; i < count; i++) {
    const phase = (2 * Math.PI * i) / 60;
    const { m } = compose(
      fromAxisAngle<"body", "stylus">([1, 0, 0], leanX * Math.cos(phase)),
      fromAxisAngle<"stylus", "stylus">([0, 1, 0], leanY * Math.sin(phase)),
    );
    const pose = Float64Array.from(m),
      now = placeOf(pose, 0, TIP);
    for (let k = 0; k < 3; k++) pose[4 * k + 3]! += at[k]! - now[k]! + noiseMm * rng.normal();
    poses.set(pose, 12 * i);
  }
  return { timeS, poses, sourceIndex: Uint32Array.from(timeS, (_, i) => i), dropped: {} };
}

const exactPivot = numericCheck(
  {
    id: "calibration.pivot.exact",
    statement: "Exact turning about a divot gives the stylus tip to rounding",
    source: "a tip placed by construction, 150 mm from the markers",
    expected: 0,
    tolerance: 1e-8,
  },
  () => distance(accepted(calibratePivot(coneSession("exact", [0.4, 0.4], 0))).tipMm, TIP),
);

const holdsInterval = (share: number): boolean => share >= 0.93 && share <= 0.97;

const pivotCoverage: Check = {
  id: "calibration.pivot.interval",
  statement: "The stated 95 % interval of the tip holds the truth in 93 to 97 % of noisy sessions",
  source: "sessions with a known tip and 0.2 mm of noise (200, or 1000 with --full), three coordinates each",
  expected: 0.95,
  tolerance: "0.93 to 0.97",
  run({ full }) {
    const sessions = full ? 1000 : 200;
    let held = 0;
    for (let i = 0; i < sessions; i++) {
      const fit = accepted(calibratePivot(coneSession(`interval ${i}`, [0.4, 0.4], 0.2)));
      for (let k = 0; k < 3; k++) held += Math.abs(fit.tipMm[k]! - TIP[k]!) <= fit.halfWidthMm[k]! ? 1 : 0;
    }
    const measured = held / (3 * sessions);
    return Promise.resolve({ measured, pass: holdsInterval(measured) });
  },
};

const pivotRefusals = numericCheck(
  {
    id: "calibration.pivot.refusals",
    statement: "A resting stylus, one turned about one axis only and too short a recording are refused",
    source: "three sessions that do not determine the tip",
    expected: 3,
    tolerance: 0,
  },
  () =>
    [
      coneSession("rest", [0, 0], 0.1),
      coneSession("axis", [0.5, 0], 0.1),
      coneSession("short", [0.4, 0.4], 0.1, 20),
    ].filter((session) => calibratePivot(session).status === "refused").length,
);

const fitzpatrick = numericCheck(
  {
    id: "calibration.landmarks.target-error",
    statement: "The predicted target registration error is that of simulated registrations",
    source: "Fitzpatrick, West & Maurer 1998, eq. 46, against 4000 registrations; ratio",
    expected: 1,
    tolerance: 0.05,
  },
  () => {
    const points: Vector3[] = [[0, 0, 0], [90, 0, 0], [0, 50, 10], [70, 60, 25], [20, 20, 60]]; // prettier-ignore
    const rng = createRng("fitzpatrick"),
      flat = Float64Array.from(points.flat()),
      target: Vector3 = [120, -30, 10],
      sigma = 0.3;
    let sum = 0;
    for (let i = 0; i < 4000; i++) {
      const noisy = flat.map((x) => x + sigma * rng.normal());
      const fit = fitRigid(flat, noisy);
      if (fit.status === "refused") throw new Error(fit.reason);
      sum += distance(placeOf(fit.m, 0, target), target) ** 2;
    }
    return targetError(points, target, 3 * sigma ** 2) / Math.sqrt(sum / 4000);
  },
);

/**
 * 12 s of a probe that moves up and down unevenly, seen `lagS` late by a line in the image at 10 px a mm; the tracker
 * jitters by 0.2 mm in each direction.
 */
function lagSession(
  lagS: number,
  motion: (t: number) => number,
  seed = "",
  reachS = defaultLag.reachS,
): LagCalibration | Refused {
  const rng = createRng(`lag ${lagS}${seed}`),
    n = 1600,
    poses = new Float64Array(12 * n);
  const jitter = (): number => 0.2 * rng.normal();
  const times = Float64Array.from({ length: 240 }, (_, i) => 2 + i / 20 + 0.01 * rng.uniform());
  const timeS = Float64Array.from({ length: n }, (_, i) => i / 100);
  timeS.forEach((t, i) => {
    const [x, y, z] = [0.6 * motion(t) + jitter(), 0.8 * motion(t) + jitter(), jitter()];
    poses.set([1, 0, 0, x, 0, 1, 0, y, 0, 0, 1, z], 12 * i);
  });
  const depthPx = times.map((t) => 300 - 10 * motion(t - lagS) + rng.normal());
  const series = { timeS, poses, sourceIndex: Uint32Array.from(timeS, (_, i) => i), dropped: {} };
  return calibrateLag({ timeS: times, depthPx }, series, { ...defaultLag, reachS });
}

const uneven = (t: number): number => 10 * Math.sin(2 * t + 1.3 * Math.sin(0.37 * t)) + 4 * Math.sin(0.9 * t);

const lags = numericCheck(
  {
    id: "calibration.temporal.simulated",
    statement: "Lags from -0.6 to 0.6 s between images and poses are found within 2 ms",
    source: "five simulated sessions with known lag and 1 px of noise; largest error, s",
    expected: 0,
    tolerance: 0.002,
  },
  () =>
    Math.max(
      ...[-0.6, 0, 0.15, 0.3, 0.6].map((lagS) => {
        const found = lagSession(lagS, uneven);
        return found.status === "refused" ? NaN : Math.abs(found.imageLagS - lagS);
      }),
    ),
);

const periodic: Check = {
  id: "calibration.temporal.periodic",
  statement: "A strictly periodic motion, whose lag cannot be told from the next period's, is refused",
  source: "a sine of 2 Hz",
  expected: "refused",
  tolerance: "exact",
  run() {
    const found = lagSession(0.1, (t) => 10 * Math.sin(4 * Math.PI * t));
    const refused = found.status === "refused";
    return Promise.resolve({ measured: refused ? "refused" : `${found.imageLagS} s`, pass: refused });
  },
};

const lagCoverage: Check = {
  id: "calibration.temporal.interval",
  statement: "The stated 95 % interval of the lag holds the truth in 93 to 97 % of noisy sessions",
  source: "sessions with a lag of 0.21 s, 1 px and 0.2 mm of noise (200, or 1000 with --full)",
  expected: 0.95,
  tolerance: "0.93 to 0.97",
  run({ full }) {
    const sessions = full ? 1000 : 200,
      lagS = 0.21;
    let held = 0;
    for (let i = 0; i < sessions; i++) {
      const fit = accepted(lagSession(lagS, uneven, ` interval ${i}`, 0.3));
      held += fit.lowS <= lagS && lagS <= fit.highS ? 1 : 0;
    }
    return Promise.resolve({ measured: held / sessions, pass: holdsInterval(held / sessions) });
  },
};

export const calibrationSuite: Suite = {
  name: "calibration",
  about:
    "Stylus, phantom, time and image calibrations find known truths, agree with PLUS, and refuse what they cannot know",
  checks: [
    exactPivot,
    pivotCoverage,
    pivotRefusals,
    fitzpatrick,
    lags,
    lagCoverage,
    periodic,
    ...spatialStatistics,
    ...recordedChecks,
    ...imageChecks,
    ...causeChecks,
  ],
};

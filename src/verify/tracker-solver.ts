import { invert, multiply3x4, rotationAngle } from "../core/rigid.ts";
import { fitRigid } from "../geometry/rigid-fit.ts";
import { mean } from "../core/stats.ts";
import type { LineOfSight } from "../sim/tracker/line-of-sight.ts";
import { fourMarkerBody, nearlySquareBody } from "../sim/tracker/marker-body.ts";
import { duoClass, unbiased } from "../sim/tracker/presets.ts";
import { numericCheck, type Check } from "./check.ts";
import { evenBody, facing, RATE_HZ, rms, rotationError, session, trackedPoses, type Pose } from "./tracker-session.ts";

const white = unbiased(duoClass);
const quiet = { ...white, centroiding: { ...white.centroiding, noisePx: 0 } };
const DEG = 180 / Math.PI;

/** Nothing is seen at these times. */
const shutter = (closed: (timeS: number) => boolean): LineOfSight => ({ at: (timeS) => () => closed(timeS) });

/** Hidden for a tenth of a second every half second: many acquisitions in one session. */
const blinking = shutter((timeS) => timeS % 0.5 >= 0.4);

const flips: Check = {
  id: "tracker.flips.square",
  statement: "A nearly square cluster is found turned by a quarter or half turn, and stays so for tens of frames",
  source: "published symptom: near-symmetric clusters swap markers, discrete wrong rotations often for tens of frames",
  expected: "wrong in more than a third of the acquisitions; wrong angles within 3° of 90° or 180°; 20 frames or more",
  tolerance: "as stated; 120 acquisitions",
  run() {
    const pose = facing(1000);
    const readings = session(white, [nearlySquareBody("Square", 50, 0.3)], 60 * RATE_HZ, () => pose, {
      sight: blinking,
    });
    const angles = readings.map(([r]) =>
      r?.status === "tracked" ? rotationAngle(multiply3x4(invert({ m: pose }).m, r.trackerFromTool)) * DEG : NaN,
    );
    const wrong = angles.map((a) => a > 20);
    const stretches: number[] = [];
    let length = 0,
      seen = 0,
      flipped = 0;
    angles.forEach((a, i) => {
      const starts = !Number.isNaN(a) && (i === 0 || Number.isNaN(angles[i - 1]!));
      if (starts) seen++;
      if (starts && wrong[i]) flipped++;
      if (wrong[i]) length++;
      else if (length) {
        stretches.push(length);
        length = 0;
      }
    });
    const discrete = angles.every((a) => !(a > 20) || Math.abs(a - 90) < 3 || Math.abs(a - 180) < 3);
    const typical = [...stretches].sort((x, y) => x - y)[Math.floor(stretches.length / 2)] ?? 0;
    const share = flipped / seen;
    return Promise.resolve({
      measured: `${(100 * share).toFixed(0)} % of ${seen} wrong, median ${typical} frames${discrete ? "" : ", other angles too"}`,
      pass: share > 1 / 3 && typical >= 20 && discrete,
    });
  },
};

const noFlips = numericCheck(
  {
    id: "tracker.flips.uneven",
    statement: "Clusters whose distances differ are never found turned, however often they are hidden",
    source: "three bodies in view together, hidden and found again 120 times",
    expected: 0,
    tolerance: 0,
  },
  () => {
    const bodies = [fourMarkerBody("A", "first"), fourMarkerBody("B", "second"), fourMarkerBody("C", "third")];
    const pose = (i: number): Pose => facing(1000, 160 * (i - 1), 20 * i);
    const readings = session(duoClass, bodies, 60 * RATE_HZ, pose, { sight: blinking });
    return readings.filter((frame) =>
      frame.some(
        (r, i) => r.status === "tracked" && Math.hypot(...rotationError(pose(i), r.trackerFromTool)) * DEG > 5,
      ),
    ).length;
  },
);

const swaps: Check = {
  id: "tracker.swaps",
  statement: "Two bodies alike are taken for each other about every second time; unlike ones never",
  source: "paparazzi issue 2023: Motive swaps similar bodies; chance",
  expected: "0.5, and 0",
  tolerance: "0.3 to 0.7 of 120 acquisitions (four standard errors); 0",
  run() {
    const pose = (i: number): Pose => facing(1000, i === 0 ? -90 : 90, 0);
    const share = (second: "first" | "second"): number => {
      const bodies = [fourMarkerBody("A", "first"), fourMarkerBody("B", second)];
      const readings = session(white, bodies, 60 * RATE_HZ, pose, { sight: blinking });
      const places = readings.flatMap(([a]) => (a?.status === "tracked" ? [a.trackerFromTool[3]!] : []));
      return mean(places.map((x) => (x > 0 ? 1 : 0)));
    };
    const [alike, unlike] = [share("first"), share("second")];
    return Promise.resolve({
      measured: `${alike.toFixed(2)}, and ${unlike.toFixed(2)}`,
      pass: alike >= 0.3 && alike <= 0.7 && unlike === 0,
    });
  },
};

/** The first marker is hidden in the second half of a second. */
function dropOne(templateErrorMm: number, seed: string): { readonly jump: number[]; readonly lost: number } {
  const pose = facing(1000);
  const marker = [0, 1, 2].map((k) => evenBody.markersMm[k]! + pose[4 * k + 3]!);
  const sight: LineOfSight = {
    at: (timeS) => (from) => timeS >= 0.5 && Math.hypot(...from.map((x, k) => x - marker[k]!)) < 1,
  };
  const spec = { ...quiet, solver: { ...quiet.solver, templateErrorMm } };
  const poses = trackedPoses(session(spec, [evenBody], RATE_HZ, () => pose, { seed, sight }));
  const [before, after] = [poses[10]!, poses[poses.length - 1]!];
  return { jump: [3, 7, 11].map((k) => after[k]! - before[k]!), lost: RATE_HZ - poses.length };
}

const DROP_SESSIONS = 400;

const drop: Check = {
  id: "tracker.drop-to-three",
  statement: "When one of four markers is hidden the pose jumps, by as much as the tool's definition is wrong",
  source: "least squares: definitions with 0.3 mm (SD) in each coordinate, fitted with four and with three markers",
  expected: "RMS of the jump in the plane and in depth as of the fits; no jump with a perfect definition",
  tolerance: `15 % (four standard errors of ${DROP_SESSIONS} sessions)`,
  run() {
    const jumps = Array.from({ length: DROP_SESSIONS }, (_, i) => dropOne(0.3, `drop ${i}`));
    const lost = jumps.reduce((sum, { lost }) => sum + lost, 0);
    const measured = rms(jumps.flatMap(({ jump }) => jump.map((x) => x)));
    const expected = expectedJump(0.3);
    const perfect = rms(dropOne(0, "perfect").jump);
    return Promise.resolve({
      measured: `${measured.toFixed(3)} mm (fits: ${expected.toFixed(3)} mm), ${perfect.toExponential(0)} mm`,
      pass: Math.abs(measured / expected - 1) < 0.15 && perfect < 1e-6 && lost === 0,
    });
  },
};

/** RMS jump of the tool's origin over many definitions, by fits alone: no cameras, no tracker. */
function expectedJump(errorMm: number): number {
  const jumps: number[] = [];
  let state = 12345;
  const uniform = (): number => (state = (state * 16807) % 2147483647) / 2147483647;
  const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  const truth = evenBody.markersMm;
  for (let i = 0; i < 2000; i++) {
    const template = truth.map((x) => x + errorMm * normal());
    const four = fitRigid(template, truth),
      three = fitRigid(template.subarray(3), truth.subarray(3));
    if (four.status !== "fitted" || three.status !== "fitted") continue;
    // The definition is aligned as a whole, so the fit of four is the identity after it; of three, what it is off by.
    const m = three.m, n = four.m; // prettier-ignore
    const back = [0, 1, 2].map((k) => -(n[k]! * n[3]! + n[4 + k]! * n[7]! + n[8 + k]! * n[11]!));
    for (let k = 0; k < 3; k++)
      jumps.push(m[4 * k]! * back[0]! + m[4 * k + 1]! * back[1]! + m[4 * k + 2]! * back[2]! + m[4 * k + 3]!);
  }
  return rms(jumps);
}

const reacquire = numericCheck(
  {
    id: "tracker.reacquisition",
    statement: "A body that was hidden comes back after the reacquisition time and without a pose until then, frames",
    source: "0.05 s at 120 Hz: the first frame in view and six more",
    expected: 6,
    tolerance: 0,
  },
  () => {
    const sight = shutter((timeS) => timeS >= 0.995 && timeS < 1.995);
    const readings = session(white, [evenBody], 3 * RATE_HZ, () => facing(1000), { sight });
    const hidden = readings.slice(RATE_HZ, 2 * RATE_HZ);
    if (hidden.some(([r]) => r!.status !== "occluded" || "trackerFromTool" in r!)) return NaN;
    return readings.slice(2 * RATE_HZ).findIndex(([r]) => r!.status === "tracked");
  },
);

const smoothing = numericCheck(
  {
    id: "tracker.smoothing.lag",
    statement: "Smoothing with a time constant of 50 ms delays a steady motion by 50 ms",
    source: "a first-order lag follows a ramp late by its time constant",
    expected: 0.05,
    tolerance: 0.0005,
  },
  () => {
    const spec = { ...quiet, smoothingS: 0.05 };
    const SPEED_MM_PER_S = 100;
    const at = (timeS: number): Pose => facing(1000, SPEED_MM_PER_S * (timeS - 0.5));
    const readings = session(spec, [evenBody], RATE_HZ, (_, timeS) => at(timeS));
    const last = readings[RATE_HZ - 1]![0]!;
    return last.status === "tracked"
      ? (at((RATE_HZ - 1) / RATE_HZ)[3]! - last.trackerFromTool[3]!) / SPEED_MM_PER_S
      : NaN;
  },
);

const warmUp: Check = {
  id: "tracker.warm-up",
  statement:
    "A bar that was just switched on measures depth at 1 m wrong by about a millimetre, and by 1/e of it later",
  source: "mm-order drift of bars that were not warmed up; depth error z²/(f b) per pixel of turn between the cameras",
  expected: "RMS over bars as the formula: √2 z² · 0.12 px/(f b); 0.37 of it after 15 minutes",
  tolerance: "20 % (200 bars, four standard errors)",
  run() {
    const off = (onForS: number): number =>
      rms(
        Array.from({ length: 200 }, (_, i) => {
          const spec = { ...quiet, warmUp: { ...duoClass.warmUp, onForS } };
          const [pose] = trackedPoses(session(spec, [evenBody], 1, () => facing(1000), { seed: `bar ${i}` }));
          return pose![11]! - 1000;
        }),
      );
    const [cold, later] = [off(0), off(15 * 60)];
    const expected = (Math.SQRT2 * 1e6 * duoClass.warmUp.coldPx) / (duoClass.focalPx * duoClass.baselineMm);
    return Promise.resolve({
      measured: `${cold.toFixed(2)} mm (formula ${expected.toFixed(2)} mm), then ${(later / cold).toFixed(3)} of it`,
      pass: Math.abs(cold / expected - 1) < 0.2 && Math.abs(later / cold - Math.exp(-1)) < 0.01,
    });
  },
};

export const solverChecks: readonly Check[] = [flips, noFlips, swaps, drop, reacquire, smoothing, warmUp];

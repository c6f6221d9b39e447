import { createRng } from "../core/rng.ts";
import { calibrationParts, mapPixels, targetRegistration } from "../metrics/calibration.ts";
import { calibrateSpatial, type SpatialResult } from "../pipeline/calibration/spatial/calibrate-spatial.ts";
import { placeUncertainty } from "../pipeline/calibration/spatial/uncertainty.ts";
import { placeOf } from "../pipeline/calibration/vector3.ts";
import { pointImage } from "../sim/calibration-points/wire-session.ts";
import type { OpticalTracker } from "../sim/tracker/optical.ts";
import { accepted, fCalPlan, pointSession, type PointSession } from "./calibration-sessions.ts";
import { numericCheck, type Check } from "./check.ts";

const SMOOTH_S = 0.5;

interface Judged {
  readonly session: PointSession;
  readonly fit: SpatialResult;
}

/** Sessions are made once for all checks of a run. */
const made = new Map<string, readonly Judged[]>();

function sessions(count: number, centroidNoisePx: number): readonly Judged[] {
  const key = `${count} ${centroidNoisePx}`,
    known = made.get(key);
  if (known) return known;
  const all = Array.from({ length: count }, (_, i): Judged => {
    const plan = { ...fCalPlan, frames: 90, tracker: withNoise(centroidNoisePx) };
    const session = pointSession(createRng(`spatial interval ${i}`), { plan, smoothS: SMOOTH_S });
    return { session, fit: accepted(calibrateSpatial(session.input)) };
  });
  made.set(key, all);
  return all;
}

const withNoise = (noisePx: number): OpticalTracker => ({
  ...fCalPlan.tracker,
  centroiding: { ...fCalPlan.tracker.centroiding, noisePx },
});

/** Share of seeds, pooled over places of the image, whose interval holds the truth. */
function held(all: readonly Judged[], holds: (judged: Judged, u: number, v: number) => readonly boolean[]): number {
  const places = mapPixels(pointImage).filter((_, i) => i % 8 === 0);
  let yes = 0,
    count = 0;
  for (const judged of all) {
    for (const [u, v] of places) {
      const answers = holds(judged, u, v);
      yes += answers.filter(Boolean).length;
      count += answers.length;
    }
  }
  return yes / count;
}

function errorAt({ session, fit }: Judged, u: number, v: number): readonly [number, number, number] {
  const a = placeOf(fit.probeFromPixel, 0, [u, v, 0]),
    b = placeOf(session.truth.probeFromPixel, 0, [u, v, 0]);
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

function coverage(
  check: Pick<Check, "id" | "statement">,
  holds: (judged: Judged, u: number, v: number) => readonly boolean[],
): Check {
  return {
    ...check,
    source:
      "200 sessions of simulated wire points (800 with --full): cameras of the Duo, anisotropic dots, touched landmarks",
    expected: 0.95,
    tolerance: "0.93 to 0.97",
    run({ full }) {
      const measured = held(sessions(full ? 800 : 200, fCalPlan.tracker.centroiding.noisePx), holds);
      return Promise.resolve({ measured, pass: measured >= 0.93 && measured <= 0.97 });
    },
  };
}

const coordinates = coverage(
  {
    id: "calibration.spatial.interval",
    statement: "The stated 95 % interval of a pixel's place holds its true coordinates in 93 to 97 % of sessions",
  },
  (judged, u, v) => {
    const { halfWidthMm } = placeUncertainty(judged.fit.uncertainty, u, v);
    return errorAt(judged, u, v).map((e, k) => Math.abs(e) <= halfWidthMm[k as 0 | 1 | 2]);
  },
);

const radius = coverage(
  {
    id: "calibration.spatial.radius",
    statement: "The stated 95 % radius of a pixel's place holds the true place in 93 to 97 % of sessions",
  },
  (judged, u, v) => [Math.hypot(...errorAt(judged, u, v)) <= placeUncertainty(judged.fit.uncertainty, u, v).radius95Mm],
);

const scales = numericCheck(
  {
    id: "calibration.spatial.scale-bias",
    statement: "The pixel sizes are found without bias: their mean error over the sessions is below a thousandth",
    source: "the same sessions; the larger of the two mean relative errors",
    expected: 0,
    tolerance: 0.001,
  },
  ({ full }) => {
    const all = sessions(full ? 800 : 200, fCalPlan.tracker.centroiding.noisePx);
    const mean = (k: 0 | 1): number =>
      all.reduce((sum, { session, fit }) => {
        const image = (probeFromPixel: Float64Array) => ({ ...pointImage, probeFromPixel });
        return sum + calibrationParts(image(fit.probeFromPixel), image(session.truth.probeFromPixel)).scale[k];
      }, 0) / all.length;
    return Math.max(Math.abs(mean(0)), Math.abs(mean(1)));
  },
);

const lowNoise: Check = {
  id: "calibration.spatial.target-error",
  statement:
    "With low-noise tracking the target registration error over the image is at most 0.3 mm in 95 % of sessions",
  source: "20 sessions (100 with --full) with a fifth of the Duo's noise: the 95th percentile of the map's rms, mm",
  expected: 0,
  tolerance: 0.3,
  run({ full }) {
    const each = sessions(full ? 100 : 20, 0.01).map(({ session, fit }) => {
      const measured = targetRegistration.measure(
        { ...pointImage, probeFromPixel: fit.probeFromPixel },
        { ...pointImage, probeFromPixel: session.truth.probeFromPixel },
      );
      if (measured.status === "failed") throw new Error(measured.reason);
      return Math.sqrt(measured.samples.reduce((sum, x) => sum + x * x, 0) / measured.samples.length);
    });
    each.sort((a, b) => a - b);
    const measured = each[Math.ceil(0.95 * each.length) - 1]!;
    return Promise.resolve({ measured, pass: measured <= 0.3 });
  },
};

export const spatialStatistics: readonly Check[] = [coordinates, radius, scales, lowNoise];

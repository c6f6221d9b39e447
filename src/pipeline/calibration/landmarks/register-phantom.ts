import { defaultDwells, findDwells, type Dwell } from "../dwells.ts";
import { orientationSpread } from "../orientation-spread.ts";
import type { PoseSeries } from "../pose-series.ts";
import { refuse, type Refused } from "../refused.ts";
import { distance, placeOf, type Vector3 } from "../vector3.ts";
import { fitMatch, matchLandmarks, type LandmarkMatch } from "./match-landmarks.ts";
import { registrationCovariance, type RegistrationCovariance } from "./registration-covariance.ts";
import { localisationVariance, targetError } from "./target-error.ts";

export interface Landmark {
  readonly name: string;
  /** In the phantom's frame, mm. */
  readonly positionMm: Vector3;
}

export interface RegistrationInput {
  /** Poses of the stylus in the body that is fixed to the phantom. */
  readonly series: PoseSeries;
  /** In the stylus's frame, mm. */
  readonly tipMm: Vector3;
  readonly landmarks: readonly Landmark[];
  /** Points of the phantom at which the error is predicted (where its wires are), phantom's frame, mm. */
  readonly targetsMm: readonly Vector3[];
}

export interface TouchedLandmark {
  readonly name: string;
  /** In the body's frame, mm. */
  readonly placeMm: Vector3;
  readonly residualMm: number;
}

export interface PhantomRegistration {
  readonly status: "calibrated";
  /** Row-major 3×4, mm. */
  readonly bodyFromPhantom: Float64Array;
  readonly touched: readonly TouchedLandmark[];
  readonly missed: readonly string[];
  /** Stops of the stylus that belong to no landmark. */
  readonly unmatched: number;
  readonly matchedBy: "order of touching" | "distances";
  /** Fiducial registration error: root mean square and mean, mm. */
  readonly rmsMm: number;
  readonly meanMm: number;
  /** Predicted rms error at each target, mm. */
  readonly targetErrorMm: readonly number[];
  readonly covariance: RegistrationCovariance;
}

/** The stylus must be turned while its tip rests, else resting on the table would count as a landmark, rad. */
const TURNED_RAD = 0.08;
/** Two stops nearer than this share of the smallest distance between landmarks are one landmark touched twice. */
const SAME_SHARE = 1 / 3;
/** A larger residual means wrong landmarks or a wrong tip, mm. */
const LARGEST_RMS_MM = 3;
/** A different assignment with a residual within this of the best one makes the choice unsafe, mm. */
const DISTINCT_MM = 1;

/** Finds where the stylus pointed at landmarks, which ones, and the phantom's place on its body. */
export function registerPhantom(input: RegistrationInput): PhantomRegistration | Refused {
  const { series, tipMm, landmarks } = input;
  if (landmarks.length < 3) {
    const problem = `The phantom has ${landmarks.length} landmarks, at least 3 are needed`;
    return refuse(problem, "Give a configuration whose PhantomDefinition lists landmarks.");
  }
  const apart = nearestPair(landmarks.map(({ positionMm }) => positionMm));
  const places = mergedPlaces(turnedStops(series, tipMm), series, tipMm, apart * SAME_SHARE);
  if (places.length < 3) {
    return refuse(
      `The tip rested in ${places.length} places while the stylus was turned, at least 3 are needed`,
      "Touch each landmark for 2 s and lean the stylus to all sides; check the stylus calibration.",
    );
  }
  const points = landmarks.map(({ positionMm }) => positionMm);
  const chosen = choose(places, points);
  return "status" in chosen ? chosen : describe(input, places, chosen);
}

function turnedStops(series: PoseSeries, tipMm: Vector3): Dwell[] {
  return findDwells(series, tipMm, defaultDwells).filter(
    ({ from, end }) => orientationSpread({ poses: series.poses.subarray(12 * from, 12 * end) }) > TURNED_RAD,
  );
}

function mergedPlaces(stops: readonly Dwell[], { poses }: PoseSeries, tipMm: Vector3, nearMm: number): Vector3[] {
  const groups: { sum: [number, number, number]; count: number }[] = [];
  for (const { from, end, placeMm } of stops) {
    let group = groups.find(
      ({ sum, count }) => distance([sum[0] / count, sum[1] / count, sum[2] / count], placeMm) < nearMm,
    );
    if (!group) groups.push((group = { sum: [0, 0, 0], count: 0 }));
    for (let i = from; i < end; i++) {
      const place = placeOf(poses, i, tipMm);
      for (const k of [0, 1, 2] as const) group.sum[k] += place[k];
      group.count++;
    }
  }
  return groups.map(({ sum, count }) => [sum[0] / count, sum[1] / count, sum[2] / count]);
}

interface Choice {
  readonly match: LandmarkMatch;
  readonly matchedBy: PhantomRegistration["matchedBy"];
}

function choose(places: readonly Vector3[], landmarks: readonly Vector3[]): Choice | Refused {
  const all = matchLandmarks(places, landmarks);
  const best = all[0];
  if (!best) {
    return refuse(
      `The ${places.length} places that the stylus touched do not fit the phantom's ${landmarks.length} landmarks`,
      "Check that the configuration describes this phantom and that the stylus is calibrated.",
    );
  }
  const rivals = all.filter(({ matched, fit }) => matched === best.matched && fit.rmsMm < best.fit.rmsMm + DISTINCT_MM);
  if (rivals.length === 1) return { match: best, matchedBy: "distances" };
  const inOrder =
    places.length <= landmarks.length &&
    fitMatch(
      places,
      landmarks,
      places.map((_, i) => i),
    );
  if (inOrder && inOrder.fit.rmsMm < Math.min(LARGEST_RMS_MM, best.fit.rmsMm + DISTINCT_MM))
    return { match: inOrder, matchedBy: "order of touching" };
  return refuse(
    `${rivals.length} ways to tell the ${best.matched} touched landmarks apart fit within ${DISTINCT_MM} mm of one another`,
    "Touch more landmarks, or touch them in the order of the configuration.",
  );
}

function describe(
  { landmarks, targetsMm }: RegistrationInput,
  places: readonly Vector3[],
  { match, matchedBy }: Choice,
): PhantomRegistration {
  const m = match.fit.m,
    touched: TouchedLandmark[] = [],
    used: Vector3[] = [];
  match.landmarkOf.forEach((landmark, place) => {
    if (landmark < 0) return;
    const { name, positionMm } = landmarks[landmark]!;
    const residualMm = distance(placeOf(m, 0, positionMm), places[place]!);
    touched.push({ name, placeMm: places[place]!, residualMm });
    used.push(positionMm);
  });
  const variance = localisationVariance(match.fit.rmsMm, match.matched);
  return {
    status: "calibrated",
    bodyFromPhantom: m,
    touched,
    missed: landmarks.filter((_, i) => !match.landmarkOf.includes(i)).map(({ name }) => name),
    unmatched: places.length - match.matched,
    matchedBy,
    rmsMm: match.fit.rmsMm,
    meanMm: touched.reduce((sum, { residualMm }) => sum + residualMm, 0) / touched.length,
    targetErrorMm: targetsMm.map((target) => targetError(used, target, variance)),
    covariance: registrationCovariance(used, match.fit.rmsMm),
  };
}

function nearestPair(points: readonly Vector3[]): number {
  let least = Infinity;
  points.forEach((p, i) => points.slice(i + 1).forEach((q) => (least = Math.min(least, distance(p, q)))));
  return least;
}

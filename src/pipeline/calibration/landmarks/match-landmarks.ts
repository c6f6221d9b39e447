import { fitRigid, type FittedRigid } from "../../../geometry/rigid-fit.ts";
import { distance, type Vector3 } from "../vector3.ts";

export interface LandmarkMatch {
  /** Index of the landmark that each place belongs to; −1: none. */
  readonly landmarkOf: readonly number[];
  readonly matched: number;
  /** Takes phantom mm to the body's mm. */
  readonly fit: FittedRigid<"body", "phantom">;
}

/** Distances between two places and between their landmarks may differ by this much, mm: two careless touches. */
const DISTANCE_TOLERANCE_MM = 5;
/** An assignment that a rigid motion brings this close is taken for true, mm. */
const GOOD_RMS_MM = 3;
/** Assignments looked at before the search gives up: far more than a phantom of 12 landmarks needs. */
const MOST_VISITS = 200_000;

/**
 * Which place is which landmark: every assignment whose distances agree, most landmarks first, then smallest residual.
 * The order of touching decides nothing here; the caller compares it. At most 8 assignments, best first.
 */
export function matchLandmarks(places: readonly Vector3[], landmarks: readonly Vector3[]): LandmarkMatch[] {
  const found: LandmarkMatch[] = [];
  let visits = 0,
    most = 3;
  const chosen: number[] = places.map(() => -1);
  const used = landmarks.map(() => false);
  const agrees = (place: number, landmark: number): boolean => {
    for (let other = 0; other < place; other++) {
      const partner = chosen[other]!;
      if (partner < 0) continue;
      const here = distance(places[place]!, places[other]!),
        there = distance(landmarks[landmark]!, landmarks[partner]!);
      if (Math.abs(here - there) > DISTANCE_TOLERANCE_MM) return false;
    }
    return true;
  };
  const visit = (place: number, matched: number): void => {
    if (visits++ > MOST_VISITS || matched + places.length - place < most) return;
    if (place === places.length) {
      const match = fitMatch(places, landmarks, chosen);
      if (!match || match.fit.rmsMm > GOOD_RMS_MM) return;
      most = Math.max(most, matched);
      found.push(match);
      return;
    }
    for (let landmark = 0; landmark < landmarks.length; landmark++) {
      if (used[landmark] || !agrees(place, landmark)) continue;
      chosen[place] = landmark;
      used[landmark] = true;
      visit(place + 1, matched + 1);
      used[landmark] = false;
    }
    chosen[place] = -1;
    visit(place + 1, matched);
  };
  visit(0, 0);
  return found.sort((a, b) => b.matched - a.matched || a.fit.rmsMm - b.fit.rmsMm).slice(0, 8);
}

/** The motion for an assignment; undefined when it determines none. */
export function fitMatch(
  places: readonly Vector3[],
  landmarks: readonly Vector3[],
  landmarkOf: readonly number[],
): LandmarkMatch | undefined {
  const from: number[] = [],
    to: number[] = [];
  landmarkOf.forEach((landmark, place) => {
    if (landmark < 0) return;
    from.push(...landmarks[landmark]!);
    to.push(...places[place]!);
  });
  const fit = fitRigid<"body", "phantom">(Float64Array.from(from), Float64Array.from(to));
  if (fit.status === "refused") return undefined;
  return { landmarkOf: [...landmarkOf], matched: from.length / 3, fit };
}

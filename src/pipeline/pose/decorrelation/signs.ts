import type { ElevationMotion } from "./fit-elevation.ts";

/** Distances out of the plane at a few points of the image, each set known up to one common sign, mm. */
export interface LagDistances {
  /** From frame i − lag to frame i; undefined where nothing could be said. One entry a frame. */
  readonly lag: number;
  readonly atPoints: readonly (Float64Array | undefined)[];
}

export function distancesAt(motion: ElevationMotion, points: readonly (readonly [number, number])[]): Float64Array {
  return Float64Array.from(points, ([x, y]) => motion.tzMm + motion.fanRad * y + motion.swingRad * x);
}

/**
 * Standard deviation of what is read of a distance as a share of it, and at least, mm: decides what is evidence and what is
 * noise. On a development stroke that fans, lags and sums of their steps lie 12 to 13 % apart where it goes on one way.
 */
const RELATIVE_SD = 0.15,
  LEAST_SD_MM = 0.06;
/** Cost of turning back between two frames, in units of half a chi-square: a hand seldom does. */
const TURN_COST = 2;
/**
 * A hand's step differs from the one before by this, one standard deviation, mm: it slows down before it turns. It does so
 * within a step or two where it fans fast, so the cost grows as the logarithm beyond (Cauchy's).
 */
const CHANGE_SD_MM = 0.25;
/** Steps that a state of the search remembers: the longest lag needs its own four. */
const MEMORY = 3;

/**
 * Sign of every step (frame i − 1 to i), by the path of least cost on which the lags agree: going on by the same way, two
 * steps add up; turning back, they cancel (Housden 2007, and the path selection of Laporte and Arbel). The first step is
 * towards +z by convention, since a motion and its mirror image look alike. Entry 0 is 0.
 */
export function chooseSigns(steps: LagDistances, longer: readonly LagDistances[]): Int8Array {
  const count = steps.atPoints.length,
    states = 1 << MEMORY;
  let cost = new Float64Array(states).fill(Infinity);
  cost[0] = 0; // bit k set: the step k before this one was negative
  const from: Int8Array[] = [];
  for (let i = 1; i < count; i++) {
    const next = new Float64Array(states).fill(Infinity),
      back = new Int8Array(states);
    for (let state = 0; state < states; state++) {
      if (cost[state] === Infinity) continue;
      for (const bit of [0, 1]) {
        if (i === 1 && bit === 1) continue;
        const signs = (state << 1) | bit; // bit k: step i − k
        let total = cost[state]! + (i > 1 ? change(steps, i, (state & 1) !== bit) : 0);
        for (const lag of longer) if (i >= lag.lag) total += disagreement(steps, lag, i, signs);
        const to = signs & (states - 1);
        if (total < next[to]!) {
          next[to] = total;
          back[to] = state >> (MEMORY - 1);
        }
      }
    }
    cost = next;
    from.push(back);
  }
  const signs = new Int8Array(count);
  let state = cost.indexOf(Math.min(...cost));
  for (let i = count - 1; i >= 1; i--) {
    signs[i] = state & 1 ? -1 : 1;
    state = (state >> 1) | (from[i - 1]![state]! << (MEMORY - 1));
  }
  return signs;
}

/** Cost of a step after the one before, at the same sign or the other. */
function change({ atPoints }: LagDistances, i: number, turns: boolean): number {
  const now = atPoints[i],
    before = atPoints[i - 1];
  let sum = 0;
  if (now && before) now.forEach((d, point) => (sum += (d - (turns ? -1 : 1) * before[point]!) ** 2));
  return (turns ? TURN_COST : 0) + (now ? Math.log1p(sum / (2 * now.length * CHANGE_SD_MM ** 2)) : 0);
}

/** Half the squared misfit between |a lag's distance| and |the signed sum of its steps|, mean over the points. */
function disagreement(steps: LagDistances, { lag, atPoints }: LagDistances, i: number, signs: number): number {
  const over = atPoints[i];
  if (!over) return 0;
  const sum = new Float64Array(over.length);
  for (let k = 0; k < lag; k++) {
    const step = steps.atPoints[i - k];
    if (!step) return 0;
    const sign = (signs >> k) & 1 ? -1 : 1;
    step.forEach((d, point) => (sum[point]! += sign * d));
  }
  let same = 0,
    mirrored = 0;
  over.forEach((d, point) => {
    const read = readable(d),
      expected = readable(sum[point]!),
      sd = LEAST_SD_MM + RELATIVE_SD * Math.max(Math.abs(read), Math.abs(expected));
    same += ((read - expected) / sd) ** 2;
    mirrored += ((read + expected) / sd) ** 2;
  });
  return Math.min(same, mirrored, MOST * over.length) / (2 * over.length);
}

/**
 * Beyond a millimetre speckle has little left to lose: a long way reads as a shorter one, which must not feign a turn. But a
 * way that reads as half a millimetre was none of two: distances are compared by what can be read of them.
 */
const readable = (mm: number): number => mm / Math.hypot(1, mm / LONGEST_READ_MM);
const LONGEST_READ_MM = 1.2;
/** One wrong lag does not turn the path by itself. */
const MOST = 9;

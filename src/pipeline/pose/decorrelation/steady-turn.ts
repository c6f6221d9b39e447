/**
 * Turns that a wrong curve feigns. Where speckle at some depth (or side) lasts longer than the curves say, every step seems
 * to turn by a fixed share of its length: over 100 mm that is 10° and more. A hand that slides does not turn in
 * proportion to its way, so what does is taken away, up to what curves may err; a probe that turns about its contact turns
 * by far more for its way and keeps it.
 */
const CURVE_ERROR_PER_MM = 0.008; // 12 % between patches 15 mm apart, one standard deviation
/** Steps around each one over which the share is found: tissue changes along a stroke. */
const WINDOW = 25;
/** Shares beyond this many standard deviations are true turns. */
const MOST_SD = 2.5;

export interface BelievedTurn {
  /** Of each step, rad. */
  readonly turn: Float64Array;
  /** What was taken away for each mm of the way, root mean square over the way, rad per mm. */
  readonly takenPerMm: number;
}

/** `turn` in rad and `wayMm`, signed, of each step at the middle of the patches: tells the turn that is believed. */
export function withoutFeignedTurn(turn: Readonly<Float64Array>, wayMm: Readonly<Float64Array>): BelievedTurn {
  const taken = Float64Array.from(turn, (_, i) => {
    let product = 0,
      square = 1e-6;
    for (let k = Math.max(0, i - WINDOW); k <= Math.min(turn.length - 1, i + WINDOW); k++) {
      product += turn[k]! * wayMm[k]!;
      square += wayMm[k]! ** 2;
    }
    const share = product / square;
    const believed = Math.exp(-((Math.abs(share) / (MOST_SD * CURVE_ERROR_PER_MM)) ** 4));
    return believed * share * wayMm[i]!;
  });
  const squares = (values: Readonly<Float64Array>): number => values.reduce((sum, x) => sum + x * x, 0);
  return {
    turn: turn.map((value, i) => value - taken[i]!),
    takenPerMm: Math.sqrt(squares(taken) / Math.max(1e-6, squares(wayMm))),
  };
}

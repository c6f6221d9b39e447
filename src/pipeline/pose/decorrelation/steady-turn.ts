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

/** `turn` in rad and `wayMm`, signed, of each step at the middle of the patches: returns the turn that is believed. */
export function withoutFeignedTurn(turn: Readonly<Float64Array>, wayMm: Readonly<Float64Array>): Float64Array {
  return Float64Array.from(turn, (value, i) => {
    let product = 0,
      square = 1e-6;
    for (let k = Math.max(0, i - WINDOW); k <= Math.min(turn.length - 1, i + WINDOW); k++) {
      product += turn[k]! * wayMm[k]!;
      square += wayMm[k]! ** 2;
    }
    const share = product / square;
    const believed = Math.exp(-((Math.abs(share) / (MOST_SD * CURVE_ERROR_PER_MM)) ** 4));
    return value - believed * share * wayMm[i]!;
  });
}

/**
 * What a hand's turn between two frames may be, before anything is seen: Student's t with the curvature at 0 that a normal
 * prior of `TURN_SD_RAD` has. Near 0 both hold the noise of a slide alike; a normal one also holds a true fan, with a pull
 * that grows with it, where this one lets go: its pull falls as 1 over the turn. A prior with heavier tails than the
 * likelihood's gives way where the two contradict each other (Dawid 1973, Biometrika 60:664; O'Hagan 1979, J. R. Statist.
 * Soc. B 41:358). Fitted by iteratively reweighted least squares (Lange, Little and Taylor 1989, JASA 84:881).
 */
const TURN_SD_RAD = 0.005; // a hand that slides: 3.5 mrad of fan and 2.1 of swing a frame (linear lateral, pose-dev-3)
/**
 * 4, as those authors fix it where it cannot be estimated. On the development stroke that fans (pose-dev-3), with an SD of
 * 0.008, Cauchy's 1 lets fans through whole, and the common errors of patches with them: turns err by 20 mrad a step in
 * place of 13.
 */
const FREEDOM = 4;

export interface TurnPenalty {
  /** Twice the negative logarithm of the density, 0 at no turn: adds to a sum of squared residuals over their variance. */
  readonly cost: number;
  /** Weight of the turn's square in the least squares that have this cost's slope here, rad⁻². */
  readonly precision: number;
}

/**
 * Of one of the two turns out of the plane over `lag` frames, rad. A hand's tremble adds up as the root of the frames; what
 * it turns on purpose adds up faster, and has the tails.
 */
export function turnPenalty(turnRad: number, lag: number): TurnPenalty {
  const variance = lag * TURN_SD_RAD ** 2,
    excess = 1 + turnRad ** 2 / (variance * (FREEDOM + 1));
  return { cost: (FREEDOM + 1) * Math.log(excess), precision: 1 / (variance * excess) };
}

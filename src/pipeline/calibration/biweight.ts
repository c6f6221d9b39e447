/** Tukey's constant for 95 % efficiency (Holland & Welsch 1977), in standard deviations. */
export const TUKEY = 4.685;

/** Median of |x| of a standard normal. */
export const MEDIAN_NORMAL = 0.6745;

/** Tukey's biweight of a residual in units of where it vanishes. */
export const biweight = (u: number): number => (Math.abs(u) < 1 ? (1 - u * u) ** 2 : 0);

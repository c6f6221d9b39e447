/** 97.5 % quantile of Student's t (Cornish-Fisher expansion, Abramowitz & Stegun 26.7.5; within 2 % from 3 on). */
export function student975(degreesOfFreedom: number): number {
  const z = 1.959964,
    n = Math.max(1, degreesOfFreedom);
  const g1 = (z ** 3 + z) / 4,
    g2 = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    g3 = (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384;
  return z + g1 / n + g2 / n ** 2 + g3 / n ** 3;
}

/** 97.5 % quantile of the standard normal, and its 95 % quantile. */
const Z975 = 1.959964;
const Z95 = 1.644854;

/** 97.5 % quantile of Student's t (Cornish-Fisher expansion, Abramowitz & Stegun 26.7.5; within 2 % from 3 on). */
export function student975(degreesOfFreedom: number): number {
  const z = Z975,
    n = Math.max(1, degreesOfFreedom);
  if (n === Infinity) return z;
  const g1 = (z ** 3 + z) / 4,
    g2 = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    g3 = (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384;
  return z + g1 / n + g2 / n ** 2 + g3 / n ** 3;
}

/**
 * 95 % quantile of F with `k` and `n` degrees of freedom, k any number from 1 (Paulson 1942, on the cube root of
 * Wilson & Hilferty; within 3 % for k ≥ 1 and n ≥ 5).
 */
export function fisher95(k: number, n: number): number {
  const a = n === Infinity ? 0 : 2 / (9 * n),
    b = 2 / (9 * k),
    z2 = Z95 ** 2;
  // ((1 − a) y − (1 − b))² = z² (a y² + b), y = F^(1/3)
  const p = (1 - a) ** 2 - z2 * a,
    q = (1 - a) * (1 - b),
    r = (1 - b) ** 2 - z2 * b;
  if (!(p > 0)) return Infinity;
  return ((q + Math.sqrt(Math.max(0, q * q - p * r))) / p) ** 3;
}

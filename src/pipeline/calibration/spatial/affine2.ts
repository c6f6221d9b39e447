/** u = a x + b y + c, v = d x + e y + f. */
export interface Affine2 {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly e: number;
  readonly f: number;
}

/** Least squares over pairs of points; undefined when the points lie on a line. */
export function fitAffine2(
  from: readonly (readonly [number, number])[],
  to: readonly (readonly [number, number])[],
): Affine2 | undefined {
  const n = from.length;
  let mx = 0, my = 0, mu = 0, mv = 0; // prettier-ignore
  for (let i = 0; i < n; i++) {
    mx += from[i]![0] / n;
    my += from[i]![1] / n;
    mu += to[i]![0] / n;
    mv += to[i]![1] / n;
  }
  let xx = 0, xy = 0, yy = 0, xu = 0, yu = 0, xv = 0, yv = 0; // prettier-ignore
  for (let i = 0; i < n; i++) {
    const x = from[i]![0] - mx, y = from[i]![1] - my, u = to[i]![0] - mu, v = to[i]![1] - mv; // prettier-ignore
    xx += x * x;
    xy += x * y;
    yy += y * y;
    xu += x * u;
    yu += y * u;
    xv += x * v;
    yv += y * v;
  }
  const det = xx * yy - xy * xy;
  if (!(det > 1e-9 * (xx + yy) ** 2)) return undefined;
  const a = (xu * yy - yu * xy) / det, b = (yu * xx - xu * xy) / det; // prettier-ignore
  const d = (xv * yy - yv * xy) / det, e = (yv * xx - xv * xy) / det; // prettier-ignore
  return { a, b, c: mu - a * mx - b * my, d, e, f: mv - d * mx - e * my };
}

export const applyAffine2 = ({ a, b, c, d, e, f }: Affine2, [x, y]: readonly [number, number]): [number, number] => [
  a * x + b * y + c,
  d * x + e * y + f,
];

/** Singular values, larger first, and the sign of the determinant. */
export function stretches({ a, b, d, e }: Affine2): { readonly large: number; readonly small: number } {
  const s = Math.hypot(a + e, d - b) / 2,
    t = Math.hypot(a - e, d + b) / 2;
  return { large: s + t, small: Math.abs(s - t) };
}

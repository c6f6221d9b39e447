/** Cleveland's (1979) weight of a sample at `d` half widths from the middle, |d| ≤ 1. Products: powers are slow in a loop. */
export function tricube(d: number): number {
  const near = Math.abs(d),
    left = 1 - near * near * near;
  return left * left * left;
}

/** One patch's best match: shift in cells, correlation there, and how sharply it falls off. */
export interface Match {
  dx: number;
  dy: number;
  /** Normalised cross-correlation at the peak, interpolated. */
  peak: number;
  /** Second differences of the correlation at the peak, per cell²; negative. */
  bendX: number;
  bendY: number;
}

/** Mean-free normalised correlation of the patch (u, v) of `a` with the one `dx`, `dy` further in `b`. */
export function correlate(
  a: Float32Array,
  b: Float32Array,
  columns: number,
  size: number,
  u: number,
  v: number,
  dx: number,
  dy: number,
): number {
  let sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0; // prettier-ignore
  for (let row = 0; row < size; row++) {
    let p = (v + row) * columns + u,
      q = p + dy * columns + dx;
    for (const end = p + size; p < end; p++, q++) {
      const x = a[p]!, y = b[q]!; // prettier-ignore
      sa += x;
      sb += y;
      saa += x * x;
      sbb += y * y;
      sab += x * y;
    }
  }
  const n = size * size;
  const varA = saa - (sa * sa) / n,
    varB = sbb - (sb * sb) / n;
  return varA > 0 && varB > 0 ? (sab - (sa * sb) / n) / Math.sqrt(varA * varB) : 0;
}

/**
 * Climbs from the shift (dx0, dy0) to the peak of the correlation, which may lie `reach` cells from no shift, and fits a
 * parabola each way. Writes `into`; its `peak` is 0 where no peak was found within reach.
 */
export function matchPatch(
  a: Float32Array,
  b: Float32Array,
  { columns, rows, size, reach }: { columns: number; rows: number; size: number; reach: number },
  u: number,
  v: number,
  dx0: number,
  dy0: number,
  into: Match,
): void {
  const lowX = Math.max(-reach, -u), highX = Math.min(reach, columns - size - u); // prettier-ignore
  const lowY = Math.max(-reach, -v), highY = Math.min(reach, rows - size - v); // prettier-ignore
  let x = Math.min(highX - 1, Math.max(lowX + 1, dx0)),
    y = Math.min(highY - 1, Math.max(lowY + 1, dy0));
  const known = new Map<number, number>();
  const at = (dx: number, dy: number): number => {
    const key = (dy + 64) * 128 + dx + 64;
    let value = known.get(key);
    if (value === undefined) known.set(key, (value = correlate(a, b, columns, size, u, v, dx, dy)));
    return value;
  };
  into.dx = into.dy = into.peak = into.bendX = into.bendY = 0;
  for (let step = 0; step < 2 * reach; step++) {
    const here = at(x, y);
    const left = at(x - 1, y), right = at(x + 1, y), up = at(x, y - 1), down = at(x, y + 1); // prettier-ignore
    const best = Math.max(left, right, up, down);
    if (best <= here) {
      const bendX = left - 2 * here + right,
        bendY = up - 2 * here + down;
      const ox = bendX < 0 ? (left - right) / (2 * bendX) : 0,
        oy = bendY < 0 ? (up - down) / (2 * bendY) : 0;
      into.dx = x + ox;
      into.dy = y + oy;
      into.peak = here - 0.25 * (left - right) * ox - 0.25 * (up - down) * oy;
      into.bendX = bendX;
      into.bendY = bendY;
      return;
    }
    if (best === left) x--;
    else if (best === right) x++;
    else if (best === up) y--;
    else y++;
    if (x <= lowX || x >= highX || y <= lowY || y >= highY) return;
  }
}

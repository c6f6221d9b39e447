/** What one patch reads of its distance out of the plane, mm without sign, and how much that is worth. */
export interface PatchDistance {
  readonly x: number;
  readonly y: number;
  readonly distance: number;
  /** 1 over the standard deviation of the distance, mm⁻¹: next to 0 where the curve is flat. */
  readonly sharpness: number;
}

/** Where the two planes may cross: as shares of the spread of the patches about their middle, beyond the picture too. */
const CROSSINGS = [-1.7, -0.8, 0, 0.8, 1.7];
const DIRECTIONS = [
  [0, 1],
  [1, 0],
  [Math.SQRT1_2, Math.SQRT1_2],
  [Math.SQRT1_2, -Math.SQRT1_2],
] as const;

/**
 * Planes tz + fan·y + swing·x, mm and rad, to begin a fit with. Patches read |distance| alone, so the fit has a valley for
 * every line in which the two planes may cross, and one that begins as a slide does not find that of a turn about a line
 * within the picture. How far the probe turned about each line is a linear least squares. The first is a slide.
 */
export function elevationStarts(patches: readonly PatchDistance[]): [number, number, number][] {
  let x0 = 0, y0 = 0, xx = 0, yy = 0; // prettier-ignore
  for (const { x, y } of patches) {
    x0 += x / patches.length;
    y0 += y / patches.length;
    xx += x ** 2 / patches.length;
    yy += y ** 2 / patches.length;
  }
  const sx = Math.sqrt(Math.max(0, xx - x0 ** 2)) || 1,
    sy = Math.sqrt(Math.max(0, yy - y0 ** 2)) || 1;
  const lines = DIRECTIONS.flatMap(([u, v]) =>
    CROSSINGS.map((at): [number, number, number] => [-at - (u * x0) / sx - (v * y0) / sy, v / sy, u / sx]),
  );
  return [[1, 0, 0] as [number, number, number], ...lines].map(([a, b, c]) => {
    let product = 0,
      square = 1e-12;
    for (const { x, y, distance, sharpness } of patches) {
      const reach = Math.abs(a + b * y + c * x),
        weight = sharpness * sharpness * reach;
      product += weight * distance;
      square += weight * reach;
    }
    const turn = product / square;
    return [turn * a, turn * b, turn * c];
  });
}

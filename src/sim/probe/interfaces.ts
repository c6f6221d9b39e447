/** Where the label changes along one line. */
export interface Crossing {
  readonly line: number;
  readonly depthMm: number;
  readonly above: number;
  readonly below: number;
  /** Pressure reflection coefficient at normal incidence. */
  readonly reflection: number;
}

export interface SmoothCrossing extends Crossing {
  /** d depth / d lateral, re the line's right angle. */
  readonly slope: number;
  /** 1 for a surface that runs on to both sides, less near its ends. */
  readonly weight: number;
}

/** Half of the window, mm: three voxels of a labelled grid, so that its steps average out. */
const HALF_WINDOW_MM = 2.2;
/** Steepest surface that is followed from line to line. */
const STEEPEST = 1;

/**
 * Labels sit on voxels, so an interface comes in steps of a voxel. A straight line fitted to the crossings of the same
 * two tissues on the neighbouring lines gives its depth and its slope. `spacingAtMm`: of the lines, at a depth.
 */
export function smoothInterfaces(
  crossings: readonly Crossing[],
  lines: number,
  spacingAtMm: (depthMm: number) => number,
): SmoothCrossing[] {
  const byLine: Crossing[][] = Array.from({ length: lines }, () => []);
  for (const crossing of crossings) byLine[crossing.line]!.push(crossing);
  return crossings.map((crossing) => {
    const spacingMm = spacingAtMm(crossing.depthMm),
      reach = Math.round(HALF_WINDOW_MM / spacingMm);
    let n = 0, sw = 0, sx = 0, sy = 0, sxx = 0, sxy = 0; // prettier-ignore
    for (let offset = -reach; offset <= reach; offset++) {
      const x = offset * spacingMm,
        allowed = 0.9 + STEEPEST * Math.abs(x);
      let best: Crossing | undefined;
      for (const other of byLine[crossing.line + offset] ?? []) {
        if (other.above !== crossing.above || other.below !== crossing.below) continue;
        const gap = Math.abs(other.depthMm - crossing.depthMm);
        if (gap <= allowed && (!best || gap < Math.abs(best.depthMm - crossing.depthMm))) best = other;
      }
      if (!best) continue;
      const w = 1 - Math.abs(offset) / (reach + 1);
      n++;
      sw += w;
      sx += w * x;
      sy += w * best.depthMm;
      sxx += w * x * x;
      sxy += w * x * best.depthMm;
    }
    const spread = sw * sxx - sx * sx;
    const slope = n > 4 && spread > 1e-9 ? (sw * sxy - sx * sy) / spread : 0;
    return {
      ...crossing,
      depthMm: (sy - slope * sx) / sw,
      slope,
      weight: Math.min(1, Math.max(0, (n - reach) / (0.9 * reach))),
    };
  });
}

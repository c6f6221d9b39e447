import type { Lattice } from "../lattice.ts";
import { matchPatch, type Match } from "./match.kernel.ts";
import type { PatchGrid, SpeckleFrame } from "./speckle.ts";

/** What the patches of two pictures say of the motion between them. Parallel arrays, one entry a patch. */
export interface PairObservation {
  /** 1 where the patch was found again. */
  readonly found: Uint8Array;
  /** Motion of the image over the tissue, mm along the earlier image's x and y. */
  readonly dxMm: Float64Array;
  readonly dyMm: Float64Array;
  /** Correlation at the best match. */
  readonly peak: Float64Array;
  /** How sharp the match is: second differences of the correlation per mm², negative. */
  readonly bendX: Float64Array;
  readonly bendY: Float64Array;
}

/** Farthest in-plane motion that is searched, mm: 1.5 mm between neighbours of the lags used here. */
const REACH_MM = 1.6;
/** A match below this is chance: 75 independent speckles correlate by 0.12 without any reason. */
const LEAST_PEAK = 0.2;

/** Finds every usable patch of `earlier` in `later`, starting where the whole picture moved by (`guessMm`). */
export function observePair(
  earlier: SpeckleFrame,
  later: SpeckleFrame,
  { columns, rows, cellMm }: Lattice,
  grid: PatchGrid,
  guessMm: readonly [number, number] = [0, 0],
): PairObservation {
  const { count, size } = grid;
  const observation: PairObservation = {
    found: new Uint8Array(count),
    dxMm: new Float64Array(count),
    dyMm: new Float64Array(count),
    peak: new Float64Array(count),
    bendX: new Float64Array(count),
    bendY: new Float64Array(count),
  };
  const shape = { columns, rows, size, reach: Math.round(REACH_MM / cellMm) };
  const match: Match = { dx: 0, dy: 0, peak: 0, bendX: 0, bendY: 0 };
  const startX = Math.round(-guessMm[0] / cellMm),
    startY = Math.round(-guessMm[1] / cellMm);
  for (let i = 0; i < count; i++) {
    if (!earlier.usable[i] || !later.usable[i]) continue;
    matchPatch(earlier.root, later.root, shape, grid.u[i]!, grid.v[i]!, startX, startY, match);
    if (match.peak < LEAST_PEAK) continue;
    observation.found[i] = 1;
    observation.dxMm[i] = -match.dx * cellMm;
    observation.dyMm[i] = -match.dy * cellMm;
    observation.peak[i] = Math.min(1, match.peak);
    observation.bendX[i] = match.bendX / cellMm ** 2;
    observation.bendY[i] = match.bendY / cellMm ** 2;
  }
  return observation;
}

/** Median motion of the found patches, mm: where the next search starts. */
export function medianMotion({ found, dxMm, dyMm }: PairObservation): [number, number] {
  const median = (values: Float64Array): number => {
    const sorted = values.filter((_, i) => found[i]).sort();
    return sorted.length > 0 ? sorted[sorted.length >> 1]! : 0;
  };
  return [median(dxMm), median(dyMm)];
}

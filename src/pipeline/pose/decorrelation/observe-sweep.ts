import type { Lattice } from "../lattice.ts";
import { latticeOf, resampler } from "../lattice.ts";
import type { SweepImages } from "../sweep-images.ts";
import { medianMotion, observePair, type PairObservation } from "./observe-pair.ts";
import { patchGrid, prepareFrame, type PatchGrid, type SpeckleFrame } from "./speckle.ts";

/** Frames between the two pictures of a pair. */
export const LAGS = [1, 2, 4] as const;

/** All pairs of a sweep at all lags. */
export interface SweepObservation {
  readonly lattice: Lattice;
  readonly grid: PatchGrid;
  /** Pictures that differ from the one before: a host that polls faster than the scanner works gets some twice. */
  readonly count: number;
  /** Share of the picture that shows something and never changes: text and rulers, which no patch may hold. */
  readonly staticShare: number;
  /** Which picture each frame of the sweep shows. */
  readonly pictureOf: Int32Array;
  /** Without the pixels, which are let go as soon as no later frame needs them. */
  readonly frames: readonly Omit<SpeckleFrame, "root">[];
  /** Per lag: from frame i − lag to frame i; undefined for the first ones. */
  readonly pairs: ReadonlyMap<number, readonly (PairObservation | undefined)[]>;
}

/** How a method comes by the speckle of a sweep: observed, or as another method has observed it before. */
export type ObserveSweep = (sweep: SweepImages, dynamicRangeDb: number) => Promise<SweepObservation>;

export const observeSweep: ObserveSweep = async (sweep, dynamicRangeDb) => {
  const lattice = latticeOf(sweep.geometry),
    resample = resampler(lattice, sweep.geometry, dynamicRangeDb);
  return observeCells(lattice, sweep.count, async (i) => resample(await sweep.read(i)), dynamicRangeDb);
};

/** Pictures that are looked at to tell what never changes, and gray below which nothing is shown. */
const STATIC_LOOKS = 8,
  SHOWN_GRAY = 30;

/** 1 where the same gray stands in pictures from all over the sweep; nothing where all of them are one picture. */
async function staticCells(count: number, cellsOf: (frame: number) => Promise<Uint8Array>): Promise<Uint8Array> {
  const looks = Math.min(count, STATIC_LOOKS);
  const first = await cellsOf(0),
    still = Uint8Array.from(first, (gray) => (gray > SHOWN_GRAY ? 1 : 0));
  let differ = 0;
  for (let k = 1; k < looks; k++) {
    const cells = await cellsOf(Math.round((k * (count - 1)) / (looks - 1)));
    if (same(first, cells)) continue;
    differ++;
    cells.forEach((gray, at) => (still[at] = still[at] && gray === first[at] ? 1 : 0));
  }
  return differ >= 3 ? still : still.fill(0);
}

/** The same for pictures that lie on the lattice already. */
export async function observeCells(
  lattice: Lattice,
  count: number,
  cellsOf: (frame: number) => Promise<Uint8Array>,
  dynamicRangeDb: number,
): Promise<SweepObservation> {
  const grid = patchGrid(lattice),
    still = await staticCells(count, cellsOf);
  const frames: Omit<SpeckleFrame, "root">[] = [],
    recent: SpeckleFrame[] = [];
  const pairs = new Map(LAGS.map((lag): [number, (PairObservation | undefined)[]] => [lag, []]));
  const pictureOf = new Int32Array(count);
  let motion: [number, number] = [0, 0],
    last: Uint8Array | undefined;
  for (let i = 0; i < count; i++) {
    const cells = withoutStatic(await cellsOf(i), still);
    pictureOf[i] = frames.length;
    if (last && same(last, cells)) {
      pictureOf[i]! -= 1;
      continue;
    }
    last = cells;
    const frame = prepareFrame(cells, lattice, grid, dynamicRangeDb);
    const { root: _, ...kept } = frame;
    frames.push(kept);
    recent.unshift(frame);
    if (recent.length > Math.max(...LAGS) + 1) recent.pop();
    for (const lag of LAGS) {
      const earlier = recent[lag];
      const guess = [motion[0] * lag, motion[1] * lag] as const;
      const pair = earlier ? observePair(earlier, frame, lattice, grid, guess) : undefined;
      pairs.get(lag)!.push(pair);
      if (lag === 1 && pair) motion = medianMotion(pair);
    }
  }
  const staticShare = still.reduce((sum, x) => sum + x, 0) / still.length;
  return { lattice, grid, count: frames.length, staticShare, pictureOf, frames, pairs };
}

/** Black there: a patch of which much is black is not used. */
const withoutStatic = (cells: Uint8Array, still: Uint8Array): Uint8Array =>
  cells.map((gray, at) => (still[at] ? 0 : gray));

const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((gray, i) => gray === b[i]);

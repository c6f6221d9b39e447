import { UnsuitableInputError } from "../core/errors.ts";
import type { Rng } from "../core/rng.ts";
import type { Measurement, Metric } from "../data/measurement.ts";
import type { Report } from "../data/report.ts";
import { blockBootstrap, type Interval } from "./block-bootstrap.ts";
import { sortSamples } from "./summarise.ts";

/** One frame's bone surface: row per column, NaN where there is none. */
export interface RidgePair {
  /** Undefined where segmentation gave nothing for the frame: every true column counts as missed. */
  readonly foundRowPx: Readonly<Float32Array> | undefined;
  readonly trueRowPx: Readonly<Float32Array>;
}

/** Found row minus true row of every column where both have bone, along the beam, mm; positive: found too deep. */
export function ridgeError(pixelMm: number): Metric<readonly RidgePair[], null> {
  return {
    name: "ridge-error",
    unit: "mm",
    better: "zero",
    alignment: "none",
    measure(frames): Measurement {
      const samples = frames.flatMap((frame) => countColumns(frame, pixelMm).errorsMm);
      if (samples.length === 0) return { status: "failed", reason: "no column has both found and true bone" };
      return {
        status: "measured",
        samples: Float64Array.from(samples),
        weights: new Float64Array(samples.length).fill(1),
      };
    },
  };
}

export interface SegmentationScore {
  readonly report: NonNullable<Report["segmentation"]>;
  readonly measurement: Measurement;
  /** 95 % intervals by drawing runs of `framesPerBlock` successive frames; null where there are fewer than two runs. */
  readonly spread: {
    readonly meanAbsMm: Interval | null;
    readonly p95Mm: Interval | null;
    readonly biasMm: Interval | null;
    readonly missedColumnsShare: Interval | null;
    readonly falseColumnsShare: Interval | null;
  };
}

export interface SegmentationOptions {
  /** Height of a pixel along the beam, mm. */
  readonly pixelMm: number;
  readonly rng: Rng;
  readonly replicates?: number;
  /** Successive frames look alike: at 30 Hz and 10 mm/s, 30 frames are 10 mm of bone. */
  readonly framesPerBlock?: number;
}

/**
 * Pooled over all columns of all frames. Missed: share of the columns with true bone where none was found. False:
 * share of all columns where bone was found and there is none. `columns`: all that were judged, failures included.
 */
export function scoreSegmentation(
  frames: readonly RidgePair[],
  { pixelMm, rng, replicates = 400, framesPerBlock = 30 }: SegmentationOptions,
): SegmentationScore {
  const counted = frames.map((frame) => countColumns(frame, pixelMm));
  const blockCount = Math.ceil(frames.length / framesPerBlock);
  const errors = counted.flatMap((c) => c.errorsMm),
    blockOf = counted.flatMap((c, i) => c.errorsMm.map(() => Math.floor(i / framesPerBlock)));
  const { samples: absolute, order } = sortSamples(Float64Array.from(errors, Math.abs));

  const figures = (drawn: Readonly<Uint32Array>): readonly (number | null)[] => {
    let columns = 0,
      withBone = 0,
      missed = 0,
      falsely = 0;
    counted.forEach((c, i) => {
      const times = drawn[Math.floor(i / framesPerBlock)]!;
      columns += times * c.columns;
      withBone += times * c.withBone;
      missed += times * c.missed;
      falsely += times * c.falsely;
    });
    let pairs = 0,
      sum = 0,
      sumAbsolute = 0;
    order.forEach((i, at) => {
      const times = drawn[blockOf[i]!]!;
      pairs += times;
      sum += times * errors[i]!;
      sumAbsolute += times * absolute[at]!;
    });
    let seen = 0;
    const at95 = order.findIndex((i) => (seen += drawn[blockOf[i]!]!) >= 0.95 * pairs);
    return [
      pairs > 0 ? sumAbsolute / pairs : null,
      pairs > 0 ? absolute[at95]! : null,
      pairs > 0 ? sum / pairs : null,
      withBone > 0 ? missed / withBone : null,
      columns > 0 ? falsely / columns : null,
    ];
  };
  const value = figures(new Uint32Array(blockCount).fill(1)) as (number | null)[];
  const interval = blockBootstrap(blockCount, replicates, rng.fork("metrics/segmentation"), figures);
  const [meanAbsMm = null, p95Mm = null, biasMm = null, missedColumnsShare = null, falseColumnsShare = null] = value;
  return {
    report: {
      meanAbsMm,
      p95Mm,
      biasMm,
      missedColumnsShare,
      falseColumnsShare,
      columns: counted.reduce((n, c) => n + c.columns, 0),
    },
    measurement: ridgeError(pixelMm).measure(frames, null),
    spread: {
      meanAbsMm: interval[0] ?? null,
      p95Mm: interval[1] ?? null,
      biasMm: interval[2] ?? null,
      missedColumnsShare: interval[3] ?? null,
      falseColumnsShare: interval[4] ?? null,
    },
  };
}

interface ColumnCount {
  readonly errorsMm: readonly number[];
  readonly columns: number;
  readonly withBone: number;
  readonly missed: number;
  readonly falsely: number;
}

function countColumns({ foundRowPx: found, trueRowPx: truth }: RidgePair, pixelMm: number): ColumnCount {
  if (!(pixelMm > 0)) throw new RangeError(`pixelMm: expected a positive height of a pixel, got ${pixelMm}`);
  if (found && found.length !== truth.length)
    throw new UnsuitableInputError(
      `the found ridge has ${found.length} columns and the true one ${truth.length}`,
      "Compare frames of the same size",
    );
  const errorsMm: number[] = [];
  let withBone = 0,
    missed = 0,
    falsely = 0;
  for (let u = 0; u < truth.length; u++) {
    const row = found ? found[u]! : NaN,
      trueRow = truth[u]!;
    const isBone = !Number.isNaN(trueRow),
      isFound = !Number.isNaN(row);
    if (isBone) withBone++;
    if (isBone && !isFound) missed++;
    if (isFound && !isBone) falsely++;
    if (isFound && isBone) errorsMm.push((row - trueRow) * pixelMm);
  }
  return { errorsMm, columns: truth.length, withBone, missed, falsely };
}

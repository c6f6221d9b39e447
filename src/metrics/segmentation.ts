import { UnsuitableInputError } from "../core/errors.ts";
import type { Rng } from "../core/rng.ts";
import type { Measurement, Metric } from "../data/measurement.ts";
import type { Report } from "../data/report.ts";
import { blockBootstrap, type Interval } from "./block-bootstrap.ts";
import { meanOf, sortSamples, summaryTable } from "./summarise.ts";

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
  const blockOfFrame = (frame: number): number => Math.floor(frame / framesPerBlock);
  const errors = counted.flatMap((c) => c.errorsMm),
    blockOfError = counted.flatMap((c, frame) => c.errorsMm.map(() => blockOfFrame(frame)));
  const { samples: absolute, order } = sortSamples(Float64Array.from(errors, Math.abs));
  const of = Uint32Array.from(order, (i) => blockOfError[i]!);
  const absoluteErrors = summaryTable(absolute, new Float64Array(absolute.length).fill(1), { of, count: blockCount });
  const signedSums = new Float64Array(blockCount);
  errors.forEach((error, i) => (signedSums[blockOfError[i]!]! += error));

  const figures = (drawn: Readonly<Uint32Array>): readonly (number | null)[] => {
    let columns = 0,
      withBone = 0,
      missed = 0,
      falsely = 0,
      signed = 0;
    counted.forEach((c, frame) => {
      const times = drawn[blockOfFrame(frame)]!;
      columns += times * c.columns;
      withBone += times * c.withBone;
      missed += times * c.missed;
      falsely += times * c.falsely;
    });
    signedSums.forEach((sum, block) => (signed += drawn[block]! * sum));
    const found = absoluteErrors(drawn);
    return [
      meanOf(found),
      found.p95,
      found.weight > 0 ? signed / found.weight : null,
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

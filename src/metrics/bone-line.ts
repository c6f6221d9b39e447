import { UnsuitableInputError } from "../core/errors.ts";
import { bandDice, type LineDistances, lineDistances } from "./bone-line-distances.ts";
import { groupsOf, type BoneLineGroups } from "./bone-line-groups.ts";
import { reliabilityOf, type Reliability, type SpreadCalibration, spreadOf } from "./reliability.ts";

/** One frame of found and true bone surface; all arrays one number a column. */
export interface BoneLineFrame {
  /** Distance of neighbouring columns and of neighbouring rows, mm. */
  readonly pixelMm: readonly [number, number];
  /** Row of the probe's face: depths are counted from it. */
  readonly faceRowPx: number;
  /** NaN where none was found. Undefined where segmentation refused the frame: all of its bone counts as missed. */
  readonly found:
    | {
        readonly rowPx: Readonly<Float32Array>;
        /** Chance that the surface lies there, 0 … 1. */
        readonly confidence: Readonly<Float32Array>;
        /** One standard deviation of the row, rows; NaN where none is claimed. */
        readonly sdPx: Readonly<Float32Array>;
      }
    | undefined;
  /** NaN where there is none: no bone in depth, no contact, or hidden. */
  readonly trueRowPx: Readonly<Float32Array>;
  /** Between the beam and the bone's normal. */
  readonly cosine: Readonly<Float32Array>;
  /** Name of the tissue right above the bone; "" where there is no bone. */
  readonly tissue: readonly string[];
}

/** Bone met at less than this is asked for: nearer to grazing most of the echo goes elsewhere. */
export const FACING_COSINE = Math.cos((50 * Math.PI) / 180);
/** A found column is right when it lies within this of the true surface, for the reliability of the confidence. */
export const RIGHT_MM = 1;

/** Pooled over the columns of all frames; a number that cannot be computed is null. */
export interface BoneLineScore {
  readonly frames: number;
  /** Frames with bone in which none was found, and frames that segmentation refused. */
  readonly failedFrames: number;
  readonly columns: { readonly withBone: number; readonly facing: number; readonly without: number };
  /** Found minus true row along the beam, where both are; positive: too deep. */
  readonly biasMm: number | null;
  readonly meanAbsMm: number | null;
  readonly medianAbsMm: number | null;
  readonly p95Mm: number | null;
  /** Of the columns without bone: those in which some was found. */
  readonly falseShare: number | null;
  /** Of the columns whose bone the beam meets at less than 50°: those in which none was found. */
  readonly missedShare: number | null;
  /** Of bands 1 mm thick around the two lines. */
  readonly dice: number | null;
  /** The larger of the two one-way 95th percentiles; infinite when more than 5 % of the bone lies in failed frames. */
  readonly hd95Mm: number | null;
  /** The same over the frames that have both lines; failed frames and bone in bone-free frames are not in it. */
  readonly hd95OfOthersMm: number | null;
  readonly reliability: Reliability;
  /** How true the stated standard deviations are. */
  readonly spread: SpreadCalibration;
  readonly groups: BoneLineGroups;
}

/** One column in which bone is or was found. */
export interface JudgedColumn {
  /** Found minus true, mm; NaN unless both are there. */
  readonly errorMm: number;
  readonly isBone: boolean;
  readonly isFound: boolean;
  readonly confidence: number;
  readonly sdMm: number;
  readonly cosine: number;
  readonly depthMm: number;
  readonly tissue: string;
}

/** Throws UnsuitableInputError when a frame's arrays differ in length. */
export function scoreBoneLines(frames: readonly BoneLineFrame[]): BoneLineScore {
  const columns = frames.flatMap(judgedColumns);
  const bone = columns.filter(({ isBone }) => isBone),
    facing = bone.filter(({ cosine }) => cosine > FACING_COSINE);
  const width = frames.reduce((sum, { trueRowPx }) => sum + trueRowPx.length, 0),
    without = width - bone.length,
    falsely = columns.length - bone.length;
  const errors = columns.map(({ errorMm }) => errorMm).filter((error) => !Number.isNaN(error));
  const distances: LineDistances[] = frames.map(lineDistances);
  return {
    frames: frames.length,
    failedFrames: frames.filter(hasFailed).length,
    columns: { withBone: bone.length, facing: facing.length, without },
    ...errorFigures(errors),
    falseShare: share(falsely, without),
    missedShare: share(facing.filter(({ isFound }) => !isFound).length, facing.length),
    dice: bandDice(columns),
    hd95Mm: hausdorff95(distances),
    hd95OfOthersMm: hausdorff95(
      distances.filter(({ toTruth, toFound }) => [...toTruth, ...toFound].every(Number.isFinite)),
    ),
    reliability: reliabilityOf(columns, RIGHT_MM),
    spread: spreadOf(columns),
    groups: groupsOf(columns),
  };
}

/** The larger of the two one-way 95th percentiles, pooled over frames. */
function hausdorff95(frames: readonly LineDistances[]): number | null {
  const found = percentile(frames.flatMap(({ toTruth }) => toTruth), 0.95), // prettier-ignore
    truth = percentile(frames.flatMap(({ toFound }) => toFound), 0.95); // prettier-ignore
  return found === null || truth === null ? null : Math.max(found, truth);
}

export const share = (part: number, whole: number): number | null => (whole > 0 ? part / whole : null);

/** Bias, mean, median and 95 % of errors, mm; null where there is none. */
export function errorFigures(errors: readonly number[]) {
  const absolute = errors.map(Math.abs);
  const meanOf = (values: readonly number[]): number | null =>
    values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
  return {
    biasMm: meanOf(errors),
    meanAbsMm: meanOf(absolute),
    medianAbsMm: percentile(absolute, 0.5),
    p95Mm: percentile(absolute, 0.95),
  };
}

/** Value below which this share of the samples lies, by rank: nothing is interpolated, since some may be infinite. */
export function percentile(values: readonly number[], part: number): number | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]!;
}

function hasFailed({ found, trueRowPx }: BoneLineFrame): boolean {
  return !found || (trueRowPx.some((row) => !Number.isNaN(row)) && found.rowPx.every(Number.isNaN));
}

function judgedColumns(frame: BoneLineFrame): JudgedColumn[] {
  const { pixelMm, faceRowPx, found, trueRowPx, cosine, tissue } = frame;
  const lengths = [found?.rowPx, found?.confidence, found?.sdPx, cosine, tissue].map((a) => a?.length);
  if (lengths.some((length) => length !== undefined && length !== trueRowPx.length)) {
    throw new UnsuitableInputError(
      `a frame with ${trueRowPx.length} columns of truth is compared with ${lengths.filter((n) => n !== undefined).join(", ")}`,
      "Compare frames of the same size",
    );
  }
  const columns: JudgedColumn[] = [];
  for (let u = 0; u < trueRowPx.length; u++) {
    const row = found?.rowPx[u] ?? NaN, trueRow = trueRowPx[u]!; // prettier-ignore
    const isFound = !Number.isNaN(row), isBone = !Number.isNaN(trueRow); // prettier-ignore
    if (!isFound && !isBone) continue;
    columns.push({
      errorMm: (row - trueRow) * pixelMm[1],
      isBone,
      isFound,
      confidence: isFound ? found!.confidence[u]! : 0,
      sdMm: isFound ? found!.sdPx[u]! * pixelMm[1] : NaN,
      cosine: isBone ? cosine[u]! : NaN,
      depthMm: ((isBone ? trueRow : row) - faceRowPx) * pixelMm[1],
      tissue: tissue[u]!,
    });
  }
  return columns;
}

import { bandDice, type LineDistances, lineDistances } from "./bone-line-distances.ts";
import { errorFigures, percentile, share } from "./error-figures.ts";
import { type BoneLineFrame, FACING_COSINE, judgedColumns } from "./judged-column.ts";
import { groupsOf, type BoneLineGroups } from "./bone-line-groups.ts";
import { reliabilityOf, type Reliability, type SpreadCalibration, spreadOf } from "./reliability.ts";

/** A found column is right when it lies within this of the true surface, for the reliability of the confidence. */
const RIGHT_MM = 1;

/** Pooled over the columns of all frames; a number that cannot be computed is null. */
export interface BoneLineScore {
  readonly frames: number;
  /** Frames with bone in which none was found, and frames that segmentation refused. */
  readonly failedFrames: number;
  readonly columns: { readonly withBone: number; readonly facing: number; readonly without: number };
  /** Found minus true row along the beam, where both are; positive: too deep. */
  readonly biasMm: number | null;
  /** Its median: where in the band the line lies, whatever a few columns that are elsewhere do to the mean. */
  readonly medianMm: number | null;
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

function hasFailed({ found, trueRowPx }: BoneLineFrame): boolean {
  return !found || (trueRowPx.some((row) => !Number.isNaN(row)) && found.rowPx.every(Number.isNaN));
}

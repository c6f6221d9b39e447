import { basename, extname } from "node:path";
import { createRng } from "../core/rng.ts";
import type { Figure } from "../data/report.ts";
import { figure } from "../metrics/headline.ts";
import { poolSweeps, scoreTrajectory, type SweepScore } from "../metrics/trajectory/score-trajectory.ts";
import {
  faceCentre,
  readImagePoses,
  readScanLandmarks,
  type ImagePoses,
  type PictureSize,
} from "../scenario/image-poses.ts";
import { UsageError } from "./command.ts";

export const isTrajectory = (path: string): boolean =>
  [".csv", ".txt", ".tum", ".kitti", ".h5", ".hdf5"].includes(extname(path).toLowerCase());

export interface TrajectoryOptions {
  /** "512x512", pixels. */
  readonly image: string;
  /** mm; both ways the same, or "x,y". */
  readonly spacing: string;
  /** `calib_matrix.csv` of TUS-REC: what its .h5 files need. */
  readonly calibration?: string;
  /** `landmark_NNN.h5` of TUS-REC, and the scan's name in it; landmarks are drawn without it. */
  readonly landmarks?: string;
  readonly scan?: string;
}

export interface ScoredTrajectories {
  readonly headline: Record<string, Figure>;
  readonly score: SweepScore;
  readonly warnings: readonly string[];
}

/** Two files of image poses, line by line, mm. Frames that either of them lacks are left out and counted. */
export async function scoreTrajectories(
  result: string,
  truth: string,
  options: TrajectoryOptions,
): Promise<ScoredTrajectories> {
  const [a, b] = await Promise.all([result, truth].map((path) => readImagePoses(path, options.calibration)));
  if (!a || !b) throw new Error("unreachable: two files were read");
  const keep = common(a, b);
  if (keep.length < 2) throw new UsageError(`${result} and ${truth} have ${keep.length} poses in common; 2 are needed`);
  const of = ({ poses }: ImagePoses) => ({
    fromImage: Float64Array.from(keep.flatMap((i) => [...poses.subarray(12 * i, 12 * i + 12)])),
  });
  const picture = b.picture ?? a.picture ?? pictureOf(options);
  const [u, v] = faceCentre(picture);
  const sweep = {
    name: basename(result),
    estimate: of(a),
    truth: of(b),
    grid: { ...picture, offset: [-u, -v] as const },
  };
  const landmarks = await landmarksOf(truth, options, keep);
  const score = scoreTrajectory(landmarks ? { ...sweep, landmarks } : sweep, createRng("score"));
  const pooled = poolSweeps([score], createRng("score"));
  const headline = Object.fromEntries(
    Object.entries(pooled)
      .filter(([, { value }]) => Number.isFinite(value))
      .map(([id, { value, unit }]): [string, Figure] => [`trajectory.${id}`, figure(value, null, unit)]),
  );
  const left = Math.max(a.poses.length, b.poses.length) / 12 - keep.length;
  return { headline, score, warnings: left > 0 ? [`${left} frames that one of the files lacks are left out`] : [] };
}

/** Of the data set, in the frames that both files have; a landmark in another frame has no error and is left out. */
async function landmarksOf(truth: string, { landmarks, scan }: TrajectoryOptions, keep: readonly number[]) {
  if (landmarks === undefined) return undefined;
  const places = new Map(keep.map((frame, place) => [frame, place]));
  return (await readScanLandmarks(landmarks, truth, scan)).flatMap(({ frame, pixel: [u, v] }) => {
    const place = places.get(frame);
    return place === undefined || place === 0 ? [] : [{ frame: place, u, v }];
  });
}

/** The picture that the options tell of. */
export function pictureOf({ image, spacing: words }: Pick<TrajectoryOptions, "image" | "spacing">): PictureSize {
  const size = /^(\d+)x(\d+)$/.exec(image),
    spacing = words.split(",").map(Number);
  if (!size || !spacing.every((x) => x > 0 && x < 10)) {
    throw new UsageError(`--image ${image} --spacing ${words}: expected e.g. 512x512 and 0.0977 (mm)`);
  }
  const [width, height] = [Number(size[1]), Number(size[2])];
  return { width, height, spacingMm: [spacing[0]!, spacing[1] ?? spacing[0]!] };
}

function common(a: Pick<ImagePoses, "poses">, b: Pick<ImagePoses, "poses">): number[] {
  const count = a.poses.length / 12;
  if (count !== b.poses.length / 12) {
    throw new UsageError(`the files hold ${count} and ${b.poses.length / 12} poses: give the same frames in both`);
  }
  return Array.from({ length: count }, (_, i) => i).filter((i) => Number.isFinite(a.poses[12 * i]! + b.poses[12 * i]!));
}

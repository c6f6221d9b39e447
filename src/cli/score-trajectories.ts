import { basename, extname } from "node:path";
import { invert3x4, multiply3x4 } from "../core/rigid.ts";
import { createRng } from "../core/rng.ts";
import type { Figure } from "../data/report.ts";
import { readTrajectory, type TrajectoryFile } from "../io/trajectory-file.ts";
import { readTusRecCalibration, type TusRecCalibration } from "../io/tusrec/calibration-csv.ts";
import { openTusRec } from "../io/tusrec/open-tusrec.ts";
import { figure } from "../metrics/headline.ts";
import { poolSweeps, scoreTrajectory, type SweepScore } from "../metrics/trajectory/score-trajectory.ts";
import type { PixelGrid } from "../metrics/trajectory/tus-rec.ts";
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
  const calibration = options.calibration === undefined ? undefined : await readTusRecCalibration(options.calibration);
  const [a, b] = await Promise.all([readPoses(result, calibration), readPoses(truth, calibration)]);
  const keep = common(a, b);
  if (keep.length < 2) throw new UsageError(`${result} and ${truth} have ${keep.length} poses in common; 2 are needed`);
  const of = ({ poses }: Poses) => ({
    fromImage: Float64Array.from(keep.flatMap((i) => [...poses.subarray(12 * i, 12 * i + 12)])),
  });
  const size = b.size ?? a.size;
  const grid = size && calibration ? { ...size, spacingMm: calibration.spacingMm, offset: ONE_BASED } : gridOf(options);
  const score = scoreTrajectory({ name: basename(result), estimate: of(a), truth: of(b), grid }, createRng("score"));
  const pooled = poolSweeps([score], createRng("score"));
  const headline = Object.fromEntries(
    Object.entries(pooled)
      .filter(([, { value }]) => Number.isFinite(value))
      .map(([id, { value, unit }]): [string, Figure] => [`trajectory.${id}`, figure(value, null, unit)]),
  );
  const left = Math.max(a.poses.length, b.poses.length) / 12 - keep.length;
  return { headline, score, warnings: left > 0 ? [`${left} frames that one of the files lacks are left out`] : [] };
}

/** TUS-REC counts pixels from 1; the origin of its image is one pixel before the first. */
const ONE_BASED = [1, 1] as const;

/** The picture that the options tell of, with the origin of its axes under the middle of the top row. */
function gridOf({ image, spacing: words }: TrajectoryOptions): PixelGrid {
  const size = /^(\d+)x(\d+)$/.exec(image),
    spacing = words.split(",").map(Number);
  if (!size || !spacing.every((x) => x > 0 && x < 10)) {
    throw new UsageError(`--image ${image} --spacing ${words}: expected e.g. 512x512 and 0.0977 (mm)`);
  }
  const [width, height] = [Number(size[1]), Number(size[2])];
  return { width, height, spacingMm: [spacing[0]!, spacing[1] ?? spacing[0]!], offset: [-(width - 1) / 2, 0] };
}

interface Poses extends Pick<TrajectoryFile, "poses"> {
  /** Of the pictures, where the file holds them. */
  readonly size?: { readonly width: number; readonly height: number };
}

/** A text file of image poses, or a scan of TUS-REC, whose poses are of the tool and need the calibration. */
async function readPoses(path: string, calibration: TusRecCalibration | undefined): Promise<Poses> {
  if (!/\.(h5|hdf5)$/i.test(path)) return readTrajectory(path);
  if (!calibration) throw new UsageError(`${path} holds poses of the tracked tool: add --calibration calib_matrix.csv`);
  const recording = await openTusRec(path);
  try {
    const track = recording.poses[0];
    if (!track) throw new UsageError(`${path} holds no tforms, so there are no poses to score`);
    const [sx, sy] = calibration.spacingMm;
    const mmFromPixel = Float64Array.of(sx, 0, 0, sx, 0, sy, 0, sy, 0, 0, (sx + sy) / 2, 0);
    const toolFromImage = multiply3x4(calibration.toolFromPixel, invert3x4(mmFromPixel));
    const poses = new Float64Array(track.parentFromTool.length);
    for (let at = 0; at < poses.length; at += 12) {
      poses.set(multiply3x4(track.parentFromTool.slice(at, at + 12), toolFromImage), at);
    }
    const { images } = recording;
    return { poses, ...(images ? { size: { width: images.width, height: images.height } } : {}) };
  } finally {
    await recording.close();
  }
}

function common(a: Pick<TrajectoryFile, "poses">, b: Pick<TrajectoryFile, "poses">): number[] {
  const count = a.poses.length / 12;
  if (count !== b.poses.length / 12) {
    throw new UsageError(`the files hold ${count} and ${b.poses.length / 12} poses: give the same frames in both`);
  }
  return Array.from({ length: count }, (_, i) => i).filter((i) => Number.isFinite(a.poses[12 * i]! + b.poses[12 * i]!));
}

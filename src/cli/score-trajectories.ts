import { basename, extname } from "node:path";
import { createRng } from "../core/rng.ts";
import type { Figure } from "../data/report.ts";
import { readTrajectory, type TrajectoryFile } from "../io/trajectory-file.ts";
import { figure } from "../metrics/headline.ts";
import { poolSweeps, scoreTrajectory, type SweepScore } from "../metrics/trajectory/score-trajectory.ts";
import { UsageError } from "./command.ts";

export const isTrajectory = (path: string): boolean =>
  [".csv", ".txt", ".tum", ".kitti"].includes(extname(path).toLowerCase());

export interface TrajectoryOptions {
  /** "512x512", pixels. */
  readonly image: string;
  /** mm; both ways the same, or "x,y". */
  readonly spacing: string;
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
  const size = /^(\d+)x(\d+)$/.exec(options.image);
  const spacing = options.spacing.split(",").map(Number);
  if (!size || !spacing.every((x) => x > 0 && x < 10)) {
    throw new UsageError(
      `--image ${options.image} --spacing ${options.spacing}: expected e.g. 512x512 and 0.0977 (mm)`,
    );
  }
  const [width, height] = [Number(size[1]), Number(size[2])];
  const [a, b] = await Promise.all([readTrajectory(result), readTrajectory(truth)]);
  const keep = common(a, b);
  if (keep.length < 2) throw new UsageError(`${result} and ${truth} have ${keep.length} poses in common; 2 are needed`);
  const of = ({ poses }: TrajectoryFile) => ({
    fromImage: Float64Array.from(keep.flatMap((i) => [...poses.subarray(12 * i, 12 * i + 12)])),
  });
  const spacingMm = [spacing[0]!, spacing[1] ?? spacing[0]!] as const;
  const grid = { width, height, spacingMm, offset: [-(width - 1) / 2, 0] as const };
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

function common(a: TrajectoryFile, b: TrajectoryFile): number[] {
  const count = a.poses.length / 12;
  if (count !== b.poses.length / 12) {
    throw new UsageError(`the files hold ${count} and ${b.poses.length / 12} poses: give the same frames in both`);
  }
  return Array.from({ length: count }, (_, i) => i).filter((i) => Number.isFinite(a.poses[12 * i]! + b.poses[12 * i]!));
}

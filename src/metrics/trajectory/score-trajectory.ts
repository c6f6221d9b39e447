import type { Rng } from "../../core/rng.ts";
import { mean, percentile } from "../../core/stats.ts";
import { blockBootstrap, type Interval } from "../block-bootstrap.ts";
import {
  absoluteErrors,
  alignTrajectory,
  relativeErrors,
  relativeErrorsByPath,
  stretchErrors,
  type AbsoluteErrors,
  type StretchErrors,
} from "./ape-rpe.ts";
import { drift, type Drift, type ImageExtent } from "./drift.ts";
import { perAxis, type PerAxis } from "./per-axis.ts";
import { centreErrors, statedErrors, type StatedErrors } from "./stated-errors.ts";
import { frameCount, mismatch, type Trajectory } from "./trajectory.ts";
import { tusRecScore, type PixelGrid, type PixelLandmark, type TusRecScore } from "./tus-rec.ts";

/** One sweep's motion as it was recovered, and as it was. */
export interface JudgedSweep {
  readonly name: string;
  readonly estimate: Trajectory;
  readonly truth: Trajectory;
  readonly grid: PixelGrid;
  /** Drawn by the seed when left out. */
  readonly landmarks?: readonly PixelLandmark[];
  /** One stated SD of the picture's centre along the first image's axes, mm, 3 numbers a frame; where a method says it. */
  readonly centreSdMm?: Readonly<Float64Array>;
}

/** Everything that is measured on one sweep. Aligned to the first frame unless the name says SE3; never scaled. */
export interface SweepScore {
  readonly name: string;
  readonly frames: number;
  readonly tusRec: TusRecScore;
  readonly drift: Drift;
  readonly perAxis: PerAxis;
  /** null where the method states no errors. */
  readonly stated: StatedErrors | null;
  readonly absolute: AbsoluteErrors;
  /** null where the true positions lie on a point or a line, so that no rotation can be fitted. */
  readonly absoluteSe3: AbsoluteErrors | null;
  readonly relative: AbsoluteErrors;
  /** Over 10 mm of the true path, from every frame, within 1 mm; null where the path is shorter. */
  readonly relativeByPath: AbsoluteErrors | null;
  readonly stretches: readonly StretchErrors[];
}

/** A hand's breadth is ten of these. */
const PATH_MM = { deltaMm: 10, toleranceMm: 1 };

/** As in TUS-REC 2024. */
const LANDMARKS = 20;

export function drawLandmarks(frames: number, { width, height }: PixelGrid, rng: Rng): PixelLandmark[] {
  return Array.from({ length: LANDMARKS }, () => ({
    frame: 1 + rng.integer(frames - 1),
    u: rng.integer(width),
    v: rng.integer(height),
  }));
}

/** Throws a RangeError when the trajectories do not pair up or are not finite. */
export function scoreTrajectory(sweep: JudgedSweep, rng: Rng): SweepScore {
  const { name, estimate, truth, grid, landmarks, centreSdMm } = sweep;
  const why = mismatch(estimate, truth);
  if (why !== undefined) throw new RangeError(`${name}: ${why}`);
  const frames = frameCount(truth);
  const extent = extentOf(grid);
  const aligned = alignTrajectory(estimate, truth, "se3"),
    first = alignTrajectory(estimate, truth, "first-frame");
  if ("refused" in first) throw new RangeError(`${name}: ${first.refused}`);
  return {
    name,
    frames,
    tusRec: tusRecScore(estimate, truth, grid, landmarks ?? drawLandmarks(frames, grid, rng.fork(name))),
    drift: drift(estimate, truth, extent),
    perAxis: perAxis(estimate, truth),
    stated: centreSdMm ? statedErrors(centreErrors(estimate, truth, extent.centreMm), centreSdMm) : null,
    absolute: absoluteErrors(first, truth),
    absoluteSe3: "refused" in aligned ? null : absoluteErrors(aligned, truth),
    relative: relativeErrors(estimate, truth, { delta: 1, pairs: "all" }),
    relativeByPath: relativeErrorsByPath(estimate, truth, { ...PATH_MM, pairs: "all" }),
    stretches: stretchErrors(estimate, truth),
  };
}

/** Where the pixels lie in the image frame. */
export function extentOf({ width, height, spacingMm: [sx, sy], offset: [ox, oy] }: PixelGrid): ImageExtent {
  return {
    centreMm: [((width - 1) / 2 + ox) * sx, ((height - 1) / 2 + oy) * sy],
    sizeMm: [(width - 1) * sx, (height - 1) * sy],
  };
}

/** A figure over sweeps with its 95 % interval by drawing whole sweeps; none for a single sweep. */
export interface PooledFigure {
  readonly value: number;
  readonly interval: Interval | null;
  readonly unit: "mm" | "1" | "deg";
}

const median = (values: readonly number[]): number => percentile(values, 0.5);

/** What a table shows: medians of errors over sweeps, means of scores, as the challenge pools them. */
export function poolSweeps(sweeps: readonly SweepScore[], rng: Rng): Record<string, PooledFigure> {
  const figure = (
    of: (sweep: SweepScore) => number,
    pool: (values: readonly number[]) => number,
    unit: PooledFigure["unit"],
  ): PooledFigure => {
    const values = sweeps.map(of);
    const drawn = (times: Readonly<Uint32Array>): [number] => [
      pool(values.flatMap((value, i) => Array.from({ length: times[i]! }, () => value))),
    ];
    const [interval = null] =
      sweeps.length > 1 ? blockBootstrap(sweeps.length, 400, rng.fork("sweeps"), drawn) : [null];
    return { value: pool(values), interval, unit };
  };
  return {
    fdrPath: figure((s) => s.drift.finalByPath, median, "1"),
    adrPath: figure((s) => s.drift.meanByPath, median, "1"),
    fdrDisplacement: figure((s) => s.drift.finalByDisplacement, median, "1"),
    adrDisplacement: figure((s) => s.drift.meanByDisplacement, median, "1"),
    finalDrift: figure((s) => s.drift.finalMm, median, "mm"),
    maxDrift: figure((s) => s.drift.maxMm, median, "mm"),
    score2025: figure((s) => s.tusRec.final, mean, "1"),
    gpe: figure((s) => s.tusRec.errors.gpe, mean, "mm"),
    gle: figure((s) => s.tusRec.errors.gle, mean, "mm"),
    lpe: figure((s) => s.tusRec.errors.lpe, mean, "mm"),
    lle: figure((s) => s.tusRec.errors.lle, mean, "mm"),
    elevationScale: figure((s) => s.perAxis.elevationScale, median, "1"),
    ate: figure((s) => s.absolute.translationMm.rmse, median, "mm"),
    ateSe3: figure((s) => s.absoluteSe3?.translationMm.rmse ?? NaN, median, "mm"),
    rpe: figure((s) => s.relative.translationMm.rmse, median, "mm"),
    rpe10mm: figure((s) => s.relativeByPath?.translationMm.rmse ?? NaN, median, "mm"),
    intervalCoverage: figure((s) => s.stated?.share ?? NaN, mean, "1"),
    rpeRotation: figure((s) => s.relative.rotationDeg.rmse, median, "deg"),
  };
}

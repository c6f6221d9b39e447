import { invert3x4, multiply3x4 } from "../../../core/rigid.ts";
import type { BoneMasks } from "../../../data/bone-mask.ts";
import { imageFromPixel } from "../../../data/image.ts";
import { graphSweeps, IMAGES_SD_PER_MM } from "../graph/refine.ts";
import type { RecoveredPoses, RecoveredSweep } from "../recover-poses.ts";
import type { RefinePoses } from "../refine-poses.ts";
import type { ShapeStart } from "../../../data/shape-model.ts";
import type { BoneShapes } from "./bone-shapes.ts";
import { correctionSpline } from "./correction-spline.ts";
import { fitContent, type FittedSweep } from "./fit-content.ts";
import type { ContentSweep, JointOptions, JointProblem } from "./joint-fit.ts";
import { linePoints } from "./line-points.ts";
import { endSd, type OdometryErrors } from "./odometry-prior.ts";
import { openMotions } from "./open-motions.ts";

export interface ContentOptions {
  /** Way between two knots of the correction, mm. */
  readonly knotMm: number;
  /** Of errors a mm of way: how long they last, mm; and how large errors of turns are, rad a mm, about x, y, z. */
  readonly lengthMm: number;
  readonly turnSdPerMm: readonly [number, number, number];
  /** One point of the bone line for every such way. */
  readonly pointMm: number;
  readonly joint: Omit<JointOptions, "pointMm2">;
}

/** Turns: about as far as learned steps were off on one scan (seed content-dev-1). The rest was set beforehand. */
export const contentDefaults: ContentOptions = {
  knotMm: 15,
  lengthMm: 50,
  turnSdPerMm: [0.001, 0.001, 0.001],
  pointMm: 2.5,
  joint: {
    patchMm2: 50,
    minSdMm: 0.6,
    touchSdMm: 6,
    firstSdMm: 0.7,
    firstSdRad: 0.007,
    gatesMm: [12, 4],
    rounds: 10,
  },
};

/** An orientation sensor leaves turns of half a degree, docs/trackerless.md. */
export const contentOptions = (orientationSensor: boolean): ContentOptions =>
  orientationSensor ? { ...contentDefaults, turnSdPerMm: [0.0001, 0.0001, 0.0001] } : contentDefaults;

/**
 * The bone is one rigid body of a known family of shapes, whatever odometry says: poses, the bones' own places and their
 * shapes are fitted together to the bone lines of the images. What the surface does not tell (sliding along a shaft,
 * turning about it) stays as odometry had it, and is named.
 */
export const refineByContent =
  (shapes: BoneShapes, options: ContentOptions = contentDefaults): RefinePoses =>
  async ({ recovered, masks, points, sheets }, { log }) => {
    const { starts, missing } = shapes.start(await sheets(), points);
    if (starts.length === 0) {
      return said(recovered, () => `poses were not fitted to the bone: ${missing.join("; ")}`);
    }
    const fitted = fitContent(contentProblem(recovered, masks, starts, shapes, options));
    fitted.sweeps.forEach(({ observed, usedShare }, s) =>
      log.info("content", {
        sweep: recovered.sweeps[s]!.name,
        told: observed.seen.length,
        open: observed.open.length,
        usedShare,
        sdMm: fitted.sdMm,
      }),
    );
    return laidOnBone(recovered, fitted.sweeps);
  };

/** All sweeps and bodies with what is known of them. */
export function contentProblem(
  recovered: RecoveredPoses,
  { masks }: BoneMasks,
  bodies: readonly ShapeStart[],
  { match }: Pick<BoneShapes, "match">,
  options: ContentOptions,
): JointProblem {
  const sweeps = graphSweeps(recovered, IMAGES_SD_PER_MM).map(({ fromImage, centreMm }, s): ContentSweep => {
    const sweep = recovered.sweeps[s]!,
      spline = correctionSpline(fromImage, centreMm, options.knotMm);
    return {
      spline,
      errors: odometryErrors(sweep, spline.wayMm[sweep.count - 1]!, options),
      line: linePoints(
        masks.slice(sweep.first, sweep.first + sweep.count),
        recovered.geometry,
        spline,
        options.pointMm,
      ),
    };
  });
  return { sweeps, bodies, match, options: { ...options.joint, pointMm2: options.pointMm ** 2 } };
}

const said = (recovered: RecoveredPoses, sentence: (s: number) => string): RecoveredPoses => ({
  ...recovered,
  sweeps: recovered.sweeps.map((sweep, s) => ({ ...sweep, warnings: [...sweep.warnings, sentence(s)] })),
});

/** Not even a phantom is slid over without these errors a mm. */
const LEAST_SD_PER_MM = 0.01;

/** So that the process reaches the SD that the method states of the last frame's centre. */
function odometryErrors(
  { centreSdMm, count }: RecoveredSweep,
  wayMm: number,
  { lengthMm, turnSdPerMm }: ContentOptions,
): OdometryErrors {
  const end = Math.max(endSd(wayMm, lengthMm), 1e-6);
  const shift = [0, 1, 2].map((axis) =>
    centreSdMm ? Math.max(LEAST_SD_PER_MM, centreSdMm[3 * (count - 1) + axis]! / end) : IMAGES_SD_PER_MM[axis]!,
  );
  return { sdPerMm: [...shift, ...turnSdPerMm], lengthMm };
}

function laidOnBone(recovered: RecoveredPoses, fitted: readonly FittedSweep[]): RecoveredPoses {
  const fromPixel = imageFromPixel(recovered.geometry),
    referenceFromPixel = recovered.frames.referenceFromPixel.slice();
  const sweeps = recovered.sweeps.map((sweep, s): RecoveredSweep => {
    const { fromImage, variance } = fitted[s]!,
      firstFromReference = invert3x4(fromImage.slice(0, 12)),
      firstFromImage = new Float64Array(12 * sweep.count),
      centreSdMm = new Float64Array(3 * sweep.count);
    for (let i = 0; i < sweep.count; i++) {
      const pose = fromImage.slice(12 * i, 12 * i + 12),
        own = multiply3x4(firstFromReference, pose);
      referenceFromPixel.set(multiply3x4(pose, fromPixel), 12 * (sweep.first + i));
      firstFromImage.set(own, 12 * i);
      centreSdMm.set(alongFirst(own, variance(i).fitted), 3 * i);
    }
    const { sentence } = openMotions(fitted[s]!.observed, variance(sweep.count - 1));
    return { ...sweep, firstFromImage, centreSdMm, warnings: [...sweep.warnings, sentence] };
  });
  return { ...recovered, sweeps, frames: { ...recovered.frames, referenceFromPixel } };
}

/** SDs of the shift along the first image's axes: the covariance is told along the frame's own. */
function alongFirst(
  firstFromImage: Readonly<Float64Array>,
  covariance: Readonly<Float64Array>,
): [number, number, number] {
  const of = (row: 0 | 1 | 2): number => {
    let sum = 0;
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 3; j++)
        sum += firstFromImage[4 * row + i]! * firstFromImage[4 * row + j]! * covariance[6 * i + j]!;
    }
    return Math.sqrt(Math.max(0, sum));
  };
  return [of(0), of(1), of(2)];
}

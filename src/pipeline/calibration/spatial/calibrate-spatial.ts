import { distance, placeOf } from "../vector3.ts";
import { orientationSpread } from "../orientation-spread.ts";
import { refuse, type Refused } from "../refused.ts";
import { closedForm } from "./closed-form.ts";
import type { NWirePhantom } from "./nwire-phantom.ts";
import type { RegistrationCovariance } from "../landmarks/registration-covariance.ts";
import { matrixOf } from "./image-model.ts";
import { leaveBlocksOut } from "./leave-out.ts";
import { refine } from "./refine.ts";
import {
  linearise,
  placeUncertainty,
  spatialUncertainty,
  type JudgedSession,
  type SpatialUncertainty,
} from "./uncertainty.ts";
import { diagonalDistances, meanOfBest, spacingOf, wireErrors, type WireErrors } from "./validate.ts";
import type { WireFrame } from "./wire-frames.ts";

export interface SpatialInput {
  readonly frames: readonly WireFrame[];
  /** Frames that the calibration never sees; absent: blocks of the calibration's own frames are left out in turn. */
  readonly validation?: readonly WireFrame[];
  readonly phantom: NWirePhantom;
  readonly width: number;
  readonly height: number;
  /** How well the phantom's place on its reference is known; absent: taken as exact. */
  readonly registration?: RegistrationCovariance;
}

export interface SpatialOptions {
  readonly leastFrames: number;
  /** A larger 3D error means a wrong phantom or a wrong registration of it, mm. */
  readonly largestErrorMm: number;
  /** The probe must move by one of these: mm, rad. */
  readonly leastMotionMm: number;
  readonly leastMotionRad: number;
}

/** PLUS asks for 10 frames; its sessions take 200. */
export const defaultSpatial: SpatialOptions = {
  leastFrames: 10,
  largestErrorMm: 5,
  leastMotionMm: 3,
  leastMotionRad: 0.035,
};

export interface SpatialResult {
  readonly status: "calibrated";
  /** Row-major 3×4: (column, row, 0) to probe mm. */
  readonly probeFromPixel: Float64Array;
  readonly spacingMm: readonly [number, number];
  /** Angle between columns and rows in the affine start; 90° in the result. A check on phantom and tracker, rad. */
  readonly axisAngleRad: number;
  readonly calibrationErrors: WireErrors;
  readonly validationErrors: WireErrors;
  readonly validatedBy: "other frames" | "frames left out";
  /** Expected error of the place of the image's centre and of its worst corner, mm rms. */
  readonly centreUncertaintyMm: number;
  readonly cornerUncertaintyMm: number;
  /** The largest distance within which a corner's true place lies with 95 % probability, mm. */
  readonly cornerRadius95Mm: number;
  /** For the interval of any other pixel: `placeUncertainty`. */
  readonly uncertainty: SpatialUncertainty;
  readonly outlierShare: number;
  /** Frames whose picture of the phantom was the other way round than most. */
  readonly droppedAsMirrored: number;
}

/** Blocks of neighbouring frames that are left out in turn; neighbours share the tracker's error. */
const BLOCKS = 6;

export function calibrateSpatial(
  input: SpatialInput,
  options: SpatialOptions = defaultSpatial,
): SpatialResult | Refused {
  const { phantom } = input;
  const labelled = oneHanded(input.frames);
  const unfit = unfitFrames(labelled, options);
  if (unfit) return unfit;
  const rearrange = bestArrangement(labelled, phantom),
    frames = labelled.map(rearrange);
  const start = closedForm(frames, phantom);
  const refined = refine(frames, phantom, start);
  const calibrationErrors = wireErrors(refined.probeFromPixel, frames, phantom);
  if (!(calibrationErrors.meanMm < options.largestErrorMm)) {
    return refuse(
      `The wires lie ${calibrationErrors.meanMm.toFixed(1)} mm from where the phantom has them ` +
        `(at most ${options.largestErrorMm} mm)`,
      "Check that the configuration describes this phantom and that its PhantomToReference is of this session.",
    );
  }
  const session: JudgedSession = { frames, phantom, start, refined };
  const model = linearise(session);
  const validationErrors = input.validation
    ? wireErrors(refined.probeFromPixel, oneHanded(input.validation).map(rearrange), phantom)
    : pooled(
        leaveBlocksOut(session, model, BLOCKS).map(({ parameters, left }) =>
          wireErrors(matrixOf(parameters, start.rotation), left, phantom),
        ),
      );
  const uncertainty = spatialUncertainty(session, model, input.registration);
  const { width, height } = input;
  const centre = placeUncertainty(uncertainty, (width - 1) / 2, (height - 1) / 2);
  const corners = [0, width - 1].flatMap((u) => [0, height - 1].map((v) => placeUncertainty(uncertainty, u, v)));
  return {
    status: "calibrated",
    probeFromPixel: refined.probeFromPixel,
    spacingMm: spacingOf(refined.probeFromPixel),
    axisAngleRad: start.axisAngleRad,
    calibrationErrors,
    validationErrors,
    validatedBy: input.validation ? "other frames" : "frames left out",
    centreUncertaintyMm: centre.rmsMm,
    cornerUncertaintyMm: Math.max(...corners.map(({ rmsMm }) => rmsMm)),
    cornerRadius95Mm: Math.max(...corners.map(({ radius95Mm }) => radius95Mm)),
    uncertainty,
    outlierShare: refined.outlierShare,
    droppedAsMirrored: input.frames.length - labelled.length,
  };
}

function oneHanded(frames: readonly WireFrame[]): readonly WireFrame[] {
  const sum = frames.reduce((total, { handed }) => total + handed, 0);
  return frames.filter(({ handed }) => handed === (sum < 0 ? -1 : 1));
}

/** A wrong arrangement is off by centimetres: few rounds tell. */
const ARRANGING_ROUNDS = 3;

type Rearrange = (frame: WireFrame) => WireFrame;

/**
 * One image of a symmetric phantom (fCal 1.x) cannot tell its two sides or its upper and lower rows apart. All frames
 * together with their poses can: of the four arrangements the one that the closed form fits best.
 */
function bestArrangement(frames: readonly WireFrame[], phantom: NWirePhantom): Rearrange {
  let best: Rearrange = (frame) => frame,
    least = Infinity;
  for (const swapSides of [false, true]) {
    for (const reverseRows of [false, true]) {
      const rearrange: Rearrange = (frame) => {
        const rows = Array.from({ length: phantom.patterns }, (_, k) => frame.pixels.slice(3 * k, 3 * k + 3));
        const sides = swapSides ? rows.map((row) => [...row].reverse()) : rows;
        return { ...frame, pixels: (reverseRows ? [...sides].reverse() : sides).flat() };
      };
      const arranged = frames.map(rearrange);
      const { affine } = closedForm(arranged, phantom, ARRANGING_ROUNDS);
      const meanMm = meanOfBest(diagonalDistances(affine, arranged, phantom));
      if (meanMm < least) {
        least = meanMm;
        best = rearrange;
      }
    }
  }
  return best;
}

function unfitFrames(frames: readonly WireFrame[], options: SpatialOptions): Refused | undefined {
  if (frames.length < options.leastFrames) {
    return refuse(
      `All wires of the phantom were found in ${frames.length} tracked frames, at least ${options.leastFrames} are needed`,
      "Check that the configuration describes the phantom in the images, and that every wire is in view.",
    );
  }
  const poses = Float64Array.from(frames.flatMap(({ probeFromPhantom }) => Array.from(probeFromPhantom)));
  const turnedRad = orientationSpread({ poses });
  const centre = [0, 0, 0] as const;
  const first = placeOf(poses, 0, centre);
  const movedMm = Math.max(...frames.map((_, i) => distance(placeOf(poses, i, centre), first)));
  if (movedMm < options.leastMotionMm && turnedRad < options.leastMotionRad) {
    return refuse(
      `The probe stood still (${movedMm.toFixed(1)} mm, ${((turnedRad * 180) / Math.PI).toFixed(1)}°), so the tracker's ` +
        "error of one pose would become the calibration's",
      "Sweep over the phantom, lean and turn the probe.",
    );
  }
  return undefined;
}

/** Errors over all blocks, each measured by a calibration that has not seen it. */
function pooled(left: readonly WireErrors[]): WireErrors {
  const distancesMm = Float64Array.from(left.flatMap((errors) => Array.from(errors.distancesMm)));
  const best = Float64Array.from(distancesMm)
    .sort()
    .subarray(0, Math.ceil(0.95 * distancesMm.length));
  const meanOf = (values: ArrayLike<number>): number => Array.from(values).reduce((s, x) => s + x, 0) / values.length;
  const meanMm = meanOf(best);
  const axis = (k: 0 | 1): number => Math.sqrt(meanOf(left.map((errors) => errors.imageRmsMm[k] ** 2)));
  return {
    meanMm,
    sdMm: Math.sqrt(meanOf(best.map((d) => (d - meanMm) ** 2))),
    rmsMm: Math.sqrt(meanOf(distancesMm.map((d) => d * d))),
    distancesMm,
    wires: left[0]!.wires.map(({ name }, wire) => {
      const across = (pick: "biasMm" | "sdMm", k: 0 | 1): number =>
        meanOf(left.map((errors) => errors.wires[wire]![pick][k]));
      return {
        name,
        biasMm: [across("biasMm", 0), across("biasMm", 1)],
        sdMm: [across("sdMm", 0), across("sdMm", 1)],
      };
    }),
    imageRmsMm: [axis(0), axis(1)],
  };
}

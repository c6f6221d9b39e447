import { distance, placeOf } from "../vector3.ts";
import { orientationSpread } from "../orientation-spread.ts";
import { refuse, type Refused } from "../refused.ts";
import { bestArrangement, mirrored, oneHanded, type Rearrange } from "./arrangement.ts";
import { closedForm } from "./closed-form.ts";
import type { NWirePhantom } from "./nwire-phantom.ts";
import type { RegistrationCovariance } from "../landmarks/registration-covariance.ts";
import { diagnoseSpatial } from "../diagnosis/diagnose-spatial.ts";
import type { SpatialEvidence } from "../diagnosis/evidence.ts";
import { suppose } from "../diagnosis/suppose.ts";
import { registrationWithin } from "../diagnosis/suppositions.ts";
import { matrixOf, PARAMETERS } from "./image-model.ts";
import { leaveBlocksOut } from "./leave-out.ts";
import { refine } from "./refine.ts";
import {
  linearise,
  placeUncertainty,
  spatialUncertainty,
  type JudgedSession,
  type SpatialUncertainty,
} from "./uncertainty.ts";
import { pooled, spacingOf, wireErrors, type WireErrors } from "./validate.ts";
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
  /** Lets the phantom's place move within that covariance to where the wires fit best. */
  readonly moveRegistration?: boolean;
  /** For the diagnosis alone. */
  readonly scanner?: SpatialEvidence["scanner"];
  readonly earlier?: SpatialEvidence["earlier"];
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
  /** What a diagnosis wants to know. */
  readonly evidence: SpatialEvidence;
  /** By how much the phantom's registration was moved, rms of six numbers in their standard deviations; 0: not. */
  readonly registrationMovedSd: number;
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
  const rearrange = bestArrangement(labelled, phantom);
  const settled = settleRegistration(input, labelled.map(rearrange)),
    { frames } = settled;
  const start = closedForm(frames, phantom);
  const refined = refine(frames, phantom, start);
  const calibrationErrors = wireErrors(refined.probeFromPixel, frames, phantom);
  const session: JudgedSession = { frames, phantom, start, refined };
  const model = linearise(session);
  const uncertainty = spatialUncertainty(session, model, input.registration);
  const evidence = evidenceOf(input, session, uncertainty, rearrange);
  if (!(calibrationErrors.meanMm < options.largestErrorMm)) return refuseMisfit(calibrationErrors, evidence, options);
  const others = input.validation && settled.place(oneHanded(input.validation).map(rearrange));
  if (others && mirrored(others, session).length > others.length / 2) {
    return refuse(
      "The pictures of the validation recording are the other way round than those of the calibration (left and right swapped: MF against UF)",
      "Record both with one setting of the scanner's flip, or declare the image orientation of each as it is.",
    );
  }
  const validationErrors = others
    ? wireErrors(refined.probeFromPixel, others, phantom)
    : pooled(
        leaveBlocksOut(session, model, BLOCKS).map(({ parameters, left }) =>
          wireErrors(matrixOf(parameters, start.rotation), left, phantom),
        ),
      );
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
    evidence,
    registrationMovedSd: settled.movedSd,
    outlierShare: refined.outlierShare,
    droppedAsMirrored: input.frames.length - labelled.length,
  };
}

interface SettledRegistration {
  readonly frames: readonly WireFrame[];
  /** Other frames of the same phantom, placed alike. */
  place(frames: readonly WireFrame[]): readonly WireFrame[];
  readonly movedSd: number;
}

/**
 * Landmarks are touched with an error, so the phantom's place is known within a covariance only; where that may be used,
 * image and phantom are placed together and the landmarks count by it (maximum a posteriori).
 */
function settleRegistration(
  { phantom, registration, moveRegistration }: SpatialInput,
  frames: readonly WireFrame[],
): SettledRegistration {
  if (!registration || !moveRegistration) return { frames, place: (others) => others, movedSd: 0 };
  const start = closedForm(frames, phantom),
    within = registrationWithin(registration);
  const { by } = suppose({ frames, phantom, start, refined: refine(frames, phantom, start) }, within);
  return {
    frames: within.undo(frames, by),
    place: (others) => within.undo(others, by),
    movedSd: Math.sqrt(by.reduce((sum, x) => sum + x * x, 0) / by.length),
  };
}

function evidenceOf(
  input: SpatialInput,
  session: JudgedSession,
  { fromFrames, parameters }: SpatialUncertainty,
  rearrange: Rearrange,
): SpatialEvidence {
  const { width, height, scanner, earlier } = input;
  const scaleSd = (k: number): number => Math.sqrt(fromFrames[(PARAMETERS + 1) * k]!) / parameters[k]!;
  return {
    session,
    scaleSd: [scaleSd(6), scaleSd(7)],
    mirroredFrames: mirrored(input.frames.map(rearrange), session).length,
    width,
    height,
    ...(scanner ? { scanner } : {}),
    ...(earlier ? { earlier } : {}),
  };
}

/** The residual is too large to be of use; the likeliest cause of it is part of the reason. */
function refuseMisfit({ meanMm }: WireErrors, evidence: SpatialEvidence, { largestErrorMm }: SpatialOptions): Refused {
  const [first] = diagnoseSpatial(evidence);
  const reason = `The wires lie ${meanMm.toFixed(1)} mm from where the phantom has them (at most ${largestErrorMm} mm)`;
  return first
    ? refuse(`${reason}. ${first.sentence}`, first.remedy)
    : refuse(
        reason,
        "Check that the configuration describes this phantom and that its PhantomToReference is of this session.",
      );
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

import { mean } from "../../../core/stats.ts";
import type { SpatialEvidence } from "./evidence.ts";
import { beyond, degrees, LEAST_SCORE, mm, percent, type Finding, type SpatialCause } from "./finding.ts";
import { commonErrorMm, confusedFrames, depthReach, motionSpread, spreadByDepth, type Residuals } from "./signs.ts";

type Found = Finding<SpatialCause> | undefined;

/** Frames that may be odd by chance. */
const FEW_FRAMES = 0.02;
/** What a pair of cameras at 1 m gives at the wires, mm: 0.4 to 0.65 in jitter, 0.5 to 0.8 common to a frame. */
const USUAL_JITTER_MM = 0.9;
const USUAL_COMMON_MM = 1.1;
/** Dots below are this much less sharp than above with a focus between them. */
const USUAL_BLUR = 1.6;
/** Turns below this (standard deviation) are a hand that wanted to hold still, rad. */
const STILL_RAD = 0.025;
/** Wires over a smaller share of the image's depth leave the rest to extrapolation. */
const LEAST_REACH = 0.3;
/** One wire that makes most of the confused frames is a wire in the wrong place. */
const ONE_WIRE = 0.8;
/** Direct evidence counts for more than what fits better. */
const SEEN = 0.9;

/** Faults of the recording that show without any supposition: pictures, tracking, dots and motion. */
export function recordingCauses(evidence: SpatialEvidence, residuals: Residuals): Found[] {
  return [
    mirrored(evidence),
    stuck(evidence),
    noisy(evidence, residuals),
    blurred(evidence, residuals),
    confused(evidence),
    ...unseen(evidence),
  ];
}

function mirrored({ session, mirroredFrames, earlier }: SpatialEvidence): Found {
  const share = mirroredFrames / (mirroredFrames + session.frames.length);
  const remedy =
    "Switch off the scanner's flip (or declare the image orientation MF, UF, MN or UN as it is) and keep it for all sessions.";
  if (share > FEW_FRAMES) {
    return {
      cause: "mirrored",
      score: SEEN + (1 - SEEN) * share,
      sentence: `In ${percent(share)} of the frames the picture is the other way round (left and right swapped: MF against UF).`,
      remedy,
    };
  }
  if (!earlier) return undefined;
  const m = session.refined.probeFromPixel;
  const agree = (k: 0 | 1): number => {
    const [a, b] = [m, earlier].map((of) => [of[k]!, of[4 + k]!, of[8 + k]!] as const);
    return a!.reduce((sum, x, i) => sum + x * b![i]!, 0) / Math.hypot(...a!) / Math.hypot(...b!);
  };
  const [across, down] = [agree(0), agree(1)];
  if (Math.min(across, down) > -0.5 || Math.max(across, down) < 0.5) return undefined;
  const which = across < 0 ? "left and right swapped: MF against UF" : "near and far swapped: MF against MN";
  return {
    cause: "mirrored",
    score: 1,
    sentence: `The picture is mirrored against the earlier calibration of this probe (${which}).`,
    remedy,
  };
}

function stuck({ session: { frames } }: SpatialEvidence): Found {
  const share = mean(frames.map(({ tracking }) => (tracking?.repeated ? 1 : 0)));
  if (!(share > FEW_FRAMES)) return undefined;
  return {
    cause: "tracker-stuck",
    score: SEEN + (1 - SEEN) * share,
    sentence: `In ${percent(share)} of the frames the tracker repeated the probe's pose to the last digit while time went on.`,
    remedy: "Keep the markers in view, and check that the tracker reports lost markers instead of its last pose.",
  };
}

function noisy({ session }: SpatialEvidence, residuals: Residuals): Found {
  const jitterMm = Math.sqrt(mean(session.frames.map(({ tracking }) => (tracking?.jitterMm ?? 0) ** 2))),
    commonMm = commonErrorMm(session, residuals);
  return {
    cause: "tracker-noise",
    score: Math.max(beyond(jitterMm, USUAL_JITTER_MM), beyond(commonMm, USUAL_COMMON_MM) / 2),
    sentence:
      `The tracker jitters by ${mm(jitterMm)} rms at the wires, and all wires of a frame are off together by ` +
      `${mm(commonMm)}.`,
    remedy:
      "Bring the tracker nearer, turn the markers to it, use a larger rigid body; hold the probe still at more places.",
  };
}

function blurred({ session }: SpatialEvidence, residuals: Residuals): Found {
  const { shallowMm, deepMm, upperMm, lowerMm } = spreadByDepth(session, residuals);
  const deepWorse = deepMm > shallowMm,
    ratio = deepWorse ? deepMm / shallowMm : shallowMm / deepMm;
  return {
    cause: "depth-blurred",
    score: beyond(ratio, USUAL_BLUR),
    sentence:
      `Wires ${deepWorse ? `deeper than ${mm(lowerMm)}` : `above ${mm(upperMm)}`} scatter by ` +
      `${Math.max(deepMm, shallowMm).toFixed(2)} mm, the ${deepWorse ? "shallow" : "deep"} ones by ` +
      `${Math.min(deepMm, shallowMm).toFixed(2)} mm.`,
    remedy: "Set the focus among the wires, raise the gain there (TGC), and keep air bubbles off the wires.",
  };
}

function confused({ session }: SpatialEvidence): Found {
  const { share, oneWire } = confusedFrames(session);
  if (!(share > FEW_FRAMES) || oneWire > ONE_WIRE) return undefined;
  return {
    cause: "dots-confused",
    score: SEEN + (1 - SEEN) * share,
    sentence: `In ${percent(share)} of the frames a dot lies where another wire is expected: wires were taken for one another.`,
    remedy: "Clean the tank of bubbles and reflections, lower the gain, and keep all wires well inside the picture.",
  };
}

const TURNS = [
  "leaning it over the wires (about the image's width)",
  "turning it about the beam",
  "rocking it in the image's plane",
];

function unseen({ session, width, height }: SpatialEvidence): Found[] {
  const { turnRad } = motionSpread(session, width, height);
  const still = turnRad.map((rad, k) => ({ rad, k })).filter(({ rad }) => rad < STILL_RAD);
  const reach = depthReach(session, height);
  return [
    still.length === 0
      ? undefined
      : {
          cause: "motion-missing",
          score: LEAST_SCORE + still.length / 20,
          sentence:
            `The probe hardly turned about ${still.length === 3 ? "any axis" : `${still.length} of 3 axes`} ` +
            `(${turnRad.map(degrees).join(", ")} about width, depth and the image's normal): what the registration and the ` +
            "tracker get wrong in one attitude cannot show, and is in the result.",
          remedy: `Record again with ${still.map(({ k }) => TURNS[k]!).join(", ")}, by 10° to both sides.`,
        },
    reach.share >= LEAST_REACH
      ? undefined
      : {
          cause: "depth-missing",
          score: LEAST_REACH + (1 - reach.share / LEAST_REACH) / 2,
          sentence:
            `Wires were seen between ${mm(reach.fromMm)} and ${mm(reach.toMm)} of depth only, ${percent(reach.share)} of the ` +
            "image's: the rest is extrapolated.",
          remedy:
            "Lower and raise the probe over the wires until they have passed through the whole picture, or set less depth.",
        },
  ];
}

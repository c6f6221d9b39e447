import type { Said } from "../data/dossier.ts";
import type { Scenario, SimulatedSource, TrackerConfig } from "./schema.ts";
import { probeOf } from "./scanner.ts";

type Describe = (scenario: Scenario, source: SimulatedSource) => string;

/** A simulated scenario in words, a topic each: for people who never see its file. */
export function describeScenario(scenario: Scenario, source: SimulatedSource): Said[] {
  return topics.map(([topic, describe]) => [topic, describe(scenario, source)]);
}

const knee: Describe = (_, { phantom }) => {
  const effusion = phantom.effusionMm > 0 ? `, with ${phantom.effusionMm} mm of extra fluid above the patella` : "";
  const printed = phantom.printed ? " It is scanned as a printed part in a water tank." : "";
  if (phantom.kind === "meshes") {
    return `A ${phantom.side} knee from segmented bones, bent as they lie, with typical soft tissue${effusion}.${printed}`;
  }
  const who = phantom.sex === "any" ? "an adult of either sex" : `an adult, ${phantom.sex}`;
  const fitted = phantom.bones.length > 0 ? `; ${phantom.bones.length} of its bones are fitted to measured ones` : "";
  return (
    `The knee of ${who}, drawn at random from published morphometry, bent by ${phantom.flexionDeg}°${effusion}${fitted}. ` +
    `Femur, tibia, patella and fibula with cartilage, menisci, ligaments, fat, muscle and skin.${printed}`
  );
};

const scanner: Describe = (_, { scanner, probe, imaging }) => {
  const { name, frequencyHz, radiusMm, pitchMm, elementCount } = probeOf(probe);
  const face = `${radiusMm === undefined ? "linear" : `convex (${radiusMm} mm)`}, ${Math.round(pitchMm * elementCount)} mm wide`;
  return (
    `${name} at ${(frequencyHz / 1e6).toFixed(1)} MHz (${face}) on a scanner of the kind "${scanner}": pictures of ` +
    `${imaging.widthPx} by ${imaging.heightPx} pixels, ${imaging.depthMm} mm deep, ${imaging.rateHz} a second, which reach the host ` +
    `${imaging.lagS} s late. Echo, speckle, shadow, attenuation and the scanner's processing are computed for every picture.`
  );
};

const trackerNames: { readonly [K in TrackerConfig["kind"]]: string } = {
  duo: "a bar with two cameras (OptiTrack V120:Duo class)",
  optical: "a bar with two cameras",
  trio: "a bar with three cameras (OptiTrack V120:Trio class)",
  vega: "a bar with two cameras (NDI Polaris Vega class)",
  aurora: "an electromagnetic field generator (NDI Aurora class)",
};

const trackerWords: Describe = ({ pose }, { tracker }) => {
  const where = `${trackerNames[tracker.kind]}, ${tracker.distanceMm / 1000} m from the knee, ${tracker.rateHz} poses a second`;
  const noise =
    tracker.kind === "aurora"
      ? `${tracker.metals.length} pieces of metal nearby bend its field`
      : `marker centres are found to ${tracker.centroidNoisePx} pixels (SD), ${tracker.occlusion ? "leg, hand and probe hide markers" : "nothing hides markers"}`;
  const used =
    pose.kind === "tracked"
      ? ""
      : ` The poses are not used: the method "${pose.kind}" recovers them from the pictures.`;
  return `Poses of the probe and of bodies on thigh and shank are seen by ${where}; ${noise}.${used}`;
};

const operatorWords: Describe = (_, { operator, leg }) => {
  const strokes = operator.sweeps
    ? `the strokes ${operator.sweeps.join(", ")}`
    : `all strokes of the ${operator.protocol} protocol`;
  const grip =
    operator.grip.kind === "held"
      ? `presses with ${operator.grip.pressN} N, hesitates and lifts off`
      : "follows them as on a robot's arm";
  const moves = leg.shiftMm + leg.turnDeg + leg.angleDriftDeg + leg.angleChangeDeg > 0;
  return (
    `A hand makes ${strokes} at ${operator.speedMmPerS} mm/s, trembles by ${operator.tremorMm} mm and ${operator.tremorDeg}°, and ${grip}. ` +
    (moves
      ? `The leg moves: shifts of ${leg.shiftMm} mm and turns of ${leg.turnDeg}° (SD), the knee's angle by ${Math.max(leg.angleDriftDeg, leg.angleChangeDeg)}°.`
      : "The leg keeps still.")
  );
};

const calibrationWords: Describe = ({ calibration }) => {
  switch (calibration.kind) {
    case "truth":
      return "The true calibration is used: the figures hold none of its error.";
    case "perturbed":
      return `The true calibration with a drawn error of ${calibration.translationSdMm} mm and ${calibration.rotationSdDeg}° (SD) on each axis.`;
    case "sessions":
      return `As on the bench: stylus, phantom, time lag and image are calibrated one after the other in simulated sessions of ${calibration.images} images, and the pipeline uses what they give, errors included.`;
    case "given":
      return "Measured elsewhere and given as a matrix.";
    case "configuration":
      return "From a PLUS configuration.";
  }
};

const segmentationWords: Readonly<Record<Scenario["segmentation"]["kind"], string>> = {
  neural: "Bone is found in every picture by a network",
  classical: "Bone is found in every picture by ridge, shadow and continuity",
  module: "Bone is found in every picture by a module of the user",
  program: "Bone is found in every picture by a program of the user",
  brightest: "Bone is taken to be the brightest ridge with a shadow, the baseline",
  oracle: "The true bone line stands in for its detection: the figures hold none of its error",
};

const pipeline: Describe = ({ segmentation, reconstruction, surface, completion }) =>
  `${segmentationWords[segmentation.kind]}; the pictures are put into a volume of ${reconstruction.spacingMm} mm, and the ` +
  `surface is taken at ${surface.spacingMm} mm; islands below ${surface.minIslandMm2} mm² are dropped. ` +
  (completion.kind === "none"
    ? "What was not seen is left open."
    : "Whole bones are made beside it by fitting a statistical shape; they have figures of their own.") +
  " The pipeline has no way to see the truth.";

const scoringWords: Describe = ({ scoring }) =>
  `Distances between the reconstructed and the true bone, both ways, unmoved (no alignment), over the bone that a beam met ` +
  `within ${scoring.maxIncidenceDeg}° of its normal ("reachable"), unless a figure says otherwise.`;

const topics: readonly (readonly [string, Describe])[] = [
  ["Knee", knee],
  ["Ultrasound", scanner],
  ["Tracking", trackerWords],
  ["Hand and leg", operatorWords],
  ["Calibration", calibrationWords],
  ["Reconstruction", pipeline],
  ["Scoring", scoringWords],
];

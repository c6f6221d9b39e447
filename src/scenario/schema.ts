import { z } from "zod";
import { FormatError } from "../core/errors.ts";
import { faultSchema } from "./fault-schema.ts";
import { imagingSchema, probeSchema, scannerSchema, withScanner } from "./scanner.ts";
import { checkSchema } from "./check-schema.ts";

const phantomSeed = z
  .string()
  .min(1)
  .max(200)
  .optional()
  .describe("draws the anatomy alone; the scenario's seed when left out. One knee, several draws of everything else");

const printed = z
  .strictObject({
    reachMm: z.number().min(30).max(120).default(70).describe("how much of the bones above and below the joint line"),
    waterMm: z.number().min(2).max(30).default(10).describe("of water between the probe's face and the part"),
    waterC: z.number().min(1).max(60).default(21),
    touchErrorMm: z.number().min(0).max(5).default(0.2).describe("SD of each axis of a divot touched with the stylus"),
  })
  .optional()
  .describe("the knee as `phantom --print` makes it, printed and in a water tank");

const parametricPhantom = z
  .strictObject({
    kind: z.literal("parametric"),
    sex: z.enum(["female", "male", "any"]).default("any"),
    seed: phantomSeed,
    flexionDeg: z.number().min(0).max(120).default(30).describe("knee flexion"),
    effusionMm: z.number().min(0).max(15).default(0).describe("extra fluid in the suprapatellar recess, thickness"),
    bones: z
      .array(z.string())
      .max(3)
      .default([])
      .describe("fitted bones in place of drawn ones: files that `sonobench fit --out` wrote, relative to this file"),
    gridSpacingMm: z.number().min(0.4).max(2).default(0.75).describe("spacing of the tissue grid that the beam sees"),
    printed,
  })
  .describe("a knee drawn from published morphometry by the scenario's seed");

const meshPhantom = z
  .strictObject({
    kind: z.literal("meshes"),
    femur: z.string().describe("a closed surface (.stl, .ply or .obj, mm), relative to this file; so all others"),
    tibia: z.string(),
    patella: z.string().optional().describe("an average one stands in when it is missing"),
    fibula: z.string().optional().describe("an average one stands in when it is missing"),
    cartilage: z.array(z.string()).max(8).default([]).describe("in place of the modelled cartilage of all bones"),
    menisci: z.array(z.string()).max(4).default([]).describe("in place of the modelled menisci"),
    side: z.enum(["right", "left"]),
    space: z.enum(["lps", "ras"]).default("lps").describe("axes of files that do not say it themselves"),
    sex: z.enum(["female", "male"]).optional().describe("of the soft tissue; guessed from the femur's width"),
    seed: phantomSeed,
    effusionMm: z.number().min(0).max(15).default(0).describe("extra fluid in the suprapatellar recess, thickness"),
    gridSpacingMm: z.number().min(0.4).max(2).default(0.75).describe("spacing of the tissue grid that the beam sees"),
    printed,
  })
  .describe("a knee from segmented bones, bent as they lie, with typical soft tissue drawn by the scenario's seed");

const phantom = z.discriminatedUnion("kind", [parametricPhantom, meshPhantom]);

/** Delays and clocks, of any tracker. */
const trackerTiming = (typical: { rateHz: number; latencyS: number; latencySdS: number }) => ({
  rateHz: z.number().min(1).max(1000).default(typical.rateHz),
  latencyS: z.number().min(0).max(1).default(typical.latencyS).describe("from mid-exposure to the host"),
  latencySdS: z.number().min(0).max(0.1).default(typical.latencySdS),
  lateShare: z.number().min(0).max(1).default(0.012).describe("share of packets that are held up on their way"),
  lateS: z.number().min(0).max(1).default(0.0015).describe("by how much they are, on average"),
  clockOffsetS: z.number().default(1356.1).describe("what the tracker's clock shows when the host's shows 0"),
  clockSkewPpm: z.number().min(-1000).max(1000).default(20),
  smoothingS: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe("time constant of the smoothing of poses, which delays them"),
});

const motive = { rateHz: 120, latencyS: 0.0054, latencySdS: 0.00014 };

/** Presets are in src/sim/tracker/presets.ts; here stand the figures of them that a scenario may change. */
const cameraBar = <Kind extends string>(
  kind: Kind,
  timing: Parameters<typeof trackerTiming>[0],
  {
    focalPx,
    baselineMm,
    centroidNoisePx,
    distanceMm,
  }: Record<"focalPx" | "baselineMm" | "centroidNoisePx" | "distanceMm", number>,
) =>
  z.strictObject({
    kind: z.literal(kind),
    ...trackerTiming(timing),
    distanceMm: z.number().min(300).max(5000).default(distanceMm).describe("from the camera bar to the knee"),
    bar: z
      .enum(["moved", "fixed"])
      .default("moved")
      .describe("moved behind the leg for strokes from behind, or left in front"),
    focalPx: z.number().min(100).max(10000).default(focalPx),
    baselineMm: z.number().min(20).max(2000).default(baselineMm),
    centroidNoisePx: z.number().min(0).max(2).default(centroidNoisePx),
    centroidBias: z
      .number()
      .min(0)
      .max(10)
      .default(1)
      .describe("scale of what biases centroids: pixel grid, lens residual, grazing markers; 0 for none"),
    templateErrorMm: z.number().min(0).max(5).optional().describe("SD of the markers in the tools' definitions"),
    onForMin: z
      .number()
      .min(0)
      .max(1440)
      .default(60)
      .describe("how long the tracker has been on: it drifts while it warms"),
    occlusion: z.boolean().default(true).describe("whether leg, hand, arm and probe hide markers"),
  });

const duo = { focalPx: 736, baselineMm: 220, centroidNoisePx: 0.05, distanceMm: 1000 };

const metal = z.strictObject({
  kind: z.enum(["steel", "aluminium"]),
  atMm: z.tuple([z.number(), z.number(), z.number()]).describe("in the tracker's frame: z points at the knee"),
  radiusMm: z.number().min(1).max(500).describe("of the ball that would do as much"),
});

const tracker = z.discriminatedUnion("kind", [
  cameraBar("duo", motive, duo).describe("two cameras, OptiTrack V120:Duo class"),
  cameraBar("optical", motive, duo).describe("two cameras of your own figures"),
  cameraBar("trio", motive, { ...duo, baselineMm: 440 }).describe("three cameras, OptiTrack V120:Trio class"),
  cameraBar(
    "vega",
    { rateHz: 60, latencyS: 0.0142, latencySdS: 0.0018 },
    { focalPx: 1600, baselineMm: 500, centroidNoisePx: 0.02, distanceMm: 1500 },
  ).describe("two cameras, NDI Polaris Vega class"),
  z
    .strictObject({
      kind: z.literal("aurora"),
      ...trackerTiming({ rateHz: 40, latencyS: 0.025, latencySdS: 0.001 }),
      distanceMm: z.number().min(100).max(500).default(250).describe("from the field generator to the knee"),
      metals: z.array(metal).max(20).default([]).describe("metal nearby, which bends the field"),
    })
    .describe("electromagnetic, NDI Aurora class: needs no line of sight"),
]);

const grip = z.discriminatedUnion("kind", [
  z
    .strictObject({
      kind: z.literal("guided"),
      pressMm: z.number().min(-5).max(10).default(3).describe("how deep the face sits in the resting skin"),
    })
    .describe("the probe follows the planned strokes exactly but for the tremor, as on a robot's arm"),
  z
    .strictObject({
      kind: z.literal("held"),
      pressN: z.number().min(0.5).max(30).default(5).describe("mean force on the skin"),
      friction: z.number().min(0).max(1).default(0.1),
      hesitationsPerMin: z.number().min(0).max(60).default(4),
      liftOffsPerMin: z.number().min(0).max(60).default(0.5),
    })
    .describe("a rigid body in a compliant hand, pressed on the skin: contact, friction, hesitations, lift-offs"),
]);

const leg = z
  .strictObject({
    shiftMm: z.number().min(0).max(100).default(0).describe("SD of the shift of the whole leg along each axis"),
    turnDeg: z.number().min(0).max(45).default(0).describe("SD of the turn of the whole leg about each axis"),
    angleDriftDeg: z.number().min(0).max(20).default(0).describe("SD of the knee's angle within a stroke"),
    angleChangeDeg: z.number().min(0).max(20).default(0).describe("SD of the knee's angle from stroke to stroke"),
  })
  .describe("how the leg moves while it is scanned; femur and tibia have marker bodies of their own");

const operator = z.strictObject({
  protocol: z
    .enum(["clinical", "trackerless"])
    .default("clinical")
    .describe("the strokes of the clinical windows, or those by which poses without a tracker are judged"),
  sweeps: z.array(z.string()).min(1).optional().describe("only these strokes of the protocol, by name"),
  speedMmPerS: z.number().min(1).max(500).default(25),
  tremorMm: z.number().min(0).max(5).default(0.3),
  tremorDeg: z.number().min(0).max(10).default(0.5),
  grip: grip.prefault({ kind: "held" }),
  pauseS: z.number().min(0).max(60).default(1),
  landmarkErrorMm: z.number().min(0).max(20).default(3).describe("SD of each axis of a palpated landmark"),
});

const imu = z
  .strictObject({
    rateHz: z.number().min(20).max(2000).default(100),
    latencyS: z.number().min(0).max(1).default(0.004),
    orientationNoiseDeg: z.number().min(0).max(10).default(0.01).describe("SD of single orientations about each axis"),
    wanderDeg: z.number().min(0).max(30).default(0.3).describe("SD of the slow error of tilt and heading"),
    headingDriftDegPerMin: z.number().min(0).max(600).default(1).describe("SD of the heading's drift"),
    accelerationNoiseMmPerS2: z.number().min(0).max(10000).default(8).describe("SD of single accelerations"),
    accelerationBiasMmPerS2: z.number().min(0).max(10000).default(50).describe("SD of their constant error"),
    mountErrorDeg: z.number().min(0).max(30).default(0.5).describe("SD of how it sits on the probe"),
  })
  .describe("an orientation sensor with accelerometer on the probe, of the class of an Xsens MTi-3 or a BNO085");

const simulatedSource = z
  .strictObject({
    kind: z.literal("simulated"),
    phantom: phantom.prefault({ kind: "parametric" }),
    scanner: scannerSchema,
    probe: probeSchema.prefault({}),
    imaging: imagingSchema.prefault({}),
    tracker: tracker.prefault({ kind: "duo" }),
    imu: imu.exactOptional(),
    operator: operator.prefault({}),
    leg: leg.prefault({}),
    faults: z.array(faultSchema).max(100).default([]).describe("what goes wrong with the devices; see docs/faults.md"),
  })
  .describe("a synthetic knee, scanned by a synthetic operator; its truth is known")
  .transform(withScanner);

const sessionConditions = {
  images: z.int().min(12).max(2000).default(120).describe("of each session that has images"),
  waterC: z.number().min(1).max(60).default(21).describe("true temperature of the water in the tank"),
  thermometerSdC: z.number().min(0).max(10).default(0.5).describe("SD of the operator's thermometer"),
  depthFrom: z
    .enum(["thermometer", "wires", "uncorrected"])
    .default("thermometer")
    .describe("what the calibration takes the speed of sound from"),
  trackerDistanceMm: z
    .number()
    .min(100)
    .max(5000)
    .exactOptional()
    .describe("from the camera bar or field generator to the phantom; where that tracker sees best when left out"),
  phantomToleranceMm: z.number().min(0).max(2).default(0.05).describe("SD of its holes and divots in each axis"),
};

const sessionSource = z
  .strictObject({
    kind: z.literal("session"),
    session: z
      .enum(["nwire", "crossed-wire", "plane", "temporal", "pivot", "landmarks"])
      .describe("what is calibrated; what it needs to know is calibrated first, in sessions of the same rig"),
    conditions: z.strictObject(sessionConditions).prefault({}),
    scanner: scannerSchema,
    probe: probeSchema.prefault({}),
    imaging: imagingSchema.prefault({}),
    tracker: tracker.prefault({ kind: "duo" }),
  })
  .describe("a simulated calibration session: phantom, water tank, stylus; its truth is known")
  .transform(withScanner);

const matrix = z.array(z.number()).length(12).describe("row-major 3x4, mm");

const recordedSource = z
  .strictObject({
    kind: z.literal("recording"),
    file: z.string().describe("a .mcap, .igs.mha, .mha, .mhd or .nrrd recording, relative to this file"),
    configuration: z
      .string()
      .optional()
      .describe("a PLUS configuration XML with the calibration, relative to this file"),
    imageName: z.string().default("Image"),
    referenceName: z.string().default("Reference"),
    printed: z
      .string()
      .optional()
      .describe("truth.json of `phantom --print`, when the print of that part was scanned; relative to this file"),
    touched: z
      .string()
      .optional()
      .describe("divots that were touched (.mrk.json, LPS of the reference frame), when the recording has none"),
  })
  .describe("something that was recorded; there is no truth to score against");

const source = z.discriminatedUnion("kind", [simulatedSource, recordedSource, sessionSource]);

const calibration = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("truth") }).describe("the true matrices: for the error budget only"),
  z
    .strictObject({
      kind: z.literal("perturbed"),
      rotationSdDeg: z.number().min(0).max(10).default(0.3).describe("SD of the rotation error about each axis"),
      translationSdMm: z.number().min(0).max(10).default(0.4).describe("SD of the error along each axis, mid-image"),
      lagSdS: z.number().min(0).max(0.5).default(0.004),
    })
    .describe("the truth plus an error of published size, drawn by the seed"),
  z
    .strictObject({
      kind: z.literal("sessions"),
      ...sessionConditions,
      tracker: tracker
        .optional()
        .describe("of the sessions, where it is another than that of the scan: for the error budget"),
    })
    .describe("as on the bench: stylus, phantom, lag and image calibrated one after the other in simulated sessions"),
  z
    .strictObject({ kind: z.literal("given"), probeFromPixel: matrix, imageLagS: z.number().min(-1).max(1).default(0) })
    .describe("measured elsewhere: (column, row, 0) of a pixel to probe mm"),
  z.strictObject({ kind: z.literal("configuration") }).describe("from the PLUS configuration of the recording"),
]);

const maxGapPeriods = z
  .number()
  .min(1)
  .max(20)
  .default(1.5)
  .describe("a pose is interpolated between tracker samples that are at most this many periods apart");

const speckle = {
  dynamicRangeDb: z.number().min(20).max(120).default(60).describe("of the picture, to undo its logarithm"),
};

/** Of methods that say how the probe moved out of the plane. */
const motion = {
  ...speckle,
  setsOut: z
    .enum(["+z", "-z"])
    .default("+z")
    .describe("to which side of the image the strokes begin: images alone cannot tell a motion from its mirror image"),
  orientationSensor: z
    .boolean()
    .default(false)
    .describe("turns by the orientation sensor that the recording has, and the way's scale by its accelerometer"),
};

const curves = z
  .string()
  .optional()
  .describe("curves of `sonobench calibrate decorrelation`, relative to this file; else those of the default probe");

const model = z
  .string()
  .optional()
  .describe("a model card relative to this file; else the one that ships with SonoBench");

const steps = z.enum(["decorrelation", "learned"]).default("learned").describe("which method gives the steps");

const pose = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("tracked"), maxGapPeriods }),
  z
    .strictObject({ kind: z.literal("stand-still"), maxGapPeriods })
    .describe("no tracker, null model: every image of a sweep lies where its first one does"),
  z
    .strictObject({
      kind: z.literal("constant-motion"),
      maxGapPeriods,
      speedMmPerS: z.number().min(0).max(500).default(12.6).describe("0.45 mm a frame at 28 frames/s"),
    })
    .describe("no tracker, null model: the probe moves out of its plane at the speed that the operator meant to keep"),
  z
    .strictObject({ kind: z.literal("in-plane"), maxGapPeriods, ...speckle })
    .describe("no tracker: block matching within the image's plane, no motion out of it"),
  z
    .strictObject({ kind: z.literal("decorrelation"), maxGapPeriods, ...motion, curves })
    .describe("no tracker: block matching, and motion out of the plane by how speckle decorrelates"),
  z
    .strictObject({ kind: z.literal("learned"), maxGapPeriods, ...motion, model })
    .describe("no tracker: decorrelation corrected by a network (ONNX) as far as it knows such pictures"),
  z
    .strictObject({
      kind: z.literal("module"),
      maxGapPeriods,
      file: z.string().describe("an ES module (.mjs, .js) relative to this file; see examples/my-pose"),
      options: z.record(z.string(), z.unknown()).default({}).describe("handed to the module as they are"),
      timeoutS: z.number().min(0.1).max(36000).default(600).describe("for one sweep"),
    })
    .describe("no tracker: a program of your own"),
  z
    .strictObject({ kind: z.literal("pose-graph"), maxGapPeriods, ...motion, from: steps, curves, model })
    .describe("no tracker: the steps of another method, laid together where sweeps cross one another"),
  z
    .strictObject({
      kind: z.literal("content"),
      maxGapPeriods,
      ...motion,
      from: z
        .enum(["learned", "decorrelation", "pose-graph"])
        .default("learned")
        .describe("which method gives the steps; pose-graph: learned ones, laid together where sweeps cross"),
      curves,
      model,
      shapes: z
        .string()
        .optional()
        .describe("a .shape file relative to this file; when left out, the one that ships with SonoBench"),
    })
    .describe("no tracker: the steps of another method, fitted together with bone shapes to the bone in the images"),
]);

const segmentation = z.discriminatedUnion("kind", [
  z
    .strictObject({
      kind: z.literal("neural"),
      model: z
        .string()
        .optional()
        .describe("a model card (.yaml) relative to this file; when left out, the one that ships with SonoBench"),
      minConfidence: z.number().gt(0).lt(1).default(0.5).describe("a column below this shows no bone"),
    })
    .describe("a network (ONNX)"),
  z.strictObject({ kind: z.literal("classical") }).describe("bone probability from ridge, shadow and continuity"),
  z
    .strictObject({
      kind: z.literal("module"),
      file: z.string().describe("an ES module (.mjs, .js) relative to this file; see examples/my-segmentation"),
      options: z.record(z.string(), z.unknown()).default({}).describe("handed to the module as they are"),
      timeoutS: z.number().min(0.1).max(3600).default(60).describe("for one frame"),
    })
    .describe("an ES module of your own"),
  z
    .strictObject({
      kind: z.literal("program"),
      command: z
        .array(z.string().min(1))
        .min(1)
        .max(20)
        .describe("a program and its arguments, in any language; a folder is added at the end. See examples/python"),
      files: z
        .array(z.string())
        .max(20)
        .default([])
        .describe("files of it, relative to this file, named in the command by {0}, {1} …"),
      timeoutS: z.number().min(0.1).max(36000).default(600).describe("for one scan"),
    })
    .describe("a program of your own, through files"),
  z.strictObject({ kind: z.literal("brightest") }).describe("the brightest ridge with a shadow: the baseline"),
  z
    .strictObject({ kind: z.literal("oracle") })
    .describe("the true bone line, for error budgets: what everything but segmentation costs; simulated scans alone"),
]);

/** What a scenario has that names none. */
export const usualSegmentation: z.output<typeof segmentation> = segmentation.parse({ kind: "neural" });

const reconstruction = z.strictObject({
  spacingMm: z.number().min(0.1).max(5).default(0.5),
  interpolation: z.enum(["nearest", "linear"]).default("linear"),
  compounding: z
    .enum(["mean", "latest", "maximum", "importance", "median"])
    .default("mean")
    .describe("importance: the mean weighted by the confidence of each column"),
  region: z
    .enum(["whole", "femur", "tibia", "patella", "fibula", "joint"])
    .default("whole")
    .describe("only the box around the points that the operator touched of it"),
  regionMarginMm: z.number().min(0).max(200).default(30).describe("of that box, on every side"),
});

const surface = z.strictObject({
  spacingMm: z.number().min(0.2).max(5).default(0.75),
  minIslandMm2: z.number().min(0).max(10000).default(30),
  fillRimMm: z
    .number()
    .min(0)
    .max(1000)
    .default(0)
    .describe("holes with a rim no longer than this are closed; 0: none"),
});

const completion = z.discriminatedUnion("kind", [
  z
    .strictObject({
      kind: z.literal("shape-model"),
      model: z
        .string()
        .optional()
        .describe("a .shape file relative to this file; when left out, the one that ships with SonoBench"),
    })
    .describe("whole, closed bones beside the seen sheets: a statistical shape fitted to them"),
  z.strictObject({ kind: z.literal("none") }).describe("only what was seen"),
]);

const scoring = z.strictObject({
  truth: z
    .enum(["simulated", "printed"])
    .default("simulated")
    .describe("printed: the drawing of the printed part, laid on the divots that were touched"),
  maxIncidenceDeg: z.number().min(10).max(90).default(60).describe("bone met at a flatter angle is not reachable"),
  minHits: z.int().min(1).max(100).default(1).describe("rays that must have met a triangle for it to be reachable"),
});

const scenarioSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]*$/i, "use letters, digits, dots, dashes")
    .max(80),
  about: z.string().max(2000).default(""),
  seed: z.string().min(1).max(200).default("1").describe("the one seed; every random number follows from it"),
  source,
  calibration: calibration.prefault({ kind: "sessions" }),
  pose: pose.prefault({ kind: "tracked" }),
  segmentation: segmentation.prefault({ kind: "neural" }),
  reconstruction: reconstruction.prefault({}),
  surface: surface.prefault({}),
  completion: completion.prefault({ kind: "shape-model" }),
  scoring: scoring.prefault({}),
  report: z.strictObject({ sampleFrames: z.int().min(0).max(40).default(12) }).prefault({}),
});

export type Scenario = z.output<typeof scenarioSchema>;
export type SimulatedSource = z.output<typeof simulatedSource>;
export type SessionSource = z.output<typeof sessionSource>;
export type SessionKind = SessionSource["session"];
export type SessionConditions = SessionSource["conditions"];
export type RecordedSource = z.output<typeof recordedSource>;
export type CalibrationConfig = z.output<typeof calibration>;
export type PhantomConfig = z.output<typeof phantom>;
export type GripConfig = z.output<typeof grip>;
export type InertialConfig = z.output<typeof imu>;
export type TrackerConfig = z.output<typeof tracker>;
export type PoseConfig = z.output<typeof pose>;
export type SegmentationConfig = z.output<typeof segmentation>;
export type CompletionConfig = z.output<typeof completion>;

/**
 * Reads what a YAML or JSON file held, with every default filled in. Throws a FormatError that names the file and the
 * field; an unknown field is an error, since a misspelt option must not silently become a default.
 */
export function parseScenario(json: unknown, file: string): Scenario {
  return checkTogether(checkSchema(scenarioSchema, json, file, "Every field is listed in scenarios/schema.json"), file);
}

/** Rules that span sections. */
function checkTogether(scenario: Scenario, file: string): Scenario {
  const { source, calibration } = scenario;
  if (source.kind === "simulated" && calibration.kind === "configuration") {
    throw new FormatError(
      file,
      { field: "calibration.kind" },
      "a simulated source has no PLUS configuration",
      'Use "sessions", "perturbed", "truth" or "given"',
    );
  }
  if (source.kind === "recording" && calibration.kind !== "configuration" && calibration.kind !== "given") {
    throw new FormatError(
      file,
      { field: "calibration.kind" },
      "the true calibration of a recording is not known",
      'Use "configuration" or "given"',
    );
  }
  return scenario;
}

/** For editors: `scenarios/schema.json`. */
export function scenarioJsonSchema(): unknown {
  return z.toJSONSchema(scenarioSchema, { io: "input" });
}

import { UnsuitableInputError } from "../core/errors.ts";
import type { Figure } from "../data/report.ts";
import type { ImageGeometry } from "../data/image.ts";
import type { Recording } from "../data/recording.ts";
import { WATER_RANGE_C } from "../data/water.ts";
import { readPlusConfig, type PlusConfig } from "../io/plus-config.ts";
import { calibratePivot } from "../pipeline/calibration/pivot/calibrate-pivot.ts";
import { calibrateSpin } from "../pipeline/calibration/pivot/calibrate-spin.ts";
import { registrationCovariance } from "../pipeline/calibration/landmarks/registration-covariance.ts";
import { registerPhantom } from "../pipeline/calibration/landmarks/register-phantom.ts";
import { between, relativePoses, type PoseSeries } from "../pipeline/calibration/pose-series.ts";
import { calibratePlane } from "../pipeline/calibration/plane/calibrate-plane.ts";
import { findPlanes } from "../pipeline/calibration/plane/find-plane.ts";
import { calibratePoint } from "../pipeline/calibration/point/calibrate-point.ts";
import { findPoints } from "../pipeline/calibration/point/find-point.ts";
import type { ImagePoseSearch } from "../pipeline/calibration/image-poses.ts";
import type { Refused } from "../pipeline/calibration/refused.ts";
import { calibrateLag, defaultLag } from "../pipeline/calibration/temporal/calibrate-lag.ts";
import { imageSignal } from "../pipeline/calibration/temporal/image-signal.ts";
import { calibrateSpatial, type SpatialInput } from "../pipeline/calibration/spatial/calibrate-spatial.ts";
import { findWireFrames, type FoundFrames } from "../pipeline/calibration/spatial/find-wire-frames.ts";
import { nWirePhantom } from "../pipeline/calibration/spatial/nwire-phantom.ts";
import type { WireErrors } from "../pipeline/calibration/spatial/validate.ts";
import { diagnoseSpatial } from "../pipeline/calibration/diagnosis/diagnose-spatial.ts";
import { allowingFor } from "../pipeline/calibration/diagnosis/evidence.ts";
import { correctSpeed, TISSUE_MPS, type WaterKnowledge } from "../pipeline/calibration/sound-speed.ts";
import type { Vector3 } from "../pipeline/calibration/vector3.ts";
import { onHostClock } from "../pipeline/sync/host-clock.ts";
import { landmarkFigures } from "../scenario/calibration-figures/landmarks.ts";
import { pivotFigures } from "../scenario/calibration-figures/pivot.ts";
import { spatialFigures } from "../scenario/calibration-figures/spatial.ts";
import { temporalFigures } from "../scenario/calibration-figures/temporal.ts";
import { openRecording } from "../scenario/open-recording.ts";
import { exact, imageFigures, type Outcome } from "./calibrate-outcome.ts";
import { UsageError, type CommonOptions } from "./command.ts";

export interface CalibrateOptions extends CommonOptions {
  readonly config?: string;
  readonly stylus: string;
  readonly probe: string;
  readonly reference: string;
  readonly from?: string;
  readonly to?: string;
  readonly tip?: string;
  readonly spin?: boolean;
  readonly poses?: string;
  readonly images?: string;
  readonly reach: string;
  readonly validation?: string;
  readonly smooth: string;
  readonly lag: string;
  readonly water?: string;
  readonly registrationRms?: string;
  readonly failIf?: string[];
  readonly out?: string;
}

export type Calibrate = (recordingPath: string, options: CalibrateOptions) => Promise<Outcome>;

export const pivotRecording: Calibrate = async (path, options) => {
  const series = await seriesOf(path, options.stylus, options);
  if (options.spin) {
    const spin = accept(calibrateSpin(series, undefined));
    return {
      headline: {
        "calibration.spin.wobble": exact(spin.wobbleRad, "rad"),
        "calibration.spin.spread": exact(spin.spreadRad, "rad"),
      },
      result: { ...spin },
    };
  }
  const fit = accept(calibratePivot(series));
  const [x, y, z] = fit.tipMm;
  const coordinate = (k: 0 | 1 | 2): Figure => interval(fit.tipMm[k], fit.halfWidthMm[k], "mm");
  const { dwells, ...rest } = fit;
  return {
    headline: {
      "calibration.pivot.tipX": coordinate(0),
      "calibration.pivot.tipY": coordinate(1),
      "calibration.pivot.tipZ": coordinate(2),
      "calibration.pivot.residual": exact(fit.meanMm, "mm"),
      "calibration.pivot.residualRms": exact(fit.rmsMm, "mm"),
      "calibration.pivot.divots": exact(dwells.length, "1"),
      "calibration.pivot.samples": exact(fit.samples, "1"),
      "calibration.pivot.outliers": exact(fit.outliers, "1"),
      "calibration.pivot.condition": exact(fit.condition, "1"),
    },
    result: {
      ...rest,
      stops: dwells.map(({ from, end }) => ({ fromS: series.timeS[from], toS: series.timeS[end - 1] })),
      dropped: series.dropped,
    },
    transform: { from: "StylusTip", to: options.stylus, matrix: [1, 0, 0, x, 0, 1, 0, y, 0, 0, 1, z] },
    figures: () => Promise.resolve(pivotFigures(fit, series)),
  };
};

export const landmarksRecording: Calibrate = async (path, options) => {
  const config = await configOf(options);
  if (!config.phantom || config.phantom.landmarks.length === 0) {
    throw new UnsuitableInputError(
      `${config.file}: there are no landmarks`,
      "Add PhantomDefinition/Geometry/Landmarks",
    );
  }
  const { landmarks } = config.phantom;
  const series = await seriesOf(path, options.stylus, options);
  const tip = tipOf(options, config, series);
  const wires = config.phantom.patterns.flatMap((pattern) => pattern.wires);
  const targets = wires.map(({ frontMm: a, backMm: b }): Vector3 => [
    (a[0] + b[0]) / 2,
    (a[1] + b[1]) / 2,
    (a[2] + b[2]) / 2,
  ]);
  const found = accept(registerPhantom({ series, tipMm: tip.mm, landmarks, targetsMm: targets }));
  const worst = Math.max(...found.targetErrorMm);
  return {
    headline: {
      "calibration.landmarks.found": exact(found.touched.length, "1"),
      "calibration.landmarks.missed": exact(found.missed.length, "1"),
      "calibration.landmarks.rms": exact(found.rmsMm, "mm"),
      "calibration.landmarks.mean": exact(found.meanMm, "mm"),
      ...(targets.length > 0 ? { "calibration.landmarks.treAtWires": exact(worst, "mm") } : {}),
    },
    result: { ...found, tipMm: tip.mm, tipFrom: tip.source },
    transform: { from: "Phantom", to: options.reference, matrix: [...found.bodyFromPhantom] },
    figures: () => Promise.resolve(landmarkFigures(found, landmarks)),
  };
};

export const temporalRecording: Calibrate = async (path, options) => {
  const reachS = Number(options.reach);
  if (!(reachS > 0 && reachS <= 10)) throw new UsageError(`--reach ${options.reach}: expected seconds, at most 10`);
  const series = await seriesOf(options.poses ?? path, options.probe, options);
  const imagePath = options.images ?? path;
  const signal = await using(imagePath, async ({ images }) => {
    if (!images)
      throw new UnsuitableInputError(`${imagePath}: has no images`, "Name the images' recording with --images");
    return accept(await imageSignal(images));
  });
  const fit = accept(calibrateLag(signal, series, { ...defaultLag, reachS }));
  const { curve, left: _left, ...rest } = fit;
  return {
    headline: {
      "calibration.temporal.lag": { value: fit.imageLagS, low: fit.lowS, high: fit.highS, unit: "s" },
      "calibration.temporal.trackerLag": { value: -fit.imageLagS, low: -fit.highS, high: -fit.lowS, unit: "s" },
      "calibration.temporal.explained": exact(fit.explained, "1"),
      "calibration.temporal.drift": interval(fit.driftSPerS, fit.driftHalfWidthSPerS, "1"),
      "calibration.temporal.frames": exact(fit.samples, "1"),
    },
    result: { ...rest, signal: signal.kind, dropped: { images: signal.dropped, poses: series.dropped }, curve },
    figures: () => Promise.resolve(temporalFigures(fit, signal)),
  };
};

export const spatialRecording: Calibrate = async (path, options) => {
  const config = await configOf(options);
  const phantom = accept(nWirePhantom(config.phantom?.patterns ?? []));
  const fixed = config.transforms.find(({ from, to }) => from === "Phantom" && to === options.reference);
  if (!fixed) {
    throw new UnsuitableInputError(
      `${config.file}: there is no PhantomTo${options.reference}`,
      "Register the phantom first (sonobench calibrate landmarks) and add the result to CoordinateDefinitions",
    );
  }
  const smoothS = smoothOf(options);
  const search = {
    phantom,
    probe: options.probe,
    reference: options.reference,
    referenceFromPhantom: fixed.toFromFrom,
    smoothS,
    imageLagS: lagOf(options),
  };
  const find = (file: string): Promise<FoundFrames> =>
    using(file, async (r) => accept(await findWireFrames(r, search)));
  const found = await find(path);
  const other = options.validation === undefined ? undefined : await find(options.validation);
  const { frames, width, height } = found;
  const geometry = await using(path, ({ images }) => Promise.resolve(images?.nominalGeometry));
  const earlier = config.transforms.find(({ from, to }) => from === "Image" && to === options.probe)?.toFromFrom;
  const fit = accept(
    calibrateSpatial({
      frames,
      phantom,
      width,
      height,
      ...(other ? { validation: other.frames } : {}),
      ...(geometry ? { scanner: { spacingMm: geometry.spacingMm, assumedMps: TISSUE_MPS } } : {}),
      ...(earlier ? { earlier } : {}),
      ...registrationOf(options, config),
    }),
  );
  const { calibrationErrors: own, validationErrors: judged, evidence, ...rest } = fit;
  const speed = correctSpeed(fit.probeFromPixel, geometry, waterOf(options));
  const diagnosis = diagnoseSpatial(allowingFor(speed, evidence));
  return {
    headline: {
      "calibration.spatial.validation3d": exact(judged.meanMm, "mm"),
      "calibration.spatial.validation3dSd": exact(judged.sdMm, "mm"),
      "calibration.spatial.calibration3d": exact(own.meanMm, "mm"),
      "calibration.spatial.validationAcross": exact(judged.imageRmsMm[0], "mm"),
      "calibration.spatial.validationAlong": exact(judged.imageRmsMm[1], "mm"),
      "calibration.spatial.uncertaintyCentre": exact(fit.centreUncertaintyMm, "mm"),
      "calibration.spatial.uncertaintyCorner": exact(fit.cornerUncertaintyMm, "mm"),
      "calibration.spatial.radius95Corner": exact(fit.cornerRadius95Mm, "mm"),
      "calibration.spatial.spacingX": exact(fit.spacingMm[0], "mm"),
      "calibration.spatial.spacingY": exact(fit.spacingMm[1], "mm"),
      ...(Number.isNaN(speed.impliedMps) ? {} : { "calibration.spatial.impliedSpeed": exact(speed.impliedMps, "m/s") }),
      "calibration.spatial.usedSpeed": exact(speed.usedMps, "m/s"),
      "calibration.spatial.axisAngle": exact((fit.axisAngleRad * 180) / Math.PI, "deg"),
      ...(options.registrationRms === undefined
        ? {}
        : { "calibration.spatial.registrationMoved": exact(fit.registrationMovedSd, "1") }),
      "calibration.spatial.segmented": exact(found.segmented, "1"),
      "calibration.spatial.examined": exact(found.examined, "1"),
      ...(other
        ? {
            "calibration.spatial.validationSegmented": exact(other.segmented, "1"),
            "calibration.spatial.validationExamined": exact(other.examined, "1"),
          }
        : {}),
    },
    result: {
      ...rest,
      calibration: withoutSamples(own),
      validation: withoutSamples(judged),
      diagnosis,
      soundSpeed: { ...speed, probeFromPixel: [...speed.probeFromPixel] },
    },
    sentences: speed.sentences,
    findings: diagnosis,
    figures: () => using(path, ({ images }) => spatialFigures(fit, images!)),
    transform: { from: "Image", to: options.probe, matrix: [...speed.probeFromPixel] },
  };
};

export const pointRecording: Calibrate = async (path, options) => {
  const { found, images } = await using(path, async (recording) => ({
    found: accept(await findPoints(recording, poseSearch(options))),
    images: recording.images!,
  }));
  const { width, height, nominalGeometry } = images;
  const fit = accept(calibratePoint({ frames: found.frames, width, height }));
  return imageOutcome({ ...fit, segmented: found.segmented, examined: found.examined }, nominalGeometry, options);
};

export const planeRecording: Calibrate = async (path, options) => {
  const { found, images } = await using(path, async (recording) => ({
    found: accept(await findPlanes(recording, poseSearch(options))),
    images: recording.images!,
  }));
  const { width, height, nominalGeometry } = images;
  const spacingMm = nominalGeometry?.spacingMm ?? UNKNOWN_SPACING_MM;
  const fit = accept(calibratePlane({ frames: found.frames, width, height, spacingMm }));
  return imageOutcome({ ...fit, segmented: found.segmented, examined: found.examined }, nominalGeometry, options);
};

/** To begin with, where a recording says nothing of its pixels. */
const UNKNOWN_SPACING_MM = [0.1, 0.1] as const;

function poseSearch(options: CalibrateOptions): ImagePoseSearch {
  const { probe, reference } = options;
  return { probe, reference, smoothS: smoothOf(options), imageLagS: lagOf(options) };
}

function imageOutcome(
  fit: Parameters<typeof imageFigures>[0] & { readonly probeFromPixel: Float64Array },
  geometry: ImageGeometry | undefined,
  options: CalibrateOptions,
): Outcome {
  const speed = correctSpeed(fit.probeFromPixel, geometry, waterOf(options));
  const matrix = [...speed.probeFromPixel];
  return {
    headline: { ...imageFigures(fit), "calibration.spatial.usedSpeed": exact(speed.usedMps, "m/s") },
    result: { ...fit, probeFromPixel: [...fit.probeFromPixel], soundSpeed: { ...speed, probeFromPixel: matrix } },
    sentences: speed.sentences,
    transform: { from: "Image", to: options.probe, matrix },
  };
}

function smoothOf({ smooth }: CalibrateOptions): number {
  const value = Number(smooth);
  if (!(value >= 0 && value <= 5)) throw new UsageError(`--smooth ${smooth}: expected 0 to 5 s`);
  return value;
}

function lagOf({ lag }: CalibrateOptions): number {
  const value = Number(lag);
  if (!(Math.abs(value) <= 10)) throw new UsageError(`--lag ${lag}: expected seconds, at most 10`);
  return value;
}

/** How well the phantom's place is known, from what its landmarks left over. */
function registrationOf(
  { registrationRms }: CalibrateOptions,
  { file, phantom }: PlusConfig,
): Partial<Pick<SpatialInput, "registration" | "moveRegistration">> {
  if (registrationRms === undefined) return {};
  const rmsMm = Number(registrationRms),
    points = phantom?.landmarks.map(({ positionMm }) => positionMm) ?? [];
  if (!(rmsMm > 0 && rmsMm <= 5)) throw new UsageError(`--registration-rms ${registrationRms}: expected mm, at most 5`);
  if (points.length < 3) {
    throw new UnsuitableInputError(
      `${file}: has ${points.length} landmarks; --registration-rms needs the three or more that were touched`,
      "Add PhantomDefinition/Geometry/Landmarks, or leave the option out",
    );
  }
  return { registration: registrationCovariance(points, rmsMm), moveRegistration: true };
}

function waterOf({ water }: CalibrateOptions): WaterKnowledge {
  if (water === undefined) return { kind: "uncorrected" };
  if (water === "wires") return { kind: "wires" };
  const temperatureC = Number(water);
  const [low, high] = WATER_RANGE_C;
  if (water.trim() === "" || !(temperatureC >= low && temperatureC <= high)) {
    throw new UsageError(`--water ${water}: expected "wires" or a temperature from ${low} to ${high} °C`);
  }
  return { kind: "temperature", temperatureC };
}

/** The summaries; `distancesMm` has one number for each diagonal of each frame. */
function withoutSamples({ meanMm, sdMm, rmsMm, wires, imageRmsMm }: WireErrors): Omit<WireErrors, "distancesMm"> {
  return { meanMm, sdMm, rmsMm, wires, imageRmsMm };
}

const interval = (value: number, half: number, unit: string): Figure => ({
  value,
  low: value - half,
  high: value + half,
  unit,
});

/** A refusal is bad input: its sentence goes to the terminal, with exit code 2. */
function accept<T extends { readonly status: string } | object>(outcome: T | Refused): T {
  if ("status" in outcome && outcome.status === "refused") {
    const { reason, remedy } = outcome as Refused;
    throw new UnsuitableInputError(reason, remedy);
  }
  return outcome as T;
}

async function using<T>(path: string, use: (recording: Recording) => Promise<T>): Promise<T> {
  const recording = await openRecording(path);
  try {
    return await use(onHostClock(recording));
  } finally {
    await recording.close();
  }
}

async function seriesOf(path: string, tool: string, { reference, from, to }: CalibrateOptions): Promise<PoseSeries> {
  const series = await using(path, async (recording) => accept(relativePoses(recording, tool, reference)));
  const limit = (text: string | undefined, name: string, other: number): number => {
    const value = text === undefined ? other : Number(text);
    if (Number.isNaN(value)) throw new UsageError(`${name} ${text}: expected seconds`);
    return value;
  };
  const start = series.timeS[0]!;
  return between(series, start + limit(from, "--from", 0), start + limit(to, "--to", Infinity));
}

async function configOf({ config }: CalibrateOptions): Promise<PlusConfig> {
  if (config === undefined) throw new UsageError("--config <xml> is needed: it describes the phantom");
  return readPlusConfig(config);
}

function tipOf(
  { tip, stylus }: CalibrateOptions,
  { transforms }: PlusConfig,
  series: PoseSeries,
): { readonly mm: Vector3; readonly source: string } {
  if (tip !== undefined) {
    const [x, y, z, more] = tip.split(",").map(Number);
    if (![x, y, z].every(Number.isFinite) || more !== undefined)
      throw new UsageError(`--tip ${tip}: expected x,y,z in mm`);
    return { mm: [x!, y!, z!], source: "the command line" };
  }
  const known = transforms.find(({ from, to }) => from === "StylusTip" && to === stylus);
  if (known) {
    const m = known.toFromFrom;
    return { mm: [m[3]!, m[7]!, m[11]!], source: "the configuration" };
  }
  return { mm: accept(calibratePivot(series)).tipMm, source: "the pivot calibration of this recording" };
}

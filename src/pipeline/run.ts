import type { BlockVolume } from "../data/block-volume.ts";
import { UnsuitableInputError } from "../core/errors.ts";
import { invert3x4, multiply3x4 } from "../core/rigid.ts";
import type { BoneMasks } from "../data/bone-mask.ts";
import type { Completion } from "../data/completed-bone.ts";
import { imageFromPixel, type ImageGeometry } from "../data/image.ts";
import { EARTH_FRAME } from "../data/inertial.ts";
import type { DigitisedPoint, Recording } from "../data/recording.ts";
import type { Surface } from "../data/surface.ts";
import type { TrackedFrames } from "../data/tracked-frames.ts";
import type { Volume } from "../data/volume.ts";
import { type AnatomyRegion, regionGrid } from "./reconstruction/anatomy-region.ts";
import { recoverPoses, type PoseInput, type RecoveredPoses } from "./pose/recover-poses.ts";
import type { RefinePoses } from "./pose/refine-poses.ts";
import type { RecoverMotion } from "./pose/sweep-images.ts";
import { boneInsertion } from "./reconstruction/bone-insertion.ts";
import type { ReconstructionOptions } from "./reconstruction/options.ts";
import { reconstructBlocks } from "./reconstruction/reconstruct-blocks.ts";
import type { StageContext } from "./stage.ts";
import { extractSurface, type SurfaceOptions } from "./surface/extract.ts";
import { removeContrary } from "./surface/remove-contrary.ts";
import { separateBones } from "./surface/separate.ts";
import { allFrames } from "./sync/image-frames.ts";
import { inertialTrack } from "./sync/inertial-track.ts";
import { trackFrames, type SyncOptions } from "./sync/track-frames.ts";
import type { FixedTransform } from "./sync/transform-path.ts";

export interface PipelineInput {
  readonly recording: Recording;
  /** The calibration from image to probe, and whatever else does not move. */
  readonly fixed: readonly FixedTransform[];
}

export interface PipelineOptions {
  readonly sync: SyncOptions;
  /** A method that recovers poses from the images; tracked ones when left out. */
  readonly recover?: RecoverMotion;
  /** Whether that method is given what an orientation sensor on the probe said. */
  readonly orientationSensor?: boolean;
  /** Betters the recovered poses of all sweeps together. */
  readonly refine?: RefinePoses;
  /** The segmentation that the scenario names, its options bound. */
  readonly segment: (frames: TrackedFrames, context: StageContext) => Promise<BoneMasks>;
  readonly reconstruction: ReconstructionOptions;
  /** The volume is limited to this part of the knee; without it every frame lies in it. */
  readonly region?: { readonly name: AnatomyRegion; readonly marginMm: number };
  readonly surface: SurfaceOptions;
  /** Makes whole bones of the sheets, by the completion that the scenario names. */
  readonly complete: (input: SheetsToComplete, context: StageContext) => Promise<Completion>;
}

export interface SheetsToComplete {
  readonly surfaces: readonly Surface[];
  /** In the frame of the sheets. */
  readonly points: readonly DigitisedPoint[];
}

/** The surfaces, and what they were made of. */
export interface FoundBones {
  readonly frames: TrackedFrames;
  /** How the poses were recovered; absent when they were measured. */
  readonly recovered?: RecoveredPoses;
  /** What the tracker measured of the same scan, where poses were recovered without it: to compare with, not to use. */
  readonly measured?: TrackedFrames;
  readonly masks: BoneMasks;
  /** One per bone that could be told apart, else one called "bone". */
  readonly surfaces: readonly Surface[];
  /** What the operator touched, in the frame of the surfaces. */
  readonly points: readonly DigitisedPoint[];
}

export interface PipelineResult extends FoundBones {
  /** Bone probability, 0 … 255; whole where a preset fills its holes. */
  readonly volume: BlockVolume | Volume;
  /** Closed bones, of those bodies of which enough was seen. */
  readonly completion: Completion;
}

/** From a recording to bones in the reference frame. Nothing here has seen the truth. */
export async function runPipeline(
  input: PipelineInput,
  options: PipelineOptions,
  context: StageContext,
): Promise<PipelineResult> {
  const { recording } = input;
  const found = await findBones(input, options, context);
  const { frames, masks, surfaces, points } = found;
  const volume = await reconstructBlocks(boneInsertion(frames, masks), withinRegion(recording, options), context);
  const completion = await options.complete({ surfaces, points }, context);
  return { ...found, volume, completion };
}

/** The part of it that the figures of the seen bone follow from: no volume, no completed bones. */
export async function findBones(
  { recording, fixed }: PipelineInput,
  options: Omit<PipelineOptions, "reconstruction" | "region" | "complete">,
  context: StageContext,
): Promise<FoundBones> {
  const { tracked, recovered: first } = await findPoses({ recording, fixed }, options, context);
  const points = pointsIn(recording, options.sync.referenceName);
  const masks = await options.segment((first?.frames ?? tracked)!, context);
  const sheets = (poses = first!) => surfacesOf({ frames: poses.frames, masks }, recording, options, context);
  const recovered =
    first && options.refine ? await options.refine({ recovered: first, masks, points, sheets }, context) : first;
  const frames = (recovered?.frames ?? tracked)!;
  const surfaces = await surfacesOf({ frames, masks }, recording, options, context);
  return {
    frames,
    ...(recovered ? { recovered, ...(tracked ? { measured: tracked } : {}) } : {}),
    masks,
    surfaces,
    points,
  };
}

/** Measured poses, where there was a tracker; recovered ones, where a method was named. At least one of them. */
async function findPoses(
  { recording, fixed }: PipelineInput,
  { sync, recover, orientationSensor }: Pick<PipelineOptions, "sync" | "recover" | "orientationSensor">,
  context: StageContext,
): Promise<{ readonly tracked?: TrackedFrames; readonly recovered?: RecoveredPoses }> {
  const isTracked = recording.poses.some(({ parent }) => parent !== EARTH_FRAME);
  if (!recover || isTracked) {
    const tracked = await trackFrames.run({ recording, fixed }, sync, context);
    if (!recover) return { tracked };
    const input = untracked(recording, tracked);
    const inertial = orientationSensor ? inertialOf({ recording, fixed }, input.geometry, sync) : {};
    return { tracked, recovered: await recoverPoses({ ...input, ...inertial }, recover, context) };
  }
  const frames = allFrames(recording);
  const probeFromPixel = fixed.find(({ from }) => from === sync.imageName)?.m;
  const geometry = geometryOf({ ...frames, referenceFromPixel: Float64Array.from(probeFromPixel ?? NO_PIXELS) });
  const inertial = orientationSensor ? inertialOf({ recording, fixed }, geometry, sync) : {};
  const input = { frames, geometry, anchors: undefined, strokes: recording.sweeps, ...inertial };
  return { recovered: await recoverPoses(input, recover, context) };
}

/** Where neither device nor calibration says how large a pixel is. */
const NO_PIXELS = Float64Array.of(NaN, 0, 0, 0, 0, NaN, 0, 0, 0, 0, 0, 0);

function inertialOf(
  { recording, fixed }: PipelineInput,
  geometry: ImageGeometry,
  { imageName, imageLagS }: SyncOptions,
) {
  const probeFromPixel = fixed.find(({ from }) => from === imageName)?.m;
  if (!probeFromPixel) {
    throw new UnsuitableInputError(
      `nothing says how "${imageName}" sits on the probe, and so on its orientation sensor`,
      "Give a calibration, or leave pose.orientationSensor out",
    );
  }
  const probeFromImage = multiply3x4(probeFromPixel, invert3x4(imageFromPixel(geometry)));
  return { inertial: inertialTrack(recording, probeFromImage, imageLagS) };
}

/** The last part alone: from the bone that was found in the frames to surfaces. */
export async function surfacesOf(
  found: Pick<FoundBones, "frames" | "masks">,
  recording: Recording,
  { surface, sync }: Pick<PipelineOptions, "surface" | "sync">,
  context: StageContext,
): Promise<readonly Surface[]> {
  const sheet = await extractSurface.run(found, surface, context);
  return separateBones(sheet, pointsIn(recording, sync.referenceName)).map(removeContrary);
}

function withinRegion(recording: Recording, { reconstruction, region, sync }: PipelineOptions): ReconstructionOptions {
  if (!region) return reconstruction;
  const { spacingMm } = reconstruction;
  const finest = typeof spacingMm === "number" ? spacingMm : Math.min(...spacingMm);
  const grid = regionGrid(region.name, pointsIn(recording, sync.referenceName), finest, region.marginMm);
  return { ...reconstruction, grid: { kind: "given", grid } };
}

/** What a method without a tracker is given: all images, and where one frame of each sweep was. */
export function untracked(
  recording: Recording,
  tracked: Pick<TrackedFrames, "sourceIndex" | "referenceFromPixel" | "width" | "height" | "nominalGeometry">,
): PoseInput {
  const frames = allFrames(recording);
  return { frames, geometry: geometryOf(tracked), anchors: tracked, strokes: recording.sweeps };
}

/** As the imaging device declares it; else pixels of the calibration's size under the middle of the top row. */
function geometryOf({
  nominalGeometry,
  width,
  height,
  referenceFromPixel: m,
}: Pick<TrackedFrames, "referenceFromPixel" | "width" | "height" | "nominalGeometry">): ImageGeometry {
  const column = (k: number): number => Math.hypot(m[k]!, m[4 + k]!, m[8 + k]!);
  if (!nominalGeometry && !(column(0) > 0 && column(1) > 0)) {
    throw new UnsuitableInputError(
      "neither the images nor a calibration say how large a pixel is",
      "Name a PLUS configuration or a calib_matrix.csv (--config), or record the device's geometry",
    );
  }
  return nominalGeometry ?? { width, height, spacingMm: [column(0), column(1)], faceCentrePx: [(width - 1) / 2, 0] };
}

/** The digitised landmarks that are known in the reference frame. */
function pointsIn({ points }: Recording, referenceName: string): DigitisedPoint[] {
  return points.filter(({ body }) => body === referenceName);
}

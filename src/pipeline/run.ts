import type { BlockVolume } from "../data/block-volume.ts";
import type { BoneMasks } from "../data/bone-mask.ts";
import type { Completion } from "../data/completed-bone.ts";
import type { ImageGeometry } from "../data/image.ts";
import type { DigitisedPoint, Recording } from "../data/recording.ts";
import type { Surface } from "../data/surface.ts";
import type { TrackedFrames } from "../data/tracked-frames.ts";
import type { Volume } from "../data/volume.ts";
import { type AnatomyRegion, regionGrid } from "./reconstruction/anatomy-region.ts";
import { recoverPoses, type PoseInput, type RecoveredPoses } from "./pose/recover-poses.ts";
import type { RecoverMotion } from "./pose/sweep-images.ts";
import { boneInsertion } from "./reconstruction/bone-insertion.ts";
import type { ReconstructionOptions } from "./reconstruction/options.ts";
import { reconstructBlocks } from "./reconstruction/reconstruct-blocks.ts";
import type { StageContext } from "./stage.ts";
import { extractSurface, type SurfaceOptions } from "./surface/extract.ts";
import { removeContrary } from "./surface/remove-contrary.ts";
import { separateBones } from "./surface/separate.ts";
import { allFrames } from "./sync/image-frames.ts";
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
  const tracked = await trackFrames.run({ recording, fixed }, options.sync, context);
  const recovered = options.recover
    ? await recoverPoses(untracked(recording, tracked), options.recover, context)
    : undefined;
  const frames = recovered?.frames ?? tracked;
  const masks = await options.segment(frames, context);
  const surfaces = await surfacesOf({ frames, masks }, recording, options, context);
  const points = pointsIn(recording, options.sync.referenceName);
  return { frames, ...(recovered ? { recovered, measured: tracked } : {}), masks, surfaces, points };
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
  return nominalGeometry ?? { width, height, spacingMm: [column(0), column(1)], faceCentrePx: [(width - 1) / 2, 0] };
}

/** The digitised landmarks that are known in the reference frame. */
function pointsIn({ points }: Recording, referenceName: string): DigitisedPoint[] {
  return points.filter(({ body }) => body === referenceName);
}

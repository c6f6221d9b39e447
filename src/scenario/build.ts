import type { Rng } from "../core/rng.ts";
import type { Phantom } from "../sim/anatomy/phantom.ts";
import { UnsuitableInputError } from "../core/errors.ts";
import { brightestRidge } from "../pipeline/segmentation/brightest.ts";
import { classicalSegmentation } from "../pipeline/segmentation/classical.ts";
import { neuralSegmentation } from "../pipeline/segmentation/neural/neural.ts";
import type { StageContext } from "../pipeline/stage.ts";
import type { BoneMasks } from "../data/bone-mask.ts";
import { type Completion, noCompletion } from "../data/completed-bone.ts";
import { completeBones } from "../pipeline/completion/complete.ts";
import type { SheetsToComplete } from "../pipeline/run.ts";
import { loadShapeModels } from "./shape-models.ts";
import type { TrackedFrames } from "../data/tracked-frames.ts";
import type { OpticalTracker } from "../sim/tracker/optical.ts";
import { auroraClass, duoClass, trioClass, vegaClass } from "../sim/tracker/presets.ts";
import type { TrackerSpec } from "../sim/tracker/tracker.ts";
import { printedPhantom } from "../sim/printed/printed-phantom.ts";
import { meshPhantom } from "./mesh-phantom.ts";
import { defaultModelCard, loadSegmentationModel } from "./segmentation-model.ts";
import { programSegmentation } from "./program-segmentation.ts";
import { userSegmentation } from "./user-segmentation.ts";
import { fittedPhantom } from "./fitted-bones.ts";
import { guideProbe } from "../sim/operator/guided-probe.ts";
import { holdProbe, type PressedLeg } from "../sim/operator/held-probe.ts";
import type { ProbeMotion } from "../sim/operator/motion.ts";
import type { SweepPlan } from "../sim/operator/sweep-plan.ts";
import type {
  CompletionConfig,
  GripConfig,
  PhantomConfig,
  SegmentationConfig,
  SimulatedSource,
  TrackerConfig,
} from "./schema.ts";

/** Every kind that a scenario can name has its entry here; a kind without one does not compile. */
export type Table<Config extends { readonly kind: string }, Arguments extends unknown[], Product> = {
  readonly [K in Config["kind"]]: (config: Extract<Config, { readonly kind: K }>, ...rest: Arguments) => Product;
};

export function lookUp<Config extends { readonly kind: string }, Arguments extends unknown[], Product>(
  table: Table<Config, Arguments, Product>,
  config: Config,
  ...rest: Arguments
): Product {
  const factory = table[config.kind as Config["kind"]] as (config: Config, ...rest: Arguments) => Product;
  return factory(config, ...rest);
}

const radians = (deg: number): number => (deg * Math.PI) / 180;

const phantoms: Table<PhantomConfig, [Rng], Promise<Phantom>> = {
  parametric: fittedPhantom,
  meshes: meshPhantom,
};
export async function buildPhantom(config: PhantomConfig, rng: Rng): Promise<Phantom> {
  const phantom = await lookUp(phantoms, config, rng);
  return config.printed ? printedPhantom(phantom, config.printed, "printed knee") : phantom;
}

const cameraBar =
  (preset: OpticalTracker) =>
  (config: Exclude<TrackerConfig, { readonly kind: "aurora" }>): OpticalTracker => {
    const { focalPx, baselineMm, centroidNoisePx, centroidBias, templateErrorMm, onForMin, smoothingS } = config;
    const { centroiding, warmUp, solver } = preset;
    return {
      ...preset,
      focalPx,
      baselineMm,
      smoothingS,
      centroiding: {
        ...centroiding,
        noisePx: centroidNoisePx,
        pixelLockingPx: centroidBias * centroiding.pixelLockingPx,
        edgePx: centroidBias * centroiding.edgePx,
        grazingMm: centroidBias * centroiding.grazingMm,
      },
      warmUp: { ...warmUp, onForS: onForMin * 60 },
      solver: { ...solver, templateErrorMm: templateErrorMm ?? solver.templateErrorMm },
    };
  };

const trackers: Table<TrackerConfig, [], TrackerSpec> = {
  duo: cameraBar(duoClass),
  optical: cameraBar(duoClass),
  trio: cameraBar(trioClass),
  vega: cameraBar(vegaClass),
  aurora: ({ metals, smoothingS }) => ({ ...auroraClass, metals, smoothingS }),
};
export const buildTracker = (config: TrackerConfig): TrackerSpec => lookUp(trackers, config);

/** Finds bone in frames; may be called again and again, and keeps what it has loaded. */
export type Segmenter = (frames: TrackedFrames, context: StageContext) => Promise<BoneMasks>;

const segmenters: Table<SegmentationConfig, [], Promise<Segmenter>> = {
  module: async (config) => (frames, context) => userSegmentation(config, frames, context),
  program: async (config) => (frames, context) => programSegmentation(config, frames, context),
  brightest: async () => (frames, context) => brightestRidge.run(frames, brightestRidge.defaults, context),
  // Where there is truth, `run.ts` puts oracleMasks in its place.
  oracle: () => {
    throw new UnsuitableInputError(
      "segmentation.kind: oracle needs the true bone line, and this recording has none",
      "Use it with a simulated source, or choose neural or classical",
    );
  },
  classical: async () => (frames, context) =>
    classicalSegmentation.run(frames, classicalSegmentation.defaults, context),
  neural: async ({ model: card, minConfidence }) => {
    const { model } = await loadSegmentationModel(card ?? defaultModelCard);
    const stage = neuralSegmentation(model),
      options = { ...stage.defaults, minConfidence };
    return (frames, context) => stage.run(frames, options, context);
  },
};
/** Loads what the segmentation needs. */
export const openSegmenter = (config: SegmentationConfig): Promise<Segmenter> => lookUp(segmenters, config);

export const segment = async (
  config: SegmentationConfig,
  frames: TrackedFrames,
  context: StageContext,
): Promise<BoneMasks> => (await openSegmenter(config))(frames, context);

const completions: Table<CompletionConfig, [SheetsToComplete, StageContext], Promise<Completion>> = {
  none: async () => noCompletion,
  "shape-model": async ({ model }, input, context) =>
    completeBones.run({ ...input, models: await loadShapeModels(model) }, completeBones.defaults, context),
};
export const complete = (
  config: CompletionConfig,
  input: SheetsToComplete,
  context: StageContext,
): Promise<Completion> => lookUp(completions, config, input, context);

type OperatorConfig = SimulatedSource["operator"];
const grips: Table<GripConfig, [readonly SweepPlan[], PressedLeg, OperatorConfig, Rng], ProbeMotion> = {
  guided: ({ pressMm }, plans, { skin }, operator, rng) =>
    guideProbe(plans, skin, { ...handOf(operator), pressMm }, rng),
  held: (body, plans, leg, operator, rng) => holdProbe(plans, leg, { ...handOf(operator), ...body }, rng),
};
const handOf = ({ speedMmPerS, tremorMm, tremorDeg, pauseS }: OperatorConfig) => ({
  speedMmPerS,
  tremorMm,
  tremorRad: radians(tremorDeg),
  pauseS,
});
export const moveProbe = (
  config: GripConfig,
  plans: readonly SweepPlan[],
  leg: PressedLeg,
  operator: OperatorConfig,
  rng: Rng,
): ProbeMotion => lookUp(grips, config, plans, leg, operator, rng);

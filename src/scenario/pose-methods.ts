import type { ShapeModel } from "../data/shape-model.ts";
import type { ObserveSweep } from "../pipeline/pose/decorrelation/observe-sweep.ts";
import { decorrelationMotion, inPlaneMotion } from "../pipeline/pose/decorrelation/recover.ts";
import { startBodies } from "../pipeline/completion/start-bodies.ts";
import { matchSheet } from "../pipeline/completion/match-sheet.ts";
import { shapeInstance } from "../pipeline/completion/shape-instance.ts";
import type { BoneShapes } from "../pipeline/pose/content/bone-shapes.ts";
import { contentOptions, refineByContent } from "../pipeline/pose/content/refine.ts";
import { IMAGES_SD_PER_MM, refineByCrossings, SENSOR_SD_PER_MM } from "../pipeline/pose/graph/refine.ts";
import { withInertial } from "../pipeline/pose/inertial/fuse.ts";
import { learnedMotion } from "../pipeline/pose/learned/recover.ts";
import { mirroredMotion } from "../pipeline/pose/mirror.ts";
import { constantMotion, standStillMotion } from "../pipeline/pose/null-models.ts";
import type { RefinePoses } from "../pipeline/pose/refine-poses.ts";
import type { RecoverMotion } from "../pipeline/pose/sweep-images.ts";
import { lookUp, type Table } from "./build.ts";
import { defaultCurves, loadCurves } from "./decorrelation-curves.ts";
import { defaultPoseCard, loadPoseModel } from "./pose-model.ts";
import type { PoseConfig } from "./schema.ts";
import { loadShapeModels } from "./shape-models.ts";
import { userMotion } from "./user-pose.ts";

type UntrackedConfig = Exclude<PoseConfig, { readonly kind: "tracked" }>;
type OfKind<Kind extends PoseConfig["kind"]> = Extract<PoseConfig, { readonly kind: Kind }>;

const stepsOf: {
  readonly [K in OfKind<"pose-graph">["from"]]: (
    config: OfKind<"pose-graph">,
    observe?: ObserveSweep,
  ) => Promise<RecoverMotion>;
} = {
  decorrelation: async ({ curves, dynamicRangeDb }, observe) =>
    decorrelationMotion(await loadCurves(curves ?? defaultCurves), dynamicRangeDb, observe),
  learned: async ({ model, dynamicRangeDb }, observe) =>
    learnedMotion(await loadPoseModel(model ?? defaultPoseCard), dynamicRangeDb, observe),
};

/** By which side a stroke sets out, and what an orientation sensor adds. */
async function asConfigured(
  { setsOut, orientationSensor }: Pick<OfKind<"decorrelation">, "setsOut" | "orientationSensor">,
  method: Promise<RecoverMotion>,
): Promise<RecoverMotion> {
  const seen = setsOut === "+z" ? await method : mirroredMotion(await method);
  return orientationSensor ? withInertial(seen) : seen;
}

/** The pose graph that a fit to bone shapes begins with takes learned steps. */
const stepsFrom = ({ from }: OfKind<"content">): OfKind<"pose-graph">["from"] =>
  from === "pose-graph" ? "learned" : from;

const methods: Table<UntrackedConfig, [ObserveSweep | undefined], Promise<RecoverMotion>> = {
  "stand-still": async () => standStillMotion,
  "constant-motion": async ({ speedMmPerS }) => constantMotion(speedMmPerS),
  "in-plane": async ({ dynamicRangeDb }, observe) => inPlaneMotion(dynamicRangeDb, observe),
  decorrelation: (config, observe) => asConfigured(config, stepsOf.decorrelation({ ...config, kind: "pose-graph", from: "decorrelation" }, observe)), // prettier-ignore
  learned: (config, observe) => asConfigured(config, stepsOf.learned({ ...config, kind: "pose-graph", from: "learned" }, observe)), // prettier-ignore
  module: async (config) => userMotion(config),
  "pose-graph": (config, observe) => asConfigured(config, stepsOf[config.from](config, observe)),
  content: (config, observe) => asConfigured(config, stepsOf[stepsFrom(config)]({ ...config, kind: "pose-graph", from: stepsFrom(config) }, observe)), // prettier-ignore
};

/**
 * Undefined for measured poses. What a method needs (curves, a network) is read when its first sweep comes. `observe`: see
 * `keepSpeckle`; the speckle is observed anew when absent.
 */
export function poseMethod(config: PoseConfig, observe?: ObserveSweep): RecoverMotion | undefined {
  if (config.kind === "tracked") return undefined;
  let method: Promise<RecoverMotion> | undefined;
  return async (sweep, context) => {
    method ??= lookUp(methods, config, observe);
    return (await method)(sweep, context);
  };
}

/** Whether the recording's orientation sensor is read. */
export const usesOrientationSensor = (config: PoseConfig): boolean =>
  "orientationSensor" in config && config.orientationSensor;

type RefinedConfig = OfKind<"pose-graph"> | OfKind<"content">;

/** What betters the poses of all sweeps together; undefined for methods that look at one sweep at a time. */
export function poseRefinement(config: PoseConfig): RefinePoses | undefined {
  if (config.kind === "pose-graph") return byCrossings(config);
  if (config.kind !== "content") return undefined;
  const fit = byContent(config);
  return config.from === "pose-graph" ? inTurn(byCrossings(config), fit) : fit;
}

const byCrossings = (config: RefinedConfig): RefinePoses =>
  refineByCrossings(config.orientationSensor ? SENSOR_SD_PER_MM : IMAGES_SD_PER_MM, config.dynamicRangeDb);

/** The shapes are read when the first scan comes. */
function byContent({ shapes: path, orientationSensor }: OfKind<"content">): RefinePoses {
  let shapes: Promise<BoneShapes> | undefined;
  return async (input, context) => {
    shapes ??= loadShapeModels(path).then((models) => boneShapes(models));
    return refineByContent(await shapes, contentOptions(orientationSensor))(input, context);
  };
}

/** The completion stage's own knowledge of bones, as the fit of poses asks for it. */
export const boneShapes = (models: readonly ShapeModel[]): BoneShapes => ({
  start: (surfaces, points) => startBodies(models, surfaces, points),
  match: (model, coefficients, points, gateMm) =>
    matchSheet(shapeInstance(model, coefficients), model.cap, points, gateMm, "smooth"),
});

const inTurn =
  (first: RefinePoses, second: RefinePoses): RefinePoses =>
  async (input, context) => {
    const recovered = await first(input, context);
    return second({ ...input, recovered, sheets: () => input.sheets(recovered) }, context);
  };

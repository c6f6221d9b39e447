import type { DigitisedPoint } from "../../data/recording.ts";
import type { ShapeModel } from "../../data/shape-model.ts";
import type { Surface } from "../../data/surface.ts";
import { mergeMeshes, surfaceArea } from "../../geometry/mesh.ts";
import { bestStart } from "./best-start.ts";
import { touchedLandmarks, type TouchedPoint } from "./fit-shape.ts";
import { mirrored, mirroredModel, mirroredPoint, mirroredPose } from "./mirror.ts";
import { kneeAxes, startPoses } from "./start-poses.ts";

/** A shape of the scanned knee's side, and about where its bone lies. */
export interface StartedBody {
  readonly model: ShapeModel;
  /** Rigid, row-major 3×4, frame of the sheets to the body's. */
  readonly bodyFromReference: Float64Array;
  readonly touched: readonly TouchedPoint[];
}

/** Of a body of which less was seen there is no start, mm². */
const LEAST_SEEN_MM2 = 300;

/** Where each body begins: by what was touched of it, and by which of its possible starts suits the sheets best. */
export function startBodies(
  models: readonly ShapeModel[],
  surfaces: readonly Surface[],
  points: readonly DigitisedPoint[],
): { readonly starts: readonly StartedBody[]; readonly missing: readonly string[] } {
  const axes = kneeAxes(points);
  if (!axes) return { starts: [], missing: ["the points that tell how the knee lies were not touched"] };
  const isLeft = axes.side === "left";
  const rightPoints = isLeft ? points.map(mirroredPoint) : points,
    rightAxes = kneeAxes(rightPoints)!;
  const starts: StartedBody[] = [],
    missing: string[] = [];
  for (const model of models) {
    const names = model.bones.map(({ name }) => name as string);
    const sheet = mergeMeshes(surfaces.filter(({ bone }) => names.includes(bone)).map(({ mesh }) => mesh));
    const poses = startPoses(model, rightAxes, rightPoints);
    if (poses.length === 0 || surfaceArea(sheet) < LEAST_SEEN_MM2) {
      missing.push(`too little of the ${names.join(" and ")} was seen or touched`);
      continue;
    }
    const pose = bestStart(model, isLeft ? mirrored(sheet) : sheet, touchedLandmarks(model, rightPoints), poses);
    const own = isLeft ? mirroredModel(model) : model;
    starts.push({
      model: own,
      bodyFromReference: isLeft ? mirroredPose(pose) : Float64Array.from(pose),
      touched: touchedLandmarks(own, points),
    });
  }
  return { starts, missing };
}

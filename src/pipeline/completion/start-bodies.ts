import type { DigitisedPoint } from "../../data/recording.ts";
import type { ShapeModel, ShapeStart } from "../../data/shape-model.ts";
import type { Surface } from "../../data/surface.ts";
import { bestStart } from "./best-start.ts";
import { touchedLandmarks } from "./fit-shape.ts";
import { mirroredModel, mirroredPose } from "./mirror.ts";
import { seenKnee } from "./seen-bodies.ts";

/** Of a body of which less was seen there is no start, mm². */
const LEAST_SEEN_MM2 = 300;

/** Where each body begins: by what was touched of it, and by which of its possible starts suits the sheets best. */
export function startBodies(
  models: readonly ShapeModel[],
  surfaces: readonly Surface[],
  points: readonly DigitisedPoint[],
): { readonly starts: readonly ShapeStart[]; readonly missing: readonly string[] } {
  const knee = seenKnee(models, surfaces, points);
  if (!knee) return { starts: [], missing: ["the points that tell how the knee lies were not touched"] };
  const starts: ShapeStart[] = [],
    missing: string[] = [];
  for (const { model, names, sheet, areaMm2, starts: poses } of knee.bodies) {
    if (poses.length === 0 || areaMm2 < LEAST_SEEN_MM2) {
      missing.push(`too little of the ${names} was seen or touched`);
      continue;
    }
    const pose = bestStart(model, sheet, touchedLandmarks(model, knee.points), poses);
    const own = knee.isLeft ? mirroredModel(model) : model;
    starts.push({
      model: own,
      bodyFromReference: knee.isLeft ? mirroredPose(pose) : Float64Array.from(pose),
      touched: touchedLandmarks(own, points),
    });
  }
  return { starts, missing };
}

import type { DigitisedPoint } from "../../data/recording.ts";
import type { ShapeModel } from "../../data/shape-model.ts";
import type { Surface } from "../../data/surface.ts";
import { mergeMeshes, surfaceArea, type Mesh } from "../../geometry/mesh.ts";
import { mirrored, mirroredPoint } from "./mirror.ts";
import { kneeAxes, startPoses } from "./start-poses.ts";

/** What was seen of a body, as that of a right knee: shapes are of the right side. */
export interface SeenBody {
  readonly model: ShapeModel;
  /** "tibia and fibula". */
  readonly names: string;
  readonly sheet: Mesh;
  readonly areaMm2: number;
  /** Possible poses to begin with, row-major 3×4; none where none of the body's points was touched. */
  readonly starts: readonly Float64Array[];
}

export interface SeenKnee {
  readonly isLeft: boolean;
  /** The touched points, those of a left knee mirrored. */
  readonly points: readonly DigitisedPoint[];
  readonly bodies: readonly SeenBody[];
}

/** Undefined where the points that tell how the knee lies were not touched. */
export function seenKnee(
  models: readonly ShapeModel[],
  surfaces: readonly Surface[],
  touched: readonly DigitisedPoint[],
): SeenKnee | undefined {
  const axes = kneeAxes(touched);
  if (!axes) return undefined;
  const isLeft = axes.side === "left";
  const points = isLeft ? touched.map(mirroredPoint) : touched;
  const rightAxes = kneeAxes(points)!;
  const bodies = models.map((model): SeenBody => {
    const bones = model.bones.map(({ name }) => name as string);
    const sheet = mergeMeshes(surfaces.filter(({ bone }) => bones.includes(bone)).map(({ mesh }) => mesh));
    return {
      model,
      names: bones.join(" and "),
      sheet: isLeft ? mirrored(sheet) : sheet,
      areaMm2: surfaceArea(sheet),
      starts: startPoses(model, rightAxes, points),
    };
  });
  return { isLeft, points, bodies };
}

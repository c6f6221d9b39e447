import type { DigitisedPoint } from "../../data/recording.ts";
import type { ShapeModel } from "../../data/shape-model.ts";
import type { Mesh } from "../../geometry/mesh.ts";

/** Left and right exchanged, triangles turned so that they face outward again. */
export function mirrored({ positions, triangles }: Mesh): Mesh {
  return {
    positions: positions.map((value, i) => (i % 3 === 0 ? -value : value)),
    triangles: triangles.map((_, i) => triangles[i % 3 === 1 ? i + 1 : i % 3 === 2 ? i - 1 : i]!),
  };
}

export const mirroredPoint = (point: DigitisedPoint): DigitisedPoint => {
  const [x, y, z] = point.positionMm;
  return { ...point, positionMm: [-x, y, z] };
};

/** The shape of the other side: vertices and triangles keep their numbers. */
export const mirroredModel = (model: ShapeModel): ShapeModel => ({
  ...model,
  mean: mirrored(model.mean),
  landmarks: model.landmarks.map(({ name, meanMm: [x, y, z] }) => ({ name, meanMm: [-x, y, z] })),
  modes: model.modes.map((mode) => mode.map((value, i) => (i % 3 === 0 ? -value : value))),
});

/** A pose (row-major 3×4) between two frames that are both mirrored in x. */
export const mirroredPose = (m: Readonly<Float64Array>): Float64Array =>
  Float64Array.from(m, (value, i) => ((i % 4 === 0) !== i < 4 ? -value : value));

import { transformPoint } from "../../core/rigid.ts";
import type { DistanceField } from "../../geometry/distance-field.ts";

/** Which part of a probe's face touches the skin. */
export interface FaceContact {
  readonly share: number;
  /** Along the face from its middle, +x to the marked side, mm; NaN when nothing touches. */
  readonly fromMm: number;
  readonly toMm: number;
}

const POINTS = 41;

/** `skin`: negative inside the body, in the frame that `sceneFromImage` (row-major 3×4, mm) leads to. */
export function faceContact(
  skin: DistanceField,
  sceneFromImage: Readonly<Float64Array>,
  faceLengthMm: number,
): FaceContact {
  let count = 0,
    fromMm = NaN,
    toMm = NaN;
  for (let i = 0; i < POINTS; i++) {
    const x = faceLengthMm * (i / (POINTS - 1) - 0.5);
    if (skin.distanceMm(...transformPoint(sceneFromImage as Float64Array, x, 0, 0)) > 0) continue;
    if (count === 0) fromMm = x;
    toMm = x;
    count++;
  }
  return { share: count / POINTS, fromMm, toMm };
}

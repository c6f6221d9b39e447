import type { EchoEffects } from "./effects.ts";
import { GEL_REACH_MM } from "./effects.ts";
import type { Scene } from "../scene.ts";
import { fieldSampler } from "./field-sampler.ts";
import type { ScanLines } from "./scan-lines.ts";

export interface FaceContact {
  /** Per line: 1 where the face touches skin or gel; 0 also on the margin's lines. */
  readonly contact: Uint8Array;
  /** Per line: how deep the face sits in the resting skin, mm. */
  readonly indentMm: Float32Array;
}

/** Fills `to` for a pose. Returns the deepest indentation, mm. */
export type FindContact = (kneeFromImage: Readonly<Float64Array>, scan: ScanLines, to: FaceContact) => number;

/** Where the face touches, and how deep it is pressed in; a fluid is not squeezed. */
export function contactFinder(scene: Scene, effects: EchoEffects): FindContact {
  const skinAt = fieldSampler(scene.grid, scene.skinDistanceMm, 5);
  const squeezes = effects.compression && !scene.fluid;
  return (m, { count, originX, originY, directionX, directionY, startMm, first, end }, { contact, indentMm }) => {
    let deepest = 0;
    for (let line = 0; line < count; line++) {
      const x = originX[line]! + startMm[line]! * directionX[line]!,
        y = originY[line]! + startMm[line]! * directionY[line]!;
      const onFace = line >= first && line < end;
      const gap = skinAt(m[0]! * x + m[1]! * y + m[3]!, m[4]! * x + m[5]! * y + m[7]!, m[8]! * x + m[9]! * y + m[11]!);
      contact[line] = onFace && gap <= GEL_REACH_MM ? 1 : 0;
      indentMm[line] = squeezes ? Math.max(0, -gap) : 0;
      if (onFace) deepest = Math.max(deepest, indentMm[line]!);
    }
    // Beside the face the skin is free, but no step starts there.
    indentMm.fill(indentMm[first]!, 0, first);
    indentMm.fill(indentMm[end - 1]!, end);
    return deepest;
  };
}

/** Tilt of the skin out of the image plane under the middle of the face; the layers below roughly follow it. */
export function skinSlope(scene: Scene): (kneeFromImage: Readonly<Float64Array>) => number {
  const skinAt = fieldSampler(scene.grid, scene.skinDistanceMm, 5);
  return (m) => {
    const at = (y: number, z: number): number =>
      skinAt(m[1]! * y + m[2]! * z + m[3]!, m[5]! * y + m[6]! * z + m[7]!, m[9]! * y + m[10]! * z + m[11]!);
    const along = at(4, 0) - at(2, 0),
      across = at(3, 1) - at(3, -1);
    return Math.abs(along) > 0.1 ? across / along : 0;
  };
}

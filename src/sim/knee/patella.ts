import { type Implicit, ellipse, smoothMax, smoothStep, softAbs } from "./implicit.ts";
import type { PatellaParameters } from "./parameters.ts";

/**
 * The patella in its own frame, mm: origin at half height and half thickness on the line of the ridge, axes as the
 * knee frame in extension; the apex points to −Z, the ridge to −Y.
 */
export interface PatellaShape {
  readonly solid: Implicit;
  /** x of the medial border, of the lateral border. */
  readonly medialX: number;
  readonly lateralX: number;
  readonly halfHeightMm: number;
  /** Below this z the back is the non-articular apex. */
  readonly articularBottomZ: number;
}

export function patellaShape(p: PatellaParameters): PatellaShape {
  const s = p.widthMm / 45;
  const halfHeight = p.heightMm / 2,
    halfThickness = p.thicknessMm / 2;
  const lateralX = p.ridgeShare * p.widthMm,
    medialX = lateralX - p.widthMm;
  const middleX = (lateralX + medialX) / 2;
  const articularBottomZ = -0.42 * halfHeight;

  const solid: Implicit = (x, y, z) => {
    const dx = x - middleX;
    // Outline seen from the front: broad above, a blunt point below.
    const low = smoothStep(0.15 * halfHeight, -halfHeight, z);
    const outline = ellipse(dx, z, (p.widthMm / 2) * (1 - 0.42 * low), halfHeight);
    const front = y - halfThickness + (dx * dx) / (62 * s) + (z * z) / (85 * s);
    // Lateral facet wider and flatter than the medial one; both turn up at their borders.
    const slope = x > 0 ? 0.4 : 0.5;
    const back = -y - halfThickness + slope * softAbs(x, 2.5 * s) + (z * z) / (130 * s);
    const apex = Math.max(0, articularBottomZ - z);
    let d = smoothMax(front, back / 1.1 + 0.55 * apex, 3.5 * s);
    d = smoothMax(d, outline, 6.5 * s);
    return d;
  };
  return { solid, medialX, lateralX, halfHeightMm: halfHeight, articularBottomZ };
}

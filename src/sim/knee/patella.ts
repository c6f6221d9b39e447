import { type Implicit, ellipse, smoothMax, smoothStep, softAbs } from "./implicit.ts";
import type { PatellaParameters } from "./parameters.ts";

/** First and last coordinate along an axis at which the blank is solid, to 0.1 mm. */
function extent(
  solid: Implicit,
  axis: 0 | 1 | 2,
  { widthMm, thicknessMm, heightMm }: PatellaParameters,
): [number, number] {
  const half = [0.62 * widthMm, 0.62 * thicknessMm, 0.62 * heightMm] as const;
  const others = [0, 1, 2].filter((a) => a !== axis) as [0 | 1 | 2, 0 | 1 | 2];
  const within = (t: number): boolean => {
    const at: [number, number, number] = [0, 0, 0];
    at[axis] = t;
    for (let u = -half[others[0]]; u <= half[others[0]]; u += 0.5) {
      for (let v = -half[others[1]]; v <= half[others[1]]; v += 0.5) {
        at[others[0]] = u;
        at[others[1]] = v;
        if (solid(...at) < 0) return true;
      }
    }
    return false;
  };
  const end = (sign: number): number => {
    let inside = 0,
      outside = sign * half[axis];
    while (Math.abs(outside - inside) > 0.05) {
      const middle = (inside + outside) / 2;
      if (within(middle)) inside = middle;
      else outside = middle;
    }
    return (inside + outside) / 2;
  };
  return [end(-1), end(1)];
}

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

export function patellaShape(p: PatellaParameters, stretch: PatellaStretch = patellaStretch(p)): PatellaShape {
  const { medialX, lateralX, articularBottomZ, rough } = blank(p);
  const [mx, my, mz] = stretch.middle,
    [sx, sy, sz] = stretch.scale;
  const middleX = (lateralX + medialX) / 2,
    steepest = Math.max(sx, sy, sz);
  const solid: Implicit = (x, y, z) => rough(mx + (x - middleX) * sx, my + y * sy, mz + z * sz) / steepest;
  return { solid, medialX, lateralX, halfHeightMm: p.heightMm / 2, articularBottomZ };
}

/** The rounded rim shortens all three sizes: from the wanted patella to the blank that is stretched to it. */
export interface PatellaStretch {
  readonly middle: readonly [number, number, number];
  readonly scale: readonly [number, number, number];
}

/** Measured along the axes of the blank. */
export function patellaStretch(p: PatellaParameters): PatellaStretch {
  const { rough } = blank(p);
  const [x0, x1] = extent(rough, 0, p),
    [y0, y1] = extent(rough, 1, p),
    [z0, z1] = extent(rough, 2, p);
  return {
    middle: [(x0 + x1) / 2, (y0 + y1) / 2, (z0 + z1) / 2],
    scale: [(x1 - x0) / p.widthMm, (y1 - y0) / p.thicknessMm, (z1 - z0) / p.heightMm],
  };
}

function blank(p: PatellaParameters) {
  const s = p.widthMm / 45;
  const halfHeight = p.heightMm / 2,
    halfThickness = p.thicknessMm / 2;
  const lateralX = p.ridgeShare * p.widthMm,
    medialX = lateralX - p.widthMm;
  const middleX = (lateralX + medialX) / 2;
  const articularBottomZ = -0.42 * halfHeight;

  // Quadratic drops of the front that reach their depth at the borders.
  const across = (4 * p.domeAcrossMm) / p.widthMm ** 2,
    along = (4 * p.domeAlongMm) / p.heightMm ** 2;
  const medialSlope = 1.1 * Math.tan(p.medialFacetRad),
    lateralSlope = 1.1 * Math.tan(p.lateralFacetRad);
  const rough: Implicit = (x, y, z) => {
    const dx = x - middleX;
    // Outline seen from the front: broad above, a blunt point below.
    const low = smoothStep(0.15 * halfHeight, -halfHeight, z);
    const outline = ellipse(dx, z, (p.widthMm / 2) * (1 - p.apexTaper * low), halfHeight);
    const bent = y + p.apexBackOffsetMm * low;
    const front = bent - halfThickness + across * dx * dx + along * z * z;
    // Lateral facet wider and flatter than the medial one; both turn up at their borders.
    const slope = x > 0 ? lateralSlope : medialSlope;
    const back = -bent - halfThickness + slope * softAbs(x, 4 * s) + (z * z) / (130 * s);
    const apex = smoothMax(0, articularBottomZ - z, 5 * s);
    let d = smoothMax(front, back / 1.1 + 0.55 * apex, 3.5 * s);
    d = smoothMax(d, outline, p.rimMm);
    return d;
  };
  return { medialX, lateralX, articularBottomZ, rough };
}

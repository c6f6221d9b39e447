import { ellipse, ellipsoid, type Implicit, mix, monotoneCurve, type Point } from "./implicit.ts";
import { smoothMax, smoothMin, smoothStep, taperedCapsule } from "./implicit.ts";
import type { TibiaParameters } from "./parameters.ts";

/** Plateau width of a man of average size; the shares below are of it. */
const REFERENCE_WIDTH_MM = 78;

/** Clear space between tibia and fibula at their joint: two layers of cartilage. */
const TIBIOFIBULAR_GAP_MM = 2;

/** The tibia in its own frame, mm: X and Z as the knee frame in extension, plateau level (without slope) at z = 0. */
export interface TibiaShape {
  readonly solid: Implicit;
  readonly fibula: Implicit;
  readonly bottomMm: number;
  readonly centreY: number;
  readonly medialX: number;
  readonly lateralX: number;
  /** Height of the top surface over (x, y), eminence included. */
  top(x: number, y: number): number;
  /** Negative inside the outline of the plateau, seen from above. */
  outline(x: number, y: number): number;
  /** Signed distance to the plane of the shaft's bare medial face at height z, positive in front of it. */
  readonly medialFace: Implicit;
  /** On the upper half of the tubercle, where the patellar tendon ends. */
  readonly tubercle: Point;
  readonly fibulaTip: Point;
  readonly fibulaAxis: { readonly head: Point; readonly foot: Point };
}

export function tibiaShape(p: TibiaParameters, grooveX: number): TibiaShape {
  const s = p.plateauWidthMm / REFERENCE_WIDTH_MM;
  const halfWidth = p.plateauWidthMm / 2,
    halfDepth = p.plateauDepthMm / 2;
  const bottomMm = -122,
    centreY = 2 * s;
  const medialX = -20 * s,
    lateralX = 20 * s;

  const tubercleX = grooveX + p.tubercleOffsetMm * 0.75; // the shank turns outward by the rest when it is loaded
  const tubercleY = centreY + halfDepth * 1.06 + p.tubercleForwardMm,
    tubercleZ = -p.tubercleDropMm;

  /** The rounder medial and the smaller lateral half, joined without the anterior and posterior dents of two circles. */
  const rough = (x: number, y: number): number => {
    const medial = ellipse(x + (halfWidth - p.medialHalfMm), y - centreY, p.medialHalfMm, halfDepth);
    const lateral = ellipse(
      x - (halfWidth - p.lateralHalfMm), y - centreY - p.lateralForwardOffsetMm,
      p.lateralHalfMm, halfDepth * p.lateralDepthShare,
    ); // prettier-ignore
    const middle = ellipse(x, y - centreY - 1.5 * s, 23 * s, halfDepth * 0.91);
    return smoothMin(smoothMin(medial, lateral, 10 * s), middle, 8 * s);
  };
  // Rounding joins outward: the outline is scaled back to its width and depth.
  const reach = (dx: number, dy: number, fromX: number): number => {
    let near = 0,
      far = 80;
    for (let iteration = 0; iteration < 40; iteration++) {
      const t = (near + far) / 2;
      if (rough(fromX + dx * t, centreY + dy * t) < 0) near = t;
      else far = t;
    }
    return near;
  };
  const widest = (reach(1, 0, 0) + reach(-1, 0, 0)) / 2;
  const deepest = Math.max(...[-20, -18, -16, -12, 0].map((x) => reach(0, 1, x * s) + reach(0, -1, x * s))) / 2;
  const outline = (x: number, y: number): number =>
    rough((x * widest) / halfWidth, centreY + ((y - centreY) * deepest) / halfDepth);

  /** Middle of a half of the outline, from front to back: the dish and the dome lie there. */
  const middleOf = (x: number): number => {
    const end = (sign: 1 | -1): number => {
      let near = 0,
        far = 60;
      while (far - near > 0.01) {
        const t = (near + far) / 2;
        if (outline(x, centreY + sign * t) < 0) near = t;
        else far = t;
      }
      return near;
    };
    return (end(1) - end(-1)) / 2;
  };
  const medialMiddle = middleOf(medialX),
    lateralMiddle = middleOf(lateralX);

  const slopeAt = (x: number): number =>
    mix(Math.tan(p.medialSlopeRad), Math.tan(p.lateralSlopeRad), smoothStep(-8 * s, 8 * s, x));
  const bump = (x: number, y: number, cx: number, cy: number, sx: number, sy: number): number =>
    Math.exp(-0.5 * (((x - cx) / sx) ** 2 + ((y - cy) / sy) ** 2));
  const top = (x: number, y: number): number => {
    const dy = y - centreY;
    const bowlX = (x - medialX) / (15 * s),
      bowlY = (dy - medialMiddle) / (20 * s);
    const bowl = Math.max(0, 1 - bowlX * bowlX - bowlY * bowlY);
    const lx = (x - lateralX) / (16 * s),
      ly = (dy - lateralMiddle) / (20 * s);
    const hill = Math.max(0, 1 - lx * lx - ly * ly);
    const sy = dy - p.eminenceForwardOffsetMm;
    const medialSpine = bump(x, sy, -4.6 * s, -2 * s, 3.4 * s, 6.5 * s);
    const lateralSpine = bump(x, sy, 5.4 * s, -4 * s, 3.4 * s, 5.5 * s);
    const saddle = bump(x, sy, 0.5 * s, -3 * s, 5.5 * s, 7.5 * s);
    const frontHollow = bump(x, dy, 0, 16 * s, 7 * s, 7 * s),
      backHollow = bump(x, dy, 0, -19 * s, 6 * s, 5 * s);
    return (
      slopeAt(x) * dy -
      p.medialConcavityMm * bowl * bowl * (3 - 2 * bowl) +
      p.lateralDomeMm * hill * hill +
      p.eminenceHeightMm * (0.68 * medialSpine + 0.54 * lateralSpine + 0.42 * saddle) -
      2.5 * s * frontHollow -
      3 * s * backHollow
    );
  };

  // Fibula: head behind and lateral below the plateau, neck, slender shaft.
  const head: Point = [halfWidth - 4.5 * s, centreY - halfDepth * 0.62, -p.fibulaDropMm - 1.15 * p.fibulaHeadRadiusMm];
  const lateralLean = Math.tan(p.shaftLateralLeanRad),
    forwardLean = Math.tan(p.shaftForwardLeanRad);
  const foot: Point = [
    halfWidth - 12 * s + p.shaftSideOffsetMm - lateralLean * bottomMm,
    centreY - halfDepth * 0.55 + p.shaftForwardOffsetMm - forwardLean * bottomMm,
    bottomMm - 4,
  ];
  const neck: Point = [
    mix(head[0], foot[0], 0.35) - 0.8 * s, mix(head[1], foot[1], 0.35), mix(head[2], foot[2], 0.35),
  ]; // prettier-ignore
  const rh = p.fibulaHeadRadiusMm,
    rs = p.fibulaShaftRadiusMm;
  const upper = taperedCapsule([head[0], head[1], head[2] - 4 * s], rh * 0.78, neck, rs * 0.92);
  const lower = taperedCapsule(neck, rs * 0.92, foot, rs * 1.08);
  const fibulaTip: Point = [head[0] + 1 * s, head[1] - 3.5 * s, -p.fibulaDropMm];
  const fibula: Implicit = (x, y, z) => {
    const knob = ellipsoid(x - head[0], y - head[1], z - head[2], rh * 0.92, rh, rh * 1.05);
    const styloid = ellipsoid(
      x - fibulaTip[0], y - fibulaTip[1], z - (fibulaTip[2] - 6 * s), 4.2 * s, 4.4 * s, 6 * s,
    ); // prettier-ignore
    let d = Math.min(upper(x, y, z), lower(x, y, z)); // they share a ball
    d = smoothMin(d, knob, 5 * s);
    d = smoothMin(d, styloid, 4 * s);
    return smoothMax(d, bottomMm - z, 2);
  };

  // Below the rim the outline shrinks and turns into the three-sided shaft with its anterior crest.
  const shrink = monotoneCurve(
    [-64 * s, -44 * s, -28 * s, -14 * s, -3 * s],
    [2.43 * p.waistMm, 1.71 * p.waistMm, p.waistMm, 0.37 * p.waistMm, 0],
  );
  const forward = monotoneCurve([-44 * s, -28 * s, -3 * s], [1.3 * p.waistForwardOffsetMm, p.waistForwardOffsetMm, 0]);
  const shaft = monotoneCurve(
    [bottomMm, -70 * s, -48 * s, -30 * s, -14 * s],
    [p.shaftRadiusMm, p.shaftRadiusMm * 1.12, p.shaftRadiusMm * 1.35, p.shaftRadiusMm * 1.75, p.shaftRadiusMm * 2.05],
  );
  const alongX = monotoneCurve([bottomMm, -60 * s, -10 * s], [-1 * s, -0.5 * s, 0]);
  const alongY = monotoneCurve([bottomMm, -75 * s, -45 * s, -20 * s], [1 * s, 3 * s, 5 * s, 3 * s]);
  const axisX = (z: number): number => alongX(z) + p.shaftSideOffsetMm - lateralLean * z,
    axisY = (z: number): number => alongY(z) + p.shaftForwardOffsetMm - forwardLean * z;
  const medialFace: Implicit = (x, y, z) => -0.83 * (x - axisX(z)) + 0.56 * (y - axisY(z)) - shaft(z);
  const side: Implicit = (x, y, z) => {
    const dx = x - axisX(z),
      dy = y - axisY(z),
      r = shaft(z);
    let three = smoothMax(-0.83 * dx + 0.56 * dy, 0.87 * dx + 0.49 * dy, 11 * s); // medial face, lateral face
    three = smoothMax(three, -dy, 12 * s) - r;
    const t = smoothStep(-10 * s, -68 * s, z);
    if (t === 1) return three;
    const plate = outline(x, y - forward(z)) + shrink(z);
    return t === 0 ? plate : mix(plate, three, t);
  };

  const tubercle = taperedCapsule(
    [tubercleX, tubercleY - 1.5 * s - p.tubercleRadiusMm, tubercleZ - 2 * s],
    p.tubercleRadiusMm,
    [tubercleX * 0.3, tubercleY - 25 * s, tubercleZ - 52 * s],
    6 * s,
  );
  const g = p.gerdyOffsetMm;
  const solid: Implicit = (x, y, z) => {
    let d = side(x, y, z);
    d = smoothMin(d, tubercle(x, y, z), 13 * s);
    // Gerdy's tubercle, where the iliotibial band ends.
    const gerdy = ellipsoid(x - 24 * s - g, y - (centreY + 15 * s) - g, z + 14 * s, 8 * s, 7 * s, 7 * s);
    d = smoothMin(d, gerdy, 6 * s);
    d = smoothMax(d, z - top(x, y), 5 * s);
    d = smoothMax(d, TIBIOFIBULAR_GAP_MM - fibula(x, y, z), 3);
    return smoothMax(d, bottomMm - z, 3);
  };

  return {
    solid,
    fibula,
    bottomMm,
    centreY,
    medialX,
    lateralX,
    top,
    outline,
    medialFace,
    tubercle: [tubercleX, tubercleY - 1.5 * s, tubercleZ + 1 * s],
    fibulaTip,
    fibulaAxis: { head, foot },
  };
}

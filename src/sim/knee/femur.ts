import {
  convexOutline,
  ellipse,
  ellipsoid,
  type Implicit,
  mix,
  monotoneCurve,
  type Point,
  smoothMax,
  smoothMin,
  smoothStep,
} from "./implicit.ts";
import type { FemurParameters } from "./parameters.ts";

const DEG = Math.PI / 180;

/** Lengths below marked `w` are shares of the epicondylar width of a man of average size. */
const REFERENCE_WIDTH_MM = 82.65;

/** What other parts need to know about the shape of the femur, in its own frame (= the knee frame), mm. */
export interface FemurShape {
  readonly solid: Implicit;
  readonly topMm: number;
  /** Centres of the posterior circles in the sagittal plane through each crest: x, y, z. */
  readonly medialCentre: readonly [number, number, number];
  readonly lateralCentre: readonly [number, number, number];
  readonly medialCrestX: number;
  readonly lateralCrestX: number;
  readonly grooveX: number;
  /** y of the anterior-most outline of each side, z of its height. */
  readonly anteriorMm: { readonly medialY: number; readonly lateralY: number; readonly z: number };
  readonly distalZ: number;
  readonly notch: { readonly x: number; readonly widthMm: number };
  /** Negative in the intercondylar notch. */
  readonly notchSolid: Implicit;
}

/**
 * The distal femur. Condyles and trochlea are one body: in each sagittal plane a convex outline of tangent arcs
 * (posterior circle, larger distal circle, straight piece, trochlear circle), lowered toward the flanks and toward the
 * groove by a height profile across x. The notch is cut out of it; a lofted metaphysis and the epicondyles are
 * blended on.
 */
export function femurShape(p: FemurParameters): FemurShape {
  return femurFromBlank(femurBlank(p), p);
}

/**
 * The parameters that, before blending, give the sizes of `p` after it: blending swells the epicondyles and clips the
 * crests by a millimetre, which is measured on the blank and taken back.
 */
export function femurBlank(p: FemurParameters): FemurParameters {
  let blank = p;
  for (let round = 0; round < 3; round++) {
    const is = sizes(femurFromBlank(blank, p), p);
    blank = {
      ...blank,
      epicondylarWidthMm: blank.epicondylarWidthMm + p.epicondylarWidthMm - is.epicondylarWidthMm,
      medialDepthMm: blank.medialDepthMm + p.medialDepthMm - is.medialDepthMm,
      lateralDepthMm: blank.lateralDepthMm + p.lateralDepthMm - is.lateralDepthMm,
      trochlearDepthMm: blank.trochlearDepthMm + p.trochlearDepthMm - is.trochlearDepthMm,
      medialPosteriorRadiusMm: blank.medialPosteriorRadiusMm + p.medialPosteriorRadiusMm - is.medialPosteriorRadiusMm,
      lateralPosteriorRadiusMm:
        blank.lateralPosteriorRadiusMm + p.lateralPosteriorRadiusMm - is.lateralPosteriorRadiusMm,
      // Half up a low notch the condyles themselves stand wider apart than a narrow notch asks for.
      notchWidthMm: Math.max(0.75 * p.notchWidthMm, blank.notchWidthMm + p.notchWidthMm - is.notchWidthMm),
      notchHeightMm: blank.notchHeightMm + p.notchHeightMm - is.notchHeightMm,
    };
  }
  return blank;
}

/** Outermost coordinate of the solid along a ray from `from` in one axis, by bisection. */
function edge(solid: Implicit, from: Point, axis: 0 | 1 | 2, lengthMm: number): number {
  let inside = 0,
    outside = lengthMm;
  const at: [number, number, number] = [...from];
  while (Math.abs(outside - inside) > 0.01) {
    const middle = (inside + outside) / 2;
    at[axis] = from[axis] + middle;
    if (solid(...at) < 0) inside = middle;
    else outside = middle;
  }
  return from[axis] + (inside + outside) / 2;
}

/** As `edge`, where the ray may leave and enter again: the first way out. */
function firstEdge(solid: Implicit, from: Point, axis: 0 | 1 | 2, side: 1 | -1, lengthMm: number): number {
  const at: [number, number, number] = [...from];
  let out = 0;
  do at[axis] = from[axis] + side * (out += 1);
  while (out < lengthMm && solid(...at) < 0);
  at[axis] = from[axis] + side * (out - 1);
  return edge(solid, at, axis, side);
}

type Sizes = Pick<
  FemurParameters,
  | "epicondylarWidthMm"
  | "medialDepthMm"
  | "lateralDepthMm"
  | "trochlearDepthMm"
  | "notchWidthMm"
  | "notchHeightMm"
  | "medialPosteriorRadiusMm"
  | "lateralPosteriorRadiusMm"
>;

/** What a ruler would find: the widest line near the epicondyles, each condyle's back to the front of its crest. */
function sizes(
  { solid, medialCrestX, lateralCrestX, grooveX, anteriorMm, distalZ, notch, medialCentre, lateralCentre }: FemurShape,
  { posteriorTurnRad, epicondylarWidthMm }: FemurParameters,
): Sizes {
  const s = epicondylarWidthMm / REFERENCE_WIDTH_MM;
  let medial = 0,
    lateral = 0;
  for (let y = -8; y <= 8; y += 2) {
    for (let z = -8; z <= 12; z += 2) {
      medial = Math.min(medial, edge(solid, [-20, y, z], 0, -40));
      lateral = Math.max(lateral, edge(solid, [20, y, z], 0, 40));
    }
  }
  const depth = (crestX: number): number => {
    let front = 0,
      back = 0;
    for (let share = 0.5; share <= 1.2; share += 0.05) {
      for (let z = anteriorMm.z - 16; z <= anteriorMm.z + 12; z += 1) {
        front = Math.max(front, edge(solid, [crestX * share, 15, z], 1, 50));
        back = Math.min(back, edge(solid, [crestX * share, 5, z - 12], 1, -45));
      }
    }
    return front - back;
  };
  // The groove is looked at along the normal of the condyles' backs, as in a CT section.
  const nx = -Math.sin(posteriorTurnRad),
    ny = Math.cos(posteriorTurnRad);
  const profile: { along: number; height: number }[] = [];
  for (let along = -28 * s; along <= 28 * s; along += s) {
    const turned: Implicit = (height, _, z) => solid(along * ny + height * nx, -along * nx + height * ny, z);
    profile.push({ along, height: edge(turned, [8, 0, anteriorMm.z], 0, 55) });
  }
  const floor = profile
    .filter(({ along }) => Math.abs(along - grooveX) < 7 * s)
    .reduce((a, b) => (b.height < a.height ? b : a));
  const crest = (side: 1 | -1): number =>
    Math.max(...profile.filter(({ along }) => side * (along - floor.along) > 0).map(({ height }) => height));
  // The notch: its roof 3 mm behind the epicondylar axis, its walls at half that height, 8 mm behind the axis.
  const hole: Implicit = (x, y, z) => -solid(x, y, z);
  const roof = firstEdge(hole, [notch.x, -3 * s, distalZ], 2, 1, 50 * s) - distalZ;
  const wall = (side: 1 | -1): number => firstEdge(hole, [notch.x, -8 * s, distalZ + roof / 2], 0, side, 30) * side;
  return {
    medialPosteriorRadiusMm: backRadius(solid, medialCentre),
    lateralPosteriorRadiusMm: backRadius(solid, lateralCentre),
    trochlearDepthMm: (crest(-1) + crest(1)) / 2 - floor.height,
    notchHeightMm: roof,
    notchWidthMm: wall(1) + wall(-1),
    epicondylarWidthMm: lateral - medial,
    medialDepthMm: depth(medialCrestX),
    lateralDepthMm: depth(lateralCrestX),
  };
}

/** Radius of the circle through three points of the back of a condyle, 43, 69 and 95 degrees behind the lowest one. */
function backRadius(solid: Implicit, [x, cy, cz]: readonly [number, number, number]): number {
  const [a, b, c] = [0.75, 1.2, 1.65].map((angle) => {
    const along: Implicit = (r) => solid(x, cy - r * Math.sin(angle), cz - r * Math.cos(angle));
    const r = edge(along, [0, 0, 0], 0, 45);
    return [-r * Math.sin(angle), -r * Math.cos(angle)] as const;
  }) as [readonly [number, number], readonly [number, number], readonly [number, number]];
  const side = (p: readonly [number, number], q: readonly [number, number]): number =>
    Math.hypot(p[0] - q[0], p[1] - q[1]);
  const area2 = Math.abs((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]));
  return (side(a, b) * side(b, c) * side(c, a)) / (2 * area2);
}

/** The proportions come from `wanted`, so that correcting the sizes in `p` leaves the rest alone. */
export function femurFromBlank(p: FemurParameters, wanted: FemurParameters): FemurShape {
  const w = p.epicondylarWidthMm,
    s = wanted.epicondylarWidthMm / REFERENCE_WIDTH_MM;
  const distalZ = -p.distalHeightMm,
    anteriorRadius = p.anteriorRadiusMm,
    flatTilt = 20 * DEG;
  const medialCrestX = -p.medialCrestMm,
    lateralCrestX = p.lateralCrestMm,
    grooveX = p.grooveOffsetMm,
    notchX = p.notchOffsetMm;

  const outline = (radius: number, drop: number, dropRad: number, depth: number, lift: number, crestX: number) => {
    const posteriorY = -p.posteriorOffsetMm + Math.tan(p.posteriorTurnRad) * crestX;
    const distal = radius + drop;
    // The straight piece takes up what the arcs leave of the condyle's depth.
    const straight =
      (depth - radius - drop * Math.sin(dropRad) - (distal - anteriorRadius) * Math.sin(flatTilt) - anteriorRadius) /
      Math.cos(flatTilt);
    const y = posteriorY + radius;
    const z = distalZ + lift + distal - drop * Math.cos(dropRad); // the lowest point lies on the distal arc
    return {
      centre: [y, z] as const,
      ...convexOutline([y, z], -132 * DEG, [
        { radiusMm: radius, toRad: -dropRad },
        { radiusMm: distal, toRad: flatTilt, straightMm: Math.max(0, straight) },
        { radiusMm: anteriorRadius, toRad: 110 * DEG },
      ]),
    };
  };
  const medial = outline(
    p.medialPosteriorRadiusMm,
    p.medialRadiusDropMm,
    p.medialDropRad,
    p.medialDepthMm,
    0,
    medialCrestX,
  );
  const lateral = outline(
    p.lateralPosteriorRadiusMm, p.lateralRadiusDropMm, p.lateralDropRad, p.lateralDepthMm, p.lateralLiftOffsetMm, lateralCrestX,
  ); // prettier-ignore

  const crownRadius = p.crownRadiusMm;

  /** How far the surface lies below the sagittal outline at x: crown outside the crests, groove between them. */
  const lowering = (x: number, y: number): number => {
    const anterior = smoothStep(12 * s, 32 * s, y);
    const crest =
      x < grooveX
        ? mix(medialCrestX, -p.medialTrochleaMm, anterior)
        : mix(lateralCrestX, p.lateralTrochleaMm, anterior);
    const depth = mix(8.5 * s, p.trochlearDepthMm, anterior);
    const beyond = x < grooveX ? crest - x : x - crest;
    if (beyond > 0) {
      const t = Math.min(beyond, 0.8 * crownRadius);
      return crownRadius - Math.sqrt(crownRadius * crownRadius - t * t) + (beyond - t) * 1.33;
    }
    const u = -beyond / Math.abs(crest - grooveX); // 0 at the crest, 1 at the groove
    // Straight facets with rounded crest and floor: a cosine would give a bowl, not a groove.
    const facet = Math.sqrt(u * u + 0.02) - Math.sqrt(0.02),
      full = Math.sqrt(1.02) - Math.sqrt(0.02);
    const floor = smoothMin((1.3 * facet) / full, 1, 0.3); // level where the facets meet
    return depth * floor;
  };

  const halfWidth = wanted.epicondylarWidthMm / 2;
  const medialTaper = p.medialTaperMm / (30 * s) ** 2,
    lateralTaper = p.lateralTaperMm / (30 * s) ** 2;
  const body: Implicit = (x, y, z) => {
    const side = smoothStep(-9 * s, 11 * s, x);
    const sagittal =
      side === 0
        ? medial.distanceMm(y, z)
        : side === 1
          ? lateral.distanceMm(y, z)
          : mix(medial.distanceMm(y, z), lateral.distanceMm(y, z), side);
    // The crown must not carve the roof of the body, where the shaft stands.
    let d = sagittal + lowering(x, y) * (1 - 0.6 * smoothStep(4 * s, 26 * s, z));
    // Flanks: nearly parallel behind the epicondyles, converging toward the trochlea.
    const forward = Math.max(0, y - 2 * s);
    const medialFlank =
      -x - halfWidth + p.medialInsetMm + medialTaper * forward * forward + 0.03 * Math.max(0, -z - 8 * s);
    const lateralFlank =
      x - halfWidth + p.lateralInsetMm + lateralTaper * forward * forward + 0.03 * Math.max(0, -z - 8 * s);
    d = smoothMax(d, medialFlank / 1.15, 9 * s);
    d = smoothMax(d, lateralFlank / 1.1, 9 * s);
    return smoothMax(d, (z - 14.5 * s - 0.17 * y) / 1.02, 12 * s);
  };

  // The roof of the notch runs from behind and above to the front and below (Blumensaat's line).
  const roofY = -3 * s,
    roofZ = distalZ + p.notchHeightMm + 2.5 * s;
  const roofAngle = 48 * DEG,
    roofNy = Math.sin(roofAngle),
    roofNz = Math.cos(roofAngle);
  const rounding = Math.min(13 * s, 0.6 * p.notchWidthMm);
  const notchSolid: Implicit = (x, y, z) => {
    const roof = (y - roofY) * roofNy + (z - roofZ) * roofNz;
    const wider = 0.06 * Math.max(0, distalZ + 8 * s - z);
    const wall = Math.abs(x - notchX) - p.notchWidthMm / 2 - wider;
    return smoothMax(roof, wall, rounding);
  };

  // Metaphysis and shaft: elliptic sections, the posterior half flatter (popliteal surface).
  const topMm = 88;
  const at = [-14 * s, 0, 12 * s, 22 * s, 34 * s, 52 * s, 75 * s, 110];
  const low = p.metaphysisLowOffsetMm,
    high = p.metaphysisHighOffsetMm,
    fore = p.metaphysisFrontOffsetMm,
    aft = p.metaphysisBackOffsetMm;
  const half = monotoneCurve(at, [
    30 * s + low,
    34 * s + low,
    34.5 * s + low,
    30 * s + (low + high) / 2,
    24.5 * s + high,
    18.8 * s + high,
    15.8 * s,
    p.shaftRadiusMm,
  ]);
  const front = monotoneCurve(at, [
    14 * s + fore,
    16 * s + fore,
    20.5 * s + fore,
    22.5 * s + fore,
    19.5 * s + fore,
    15.5 * s + fore,
    14.2 * s,
    p.shaftRadiusMm,
  ]);
  const back = monotoneCurve(at, [
    12 * s + aft,
    15 * s + aft,
    17 * s + aft,
    16 * s + aft,
    15 * s + aft,
    13.5 * s + aft,
    13.5 * s,
    p.shaftRadiusMm,
  ]);
  const centreY = monotoneCurve(at, [9 * s, 9 * s, 9.5 * s, 10.5 * s, 12 * s, 13 * s, 14 * s, 16 * s]);
  const backLean = Math.tan(p.shaftBackLeanRad);
  const valgus = Math.tan(p.shaftValgusRad);
  const metaphysis: Implicit = (x, y, z) => {
    const dx = x - (1.5 * s + p.metaphysisSideOffsetMm + valgus * Math.max(0, z)),
      dy = y - centreY(z) + backLean * Math.max(0, z);
    const section = ellipse(dx, dy, half(z), dy > 0 ? front(z) : back(z));
    return smoothMax(section / 1.15, -z - 14 * s, 10 * s);
  };

  const tip = w / 2;
  const solid: Implicit = (x, y, z) => {
    let d = body(x, y, z);
    const m = metaphysis(x, y, z);
    d = smoothMin(d, m, 13 * s);
    // Epicondyles: the tips are the points that define the width and the origin.
    const lx = ellipsoid(x - (tip - 8 * s), y, z, 8 * s, 10 * s, 11 * s);
    const mx = ellipsoid(x + (tip - 9 * s), y, z, 9 * s, 11 * s, 12 * s);
    const adductor = ellipsoid(x + (tip - 14.5 * s), y + 4 * s, z - 14 * s, 10 * s, 8 * s, 9 * s);
    d = smoothMin(d, x > 0 ? lx : smoothMin(mx, adductor, 8 * s), 6 * s);
    d = smoothMax(d, -notchSolid(x, y, z), 3.5 * s);
    return smoothMax(d, z - topMm, 3);
  };

  return {
    solid,
    topMm,
    medialCentre: [medialCrestX, ...medial.centre],
    lateralCentre: [lateralCrestX, ...lateral.centre],
    medialCrestX,
    lateralCrestX,
    grooveX,
    anteriorMm: {
      medialY: medial.support(90 * DEG),
      lateralY: lateral.support(90 * DEG),
      z: distalZ + 31 * s,
    },
    distalZ,
    notch: { x: notchX, widthMm: p.notchWidthMm },
    notchSolid,
  };
}

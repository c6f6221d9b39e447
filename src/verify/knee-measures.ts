import { type ClosestPoint, createClosestPoint } from "../geometry/closest-point.ts";
import type { Mesh } from "../geometry/mesh.ts";

/** Bones measured as an anatomist would: each figure is read off the triangles, none off the parameters. */
type Where = (x: number, y: number, z: number) => boolean;

function extent({ positions: p }: Mesh, axis: 0 | 1 | 2, where: Where): number {
  let low = Infinity,
    high = -Infinity;
  for (let i = 0; i < p.length; i += 3) {
    if (!where(p[i]!, p[i + 1]!, p[i + 2]!)) continue;
    low = Math.min(low, p[i + axis]!);
    high = Math.max(high, p[i + axis]!);
  }
  return high - low;
}

/** Farthest vertex along a direction among those admitted. */
export function farthest(
  { positions: p }: Mesh,
  [dx, dy, dz]: readonly [number, number, number],
  where: Where,
): [number, number, number] {
  let best = -Infinity,
    at: [number, number, number] = [NaN, NaN, NaN];
  for (let i = 0; i < p.length; i += 3) {
    const x = p[i]!, y = p[i + 1]!, z = p[i + 2]!; // prettier-ignore
    const along = dx * x + dy * y + dz * z;
    if (along > best && where(x, y, z)) {
      best = along;
      at = [x, y, z];
    }
  }
  return at;
}

/** Centre and radius of the circle nearest to points (u, v), least squares (Kåsa 1976). */
function circle(points: readonly (readonly [number, number])[]): { u: number; v: number; radius: number } {
  const m = Array.from({ length: 3 }, () => [0, 0, 0, 0]);
  for (const [u, v] of points) {
    const row = [2 * u, 2 * v, 1, u * u + v * v];
    for (let r = 0; r < 3; r++) for (let c = 0; c < 4; c++) m[r]![c]! += row[r]! * row[c]!;
  }
  for (let r = 0; r < 3; r++) {
    for (let below = r + 1; below < 3; below++) {
      const factor = m[below]![r]! / m[r]![r]!;
      for (let c = r; c < 4; c++) m[below]![c]! -= factor * m[r]![c]!;
    }
  }
  const c = m[2]![3]! / m[2]![2]!;
  const b = (m[1]![3]! - m[1]![2]! * c) / m[1]![1]!;
  const a = (m[0]![3]! - m[0]![2]! * c - m[0]![1]! * b) / m[0]![0]!;
  return { u: a, v: b, radius: Math.sqrt(c + a * a + b * b) };
}

export interface FemurMeasures {
  readonly epicondylarWidthMm: number;
  readonly medialDepthMm: number;
  readonly lateralDepthMm: number;
  /** Of the sagittal circle through the back of each condyle. */
  readonly medialPosteriorRadiusMm: number;
  readonly lateralPosteriorRadiusMm: number;
  /** Line through the backs of the condyles against the line through the epicondyles. */
  readonly posteriorTurnRad: number;
  /** Line from the middle of the notch to the groove's floor (Whiteside) against the normal of the epicondylar line. */
  readonly whitesideRad: number;
  readonly notchWidthMm: number;
  readonly notchHeightMm: number;
  /** Depth of the groove below the mean of its crests, along the normal of the condyles' backs; angle between crests. */
  readonly trochlearDepthMm: number;
  readonly sulcusAngleRad: number;
}

/** Average width, that windows below are given for. */
const REFERENCE_WIDTH_MM = 82.65;

/** In the femur's frame: X along the epicondyles, lateral +, Z proximal. */
export function measureFemur(mesh: Mesh): FemurMeasures {
  const s = extent(mesh, 0, (_x, _y, z) => Math.abs(z) < 14) / REFERENCE_WIDTH_MM;
  const width = extent(mesh, 0, (_x, _y, z) => Math.abs(z) < 12 * s);
  const depth = (side: 1 | -1): number =>
    extent(mesh, 1, (x, y, z) => side * x > (side > 0 ? 8 : 6) * s && z < 17 * s && (y > 0 || z < 8 * s));
  const back = (side: 1 | -1) => farthest(mesh, [0, -1, 0], (x, _, z) => side * x > 8 * s && z < 10 * s);
  const medialBack = back(-1),
    lateralBack = back(1);
  const turn = Math.atan2(lateralBack[1] - medialBack[1], lateralBack[0] - medialBack[0]);
  const lowest = farthest(mesh, [0, 0, -1], () => true)[2];
  const surface = createClosestPoint(mesh);
  const trochlea = measureTrochlea(surface, s, lowest, turn);
  const notch = measureNotch(surface, s, lowest);
  return {
    epicondylarWidthMm: width,
    medialDepthMm: depth(-1),
    lateralDepthMm: depth(1),
    medialPosteriorRadiusMm: posteriorRadius(surface, medialBack, s),
    lateralPosteriorRadiusMm: posteriorRadius(surface, lateralBack, s),
    posteriorTurnRad: turn,
    whitesideRad: Math.atan2(trochlea.floor[0] - notch.middle[0], trochlea.floor[1] - notch.middle[1]),
    notchWidthMm: notch.widthMm,
    notchHeightMm: notch.heightMm,
    trochlearDepthMm: trochlea.depthMm,
    sulcusAngleRad: trochlea.angleRad,
  };
}

/** A circle through the back of the condyle at its crest, from 43 degrees behind the lowest point to 5 above the back. */
function posteriorRadius(surface: ClosestPoint, [bx, by, bz]: readonly [number, number, number], s: number): number {
  const hit = (x: number, z: number): number => {
    const from = by - 20;
    return from + (surface.rayHits([x, from, z], [0, 1, 0], 60)[0]?.distanceMm ?? NaN);
  };
  let crest = bx;
  for (let x = bx - 4; x <= bx + 4; x += 0.5) if (hit(x, bz) < hit(crest, bz)) crest = x;
  let centre = { u: by + 19 * s, v: bz, radius: 19 * s };
  for (let round = 0; round < 5; round++) {
    const points: [number, number][] = [];
    const { u, v, radius } = centre;
    for (let angle = 0.75; angle <= 1.65; angle += 0.05) {
      const z = v - radius * Math.cos(angle),
        y = hit(crest, z);
      if (Math.abs(y - (u - radius * Math.sin(angle))) < 6) points.push([y, z]);
    }
    if (points.length < 8) return NaN;
    centre = circle(points);
  }
  return centre.radius;
}

/** Widths of the profile's steps, mm. */
const PROFILE_STEP_MM = 1;

/** The groove in the transverse section 31 mm (average size) above the lowest point, looked at along the backs' normal. */
function measureTrochlea(surface: ClosestPoint, s: number, lowest: number, turn: number) {
  const z = lowest + 31 * s;
  const nx = -Math.sin(turn), ny = Math.cos(turn); // prettier-ignore
  const profile: { along: number; height: number; at: [number, number] }[] = [];
  for (let along = -30 * s; along <= 30 * s; along += PROFILE_STEP_MM * s) {
    const from: [number, number, number] = [along * ny + 100 * nx, -along * nx + 100 * ny, z];
    const hit = surface.rayHits(from, [-nx, -ny, 0], 130)[0];
    if (hit)
      profile.push({
        along,
        height: 100 - hit.distanceMm,
        at: [from[0] - hit.distanceMm * nx, from[1] - hit.distanceMm * ny],
      });
  }
  const inner = profile.filter(({ along }) => Math.abs(along - 2 * s) < 7 * s);
  const floor = inner.reduce((a, b) => (b.height < a.height ? b : a));
  const crest = (side: 1 | -1) =>
    profile
      .filter(({ along }) => side * (along - floor.along) > 0)
      .reduce((a, b) => (b.height > a.height ? b : a), floor);
  const medial = crest(-1),
    lateral = crest(1);
  const rise = (c: typeof floor): number => Math.atan2(Math.abs(c.along - floor.along), c.height - floor.height);
  return {
    floor: [floor.at[0], floor.at[1]] as const,
    depthMm: (medial.height + lateral.height) / 2 - floor.height,
    angleRad: rise(medial) + rise(lateral),
  };
}

/** Walls at half the notch's height 8 mm behind the epicondyles, roof 3 mm behind them, above the lowest point. */
function measureNotch(surface: ClosestPoint, s: number, lowest: number) {
  const roof = surface.rayHits([0.5 * s, -3 * s, lowest - 5], [0, 0, 1], 90 * s)[0];
  const heightMm = roof ? roof.distanceMm - 5 : NaN;
  const z = lowest + heightMm / 2,
    y = -8 * s;
  const to = (side: 1 | -1): number => surface.rayHits([0.5 * s, y, z], [side, 0, 0], 60)[0]?.distanceMm ?? NaN;
  const medial = to(-1),
    lateral = to(1);
  return { heightMm, widthMm: medial + lateral, middle: [0.5 * s + (lateral - medial) / 2, y] as const };
}

export interface TibiaMeasures {
  readonly plateauWidthMm: number;
  readonly plateauDepthMm: number;
  /** Downward toward posterior: of the line on the lips of the medial half, of the middle 30 mm of the lateral one. */
  readonly medialSlopeRad: number;
  readonly lateralSlopeRad: number;
}

/** In the tibia's frame: Z along the shank. */
export function measureTibia(mesh: Mesh): TibiaMeasures {
  const surface = createClosestPoint(mesh);
  const width = extent(mesh, 0, (_x, _y, z) => z > -14),
    s = width / 78;
  const height = (x: number, y: number): number =>
    40 - (surface.rayHits([x, y, 40], [0, 0, -1], 80)[0]?.distanceMm ?? NaN);
  // On the lateral side Gerdy's tubercle bulges below 7 mm.
  const ends = (x: number): readonly [number, number] => {
    const near = (vx: number, _: number, z: number): boolean => Math.abs(vx - x) < 2.5 && z > (x < 0 ? -10 : -6.5) * s;
    return [farthest(mesh, [0, -1, 0], near)[1], farthest(mesh, [0, 1, 0], near)[1]];
  };
  // The dished half as on an image: the line that rests on its front and its back lip.
  const overLips = (x: number): number => {
    const [back, front] = ends(x);
    const middle = (back + front) / 2;
    let best = { slope: NaN, above: Infinity };
    for (let behind = back + 1; behind < middle - 8 * s; behind += 1) {
      for (let ahead = front - 1; ahead > middle + 8 * s; ahead -= 1) {
        const low = height(x, behind),
          slope = (height(x, ahead) - low) / (ahead - behind);
        const above = low + slope * (middle - behind);
        // Of all lines over two points the highest in the middle is the one that rests on both lips.
        if (Number.isNaN(best.slope) || above > best.above) best = { slope, above };
      }
    }
    return Math.atan(best.slope);
  };
  const overMiddle = (x: number): number => {
    const [back, front] = ends(x);
    const middle = (back + front) / 2,
      half = 15 * s;
    return Math.atan2(height(x, middle + half) - height(x, middle - half), 2 * half);
  };
  return {
    plateauWidthMm: width,
    plateauDepthMm: extent(mesh, 1, (x, _, z) => z > -9 && x < -8 * s),
    medialSlopeRad: overLips(-20 * s),
    lateralSlopeRad: overMiddle(20 * s),
  };
}

export interface PatellaMeasures {
  readonly heightMm: number;
  readonly widthMm: number;
  readonly thicknessMm: number;
  /** Longest line in the sagittal plane from the apex, as Insall and Salvati took it. */
  readonly diagonalMm: number;
}

export function measurePatella(mesh: Mesh): PatellaMeasures {
  const everywhere = (): boolean => true;
  const [, ay, az] = farthest(mesh, [0, 0, -1], everywhere);
  const { positions: p } = mesh;
  let diagonal = 0;
  for (let i = 0; i < p.length; i += 3) diagonal = Math.max(diagonal, Math.hypot(p[i + 1]! - ay, p[i + 2]! - az));
  return {
    heightMm: extent(mesh, 2, everywhere),
    widthMm: extent(mesh, 0, everywhere),
    thicknessMm: extent(mesh, 1, everywhere),
    diagonalMm: diagonal,
  };
}

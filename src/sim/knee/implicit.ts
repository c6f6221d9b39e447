/**
 * A solid as a function: negative inside, zero on the surface, growing roughly by 1 per mm outward. Only the sign and
 * the zero set are exact; `sampledDistance` turns it into a distance.
 */
export type Implicit = (x: number, y: number, z: number) => number;

/** Smooth minimum (quadratic, Quilez): a union whose crease is rounded over `k` mm and nowhere lower than min − k/4. */
export function smoothMin(a: number, b: number, k: number): number {
  const h = k - Math.abs(a - b);
  return h <= 0 ? (a < b ? a : b) : (a < b ? a : b) - (h * h) / (4 * k);
}

/** Smooth maximum: an intersection whose edge is rounded over `k` mm. */
export function smoothMax(a: number, b: number, k: number): number {
  const h = k - Math.abs(a - b);
  return h <= 0 ? (a > b ? a : b) : (a > b ? a : b) + (h * h) / (4 * k);
}

/** 0 below `low`, 1 above `high`, with zero slope at both (cubic). */
export function smoothStep(low: number, high: number, t: number): number {
  const u = (t - low) / (high - low);
  return u <= 0 ? 0 : u >= 1 ? 1 : u * u * (3 - 2 * u);
}

/** |t| with its corner rounded within about ±r; 0 at 0. */
export function softAbs(t: number, r: number): number {
  return Math.sqrt(t * t + r * r) - r;
}

export function mix(a: number, b: number, t: number): number {
  return a + (b - a) * t;
}

/** Ellipsoid at the origin with semi-axes a, b, c: first-order distance, exact on the surface. */
export function ellipsoid(x: number, y: number, z: number, a: number, b: number, c: number): number {
  const px = x / a, py = y / b, pz = z / c; // prettier-ignore
  const k0 = Math.sqrt(px * px + py * py + pz * pz);
  if (k0 < 1e-6) return -Math.min(a, b, c);
  const qx = px / a, qy = py / b, qz = pz / c; // prettier-ignore
  return (k0 * (k0 - 1)) / Math.sqrt(qx * qx + qy * qy + qz * qz);
}

/**
 * Ellipse at the origin with semi-axes a, b: first-order distance near it. Toward the centre, where that distance
 * depends on the direction one comes from, it passes into a smooth bowl, since sections may shrink to there.
 */
export function ellipse(x: number, y: number, a: number, b: number): number {
  const px = x / a,
    py = y / b;
  const k = Math.sqrt(px * px + py * py);
  const mean = Math.sqrt(a * b);
  if (k < 0.2) return mean * (k * k - 0.75);
  const perUnit = k / Math.sqrt((px / a) ** 2 + (py / b) ** 2);
  return mix(mean, perUnit, smoothStep(0.2, 0.7, k)) * (k < 0.5 ? k * k - 0.75 : k - 1);
}

export type Point = readonly [number, number, number];

/** Sphere-swept segment from `a` (radius ra) to `b` (radius rb); the radius goes linearly along it. */
export function taperedCapsule(a: Point, ra: number, b: Point, rb: number): Implicit {
  const ux = b[0] - a[0], uy = b[1] - a[1], uz = b[2] - a[2]; // prettier-ignore
  const inverse = 1 / Math.max(1e-12, ux * ux + uy * uy + uz * uz);
  return (x, y, z) => {
    const px = x - a[0], py = y - a[1], pz = z - a[2]; // prettier-ignore
    let t = (px * ux + py * uy + pz * uz) * inverse;
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    const dx = px - t * ux, dy = py - t * uy, dz = pz - t * uz; // prettier-ignore
    return Math.sqrt(dx * dx + dy * dy + dz * dz) - (ra + (rb - ra) * t);
  };
}

/** One arc (or straight piece) of a convex outline, for normals whose angle lies in [fromRad, toRad]. */
interface Arc {
  readonly u: number;
  readonly v: number;
  readonly radius: number;
  readonly fromU: number;
  readonly fromV: number;
  readonly toU: number;
  readonly toV: number;
}

/** A piece of a tangent-continuous convex outline, in the order of growing normal angle. */
export interface ArcPiece {
  readonly radiusMm: number;
  /** The normal angle at which the piece ends and the next begins. */
  readonly toRad: number;
  /** Length of straight outline after the piece. */
  readonly straightMm?: number;
}

/**
 * A convex region of the plane (u, v) bounded by arcs that meet with one tangent. A normal at angle ψ points to
 * (sin ψ, −cos ψ): ψ = 0 is −v, ψ = 90° is +u. The first arc is centred at `centre` and starts at `startRad`; where
 * the normals leave a gap (of less than half a turn) the end tangents close the region. The distance is exact inside and outside, since a convex
 * set is the intersection of its tangent half-planes.
 */
export function convexOutline(
  centre: readonly [number, number],
  startRad: number,
  pieces: readonly ArcPiece[],
): { distanceMm(u: number, v: number): number; support(psiRad: number): number } {
  const arcs: Arc[] = [];
  let [u, v] = centre,
    from = startRad,
    previous = pieces[0]!.radiusMm;
  const angles: number[] = [startRad];
  for (const { radiusMm, toRad, straightMm = 0 } of pieces) {
    if (!(toRad > from && toRad - from < Math.PI)) throw new RangeError("an arc turns by less than half a turn");
    u += (previous - radiusMm) * Math.sin(from);
    v -= (previous - radiusMm) * Math.cos(from);
    arcs.push({
      u, v, radius: radiusMm,
      fromU: Math.sin(from), fromV: -Math.cos(from), toU: Math.sin(toRad), toV: -Math.cos(toRad),
    }); // prettier-ignore
    u += straightMm * Math.cos(toRad);
    v += straightMm * Math.sin(toRad);
    from = toRad;
    previous = radiusMm;
    angles.push(toRad);
  }
  return {
    distanceMm(pu, pv) {
      let best = -Infinity;
      for (let i = 0; i < arcs.length; i++) {
        const arc = arcs[i]!;
        const du = pu - arc.u,
          dv = pv - arc.v;
        // Angles grow counter-clockwise, so a direction inside the wedge lies left of `from` and right of `to`.
        const afterFrom = arc.fromU * dv - arc.fromV * du >= 0,
          beforeTo = du * arc.toV - dv * arc.toU >= 0;
        const d =
          afterFrom && beforeTo
            ? Math.sqrt(du * du + dv * dv) - arc.radius
            : Math.max(du * arc.fromU + dv * arc.fromV, du * arc.toU + dv * arc.toV) - arc.radius;
        if (d > best) best = d;
      }
      return best;
    },
    support(psi) {
      const i = Math.max(0, angles.findIndex((end, at) => at > 0 && psi <= end) - 1);
      const arc = arcs[i]!;
      return Math.sin(psi) * arc.u - Math.cos(psi) * arc.v + arc.radius;
    },
  };
}

/** Piecewise-cubic curve through (at[i], value[i]) that never overshoots (Fritsch-Carlson); constant outside. */
export function monotoneCurve(at: readonly number[], value: readonly number[]): (t: number) => number {
  const n = at.length;
  const slope: number[] = [];
  for (let i = 0; i + 1 < n; i++) slope.push((value[i + 1]! - value[i]!) / (at[i + 1]! - at[i]!));
  const tangent = Array.from({ length: n }, (_, i) => {
    if (i === 0 || i === n - 1) return 0;
    const a = slope[i - 1]!,
      b = slope[i]!;
    return a * b <= 0 ? 0 : (2 * a * b) / (a + b);
  });
  return (t) => {
    if (t <= at[0]!) return value[0]!;
    if (t >= at[n - 1]!) return value[n - 1]!;
    let i = 0;
    while (t > at[i + 1]!) i++;
    const h = at[i + 1]! - at[i]!,
      s = (t - at[i]!) / h;
    const s2 = s * s,
      s3 = s2 * s;
    return (
      (2 * s3 - 3 * s2 + 1) * value[i]! +
      (s3 - 2 * s2 + s) * h * tangent[i]! +
      (-2 * s3 + 3 * s2) * value[i + 1]! +
      (s3 - s2) * h * tangent[i + 1]!
    );
  };
}

import { MARGIN_LINES } from "./lateral.ts";
import { apertureMm, type Probe } from "./probe.ts";

/**
 * Where the scan lines of a frame run in the image plane (origin at the centre of the face, +y along depth, mm), with
 * MARGIN_LINES beyond each end of the face. Parallel below a flat face; below a curved one they meet at the centre of its
 * circle, `radiusMm` above the face. Depth is the way along a line.
 */
export interface ScanLines {
  readonly count: number;
  /** Distance of neighbouring lines on the face. */
  readonly spacingMm: number;
  /** Of a curved face; 0 for a flat one. */
  readonly radiusMm: number;
  /** Per line: the point at depth 0, and the unit vector along the line. */
  readonly originX: Float64Array;
  readonly originY: Float64Array;
  readonly directionX: Float64Array;
  readonly directionY: Float64Array;
  /** Depth at which the face lies on each line: 0 unless the beam is steered. */
  readonly startMm: Float64Array;
  /** The lines that leave the face: first ≤ line < end. */
  readonly first: number;
  readonly end: number;
  readonly steerRad: number;
}

export function scanLines(probe: Probe): ScanLines {
  const count = probe.lineCount + 2 * MARGIN_LINES,
    spacingMm = apertureMm(probe) / probe.lineCount,
    radiusMm = probe.radiusMm ?? 0;
  const along = Float64Array.from({ length: count }, (_, line) => (line - (count - 1) / 2) * spacingMm);
  const angle = (s: number): number => (radiusMm ? s / radiusMm : 0);
  return {
    count,
    spacingMm,
    radiusMm,
    originX: radiusMm ? along.map((s) => radiusMm * Math.sin(angle(s))) : along,
    originY: along.map((s) => radiusMm * (Math.cos(angle(s)) - 1)),
    directionX: along.map((s) => Math.sin(angle(s))),
    directionY: along.map((s) => Math.cos(angle(s))),
    startMm: new Float64Array(count),
    first: MARGIN_LINES,
    end: count - MARGIN_LINES,
    steerRad: 0,
  };
}

/**
 * The lines of a flat face whose beams are steered to +x by an angle, in the frame that has turned with them (about the
 * centre of the face: `steeringTurn`): as far apart as the others, but the face lies aslant, and fewer lines meet it.
 */
export function steeredLines(probe: Probe, steerRad: number): ScanLines {
  const straight = scanLines(probe);
  const half = (apertureMm(probe) / 2) * Math.cos(steerRad),
    onFace = straight.originX.map((x) => (Math.abs(x) <= half ? 1 : 0));
  return {
    ...straight,
    startMm: straight.originX.map((x) => x * Math.tan(steerRad)),
    first: onFace.indexOf(1),
    end: onFace.lastIndexOf(1) + 1,
    steerRad,
  };
}

/** Row-major 3×4: from the frame of steered beams to the image frame. */
export function steeringTurn(steerRad: number): Float64Array {
  const c = Math.cos(steerRad), s = Math.sin(steerRad); // prettier-ignore
  return Float64Array.of(c, s, 0, 0, -s, c, 0, 0, 0, 0, 1, 0);
}

/** Fractional line through an image point. */
export function lineAt({ count, spacingMm, radiusMm }: ScanLines, x: number, y: number): number {
  const s = radiusMm ? radiusMm * Math.atan2(x, y + radiusMm) : x;
  return s / spacingMm + (count - 1) / 2;
}

/** Depth of an image point along its line, mm; negative above the face. */
export function depthAt({ radiusMm }: ScanLines, x: number, y: number): number {
  return radiusMm ? Math.hypot(x, y + radiusMm) - radiusMm : y;
}

/** Smallest rectangle of the image plane that holds all lines down to a depth: [least x, greatest x, least y, greatest y]. */
export function bounds({ count, spacingMm, radiusMm }: ScanLines, depthMm: number): [number, number, number, number] {
  const half = (count * spacingMm) / 2;
  if (!radiusMm) return [-half, half, 0, depthMm];
  const angle = Math.min(Math.PI, half / radiusMm);
  const wide = (radiusMm + depthMm) * (angle < Math.PI / 2 ? Math.sin(angle) : 1);
  return [-wide, wide, radiusMm * (Math.cos(angle) - 1), depthMm];
}

/**
 * A ray that leaves the face at `tangent` to its line (to the side of falling lines): how many lines aside it has come at
 * a depth.
 */
export function linesAside(lines: ScanLines, tangent: number, depthMm: number): number {
  const { radiusMm: r, spacingMm } = lines;
  if (!r) return (tangent * depthMm) / spacingMm;
  const angle = Math.atan(tangent),
    way = Math.sqrt((r + depthMm) ** 2 - (r * Math.sin(angle)) ** 2) - r * Math.cos(angle);
  return (r * Math.atan2(way * Math.sin(angle), r + way * Math.cos(angle))) / spacingMm;
}

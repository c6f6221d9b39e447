import { project, type Camera } from "./camera.ts";
import type { Point } from "./line-of-sight.ts";

/** What a camera makes of one bright spot: its centre in pixels from the middle of the sensor, and its radius. */
export interface Blob {
  readonly u: number;
  readonly v: number;
  readonly radiusPx: number;
}

/** How the centre of a marker's picture is found, and how it goes wrong. */
export interface Centroiding {
  /** Standard deviation of the centre in each axis, white from frame to frame. */
  readonly noisePx: number;
  /** Half of the swing of the bias that repeats with each pixel (the centre is drawn to the pixel grid). */
  readonly pixelLockingPx: number;
  /** What lens calibration leaves at the corner of the sensor; falls with the cube of the distance from the middle. */
  readonly edgePx: number;
  /** How far the centre of a marker that is seen at its limiting angle lies from the marker's own. */
  readonly grazingMm: number;
  /** A spot less round than this (shortest over longest extent) is no marker. */
  readonly minCircularity: number;
}

/** How a marker shows. */
export interface MarkerOptics {
  readonly radiusMm: number;
  /** Between the post's direction and that to the camera: from here on the mount hides part of it, there all of it. */
  readonly grazingFromRad: number;
  readonly hiddenFromRad: number;
}

/** One marker as it stands before the cameras, tracker frame. */
export interface StandingMarker {
  readonly at: Point;
  readonly facing: Point;
}

/** Errors of one camera that stay: which way its lens residual points, and where its pixel grid lies. */
export interface CameraFlaws {
  readonly edgeTurnRad: number;
  readonly phase: readonly [number, number];
}

/** A marker is seen, or why it is not. */
export type Sighting = "seen" | "outside" | "hidden";

export interface CameraView {
  readonly blobs: readonly Blob[];
  /** Of each marker, before blobs merge. */
  readonly sightings: readonly Sighting[];
}

/**
 * What one camera sees of all markers. `noise`: two standard normal numbers a marker, drawn whether it is seen or not,
 * so that the visibility of one marker leaves the noise of the others alone.
 */
export function viewMarkers(
  camera: Camera,
  centre: Point,
  markers: readonly StandingMarker[],
  { centroiding, optics, flaws }: { centroiding: Centroiding; optics: MarkerOptics; flaws: CameraFlaws },
  blocked: (fromMm: Point, toMm: Point) => boolean,
  noise: readonly number[],
): CameraView {
  const [width, height] = camera.sensorPx;
  const raw: Blob[] = [],
    sightings: Sighting[] = [];
  markers.forEach(({ at, facing }, i) => {
    const away = [centre[0] - at[0], centre[1] - at[1], centre[2] - at[2]] as const;
    const range = Math.hypot(...away);
    const cosine = (away[0] * facing[0] + away[1] * facing[1] + away[2] * facing[2]) / range;
    const angle = Math.acos(Math.min(1, Math.max(-1, cosine)));
    const graze = (angle - optics.grazingFromRad) / (optics.hiddenFromRad - optics.grazingFromRad);
    // The mount covers the side away from the post, so the bright part's centre moves along the post.
    const shift = centroiding.grazingMm * Math.min(1, Math.max(0, graze));
    const spot: Point = [at[0] + shift * facing[0], at[1] + shift * facing[1], at[2] + shift * facing[2]];
    const [u0, v0, depth] = project(camera, spot);
    const outside = depth <= 0 || Math.abs(u0) >= width / 2 || Math.abs(v0) >= height / 2;
    const hidden = graze > 1 || (!outside && blocked(at, centre));
    sightings.push(outside ? "outside" : hidden ? "hidden" : "seen");
    if (outside || hidden) return;
    const radiusPx = (camera.focalPx * optics.radiusMm) / depth;
    const reach = Math.hypot(u0, v0) / (Math.hypot(width, height) / 2);
    const residual = centroiding.edgePx * reach * reach; // times the unit vector outwards, times reach
    const [c, s] = [Math.cos(flaws.edgeTurnRad), Math.sin(flaws.edgeTurnRad)];
    const corner = Math.hypot(width, height) / 2;
    const u1 = u0 + (residual * (c * u0 - s * v0)) / corner,
      v1 = v0 + (residual * (s * u0 + c * v0)) / corner;
    const lock = (x: number, phase: number): number =>
      x - centroiding.pixelLockingPx * Math.sin(2 * Math.PI * (x - phase));
    raw.push({
      u: cut(lock(u1, flaws.phase[0]), width / 2, radiusPx) + centroiding.noisePx * noise[2 * i]!,
      v: cut(lock(v1, flaws.phase[1]), height / 2, radiusPx) + centroiding.noisePx * noise[2 * i + 1]!,
      radiusPx,
    });
  });
  return { blobs: merge(raw, centroiding.minCircularity), sightings };
}

/** Centre of the part of a disc at `x` that lies within ±`limit`: that of a disc without its segment. */
function cut(x: number, limit: number, radius: number): number {
  const h = limit - Math.abs(x);
  if (h >= radius) return x;
  const chord2 = radius * radius - h * h;
  const segment = radius * radius * Math.acos(h / radius) - h * Math.sqrt(chord2);
  const moment = (2 / 3) * chord2 ** 1.5;
  return x - (Math.sign(x) * moment) / (Math.PI * radius * radius - segment);
}

/** Spots that touch become one; it is kept, in their common centre, only while it is round enough. */
function merge(raw: readonly Blob[], minCircularity: number): Blob[] {
  const group = raw.map((_, i) => i);
  let touching = false;
  for (let i = 0; i < raw.length; i++) {
    for (let j = 0; j < i; j++) {
      const a = raw[i]!, b = raw[j]!; // prettier-ignore
      if (Math.hypot(a.u - b.u, a.v - b.v) >= a.radiusPx + b.radiusPx) continue;
      touching = true;
      const [from, to] = [group[i]!, group[j]!];
      group.forEach((g, k) => (group[k] = g === from ? to : g));
    }
  }
  if (!touching) return [...raw];
  return [...new Set(group)].flatMap((g) => {
    const members = raw.filter((_, i) => group[i] === g);
    if (members.length === 1) return members;
    let area = 0, u = 0, v = 0, long = 0; // prettier-ignore
    for (const a of members) {
      const weight = a.radiusPx * a.radiusPx;
      area += weight;
      u += weight * a.u;
      v += weight * a.v;
      for (const b of members) long = Math.max(long, Math.hypot(a.u - b.u, a.v - b.v) + a.radiusPx + b.radiusPx);
    }
    const short = 2 * Math.max(...members.map(({ radiusPx }) => radiusPx));
    return short / long < minCircularity ? [] : [{ u: u / area, v: v / area, radiusPx: long / 2 }];
  });
}

import { cross, dot, minus, unit, type Vector } from "../../core/vector.ts";
import type { BoneMask } from "../../data/bone-mask.ts";
import type { ImageGeometry } from "../../data/image.ts";
import type { LiveCoverage } from "../../data/live.ts";
import type { ScanWindow, WindowPlan } from "./scan-windows.ts";

/** What the probe's face has swept over the skin, and which of the standard strokes it has done. */
export interface Coverage {
  /** Adds an image whose place is known. */
  add(referenceFromPixel: Readonly<Float64Array>, mask: BoneMask, geometry: FaceGeometry): void;
  /** Strokes that can be told of from now on; what was seen before counts. */
  plan(plan: WindowPlan): void;
  status(): LiveCoverage;
  /** The oldest first. */
  readonly swath: readonly SwathLine[];
  clear(): void;
}

export type FaceGeometry = Pick<ImageGeometry, "width" | "faceCentrePx">;

export interface SwathLine {
  readonly fromMm: Vector;
  readonly toMm: Vector;
  readonly boneShare: number;
}

/** The slice is about as thick as the beam; a station that it passes closer than this was in it, mm. */
const SLICE_MM = 4;
/** The beam's middle may miss a station by so much, mm, and its direction by so much. */
const BESIDE_MM = 15;
const ASKEW_RAD = (40 * Math.PI) / 180;
const DEEPEST_MM = 90;
/** Fewer columns with bone than this show none. */
const LEAST_BONE_SHARE = 0.1;
/** A stroke is done when so much of its way was. */
const DONE_SHARE = 0.85;
/** The face is drawn anew after so much way, mm. */
const SWATH_STEP_MM = 1;
/** Some 20 m of way. The oldest go. */
const MOST_LINES = 20_000;

export function createCoverage(): Coverage {
  let swath: SwathLine[] = [],
    windows: readonly ScanWindow[] = [],
    seen: Uint8Array[] = [],
    basis = "no points were touched yet",
    last: { readonly faceMm: Vector; readonly beam: Vector } | undefined,
    current: string | undefined,
    planes: Plane[] = [];

  function mark(plane: Plane): void {
    windows.forEach(({ name, stations }, w) => {
      stations.forEach((station, s) => {
        if (seen[w]![s] === 1 || !passes(plane, station.targetMm, station.approach)) return;
        seen[w]![s] = 1;
        current = name;
      });
    });
  }
  const share = (w: number): number => seen[w]!.reduce((n, s) => n + s, 0) / Math.max(1, seen[w]!.length);

  /** The stroke that was begun, else the one with an unseen station nearest to the probe. */
  function next(): string | null {
    const open = windows.map((window, w) => ({ window, w })).filter(({ w }) => share(w) < DONE_SHARE);
    if (open.some(({ window }) => window.name === current)) return current!;
    const distance = ({ window, w }: (typeof open)[number]): number =>
      Math.min(
        ...window.stations
          .filter((_, s) => seen[w]![s] === 0)
          .map(({ targetMm, approach }) =>
            last ? Math.hypot(...minus(targetMm, last.faceMm)) * (1.5 + dot(approach, last.beam)) : 0,
          ),
      );
    return open.toSorted((a, b) => distance(a) - distance(b))[0]?.window.name ?? null;
  }

  return {
    add(m, mask, geometry) {
      const plane = planeOf(m, mask, geometry);
      last = { faceMm: plane.faceMm, beam: plane.beam };
      const before = swath.at(-1);
      if (!before || Math.hypot(...minus(plane.fromMm, before.fromMm)) >= SWATH_STEP_MM) {
        swath.push({ fromMm: plane.fromMm, toMm: plane.toMm, boneShare: plane.boneShare });
        if (swath.length > MOST_LINES) swath = swath.slice(MOST_LINES / 2);
        if (plane.boneShare >= LEAST_BONE_SHARE) planes.push(plane);
        if (planes.length > MOST_LINES) planes = planes.slice(MOST_LINES / 2);
      }
      if (plane.boneShare >= LEAST_BONE_SHARE) mark(plane);
    },
    plan(plan) {
      windows = plan.status === "planned" ? plan.windows : [];
      basis =
        plan.status === "planned"
          ? `the standard strokes for a ${plan.axes.side} knee, laid on it by the points that were touched`
          : plan.reason;
      seen = windows.map(({ stations }) => new Uint8Array(stations.length));
      planes.forEach(mark);
    },
    status: () => ({
      basis,
      windows: windows.map(({ name }, w) => ({ name, seenShare: share(w), seen: seen[w]!.join("") })),
      next: next(),
    }),
    get swath() {
      return swath;
    },
    clear() {
      swath = [];
      planes = [];
      current = undefined;
      seen.forEach((stations) => stations.fill(0));
    },
  };
}

interface Plane extends SwathLine {
  readonly faceMm: Vector;
  readonly across: Vector;
  readonly beam: Vector;
  readonly normal: Vector;
}

function planeOf(m: Readonly<Float64Array>, { ridgeConfidence }: BoneMask, geometry: FaceGeometry): Plane {
  const at = (u: number, v: number): Vector => [
    m[0]! * u + m[1]! * v + m[3]!,
    m[4]! * u + m[5]! * v + m[7]!,
    m[8]! * u + m[9]! * v + m[11]!,
  ];
  const [cu, cv] = geometry.faceCentrePx;
  const across = unit([m[0]!, m[4]!, m[8]!]),
    beam = unit([m[1]!, m[5]!, m[9]!]);
  const withBone = ridgeConfidence.reduce((n, c) => n + (c > 0 ? 1 : 0), 0);
  return {
    faceMm: at(cu, cv),
    fromMm: at(0, cv),
    toMm: at(geometry.width - 1, cv),
    across,
    beam,
    normal: cross(across, beam),
    boneShare: withBone / Math.max(1, ridgeConfidence.length),
  };
}

function passes({ faceMm, across, beam, normal }: Plane, targetMm: Vector, approach: Vector): boolean {
  const d = minus(targetMm, faceMm);
  const depth = dot(d, beam);
  return (
    Math.abs(dot(d, normal)) <= SLICE_MM &&
    Math.abs(dot(d, across)) <= BESIDE_MM &&
    depth >= 0 &&
    depth <= DEEPEST_MM &&
    dot(beam, approach) <= -Math.cos(ASKEW_RAD)
  );
}

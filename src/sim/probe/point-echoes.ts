import type { SceneWire, Tissue } from "../scene.ts";
import type { Beam } from "./beam.ts";
import { fromDecibel } from "./effects.ts";

/** Single points for tests and measurements of the beam. */
export interface PointTargets {
  /** xyz in the knee frame, mm. */
  readonly positionsMm: readonly number[];
  /** Peak amplitude of one on the axis at the elevation focus is near this (levels re muscle speckle, linear). */
  readonly amplitude: number;
}

/** Coherent points that one pose sees, in the image frame. Overwritten by the next pose. */
export interface PointEchoes {
  readonly count: number;
  /** xyz interleaved, mm; at least 3 · count numbers. */
  readonly xyzMm: Float64Array;
  /** Signed, linear, re muscle speckle. */
  readonly amplitude: Float64Array;
}

/**
 * A wire is a row of points this far apart, mm: their echoes add up with their phases, so a wire that is not at right
 * angles to the beam fades as a mirror does. Grating echoes would come at a tilt of 64° (2k · step · tan = 2π).
 */
const STEP_MM = 0.05;

/**
 * After the echo of its front a wire sends those of its back and of waves that run round and to and fro in it: each this
 * much weaker than the one before and of the other sign. The recorded fCal wires have tails of about 1 mm.
 */
const ROUND_TRIPS = [1, -0.8, 0.5, -0.32, 0.2, -0.13, 0.08] as const;

/** `halfWidthMm` ends where the two-way field is 22 dB down; a wire's echo needs it to fade out, not to stop. */
const EDGE_ROOM = 1.5;

export interface PointSources {
  readonly wires: readonly SceneWire[];
  readonly targets: PointTargets | undefined;
  /** The first one surrounds the wires. */
  readonly tissues: readonly Tissue[];
  readonly beam: Beam;
}

/** What a pose (row-major 3×4, kneeFromImage) sees of wires and points. */
export function pointEchoes({
  wires,
  targets,
  tissues,
  beam,
}: PointSources): (kneeFromImage: Readonly<Float64Array>) => PointEchoes {
  const { halfWidthMm, depthStepMm } = beam.elevation;
  /** Half of the slice at the depths between those of two points, with room for its faint edges. */
  const reachMm = (a: Point, b: Point): number => {
    const rowOf = (y: number): number => Math.min(halfWidthMm.length - 1, Math.max(0, Math.round(y / depthStepMm)));
    let widest = 0;
    for (let row = rowOf(Math.min(a[1], b[1])); row <= rowOf(Math.max(a[1], b[1])); row++) {
      widest = Math.max(widest, halfWidthMm[row]!);
    }
    return EDGE_ROOM * widest;
  };
  const aroundMps = tissues[0]?.speedMps ?? 1540;
  const single = targets ? Math.floor(targets.positionsMm.length / 3) : 0;
  const most =
    single +
    wires.reduce(
      (n, { fromMm, toMm }) => n + ROUND_TRIPS.length * (Math.ceil(lengthOf(fromMm, toMm) / STEP_MM) + 1),
      0,
    );
  const xyzMm = new Float64Array(3 * most),
    amplitude = new Float64Array(most);

  return (m) => {
    let count = 0;
    const add = (x: number, y: number, z: number, strength: number): void => {
      xyzMm[3 * count] = x;
      xyzMm[3 * count + 1] = y;
      xyzMm[3 * count + 2] = z;
      amplitude[count++] = strength;
    };
    for (let i = 0; targets && i < single; i++) {
      const [px, py, pz] = targets.positionsMm.slice(3 * i, 3 * i + 3) as [number, number, number];
      add(...placeIn(m, [px, py, pz]), targets.amplitude);
    }
    for (const wire of wires) {
      const { fromMm, toMm, radiusMm } = wire;
      const a = placeIn(m, fromMm),
        b = placeIn(m, toMm);
      const seen = withinSlice(a, b, reachMm(a, b));
      if (!seen) continue;
      const length = lengthOf(a, b),
        along = [(b[0] - a[0]) / length, (b[1] - a[1]) / length, (b[2] - a[2]) / length] as const;
      // The front lies a radius from the middle line, towards the probe.
      const across = Math.hypot(along[0], along[2]);
      if (across < 1e-6) continue; // runs along the beam: nothing comes back from its side
      const front = -radiusMm / across;
      const fx = front * -along[1] * along[0], fy = front * (1 - along[1] * along[1]), fz = front * -along[1] * along[2]; // prettier-ignore
      const strength = fromDecibel(wire.echoDb) * STEP_MM;
      // A round trip in the wire, as a path in what surrounds it.
      const trip = (2 * radiusMm * aroundMps) / wire.speedMps;
      const first = Math.ceil((seen[0] * length) / STEP_MM),
        last = Math.floor((seen[1] * length) / STEP_MM);
      for (let i = first; i <= last; i++) {
        const s = i * STEP_MM;
        const x = a[0] + s * along[0] + fx, y = a[1] + s * along[1] + fy, z = a[2] + s * along[2] + fz; // prettier-ignore
        for (let n = 0; n < ROUND_TRIPS.length; n++) add(x, y + n * trip, z, strength * ROUND_TRIPS[n]!);
      }
    }
    return { count, xyzMm, amplitude };
  };
}

type Point = readonly [number, number, number];

/** A point of the scene in the image frame of a pose. */
function placeIn(m: Readonly<Float64Array>, [px, py, pz]: Point): Point {
  const x = px - m[3]!, y = py - m[7]!, z = pz - m[11]!; // prettier-ignore
  return [m[0]! * x + m[4]! * y + m[8]! * z, m[1]! * x + m[5]! * y + m[9]! * z, m[2]! * x + m[6]! * y + m[10]! * z];
}

const lengthOf = (a: Point, b: Point): number => Math.hypot(b[0] - a[0], b[1] - a[1], b[2] - a[2]);

/** Shares of the way from a to b between which |z| ≤ reach; undefined when nowhere. */
function withinSlice(a: Point, b: Point, reach: number): readonly [number, number] | undefined {
  const dz = b[2] - a[2];
  if (Math.abs(dz) < 1e-9) return Math.abs(a[2]) <= reach ? [0, 1] : undefined;
  const p = (-reach - a[2]) / dz,
    q = (reach - a[2]) / dz;
  const from = Math.max(0, Math.min(p, q)),
    to = Math.min(1, Math.max(p, q));
  return from < to ? [from, to] : undefined;
}

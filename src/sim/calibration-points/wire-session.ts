import { compose, fromAxes, fromAxisAngle, invert, multiply3x4, type Rigid } from "../../core/rigid.ts";
import type { Rng } from "../../core/rng.ts";
import { freeSight } from "../tracker/line-of-sight.ts";
import { allRound, fourMarkerBody } from "../tracker/marker-body.ts";
import { startOptical, type OpticalTracker } from "../tracker/optical.ts";
import { duoClass, unbiased } from "../tracker/presets.ts";
import { healthySession, type WireSessionFaults } from "./faults.ts";
import type { PhantomWire, WirePointFrame } from "./wire-points.ts";
import { probeMotion } from "./probe-motion.ts";

type Point = readonly [number, number, number];

export interface WireSession {
  readonly frames: readonly WirePointFrame[];
  /** Places of the phantom's landmarks as a stylus touched them, in the reference's frame: interleaved xyz, mm. */
  readonly touchedMm: Float64Array;
  readonly truth: {
    /** (column, row, 0) to probe mm, scales of the medium included. */
    readonly probeFromPixel: Float64Array;
    readonly referenceFromPhantom: Float64Array;
  };
}

/** Standard deviation of a wire's found place across the beam and along it, mm; across grows with depth. */
export interface SegmentationNoise {
  readonly acrossMm: number;
  readonly alongMm: number;
  /** Added to both away from the focus at 25 mm, mm a mm of depth. */
  readonly growth: number;
}

export interface WireSessionPlan {
  readonly wires: readonly PhantomWire[];
  readonly landmarksMm: readonly Point[];
  readonly frames: number;
  readonly rateHz: number;
  /** Without warm-up and biases of its own: these are in no interval. */
  readonly tracker: OpticalTracker;
  readonly segmentation: SegmentationNoise;
  /** Standard deviation of a touched landmark in each axis, mm. */
  readonly touchMm: number;
}

/**
 * A linear probe of 50 mm depth in 512×512 pixels and the Duo of the default rig at 1 m. The noise of the dots is that
 * of the public N-wire recordings (0.34 mm across and 0.16 mm along with the tracker's share in it).
 */
export const plannedSession = (wires: readonly PhantomWire[], landmarksMm: readonly Point[]): WireSessionPlan => ({
  wires,
  landmarksMm,
  frames: 120,
  rateHz: 10,
  tracker: unbiased(duoClass),
  segmentation: { acrossMm: 0.2, alongMm: 0.08, growth: 0.002 },
  touchMm: 0.2,
});

export const pointImage = { width: 512, height: 512, spacingMm: 50 / 512 } as const;

/** The image's depth direction runs away from the markers: 117 mm from them to the image's centre. */
const PROBE_FROM_IMAGE = fromAxisAngle<"probe", "image">([0.3, 0.5, 0.8], 0.25, [8, 92, -15]);
const REFERENCE_FROM_PHANTOM = fromAxisAngle<"reference", "phantom">([1, 0.1, -0.2], -1.45, [-40, -60, 25]);
/** Phantom x to the right, z up, y away from the cameras, 1 m in front of them. */
const TRACKER_FROM_PHANTOM = fromAxes<"tracker", "phantom">([1, 0, 0], [0, 0, 1], [0, -1, 0], [-45, 60, 980]);
const FOCUS_MM = 25;

/**
 * Wire points without images: a probe is swept over the phantom, the tracker's cameras see its markers and those of the
 * phantom's body with their noise, and every wire is found where the image plane cuts it, give or take the noise of
 * segmentation. Seeded; draws each kind of noise from its own stream.
 */
export function simulateWireSession(
  plan: WireSessionPlan,
  rng: Rng,
  faults: Partial<WireSessionFaults> = {},
): WireSession {
  const fault = { ...healthySession, ...faults };
  const motion = probeMotion(rng.fork("motion"), fault.motion);
  const dots = rng.fork("segmentation"),
    odd = rng.fork("faults");
  const { centroiding } = plan.tracker;
  const tracker = startOptical(
    { ...plan.tracker, centroiding: { ...centroiding, noisePx: centroiding.noisePx * fault.trackerNoise } },
    [allRound(fourMarkerBody("Probe", "first")), allRound(fourMarkerBody("Reference", "second"))],
    freeSight,
    rng.fork("tracker"),
  );
  const probeFromPixel = pixelMatrix(fault.soundSpeedRatio);
  const wires = fault.wires(plan.wires);
  const trackerFromReference = compose(TRACKER_FROM_PHANTOM, invert(REFERENCE_FROM_PHANTOM)).m;
  const probeAt = (timeS: number): Rigid<"tracker", "probe"> =>
    compose(compose(TRACKER_FROM_PHANTOM, motion(timeS)), invert(PROBE_FROM_IMAGE));
  const lengthS = plan.frames / plan.rateHz;
  const frames: WirePointFrame[] = [];
  let held: Readonly<Float64Array> | undefined;
  for (let i = 0; i < plan.frames; i++) {
    const timeS = i / plan.rateHz,
      share = timeS / lengthS;
    const slip = fault.slip(share);
    const [probe, reference] = tracker.observe(timeS, [multiply3x4(probeAt(timeS).m, slip), trackerFromReference]);
    if (probe?.status !== "tracked" || reference?.status !== "tracked") continue;
    const trackerFromProbe = fault.stuck(share) && held ? held : probe.trackerFromTool;
    held = trackerFromProbe;
    const pixels = cutWires(probeFromPixel, probeAt(timeS - fault.imageLagS).m, wires).map(
      ([u, v]): [number, number] => {
        const depthMm = v * pointImage.spacingMm;
        const blur = 1 + fault.depthNoise(depthMm),
          more = plan.segmentation.growth * Math.abs(depthMm - FOCUS_MM);
        const across = (plan.segmentation.acrossMm + more) * blur * dots.normal(),
          along = (plan.segmentation.alongMm + more) * blur * dots.normal();
        return [u + across / pointImage.spacingMm, v + along / pointImage.spacingMm];
      },
    );
    const pose = { timeS, trackerFromProbe, trackerFromReference: reference.trackerFromTool };
    frames.push(fault.frame({ ...pose, pixels, handed: 1 }, share, odd));
  }
  const touch = rng.fork("landmarks");
  const touched = plan.landmarksMm.flatMap((p) => placed(REFERENCE_FROM_PHANTOM.m, p));
  const touchedMm = Float64Array.from(touched, (x) => x + plan.touchMm * touch.normal());
  const moved = new Float64Array(touchedMm.length);
  for (let k = 0; k < touchedMm.length; k += 3)
    moved.set(placed(fault.registration, [touchedMm[k]!, touchedMm[k + 1]!, touchedMm[k + 2]!]), k);
  return {
    frames,
    touchedMm: moved,
    truth: { probeFromPixel, referenceFromPhantom: Float64Array.from(REFERENCE_FROM_PHANTOM.m) },
  };
}

/** (column, row, 0) to probe mm; depths are stretched by the ratio of the medium's speed of sound to the scanner's. */
function pixelMatrix(soundSpeedRatio: number): Float64Array {
  const s = pointImage.spacingMm,
    centre = (pointImage.width - 1) / 2;
  const imageFromPixel = Float64Array.of(s, 0, 0, -centre * s, 0, s * soundSpeedRatio, 0, 0, 0, 0, s, 0);
  return multiply3x4(PROBE_FROM_IMAGE.m, imageFromPixel);
}

function placed(m: Readonly<Float64Array>, [x, y, z]: Point): [number, number, number] {
  const row = (k: number): number => m[k]! * x + m[k + 1]! * y + m[k + 2]! * z + m[k + 3]!;
  return [row(0), row(4), row(8)];
}

/** Column and row at which the image plane cuts each wire's line. */
function cutWires(
  probeFromPixel: Readonly<Float64Array>,
  trackerFromProbe: Readonly<Float64Array>,
  wires: readonly PhantomWire[],
): [number, number][] {
  const m = multiply3x4(invert(TRACKER_FROM_PHANTOM).m, multiply3x4(trackerFromProbe, probeFromPixel));
  const ex = [m[0]!, m[4]!, m[8]!] as const,
    ey = [m[1]!, m[5]!, m[9]!] as const;
  const normal = [ex[1] * ey[2] - ex[2] * ey[1], ex[2] * ey[0] - ex[0] * ey[2], ex[0] * ey[1] - ex[1] * ey[0]] as const;
  const inner = (a: readonly number[], b: readonly number[]): number => a[0]! * b[0]! + a[1]! * b[1]! + a[2]! * b[2]!;
  return wires.map(({ frontMm: a, backMm: b }) => {
    const d = [b[0] - a[0], b[1] - a[1], b[2] - a[2]],
      q = [a[0] - m[3]!, a[1] - m[7]!, a[2] - m[11]!];
    const s = -inner(q, normal) / inner(d, normal);
    const p = [q[0]! + s * d[0]!, q[1]! + s * d[1]!, q[2]! + s * d[2]!];
    // The axes of a picture are orthogonal.
    return [inner(p, ex) / inner(ex, ex), inner(p, ey) / inner(ey, ey)];
  });
}

import type { Rng } from "../../core/rng.ts";
import { sweepingMotion, type MotionRange } from "./probe-motion.ts";
import type { PhantomWire, WirePointFrame } from "./wire-points.ts";

/** What can be wrong with a calibration session; `share` is the time as a share of the recording, 0 to 1. */
export interface WireSessionFaults {
  /** The image that comes with a pose was taken this much earlier, s. */
  readonly imageLagS: number;
  readonly motion: MotionRange;
  /** Factor on the noise of the tracker's cameras. */
  readonly trackerNoise: number;
  /** Speed of sound of the bath over the one that the scanner assumes. */
  readonly soundSpeedRatio: number;
  /** The wires as they really run; the calibration believes in the plan's. */
  readonly wires: (planned: readonly PhantomWire[]) => readonly PhantomWire[];
  /** Motion of the touched landmarks in the reference's frame: a stylus or phantom of another session. Row-major 3×4. */
  readonly registration: Readonly<Float64Array>;
  /** How the markers have moved on the probe: row-major 3×4, their frame now to their frame at the start. */
  readonly slip: (share: number) => Readonly<Float64Array>;
  /** The tracker repeats its last pose. */
  readonly stuck: (share: number) => boolean;
  /** Additional noise of the dots, as a share, by depth. */
  readonly depthNoise: (depthMm: number) => number;
  /** Last touch to a frame: mislabelled wires, mirrored pictures. */
  readonly frame: (frame: WirePointFrame, share: number, rng: Rng) => WirePointFrame;
}

const IDENTITY = Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0);

export const healthySession: WireSessionFaults = {
  imageLagS: 0,
  motion: sweepingMotion,
  trackerNoise: 1,
  soundSpeedRatio: 1,
  wires: (planned) => planned,
  registration: IDENTITY,
  slip: () => IDENTITY,
  stuck: () => false,
  depthNoise: () => 0,
  frame: (frame) => frame,
};

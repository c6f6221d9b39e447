import type { FixedTransform } from "../../pipeline/sync/transform-path.ts";
import type { LiveRig } from "../record-devices.ts";

/** How the image sits on the probe, for a scan that is not yet over. */
export interface LiveCalibration {
  /** At least from the image (pixels) to the probe. */
  readonly fixed: readonly FixedTransform[];
  readonly imageName: string;
  readonly imageLagS: number;
  /** Where it comes from, in words. */
  readonly about: string;
}

/** Where images and poses come from. */
export interface LiveSource {
  readonly kind: "simulated" | "recording" | "devices";
  /** For people; may hold anything that a device calls itself. */
  readonly label: string;
  readonly rig: LiveRig;
  readonly calibration: LiveCalibration | { readonly missing: string };
  /** How far the knee is bent, as the operator set it. */
  readonly flexionRad: number;
  /**
   * "own": samples come when they come, and what is too much is left out. "when-ready": the next image is taken when the
   * one before is in the surface.
   */
  readonly pace: "own" | "when-ready";
  /** By the session's clock, when a sample arrived, from the time of arrival that it carries. */
  arrivedS(receivedS: number): number;
  /** For sources that can stand still. */
  readonly hold?: (held: boolean) => void;
  /** By how much a played source has fallen behind, s. */
  readonly behindS?: () => number;
  /** Whether the devices may come back when they are lost. */
  readonly returns: boolean;
  close(): Promise<void>;
}

/** Bodies that the bone is told in the frame of, the first that there is; else the tracker's own. */
const REFERENCES = ["Femur", "Reference"] as const;
export const usualReference = (tools: readonly string[]): string =>
  REFERENCES.find((name) => tools.includes(name)) ?? "Tracker";

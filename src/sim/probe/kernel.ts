import type { Scene } from "../scene.ts";
import type { Beam } from "./beam.ts";
import type { Look } from "./compounding.ts";
import { fromDecibel, type EchoEffects } from "./effects.ts";
import type { LineMap } from "./map.ts";
import type { ImageSettings, Probe } from "./probe.ts";
import type { PointEchoes } from "./point-echoes.ts";
import type { IqGrid } from "./splat.kernel.ts";
import type { RoughSurface } from "./rough-surface.ts";
import type { ScanLines } from "./scan-lines.ts";

/** From a pose to gray values: all parts of the image formation that have a loop over rows, scatterers or samples. */
export interface EchoKernel {
  /**
   * What a pose sees in one of the looks; the echoes of its mirrors, pulse and all, are then what is in `coherent`. The
   * map belongs to the kernel and is overwritten by the next call.
   */
  see(kneeFromImage: Readonly<Float64Array>, look: number): LineMap;
  /** Scatterers and single points of the pose that was seen last through the lateral point spread function. */
  scatter(points: PointEchoes): void;
  readonly coherent: IqGrid;
  /**
   * Scatterers through their pulses, the noise of this frame and the coherent echoes, into `received`: on every line, or
   * ("shown") at least on those that the picture shows, which is all that `display` without a power reads.
   */
  receive(frameIndex: number, extent: "all" | "shown"): void;
  readonly received: IqGrid;
  /** Gray values of `received`, or of a power laid out like it; a new array. */
  display(power?: Float32Array): Uint8Array;
}

export interface KernelSetup {
  readonly scene: Scene;
  readonly probe: Probe;
  /** Of the straight look. */
  readonly scan: ScanLines;
  /** The straight one first. */
  readonly looks: readonly Look[];
  readonly settings: ImageSettings;
  readonly beam: Beam;
  readonly effects: EchoEffects;
  readonly boneSurface: RoughSurface;
  readonly seed: number;
  readonly lines: number;
  readonly samples: number;
}

/** Root mean square of the noise per sample before the pulse; 0 when it is left out. */
export function noiseRms({ beam, effects, settings }: KernelSetup): number {
  const pulseEnergy = beam.pulse.reduce((sum, p) => sum + p * p, 0);
  return effects.noise ? fromDecibel(settings.noiseDb) / Math.sqrt(pulseEnergy) : 0;
}

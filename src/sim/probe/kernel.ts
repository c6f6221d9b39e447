import type { Scene } from "../scene.ts";
import type { Beam } from "./beam.ts";
import { fromDecibel, type EchoEffects } from "./effects.ts";
import type { LineMap } from "./line-map.ts";
import type { ImageSettings, Probe } from "./probe.ts";
import type { PointEchoes } from "./point-echoes.ts";
import type { IqGrid } from "./splat.kernel.ts";
import type { RoughSurface } from "./rough-surface.ts";
import type { ScanLines } from "./scan-lines.ts";

/** From the map of a pose to gray values: the part of the image formation that has a loop over scatterers or samples. */
export interface EchoKernel {
  /** Scatterers and single points through the lateral point spread function. Empties `coherent`. */
  scatter(kneeFromImage: Readonly<Float64Array>, map: LineMap, points: PointEchoes): void;
  /** Coherent echoes are added here, pulse and all, between `scatter` and `receive`. */
  readonly coherent: IqGrid;
  /** Scatterers through their pulses, the noise of this frame and the coherent echoes, into `received`. */
  receive(frameIndex: number): void;
  readonly received: IqGrid;
  /** Gray values of `received`, or of a power laid out like it; a new array. */
  display(power?: Float32Array): Uint8Array;
}

export interface KernelSetup {
  readonly scene: Scene;
  readonly probe: Probe;
  readonly scan: ScanLines;
  readonly settings: ImageSettings;
  readonly beam: Beam;
  readonly effects: EchoEffects;
  readonly boneSurface: RoughSurface;
  readonly seed: number;
  readonly lines: number;
  readonly samples: number;
  /** Signed distance to bone in the knee frame, mm. */
  readonly boneAt: (x: number, y: number, z: number) => number;
}

/** Root mean square of the noise per sample before the pulse; 0 when it is left out. */
export function noiseRms({ beam, effects, settings }: KernelSetup): number {
  const pulseEnergy = beam.pulse.reduce((sum, p) => sum + p * p, 0);
  return effects.noise ? fromDecibel(settings.noiseDb) / Math.sqrt(pulseEnergy) : 0;
}

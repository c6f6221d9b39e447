import type { Log } from "../core/log.ts";
import type { Software } from "../data/provenance.ts";
import type { WorkerPool } from "../core/worker-pool.ts";
import type { ObserveSweep } from "../pipeline/pose/decorrelation/observe-sweep.ts";
import type { ObtainKnee } from "./built-knees.ts";
import type { KeepCalibration } from "./cached-calibration.ts";
import type { FindBone } from "./cached-masks.ts";
import type { RenderPictures } from "./cached-pictures.ts";

/** What a run is given besides its scenario. */
export interface RunContext {
  readonly log: Log;
  readonly workers: WorkerPool;
  readonly signal: AbortSignal;
  /** For the report: which program made it. */
  readonly software: Software;
  /** How simulated pictures are come by; rendered when absent. */
  readonly pictures?: RenderPictures;
  /** How the bone in the frames is come by; found anew when absent. */
  readonly findBone?: FindBone;
  /** How a knee is come by; built when absent. */
  readonly knees?: ObtainKnee;
  /** How what calibration sessions found is come by; they are held when absent. */
  readonly sessions?: KeepCalibration;
  /** How methods of pose recovery come by the speckle of a sweep; observed anew when absent. */
  readonly speckle?: ObserveSweep;
}

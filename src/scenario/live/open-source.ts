import { basename } from "node:path";
import { UnsuitableInputError } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import { createWorkerPool } from "../../core/worker-pool.ts";
import type { Device } from "../../data/device.ts";
import { steadyClock } from "../../hardware/natnet/host-clock.ts";
import { liveRig, type RigAddresses } from "../live-rig.ts";
import { loadScenario } from "../load.ts";
import { obtainCalibration } from "../obtain-calibration.ts";
import { openRecording } from "../open-recording.ts";
import { arrivalSpan, repeated, replayRig } from "../replay.ts";
import type { LiveRig } from "../record-devices.ts";
import type { RunContext } from "../run-context.ts";
import type { Scenario, SimulatedSource } from "../schema.ts";
import { planScan } from "../simulate.ts";
import { readLiveCalibration } from "./live-calibration.ts";
import type { LiveSource } from "./live-source.ts";
import { createPlayClock, paced } from "./play-clock.ts";

/** What is said of a source besides its name. */
export interface SourceOptions {
  /** A file with the calibration; see `readLiveCalibration`. */
  readonly config?: string;
  /** By how much the images run behind; else as the calibration says. */
  readonly lagS?: number;
  readonly flexionDeg?: number;
  /** Begin anew after the end. */
  readonly loop?: boolean;
  readonly pace?: LiveSource["pace"];
}

/** The strokes are meant for this (sweep-plan.ts). */
const USUAL_FLEXION_DEG = 30;
const radians = (deg: number): number => (deg * Math.PI) / 180;
const nowS = (): number => steadyClock.nowS();

/** Samples that are made or read before they are due. */
const IMAGES_AHEAD = 24,
  POSES_AHEAD = 64;
/** Between two rounds. */
const PAUSE_S = 1;

/**
 * A scenario whose scan is rendered while it is played, in threads of its own. `simulationWorkers` of them; where they are
 * not fast enough, the scan's time stands still for them.
 */
export async function openSimulatedSource(
  scenario: Scenario,
  source: SimulatedSource,
  folder: string,
  { simulationWorkers, ...options }: SourceOptions & { readonly simulationWorkers: number },
  run: RunContext,
): Promise<LiveSource> {
  const workers = createWorkerPool(simulationWorkers);
  try {
    const scan = await planScan(scenario, source, { log: run.log, workers, together: 2 * simulationWorkers });
    const { acquisition, geometry } = scan;
    const { calibration } = await obtainCalibration({ scenario, truth: scan.calibration, geometry, folder }, run);
    const durationS = Math.max(...acquisition.sweeps.map(({ toS }) => toS)) + PAUSE_S;
    return {
      kind: "simulated",
      label: `${scenario.name}, simulated`,
      calibration: {
        fixed: [{ from: "Image", to: "Probe", m: calibration.probeFromPixel }],
        imageName: "Image",
        imageLagS: options.lagS ?? calibration.imageLagS,
        about: `calibration as the scenario says (${scenario.calibration.kind})`,
      },
      flexionRad: radians(options.flexionDeg ?? flexionOf(source)),
      returns: false,
      ...played({ ...acquisition, counters: () => ({}), notes: () => [] }, durationS, options),
      close: () => workers.close(),
    };
  } catch (error) {
    await workers.close();
    throw error;
  }
}

/** The operator bends the knee by a goniometer before the scan: no secret of the phantom. */
function flexionOf({ phantom }: SimulatedSource): number {
  return phantom.kind === "parametric" ? (phantom.flexionDeg ?? USUAL_FLEXION_DEG) : USUAL_FLEXION_DEG;
}

/** A recording that is played as fast as it was made. Without a tracker or a calibration it has pictures alone. */
export async function openRecordedSource(path: string, options: SourceOptions): Promise<LiveSource> {
  const recording = await openRecording(path);
  try {
    const rig = replayRig(recording);
    if (!rig.imager) throw new UnsuitableInputError(`${path} has no images`, "Give a recording that has");
    const { fromS, toS } = arrivalSpan(recording);
    return {
      kind: "recording",
      label: basename(path),
      calibration: await readLiveCalibration(options.config, options.lagS),
      flexionRad: radians(options.flexionDeg ?? USUAL_FLEXION_DEG),
      returns: false,
      ...played(rig, toS - fromS + PAUSE_S, options),
      close: () => recording.close(),
    };
  } catch (error) {
    await recording.close();
    throw error;
  }
}

/** Served or real devices. */
export async function openDeviceSource(addresses: RigAddresses, options: SourceOptions, log: Log): Promise<LiveSource> {
  return {
    kind: "devices",
    label: [...new Set(Object.values(addresses))].join(" and "),
    rig: liveRig(addresses, log),
    calibration: await readLiveCalibration(options.config, options.lagS),
    flexionRad: radians(options.flexionDeg ?? USUAL_FLEXION_DEG),
    pace: "own",
    arrivedS: (receivedS) => receivedS,
    returns: true,
    close: async () => undefined,
  };
}

/** A scenario by what its source is. */
export async function openScenarioSource(
  path: string,
  folder: string,
  options: SourceOptions & { readonly simulationWorkers: number },
  run: RunContext,
): Promise<{ readonly scenario: Scenario; readonly source: LiveSource }> {
  const scenario = await loadScenario(path);
  const { source } = scenario;
  if (source.kind === "simulated")
    return { scenario, source: await openSimulatedSource(scenario, source, folder, options, run) };
  if (source.kind === "recording") {
    const config = options.config ?? source.configuration;
    const recorded = await openRecordedSource(source.file, { ...options, ...(config === undefined ? {} : { config }) });
    return { scenario, source: recorded };
  }
  throw new UnsuitableInputError(
    `${path}: source.kind is "${source.kind}", a calibration session`,
    "Give a scenario that scans, or a recording of one",
  );
}

/** Devices that wait for their reader, given out in time, or as fast as they are taken. */
function played(
  rig: LiveRig,
  periodS: number,
  { loop, pace = "own" }: SourceOptions,
): Pick<LiveSource, "rig" | "pace" | "arrivedS" | "hold" | "behindS"> {
  const clock = createPlayClock(nowS);
  const inTime = <T>(device: Device<T>, ahead: number, leads: boolean): Device<T> => {
    const again = loop ? repeated(device, periodS) : device;
    return pace === "own" ? paced(again, clock, { ahead, leads }) : again;
  };
  const { imager, tracker } = rig;
  return {
    rig: {
      ...rig,
      ...(imager ? { imager: inTime(imager, IMAGES_AHEAD, true) } : {}),
      ...(tracker ? { tracker: inTime(tracker, POSES_AHEAD, !imager) } : {}),
    },
    pace,
    // Taken as fast as it can be: a sample arrives when it is asked for.
    arrivedS: pace === "own" ? (receivedS) => clock.hereS(receivedS) : nowS,
    hold: (held) => clock.hold(held),
    behindS: () => clock.behindS,
  };
}

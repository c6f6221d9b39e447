import { join } from "node:path";
import { createRng } from "../core/rng.ts";
import type { Calibration } from "../data/calibration.ts";
import type { ImageGeometry } from "../data/image.ts";
import type { ObtainedCalibration } from "./cached-calibration.ts";
import { perturbCalibration } from "./rig.ts";
import type { RunContext } from "./run-context.ts";
import type { CalibrationConfig, Scenario } from "./schema.ts";
import { calibrateSessions, calibrationOf } from "./session/calibrate-session.ts";
import { likelyCalibrations } from "./session/likely-calibrations.ts";

export interface CalibrationInput {
  readonly scenario: Scenario;
  /** Read by the kinds that start from it ("truth", "perturbed"); the sessions never see it. */
  readonly truth: Calibration;
  readonly geometry: ImageGeometry;
  /** Where the sessions' recordings go. */
  readonly folder: string;
}

type Kind = CalibrationConfig["kind"];
type Obtain<K extends Kind> = (
  config: Extract<CalibrationConfig, { readonly kind: K }>,
  input: CalibrationInput,
  context: RunContext,
) => Promise<ObtainedCalibration>;

const radians = (deg: number): number => (deg * Math.PI) / 180;

const kinds: { readonly [K in Kind]: Obtain<K> } = {
  truth: (_, { truth }) => Promise.resolve({ calibration: truth, lagSdS: 0 }),
  perturbed: ({ rotationSdDeg, translationSdMm, lagSdS }, { truth, geometry, scenario }) => {
    const error = { rotationSdRad: radians(rotationSdDeg), translationSdMm, lagSdS };
    const calibration = perturbCalibration(truth, geometry, error, createRng(scenario.seed).fork("calibration"));
    return Promise.resolve({ calibration, lagSdS });
  },
  given: ({ probeFromPixel, imageLagS }) =>
    Promise.resolve({
      calibration: { probeFromPixel: Float64Array.from(probeFromPixel), imageLagS },
      lagSdS: 0,
    }),
  async sessions({ tracker, ...conditions }, { scenario: { source, seed }, folder, geometry }, context) {
    if (source.kind !== "simulated")
      throw new Error("only a simulated source has sessions: parseScenario refuses this");
    const rig = { probe: source.probe, imaging: source.imaging, tracker: tracker ?? source.tracker, conditions };
    const hold = async (): Promise<ObtainedCalibration> => {
      const { results } = await calibrateSessions("nwire", rig, seed, join(folder, "calibration"), context);
      const { lowS, highS } = results.temporal!;
      for (const sentence of results.speed!.sentences) context.log.info(sentence);
      return {
        calibration: calibrationOf(results),
        lagSdS: (highS - lowS) / 2 / 1.96,
        likely: likelyCalibrations(results, geometry),
      };
    };
    return context.sessions ? context.sessions([rig, seed, geometry], hold) : hold();
  },
  configuration: () => Promise.reject(new Error("a simulated source has no configuration: parseScenario refuses this")),
};

/** The calibration that a simulated scenario works with. Throws an UnsuitableInputError when a session is refused. */
export function obtainCalibration(input: CalibrationInput, context: RunContext): Promise<ObtainedCalibration> {
  const config = input.scenario.calibration;
  const obtain = kinds[config.kind] as (
    config: CalibrationConfig,
    input: CalibrationInput,
    context: RunContext,
  ) => Promise<ObtainedCalibration>;
  return obtain(config, input, context);
}

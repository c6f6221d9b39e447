import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createRng } from "../src/core/rng.ts";
import { findDataFolder } from "../src/cli/data-folder.ts";
import { readPlusConfig } from "../src/io/plus-config.ts";
import { openSequence } from "../src/io/sequence/open-sequence.ts";
import { diagnoseSpatial } from "../src/pipeline/calibration/diagnosis/diagnose-spatial.ts";
import { calibratePivot } from "../src/pipeline/calibration/pivot/calibrate-pivot.ts";
import { relativePoses } from "../src/pipeline/calibration/pose-series.ts";
import { calibrateSpatial } from "../src/pipeline/calibration/spatial/calibrate-spatial.ts";
import { findWireFrames } from "../src/pipeline/calibration/spatial/find-wire-frames.ts";
import { nWirePhantom } from "../src/pipeline/calibration/spatial/nwire-phantom.ts";
import { accepted, pointSession } from "../src/verify/calibration-sessions.ts";
import type { BenchSuite, Case, Published } from "./suite.ts";

const CONFIG = "PlusDeviceSet_fCal_Sim_SpatialCalibration_2.0.xml";
const parts = ["Calibration", "Validation"].map((part) => `fCal_Test_${part}_3NWires_fCal2.0.igs.mha`);
const LANDMARKS = "EightLandmarkPointsTrackedForPhantomRegistration.igs.mha";
/** Frames of both recordings. */
const FRAMES = 293;

const plus: Published = { name: "PLUS", perSecond: 59, source: "ProbeCalibration of the same frames, measured apart" };

/** PLUS's job: read, inflate and segment 190 + 103 frames of 820 × 616, calibrate, validate. */
async function spatialOf(folder: string): Promise<number> {
  const config = await readPlusConfig(join(folder, CONFIG)),
    phantom = accepted(nWirePhantom(config.phantom?.patterns ?? []));
  const referenceFromPhantom = config.transforms.find(({ from }) => from === "Phantom")!.toFromFrom;
  const search = { phantom, probe: "Probe", reference: "Reference", referenceFromPhantom, smoothS: 0.5 };
  const [own, other] = await Promise.all(
    parts.map(async (name) => {
      const recording = await openSequence(join(folder, name));
      try {
        return accepted(await findWireFrames(recording, search));
      } finally {
        await recording.close();
      }
    }),
  );
  return accepted(calibrateSpatial({ ...own!, validation: other!.frames, phantom })).validationErrors.meanMm;
}

async function recordedCases(folder: string): Promise<Case[]> {
  await readFile(join(folder, CONFIG)); // missing data is told now, not as a slow bench
  const recording = await openSequence(join(folder, LANDMARKS));
  const series = accepted(relativePoses(recording, "Stylus", "Reference"));
  await recording.close();
  return [
    {
      name: "spatial calibration, fCal 2.0 with reading",
      units: FRAMES,
      unit: "frames",
      run: () => spatialOf(folder),
      beside: [plus],
    },
    { name: "pivot, eight divots of 1000 poses", units: 1, unit: "calls", run: () => calibratePivot(series) },
  ];
}

/** How fast calibrations run: on the public recordings where they are, and fits of simulated wire points. */
export const calibrationBench: BenchSuite = {
  about: "calibrations per second, on recordings and on simulated wire points",
  async prepare() {
    const { input } = pointSession(createRng("bench/calibration"), { smoothS: 0.5 });
    const { evidence } = accepted(calibrateSpatial(input));
    const folder = findDataFolder();
    const recorded = folder === undefined ? [] : await recordedCases(join(folder, "plus"));
    if (folder === undefined) console.log("The public recordings are not here: their cases are left out.");
    const cases: Case[] = [
      ...recorded,
      {
        name: "spatial fit with intervals, 9 wires in about 100 frames",
        units: 1,
        unit: "calls",
        run: () => calibrateSpatial(input),
      },
      { name: "diagnosis of it", units: 1, unit: "calls", run: () => diagnoseSpatial(evidence) },
    ];
    return { cases, close: () => Promise.resolve() };
  },
};

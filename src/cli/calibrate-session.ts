import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createWorkerPool } from "../core/worker-pool.ts";
import type { Figure } from "../data/report.ts";
import { sessionFigures } from "../scenario/calibration-figures/session.ts";
import { loadScenario } from "../scenario/load.ts";
import type { SessionKind } from "../scenario/schema.ts";
import { calibrateSessions, type SessionResults } from "../scenario/session/calibrate-session.ts";
import { rigGeometry } from "../scenario/session/plan-session.ts";
import { scoreSession } from "../scenario/session/score-session.ts";
import { exact, imageFigures, type Outcome } from "./calibrate-outcome.ts";
import { defaultWorkers, interruptSignal, terminalFor, UsageError, type CommonOptions } from "./command.ts";
import { ownSoftware } from "./software.ts";

/** Which command calibrates from a session. */
export const commandOf: { readonly [K in SessionKind]: string } = {
  pivot: "pivot",
  landmarks: "landmarks",
  temporal: "temporal",
  nwire: "spatial",
  "crossed-wire": "point",
  plane: "plane",
};

export const isScenario = (path: string): boolean => /\.(ya?ml|json)$/i.test(path);

/** Simulates the session of a scenario, calibrates from its recordings and scores against its truth. */
export async function calibrateScenario(
  command: string,
  file: string,
  options: CommonOptions & { readonly keep?: string; readonly out?: string },
): Promise<Outcome> {
  const { source, seed } = await loadScenario(file);
  if (source.kind !== "session") {
    throw new UsageError(
      `${file}: source.kind is "${source.kind}"; a calibration needs "session" (or give a recording)`,
    );
  }
  const wanted = commandOf[source.session];
  if (wanted !== command) throw new UsageError(`${file} is a session for: sonobench calibrate ${wanted} ${file}`);
  const folder = options.keep ?? (await mkdtemp(join(tmpdir(), "sonobench-session-")));
  const workers = createWorkerPool(defaultWorkers());
  try {
    const context = {
      log: terminalFor(options).log,
      workers,
      signal: interruptSignal(),
      software: await ownSoftware(),
    };
    const outcome = await calibrateSessions(source.session, source, seed, folder, context);
    const { planned, results } = outcome;
    const scores = scoreSession(results, planned, rigGeometry(source));
    // The recordings are removed below: what the page shows of them is made now.
    const figures = options.out === undefined ? [] : await sessionFigures(outcome);
    return {
      headline: { ...found(results), ...scores },
      ...rest(results),
      seed,
      ...(results.diagnosis ? { findings: results.diagnosis } : {}),
      figures: () => Promise.resolve(figures),
    };
  } finally {
    await workers.close();
    if (options.keep === undefined) await rm(folder, { recursive: true, force: true });
  }
}

function found({ pivot, landmarks, temporal, spatial, point, plane, speed }: SessionResults): Record<string, Figure> {
  const headline: Record<string, Figure> = {};
  if (pivot) {
    (["X", "Y", "Z"] as const).forEach((axis, k) => {
      const value = pivot.tipMm[k]!,
        half = pivot.halfWidthMm[k]!;
      headline[`calibration.pivot.tip${axis}`] = { value, low: value - half, high: value + half, unit: "mm" };
    });
    headline["calibration.pivot.residual"] = exact(pivot.meanMm, "mm");
  }
  if (landmarks) {
    headline["calibration.landmarks.found"] = exact(landmarks.touched.length, "1");
    headline["calibration.landmarks.rms"] = exact(landmarks.rmsMm, "mm");
    headline["calibration.landmarks.treAtWires"] = exact(Math.max(...landmarks.targetErrorMm), "mm");
  }
  if (temporal) {
    const { imageLagS: value, lowS: low, highS: high } = temporal;
    headline["calibration.temporal.lag"] = { value, low, high, unit: "s" };
  }
  if (spatial) {
    headline["calibration.spatial.validation3d"] = exact(spatial.validationErrors.meanMm, "mm");
    headline["calibration.spatial.segmented"] = exact(spatial.segmented, "1");
    headline["calibration.spatial.examined"] = exact(spatial.examined, "1");
    headline["calibration.spatial.uncertaintyCentre"] = exact(spatial.centreUncertaintyMm, "mm");
    headline["calibration.spatial.uncertaintyCorner"] = exact(spatial.cornerUncertaintyMm, "mm");
  }
  const seen = point ?? plane;
  if (seen) Object.assign(headline, imageFigures(seen));
  if (speed) {
    headline["calibration.spatial.impliedSpeed"] = exact(speed.impliedMps, "m/s");
    headline["calibration.spatial.usedSpeed"] = exact(speed.usedMps, "m/s");
  }
  return headline;
}

/** The last thing that was calibrated, as PLUS writes it. */
function rest({
  pivot,
  landmarks,
  temporal,
  speed,
  diagnosis,
}: SessionResults): Pick<Outcome, "result" | "sentences" | "transform"> {
  const sentences = speed?.sentences ?? [];
  const result = {
    ...(temporal ? { imageLagS: temporal.imageLagS } : {}),
    ...(diagnosis ? { diagnosis } : {}),
    sentences,
  };
  if (speed) return { sentences, result, transform: { from: "Image", to: "Probe", matrix: [...speed.probeFromPixel] } };
  if (landmarks) {
    return {
      sentences,
      result,
      transform: { from: "Phantom", to: "Reference", matrix: [...landmarks.bodyFromPhantom] },
    };
  }
  if (!pivot) return { sentences, result };
  const [x, y, z] = pivot.tipMm;
  return {
    sentences,
    result,
    transform: { from: "StylusTip", to: "Stylus", matrix: [1, 0, 0, x, 0, 1, 0, y, 0, 0, 1, z] },
  };
}

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createWorkerPool } from "../core/worker-pool.ts";
import type { Figure } from "../data/report.ts";
import type { Finding } from "../pipeline/calibration/diagnosis/finding.ts";
import { loadScenario } from "../scenario/load.ts";
import type { SessionKind } from "../scenario/schema.ts";
import { calibrateSessions, type SessionResults } from "../scenario/session/calibrate-session.ts";
import { rigGeometry } from "../scenario/session/plan-session.ts";
import { scoreSession } from "../scenario/session/score-session.ts";
import { defaultWorkers, interruptSignal, terminalFor, UsageError, type CommonOptions } from "./command.ts";
import { packageVersion } from "./version.ts";

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

export interface SessionReport {
  readonly headline: Readonly<Record<string, Figure>>;
  readonly result: Readonly<Record<string, unknown>>;
  readonly sentences: readonly string[];
  readonly transform?: { readonly from: string; readonly to: string; readonly matrix: readonly number[] };
}

/** Simulates the session of a scenario, calibrates from its recordings and scores against its truth. */
export async function calibrateScenario(
  command: string,
  file: string,
  options: CommonOptions & { readonly keep?: string },
): Promise<SessionReport> {
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
    const context = { log: terminalFor(options).log, workers, signal: interruptSignal(), version: packageVersion() };
    const { planned, results } = await calibrateSessions(source.session, source, seed, folder, context);
    const scores = scoreSession(results, planned, rigGeometry(source));
    return { headline: { ...found(results), ...scores }, ...rest(results) };
  } finally {
    await workers.close();
    if (options.keep === undefined) await rm(folder, { recursive: true, force: true });
  }
}

const MOST_FINDINGS = 3;

/** What may be wrong, the likeliest first, for people. */
export function diagnosisSentences(findings: readonly Finding<string>[]): string[] {
  return findings
    .slice(0, MOST_FINDINGS)
    .map(({ cause, score, sentence, remedy }) => `${cause} (${score.toFixed(2)}): ${sentence} ${remedy}`);
}

const exact = (value: number, unit: string): Figure => ({ value, low: value, high: value, unit });

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

/** Of a calibration from a point or a plane. */
export function imageFigures(seen: {
  readonly rmsMm: number;
  readonly segmented: number;
  readonly examined: number;
  readonly centreUncertaintyMm: number;
  readonly cornerUncertaintyMm: number;
}): Record<string, Figure> {
  return {
    "calibration.spatial.residualRms": exact(seen.rmsMm, "mm"),
    "calibration.spatial.segmented": exact(seen.segmented, "1"),
    "calibration.spatial.examined": exact(seen.examined, "1"),
    "calibration.spatial.uncertaintyCentre": exact(seen.centreUncertaintyMm, "mm"),
    "calibration.spatial.uncertaintyCorner": exact(seen.cornerUncertaintyMm, "mm"),
  };
}

/** The last thing that was calibrated, as PLUS writes it. */
function rest({ pivot, landmarks, temporal, speed, diagnosis }: SessionResults): Omit<SessionReport, "headline"> {
  const sentences = [...(speed?.sentences ?? []), ...diagnosisSentences(diagnosis ?? [])];
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

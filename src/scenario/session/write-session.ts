import { mkdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { writeFileAtomic } from "../../io/atomic.ts";
import { plusConfigXml } from "../../io/write-plus-config.ts";
import { acquire, type AcquireContext } from "../acquire.ts";
import { writeCalibration, writeJson } from "../result-folder.ts";
import type { RunContext } from "../run-context.ts";
import type { SessionSource } from "../schema.ts";
import { calibrateSessions } from "./calibrate-session.ts";
import { planSession } from "./plan-session.ts";

export interface WrittenSession {
  readonly recording: string;
  /** PLUS configuration: the phantom's drawing, and what a user would know of it by then. */
  readonly configuration: string;
  readonly truthFolder: string;
  readonly imageLagS: number | undefined;
}

/**
 * Writes the recording of a session, its truth, and beside it the configuration that `sonobench calibrate` wants: the
 * phantom as drawn, with the stylus's tip and the phantom's place as calibrated in the sessions before.
 */
export async function writeSession(
  source: SessionSource,
  seed: string,
  path: string,
  context: RunContext & AcquireContext,
): Promise<WrittenSession> {
  const base = join(dirname(path), basename(path, ".mcap"));
  const planned = planSession(source.session, source, seed, context);
  const earlier = { nwire: "landmarks", landmarks: "pivot" } as const;
  const step = source.session in earlier ? earlier[source.session as keyof typeof earlier] : undefined;
  const known = step ? (await calibrateSessions(step, source, seed, `${base}-before`, context)).results : {};
  await acquire(path, planned.acquisition, context);
  const { design, truth } = planned;
  const tip = known.pivot?.tipMm;
  const xml = plusConfigXml({
    phantomName: design.name,
    patterns: design.patterns,
    landmarks: design.divots,
    transforms: [
      ...(tip ? [{ from: "StylusTip", to: "Stylus", matrix: at(tip) }] : []),
      ...(known.landmarks ? [{ from: "Phantom", to: "Reference", matrix: known.landmarks.bodyFromPhantom }] : []),
    ],
  });
  await writeFileAtomic(`${base}.xml`, xml);
  const truthFolder = `${base}-truth`;
  await mkdir(truthFolder, { recursive: true });
  await writeCalibration(join(truthFolder, "calibration.json"), truth.calibration);
  await writeJson(join(truthFolder, "session.json"), {
    about: "What the session was simulated with; no calibration reads it",
    PhantomToReference: [...truth.referenceFromPhantom.m, 0, 0, 0, 1],
    stylusTipMm: truth.stylusTipMm,
    waterSpeedMps: truth.waterMps,
  });
  return { recording: path, configuration: `${base}.xml`, truthFolder, imageLagS: known.temporal?.imageLagS };
}

const at = ([x, y, z]: readonly [number, number, number]): Float64Array =>
  Float64Array.of(1, 0, 0, x, 0, 1, 0, y, 0, 0, 1, z);

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { softwareOf } from "../data/provenance.ts";
import { silentLog } from "../core/log.ts";
import { createWorkerPool } from "../core/worker-pool.ts";
import { diagnoseSpatial } from "../pipeline/calibration/diagnosis/diagnose-spatial.ts";
import { parseScenario, type SessionKind } from "../scenario/schema.ts";
import { calibrateSessions } from "../scenario/session/calibrate-session.ts";
import { rigGeometry } from "../scenario/session/plan-session.ts";
import { scoreSession } from "../scenario/session/score-session.ts";
import type { Check } from "./check.ts";

/** Errors of one simulated session against its truth, by headline id, and the speed of sound that it implies. */
async function sessionErrors(session: SessionKind, seed: string, conditions: object, imaging: object = {}) {
  const { source } = parseScenario(
    { name: "verify", seed, source: { kind: "session", session, conditions, imaging: { rateHz: 16, ...imaging } } },
    "verify calibration",
  );
  if (source.kind !== "session") throw new Error("the source is a session");
  const folder = await mkdtemp(join(tmpdir(), "sonobench-verify-"));
  const workers = createWorkerPool(2);
  try {
    const context = {
      log: silentLog,
      workers,
      signal: new AbortController().signal,
      software: softwareOf("verify"),
    };
    const { results, planned } = await calibrateSessions(session, source, seed, folder, context);
    const scores = scoreSession(results, planned, rigGeometry(source));
    return { results, planned, error: (id: string): number => scores[id]?.value ?? NaN };
  } finally {
    await workers.close();
    await rm(folder, { recursive: true, force: true });
  }
}

const TRE_MM = 0.3;
const SPEED_SHARE = 0.01;

const coldWater: Check = {
  id: "calibration.session.nwire",
  statement:
    "N-wires imaged in water of 10 °C, with stylus, phantom and lag calibrated before: after the correction for the " +
    "speed of sound a pixel is placed within 0.3 mm in tissue, the wires imply the water's speed within 1 %, and the " +
    "diagnosis of the uncorrected calibration names the speed of sound first",
  source:
    "simulated sessions of the default rig, camera at 700 mm; mean over the image, mm (--full: worst of five seeds)",
  expected: 0,
  tolerance: TRE_MM,
  async run({ full }) {
    let measured = 0,
      speedOff = 0,
      named = true;
    for (let i = 0; i < (full ? 5 : 1); i++) {
      const { results, planned, error } = await sessionErrors("nwire", `cold ${i}`, {
        images: full ? 50 : 32,
        waterC: 10,
      });
      named &&= diagnoseSpatial(results.spatial!.evidence)[0]?.cause === "speed-of-sound";
      measured = Math.max(measured, error("calibration.spatial.tre"));
      speedOff = Math.max(speedOff, Math.abs(results.speed!.impliedMps / planned.truth.waterMps - 1));
    }
    return { measured, pass: measured <= TRE_MM && speedOff <= SPEED_SHARE && named };
  },
};

const LAG_S = 0.002;

const imagedLag: Check = {
  id: "calibration.session.lag",
  statement: "The lag of images of a tank's bottom is found within 2 ms, from 0 to 0.6 s",
  source:
    "simulated images of the default rig, one lag of 0.6 s (--full: 0 to 0.6 s, three seeds each); largest error, s",
  expected: 0,
  tolerance: LAG_S,
  async run({ full }) {
    let measured = 0;
    for (const lagS of full ? [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6] : [0.6]) {
      for (const seed of full ? ["judged a", "judged b", "judged c"] : ["judged a"]) {
        const { error } = await sessionErrors("temporal", `${seed} ${lagS}`, { images: full ? 110 : 80 }, { lagS });
        measured = Math.max(measured, error("calibration.temporal.lagError"));
      }
    }
    return { measured, pass: measured <= LAG_S };
  },
};

export const imageChecks: readonly Check[] = [imagedLag, coldWater];

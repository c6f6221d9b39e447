import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { softwareOf } from "../../../src/data/provenance.ts";
import { createWorkerPool } from "../../../src/core/worker-pool.ts";
import { transformPoint } from "../../../src/core/rigid.ts";
import { silentLog } from "../../../src/core/log.ts";
import { parseScenario, type SessionKind } from "../../../src/scenario/schema.ts";
import { calibrateSessions } from "../../../src/scenario/session/calibrate-session.ts";
import { rigGeometry } from "../../../src/scenario/session/plan-session.ts";
import { scoreSession } from "../../../src/scenario/session/score-session.ts";

const workers = createWorkerPool(2);
afterAll(() => workers.close());

async function session(kind: SessionKind, seed: string, conditions = {}, imaging = {}) {
  const { source } = parseScenario(
    { name: "s", seed, source: { kind: "session", session: kind, conditions, imaging: { rateHz: 16, ...imaging } } },
    "test",
  );
  if (source.kind !== "session") throw new Error("the source is a session");
  const folder = await mkdtemp(join(tmpdir(), "sonobench-session-"));
  const context = {
    log: silentLog,
    workers,
    signal: new AbortController().signal,
    software: softwareOf("test"),
  };
  const { results, planned } = await calibrateSessions(kind, source, seed, folder, context);
  const scores = scoreSession(results, planned, rigGeometry(source));
  return { results, planned, error: (id: string): number => scores[`calibration.${id}`]?.value ?? NaN };
}

/** Half of the lag that a tracked hand at 25 mm/s notices as 0.1 mm. */
const LAG_S = 0.002;
/** Issue 5: the image's mean error with low-noise tracking. */
const TRE_MM = 0.3;
/**
 * Of the phantom's place. The error that a session predicts (0.07 mm) knows the scatter of the touches, not what all of
 * them share: markers that stand 0.1 mm off in the tools' definitions and centroids that are biased.
 */
const LANDMARK_MM = 0.3;
/** A stated half width is of 95 %; three coordinates of one seed lie within one and a half of them. */
const HALF_WIDTHS = 1.5;

test.each([0, 0.6])("a lag of %s s is found within 2 ms from simulated images of a tank's bottom", async (lagS) => {
  const { results, planned, error } = await session("temporal", `lag ${lagS}`, { images: 110 }, { lagS });
  // The tracker stamps its exposures: the poses themselves are not late.
  expect(planned.truth.calibration.imageLagS).toBeCloseTo(lagS, 6);
  expect(error("temporal.lagError")).toBeLessThan(LAG_S);
  const { lowS, highS } = results.temporal!;
  expect(highS - lowS).toBeLessThan(4 * LAG_S);
});

test.each(["a", "b"])("seed %s: tip and phantom are found within what the sessions state", async (seed) => {
  const { results, planned, error } = await session("landmarks", seed);
  results.pivot!.tipMm.forEach((x, k) =>
    expect(Math.abs(x - planned.truth.stylusTipMm[k]!)).toBeLessThan(HALF_WIDTHS * results.pivot!.halfWidthMm[k]!),
  );
  expect(results.landmarks!.touched).toHaveLength(8);
  expect(error("landmarks.tre")).toBeLessThan(LANDMARK_MM);
});

test("N-wires in water of 8 °C: every frame segmented, wrong by millimetres in tissue until the speed is corrected", async () => {
  const { results, planned, error } = await session("nwire", "cold", { images: 110, waterC: 8 });
  expect(results.spatial!.segmented).toBe(results.spatial!.examined);
  expect(results.speed!.impliedMps / planned.truth.waterMps).toBeCloseTo(1, 2);
  expect(error("spatial.tre")).toBeLessThan(TRE_MM);
  // As found, in the water: the bottom of the image is 50 mm · (1 − 1439/1540) off.
  const { calibration } = planned.truth;
  const found = transformPoint(results.spatial!.probeFromPixel, 255, 511, 0),
    there = transformPoint(calibration.probeFromPixel, 255, 511, 0);
  expect(Math.hypot(...found.map((x, k) => x - there[k]!))).toBeGreaterThan(2.5);
});

test("crossed wires and the bottom of a tank give the image's place too, as well as they say", async () => {
  for (const [kind, images] of [
    ["crossed-wire", 80],
    ["plane", 80],
  ] as const) {
    // prettier-ignore
    const { results, error } = await session(kind, "others", { images });
    const { cornerUncertaintyMm } = (results.point ?? results.plane)!;
    expect(error("spatial.treMax")).toBeLessThan(4 * cornerUncertaintyMm);
    expect(cornerUncertaintyMm).toBeLessThan(1);
  }
});

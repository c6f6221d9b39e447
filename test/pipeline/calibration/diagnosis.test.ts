import { expect, test } from "vitest";
import { createRng } from "../../../src/core/rng.ts";
import { suppose } from "../../../src/pipeline/calibration/diagnosis/suppose.ts";
import { imagesLate, motionOf, registrationOff } from "../../../src/pipeline/calibration/diagnosis/suppositions.ts";
import { ranked, type Finding, type SpatialCause } from "../../../src/pipeline/calibration/diagnosis/finding.ts";
import { calibrateSpatial } from "../../../src/pipeline/calibration/spatial/calibrate-spatial.ts";
import { diagnosed } from "../../../src/verify/calibration-diagnosis.ts";
import { injectedFaults } from "../../../src/verify/calibration-faults.ts";
import { accepted, fCalPlan, pointSession } from "../../../src/verify/calibration-sessions.ts";

const plan = { ...fCalPlan, frames: 60 };

function fitted(seed: string, faults: Parameters<typeof pointSession>[1] = {}) {
  const { input } = pointSession(createRng(seed), { plan, smoothS: 0.5, ...faults });
  return accepted(calibrateSpatial(input)).evidence.session;
}

test("a lag that was put in is found by supposing one, within 20 ms", () => {
  const session = fitted("diagnosis lag", { faults: { imageLagS: 0.15 } });
  const { gain, by } = suppose(session, imagesLate(session.frames));
  expect(gain).toBeGreaterThan(0.4);
  expect(by[0]).toBeGreaterThan(0.13);
  expect(by[0]).toBeLessThan(0.17);
});

test("supposing a fault that is not there gains next to nothing", () => {
  const session = fitted("diagnosis healthy");
  expect(suppose(session, imagesLate(session.frames)).gain).toBeLessThan(0.1);
  expect(suppose(session, registrationOff).gain).toBeLessThan(0.15);
});

test("the motion of a small twist is its rotation vector and its shift", () => {
  const m = motionOf([0, 0, 1e-3, 1, 2, 3]);
  expect([m[3], m[7], m[11]]).toEqual([1, 2, 3]);
  expect(m[4]).toBeCloseTo(1e-3, 9);
  expect(m[1]).toBeCloseTo(-1e-3, 9);
});

test("every injected fault has a finding with a sentence and a remedy that end as sentences do", () => {
  for (const fault of injectedFaults.filter(({ cause }) =>
    ["tracker-stuck", "wire-misplaced", "mirrored"].includes(cause),
  )) {
    const [first] = diagnosed(fault, "sentences");
    expect(first?.cause).toBe(fault.cause);
    expect(first!.sentence).toMatch(/\.$/);
    expect(first!.remedy).toMatch(/\.$/);
    expect(first!.sentence + first!.remedy).not.toMatch(/NaN|undefined|Infinity/);
  }
});

test("findings are ranked by their score, and what chance makes is left out", () => {
  const finding = (cause: SpatialCause, score: number): Finding<SpatialCause> => ({
    cause,
    score,
    sentence: "",
    remedy: "",
  });
  const found = ranked([finding("lag", 0.1), finding("mirrored", 0.4), undefined, finding("registration", 0.9)]);
  expect(found.map(({ cause }) => cause)).toEqual(["registration", "mirrored"]);
});

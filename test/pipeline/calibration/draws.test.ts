import { expect, test } from "vitest";
import { createRng } from "../../../src/core/rng.ts";
import { calibrateSpatial } from "../../../src/pipeline/calibration/spatial/calibrate-spatial.ts";
import { drawCalibrations } from "../../../src/pipeline/calibration/spatial/draws.ts";
import { placeUncertainty } from "../../../src/pipeline/calibration/spatial/uncertainty.ts";
import { distance, placeOf } from "../../../src/pipeline/calibration/vector3.ts";
import { accepted, fCalPlan, pointSession } from "../../../src/verify/calibration-sessions.ts";

/** Of the rms of 2000 draws: a standard deviation of it is 1.6 %. */
const SAMPLING = 0.06;

test("calibrations drawn from the uncertainty scatter a pixel's place by the rms that is stated for it", () => {
  const { input } = pointSession(createRng("draws"), { plan: { ...fCalPlan, frames: 50 }, smoothS: 0.5 });
  const { uncertainty, probeFromPixel } = accepted(calibrateSpatial(input));
  const draws = drawCalibrations(uncertainty, 2000, createRng("draws"));
  for (const [u, v] of [
    [0, 0],
    [511, 511],
    [255, 100],
  ] as const) {
    const there = placeOf(probeFromPixel, 0, [u, v, 0]);
    const squares = draws.map((m) => distance(placeOf(m, 0, [u, v, 0]), there) ** 2);
    const rms = Math.sqrt(squares.reduce((sum, x) => sum + x, 0) / draws.length);
    expect(rms / placeUncertainty(uncertainty, u, v).rmsMm).toBeGreaterThan(1 - SAMPLING);
    expect(rms / placeUncertainty(uncertainty, u, v).rmsMm).toBeLessThan(1 + SAMPLING);
  }
});

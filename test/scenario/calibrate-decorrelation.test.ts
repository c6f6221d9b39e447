import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { silentLog } from "../../src/core/log.ts";
import { createWorkerPool } from "../../src/core/worker-pool.ts";
import { curveAt, readCurve } from "../../src/pipeline/pose/decorrelation/curves.ts";
import { calibrateDecorrelation } from "../../src/scenario/calibrate-decorrelation.ts";
import { speckle, writeClip, writeClipConfig } from "../support/speckle-clip.ts";

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "sonobench-decorrelation-test-"))));
afterAll(() => rm(folder, { recursive: true, force: true }));

const workers = createWorkerPool(1);
const run = { log: silentLog, workers, signal: new AbortController().signal, software: { name: "sonobench", version: "test" } as const }; // prettier-ignore
const options = { dynamicRangeDb: 60, imageName: "Image", referenceName: "Reference" };

const SIGMA_MM = 0.5;

/**
 * √(−2 ln ρ) of the fourth root of power, which is what is compared, where power itself correlates by exp(−d²/2σ²): moments of
 * Rayleigh amplitudes are hypergeometric, E[(P·P′)^¼] ~ ₂F₁(−¼, −¼; 1; ρ of power).
 */
function fallOfRoot(mm: number): number {
  const power = Math.exp(-0.5 * (mm / SIGMA_MM) ** 2);
  let term = 1,
    sum = 0,
    whole = 0;
  for (let n = 1; n < 5000; n++) {
    term *= ((n - 1 - 0.25) / n) ** 2;
    sum += term * power ** n;
    whole += term;
  }
  return Math.sqrt(-2 * Math.log(sum / whole));
}
/** Pairs of this speckle themselves lie 8 % above the law, since layers are taken away; kernels over distance add a little. */
const OF_FALL = 0.15;

test("tracked sweeps over speckle of a known width give the curve of that width", async () => {
  const PICTURES = 14;
  const clips = [0.1, 0.2, 0.35].map((stepMm, k) => {
    const tissue = speckle(`stage ${k}`, SIGMA_MM),
      slidMm = (i: number): number => i * stepMm;
    return writeClip(folder, `stage-${k}`, { count: PICTURES, picture: (i) => tissue(slidMm(i)), slidMm });
  });
  const configuration = await writeClipConfig(folder, "stage");
  const { curves, patches, scales } = await calibrateDecorrelation(await Promise.all(clips), { ...options, configuration }, run); // prettier-ignore
  // 25 patches of each pair at lags of 1, 2 and 4; those after 0.7 mm and more are not all found again.
  expect(patches).toBeGreaterThan(0.8 * 3 * 25 * (3 * PICTURES - 7));
  expect(patches).toBeLessThanOrEqual(3 * 25 * (3 * PICTURES - 7));
  for (const [lag, mm] of [[1, 0.2], [1, 0.35], [2, 0.4]] as const) {
    const { fall } = readCurve(curves, curveAt(curves, 13, lag), mm);
    // Cells are the mean power of up to four pixels: nearer to power's own law the more of them there are.
    expect(fall).toBeGreaterThan((1 - OF_FALL) * (mm / SIGMA_MM));
    expect(fall).toBeLessThan((1 + OF_FALL) * fallOfRoot(mm));
  } // prettier-ignore
  // Lengths by the curves on the sweeps that they were made of, and how far they vary.
  expect(scales.map(({ sweep }) => sweep)).toEqual(["sweep 1", "sweep 1", "sweep 1"]);
  for (const { scale } of scales) expect(Math.abs(scale - 1)).toBeLessThan(0.1);
  expect(curves.scaleSd).toBeGreaterThanOrEqual(0.05);
  expect(curves.scaleSd).toBeLessThan(0.1);
  expect([curves.probe, curves.about]).toEqual(["unknown", "3 sweeps of stage-0.igs.mha, stage-1.igs.mha, stage-2.igs.mha"]); // prettier-ignore
});

test("a recording without a configuration is refused by name", async () => {
  const tissue = speckle("short", SIGMA_MM);
  const path = await writeClip(folder, "short", { count: 3, picture: (i) => tissue(0.2 * i), slidMm: (i) => 0.2 * i });
  await expect(calibrateDecorrelation([path], options, run)).rejects.toThrow(/short\.igs\.mha sits on the probe/);
});

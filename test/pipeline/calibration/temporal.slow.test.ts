import { join } from "node:path";
import { expect, test } from "vitest";
import { createRng, type Rng } from "../../../src/core/rng.ts";
import type { Image } from "../../../src/data/image.ts";
import { openSequence } from "../../../src/io/sequence/open-sequence.ts";
import { relativePoses, type PoseSeries } from "../../../src/pipeline/calibration/pose-series.ts";
import { calibrateLag } from "../../../src/pipeline/calibration/temporal/calibrate-lag.ts";
import { findImageLine } from "../../../src/pipeline/calibration/temporal/image-line.ts";
import { profileShift } from "../../../src/pipeline/calibration/temporal/image-shift.ts";
import { imageSignal } from "../../../src/pipeline/calibration/temporal/image-signal.ts";
import { dataFolder } from "../../support/data.ts";

/** Up and down by 1 cm, never quite alike, mm. */
const uneven = (t: number): number => 10 * Math.sin(2 * t + 1.3 * Math.sin(0.37 * t)) + 4 * Math.sin(0.9 * t);
const even = (t: number): number => 10 * Math.sin(2 * Math.PI * 2 * t);

interface Session {
  readonly motion: (t: number) => number;
  readonly lagS: number;
  readonly noisePx: number;
  readonly rng: Rng;
}

/** 12 s of images at 20 Hz and poses at 100 Hz; 10 px a mm, against the tracker's direction. */
function session({ motion, lagS, noisePx, rng }: Session) {
  const imageTimes = Float64Array.from({ length: 240 }, (_, i) => 2 + i / 20 + 0.004 * rng.uniform());
  const depthPx = imageTimes.map((t) => 300 - 10 * motion(t - lagS) + noisePx * rng.normal());
  const n = 1600,
    poses = new Float64Array(12 * n),
    timeS = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    timeS[i] = i / 100;
    const p = motion(i / 100);
    poses.set([1, 0, 0, 0.6 * p + 5, 0, 1, 0, 0.8 * p - 7, 0, 0, 1, 0.05 * rng.normal()], 12 * i);
  }
  const series: PoseSeries = { timeS, poses, sourceIndex: Uint32Array.from(timeS, (_, i) => i), dropped: {} };
  return { signal: { timeS: imageTimes, depthPx }, series };
}

/** Issue 5: within 2 ms on simulated lags. */
const LAG_TOLERANCE_S = 0.002;

test.each([-0.7, -0.05, 0, 0.1, 0.3, 0.45, 0.6])("an image lag of %f s is found within 2 ms", (lagS) => {
  const { signal, series } = session({ motion: uneven, lagS, noisePx: 1, rng: createRng(`lag ${lagS}`) });
  const fit = calibrateLag(signal, series);
  if (fit.status === "refused") throw new Error(fit.reason);
  expect(Math.abs(fit.imageLagS - lagS)).toBeLessThan(LAG_TOLERANCE_S);
  expect(fit.pxPerMm).toSatisfy((value: number) => Math.abs(Math.abs(value) - 10) < 0.1);
  expect(Math.abs(fit.driftSPerS)).toBeLessThan(2 * fit.driftHalfWidthSPerS + 1e-4);
});

test("the stated 95 % interval holds the lag in 88 to 99 % of 60 noisy sessions", () => {
  let held = 0;
  for (let seed = 0; seed < 60; seed++) {
    const { signal, series } = session({ motion: uneven, lagS: 0.21, noisePx: 6, rng: createRng(`held ${seed}`) });
    const fit = calibrateLag(signal, series, { reachS: 0.3, leastFrames: 25, leastSwingPx: 8, leastSwingMm: 3, leastExplained: 0.8 }); // prettier-ignore
    if (fit.status === "refused") throw new Error(fit.reason);
    held += fit.lowS <= 0.21 && 0.21 <= fit.highS ? 1 : 0;
  }
  expect(held / 60).toBeGreaterThan(0.88);
  expect(held / 60).toBeLessThanOrEqual(0.99 + 1 / 60);
});

test("a clock that runs 1 % fast shows as a drift of the lag", () => {
  const { signal, series } = session({ motion: uneven, lagS: 0.1, noisePx: 1, rng: createRng("drift") });
  const fit = calibrateLag({ ...signal, timeS: signal.timeS.map((t) => 8 + (t - 8) * 1.01) }, series);
  if (fit.status === "refused") throw new Error(fit.reason);
  expect(Math.abs(fit.driftSPerS - 0.01)).toBeLessThan(0.002);
});

test("periodic, static, unrelated, late and separate recordings are each refused with their own sentence", () => {
  const rng = createRng("refused");
  const good = session({ motion: uneven, lagS: 0.1, noisePx: 1, rng });
  const reasonOf = ({ signal, series }: ReturnType<typeof session>): string => {
    const fit = calibrateLag(signal, series);
    return fit.status === "refused" ? fit.reason : `calibrated at ${fit.imageLagS}`;
  };
  expect(reasonOf(session({ motion: even, lagS: 0.1, noisePx: 1, rng }))).toMatch(/repeats itself/);
  expect(reasonOf(session({ motion: () => 0, lagS: 0.1, noisePx: 0.2, rng }))).toMatch(/image moves by/);
  const still = session({ motion: () => 0, lagS: 0, noisePx: 0, rng });
  expect(reasonOf({ signal: good.signal, series: still.series })).toMatch(/probe moves by/);
  const noise = good.signal.depthPx.map(() => 100 * rng.normal());
  expect(reasonOf({ ...good, signal: { ...good.signal, depthPx: noise } })).toMatch(/does not follow the probe/);
  const later = good.signal.timeS.map((t) => t + 1000);
  expect(reasonOf({ ...good, signal: { ...good.signal, timeS: later } })).toMatch(/do not overlap/);
  const late = session({ motion: uneven, lagS: 1.05, noisePx: 1, rng });
  expect(reasonOf(late)).toMatch(/lies outside of the ± 1 s that were searched/);
});

test("a drawn line is found to a twentieth of a pixel, with specks beside it", () => {
  const width = 320, height = 240, rng = createRng("line"); // prettier-ignore
  const pixels = new Uint8Array(width * height);
  for (let u = 0; u < width; u++) {
    const centre = 100.3 + 0.2 * (u - (width - 1) / 2);
    for (let v = 0; v < height; v++) pixels[v * width + u] = Math.round(220 * Math.exp(-(((v - centre) / 3) ** 2)));
  }
  for (let k = 0; k < 30; k++) pixels[rng.integer(width * height)] = 255;
  const image: Image = { width, height, pixels };
  const line = findImageLine(image);
  expect(line?.depthPx).toSatisfy((v: number) => Math.abs(v - 100.3) < 0.05);
  expect(line?.slope).toSatisfy((s: number) => Math.abs(s - 0.2) < 0.001);
  expect(findImageLine({ width, height, pixels: new Uint8Array(width * height) })).toBeUndefined();
});

test("a profile's shift is found to a twentieth of a row", () => {
  const bump = (at: number): Float64Array =>
    Float64Array.from({ length: 200 }, (_, v) => Math.exp(-(((v - at) / 9) ** 2)));
  for (const shift of [-7.4, 0, 0.5, 11.2])
    expect(Math.abs(profileShift(bump(90), bump(90 + shift), 15) - shift)).toBeLessThan(0.05);
});

test.skipIf(!dataFolder)(
  "the recorded water tank (needs the recordings) gives PLUS's tracker lag of -64.8 ms within 5 ms",
  async () => {
    const open = (name: string) => openSequence(join(dataFolder!, "plus", `WaterTankBottomTranslation${name}.igs.mha`));
    const [video, tracker] = await Promise.all([open("VideoBuffer"), open("TrackerBuffer-trimmed")]);
    const series = relativePoses(tracker, "Probe", "Reference");
    const signal = await imageSignal(video.images!);
    await Promise.all([video.close(), tracker.close()]);
    if ("status" in series || "status" in signal) throw new Error("refused");
    expect(signal.kind).toBe("line");
    const fit = calibrateLag(signal, series);
    if (fit.status === "refused") throw new Error(fit.reason);
    expect(Math.abs(-fit.imageLagS - -0.0648)).toBeLessThan(0.005);
    expect(fit.lowS).toBeLessThan(0.0648);
    expect(fit.highS).toBeGreaterThan(0.0648);
  },
);

import { expect, test } from "vitest";
import { createRng } from "../../src/core/rng.ts";
import { polledImager } from "../../src/sim/probe/imager-device.ts";
import { pollScanner } from "../../src/sim/probe/polling.ts";
import { deviceContract } from "../contract/device.ts";

const polling = { rateHz: 30, scannerRateHz: 20, pollDelayS: 0.001, skipShare: 0.02 };
const images = pollScanner([{ fromS: 0, toS: 2 }, { fromS: 3, toS: 4 }], polling, createRng("poll")); // prettier-ignore
const imager = () =>
  polledImager(images, { rateHz: 30, lagS: 0.3 }, async (timesS, first) =>
    timesS.map((_, i) => ({ width: 1, height: 1, pixels: Uint8Array.of(first + i) })),
  );

deviceContract("polled imager", imager);

test("what a poll gets was finished before it, by at most a period of the scanner; times go up", () => {
  images.forEach(({ pollS, echoS }, i) => {
    expect(pollS - echoS).toBeGreaterThanOrEqual(0);
    expect(pollS - echoS).toBeLessThan(1 / 20 + 1e-9);
    if (i > 0) expect(pollS).toBeGreaterThan(images[i - 1]!.pollS);
  });
});

test("images with one number are one picture: of one time, with the same pixels, once rendered", async () => {
  const repeated = images.filter(({ picture }, i) => picture === images[i - 1]?.picture);
  expect(repeated.length).toBeGreaterThan(20); // a third of 90, save what was skipped
  expect(repeated.length).toBeLessThan(40);
  let i = 0;
  for await (const { value, receivedAt } of await imager().open(new AbortController().signal)) {
    expect(value.pixels[0]).toBe(images[i]!.picture);
    expect(receivedAt).toBeCloseTo(images[i]!.pollS + 0.3, 9);
    i++;
  }
  expect(i).toBe(images.length);
});

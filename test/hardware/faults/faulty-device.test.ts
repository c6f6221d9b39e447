import { expect, test } from "vitest";
import { createRng } from "../../../src/core/rng.ts";
import type { Sample } from "../../../src/data/device.ts";
import type { Image } from "../../../src/data/image.ts";
import { faultyImages, faultyPoses, resize, zoom } from "../../../src/hardware/faults/faulty-device.ts";
import type { Fault } from "../../../src/hardware/faults/script.ts";
import { drain, rig } from "../../../src/verify/devices-rig.ts";
import { badDay } from "../../../src/verify/devices.ts";
import { deviceContract } from "../../contract/device.ts";

const simulated = rig(1);
const rng = () => createRng("faulty");

deviceContract("a simulated tracker on a bad day", () => faultyPoses(simulated.tracker, badDay, rng()).device);
deviceContract("a simulated scanner on a bad day", () => faultyImages(simulated.imager, badDay, rng()).device);

test("without faults a faulty device is the device", async () => {
  expect(await drain(faultyPoses(simulated.tracker, [], rng()).device)).toEqual(await drain(simulated.tracker));
});

test("every sample of the source is delivered, lost or was never acquired", async () => {
  const script: Fault[] = [
    { kind: "lost", line: "images", share: 0.3 },
    { kind: "damaged", line: "images", share: 0.2 },
    { kind: "paused", line: "images", fromS: 0.3, toS: 0.5 },
  ];
  const faulty = faultyImages(simulated.imager, script, rng());
  const samples = await drain(faulty.device);
  const { delivered, lost, paused } = faulty.counters;
  expect(delivered).toBe(samples.length);
  expect(paused).toBe(6);
  expect(delivered + lost + paused).toBe((await drain(simulated.imager)).length);
  // A rest of the source leaves no gap, a loss does.
  const gaps = samples.reduce((n, { sequence }, i) => n + sequence - (samples[i - 1]?.sequence ?? -1) - 1, 0);
  const lostAtTheEnd = 30 - 6 - samples.at(-1)!.sequence;
  expect(gaps + lostAtTheEnd).toBe(lost);
});

test("who keeps the truth is told whose pixels an image shows", async () => {
  const told: [Sample<Image>, number][] = [];
  const { device } = faultyImages(simulated.imager, [{ kind: "repeated-image", share: 0.4 }], rng(), {
    onDelivered: (sample, shows) => told.push([sample, shows]),
  });
  const samples = await drain(device);
  expect(told.map(([sample]) => sample)).toEqual(samples);
  // The simulated image says its number in its first pixel.
  for (const [{ value }, shows] of told) expect(value.pixels[0]).toBe(shows);
  expect(told.some(([{ sequence }, shows]) => shows < sequence)).toBe(true);
});

test("a smaller image is cut, a larger one filled with black", () => {
  const image = { width: 3, height: 2, pixels: Uint8Array.of(1, 2, 3, 4, 5, 6) };
  expect(Array.from(resize(image, 2, 3).pixels)).toEqual([1, 2, 4, 5, 0, 0]);
  expect(Array.from(resize(image, 4, 1).pixels)).toEqual([1, 2, 3, 0]);
});

test("a change of depth zooms the picture about the face: what was 20 rows down is 10 rows down", () => {
  const pixels = new Uint8Array(41 * 40);
  pixels[20 * 41 + 30] = 200; // 10 columns from the middle
  const { width, pixels: seen } = zoom({ width: 41, height: 40, pixels }, 2);
  expect(width).toBe(41);
  expect(seen[10 * 41 + 25]).toBe(200);
  expect(seen.filter((value) => value > 0).length).toBe(1);
});

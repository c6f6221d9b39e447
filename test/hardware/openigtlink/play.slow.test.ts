import { expect, test } from "vitest";
import { fromAxisAngle } from "../../../src/core/rigid.ts";
import { createRng } from "../../../src/core/rng.ts";
import type { Sample } from "../../../src/data/device.ts";
import { playAsPlus } from "../../../src/hardware/openigtlink/play.ts";
import { simulatedImager } from "../../../src/sim/probe/imager-device.ts";
import { fourMarkerBody, markerLayouts } from "../../../src/sim/tracker/marker-body.ts";
import { duoClass } from "../../../src/sim/tracker/presets.ts";
import { simulatedTracker } from "../../../src/sim/tracker/tracker-device.ts";
import { localDevices, localServer, START_S, until } from "./support.ts";

/** Poses are 32-bit floats on the wire: half a unit of the last place of 1 m, and of 1. */
const FLOAT_MM = 6.2e-5;
const DURATION_S = 30;
/** A double of the year 2033 resolves 2⁻²² s; the two clocks round once each. */
const CLOCK_S = 5e-7;
/** What the run may hold more at its end than at its quarter, when streaming leaves nothing behind: noise of the collector. */
const MEMORY_BYTES = 64 * 2 ** 20;

test("30 s of 512 × 512 images at 30 Hz and poses at 120 Hz go through server and driver without a loss", async () => {
  const timing = { rateHz: 120, latencyS: 0.0054, latencySdS: 0.0004, clockOffsetS: 1356, clockSkew: 2e-5 };
  const bodies = ["Probe", "Femur"].map((tool, i) => ({
    ...fourMarkerBody(tool, markerLayouts[i]),
    trackerFromTool: (timeS: number) =>
      fromAxisAngle<"tracker", "probe">([0, 0, 1], 0.01 * timeS, [timeS + 100 * i, 0, 1000]).m,
  }));
  const makeTracker = () => simulatedTracker(duoClass, bodies, timing, DURATION_S, createRng("play"));
  const makeImager = () =>
    simulatedImager([{ fromS: 0, toS: DURATION_S }], { rateHz: 30, lagS: 0.3 }, async (timesS, first) =>
      timesS.map((_, i) => {
        const pixels = new Uint8Array(512 * 512).fill((first + i) % 251);
        return { width: 512, height: 512, pixels };
      }),
    );

  const server = await localServer();
  const devices = localDevices(server.port, { whenFull: "wait" });
  const signal = new AbortController().signal;
  const images = await devices.images.open(signal),
    poses = await devices.poses.open(signal);
  await until(() => server.clients[0]?.headerVersion === 2);

  let quarterBytes = 0,
    imageCount = 0;
  const readImages = async (): Promise<void> => {
    for await (const { sequence, value, acquiredAt } of images) {
      expect(sequence).toBe(imageCount);
      expect(value.pixels[0]).toBe(imageCount % 251);
      expect(value.pixels.at(-1)).toBe(imageCount % 251);
      expect(Math.abs(acquiredAt - START_S - (imageCount / 30 + 0.3))).toBeLessThan(CLOCK_S);
      if (++imageCount === Math.floor((DURATION_S * 30) / 4)) quarterBytes = process.memoryUsage().arrayBuffers;
    }
  };
  const readPoses = async (): Promise<Sample<{ tools: readonly unknown[] }>[]> => {
    const samples = [];
    for await (const sample of poses) samples.push(sample);
    return samples;
  };
  const reading = Promise.all([readImages(), readPoses()]);
  const played = await playAsPlus({
    server,
    images: makeImager(),
    poses: makeTracker(),
    startUtcS: START_S,
    paceTo: async () => undefined,
    signal,
  });
  await server.close();
  const [, received] = await reading;
  const growth = process.memoryUsage().arrayBuffers - quarterBytes;
  await images.close();
  await poses.close();

  expect(imageCount).toBe(DURATION_S * 30 + 1);
  expect(played).toEqual({ images: imageCount, poseFrames: DURATION_S * 120 });
  expect(devices.counters).toMatchObject({
    wrongChecksum: 0,
    refused: 0,
    droppedImages: 0,
    droppedPoses: 0,
    notLater: 0,
  });
  expect(server.counters.dropped).toBe(0);
  expect(growth).toBeLessThan(MEMORY_BYTES);

  let index = 0;
  for await (const sent of await makeTracker().open(signal)) {
    const got = received[index++];
    expect(Math.abs(Number(got?.acquiredAt) - START_S - sent.receivedAt)).toBeLessThan(CLOCK_S);
    sent.value.tools.forEach((tool, i) => {
      const other = got?.value.tools[i] as typeof tool | undefined;
      expect(other?.tool).toBe(tool.tool);
      expect(other?.status).toBe(tool.status);
      if (tool.status !== "tracked" || other?.status !== "tracked") return;
      tool.trackerFromTool.forEach((x, k) => expect(Math.abs(x - other.trackerFromTool[k]!)).toBeLessThan(FLOAT_MM));
    });
  }
  expect(index).toBe(received.length);
});

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openMcap } from "../../../src/io/mcap/reader.ts";
import { recoverMcap } from "../../../src/io/mcap/recover.ts";
import { recordAndKill } from "./crash.ts";
import { imageSample } from "./support.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sonobench-crash-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Chunks are closed after half a second by the host's clock. */
const UNFINISHED_CHUNK_S = 0.5;
const POSE_RATE_HZ = 60,
  IMAGE_RATE_HZ = 30;

test.each([150, 600, 601, 1500])(
  "a recorder killed with -9 after %i tracker frames loses its last unfinished chunk at most",
  async (frames) => {
    const path = join(folder, `killed-${frames}.mcap`),
      out = join(folder, `recovered-${frames}.mcap`);
    const last = await recordAndKill(path, frames);
    await expect(openMcap(path)).rejects.toThrow(/was not closed.*sonobench record recover/s);
    const result = await recoverMcap(path, out);
    expect(result.intact).toBe(false);
    const recording = await openMcap(out);
    let expected = 0;
    for (const device of recording.devices) {
      if (device.kind !== "pose") continue;
      for await (const { sequence } of device.samples()) expect(sequence).toBe(expected++); // no gap
    }
    const images = recording.images!;
    for (let i = 0; i < images.count; i++) {
      const { pixels } = await images.read(i);
      const expectedPixels = imageSample(i, 0, { width: 64, height: 64 }).value.pixels;
      expect(Buffer.compare(pixels as Uint8Array, expectedPixels as Uint8Array)).toBe(0);
    }
    await recording.close();
    expect(expected - 1).toBeGreaterThanOrEqual(last - UNFINISHED_CHUNK_S * POSE_RATE_HZ);
    expect(images.count).toBeGreaterThanOrEqual((last / POSE_RATE_HZ - UNFINISHED_CHUNK_S) * IMAGE_RATE_HZ);
  },
);

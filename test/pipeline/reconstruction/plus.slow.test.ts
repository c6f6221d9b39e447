import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { createWorkerPool } from "../../../src/core/worker-pool.ts";
import { readPlusConfig } from "../../../src/io/plus-config.ts";
import { openSequence } from "../../../src/io/sequence/open-sequence.ts";
import { readVolume } from "../../../src/io/volume-file.ts";
import { plusReconstruction, type ReconstructionOptions } from "../../../src/pipeline/reconstruction/options.ts";
import { optionsFromPlus } from "../../../src/pipeline/reconstruction/plus-options.ts";
import { reconstruct } from "../../../src/pipeline/reconstruction/reconstruct.ts";
import { trackFrames } from "../../../src/pipeline/sync/track-frames.ts";
import { dataFolder } from "../../support/data.ts";
import { alone, at, cube, flatPose, framesOf } from "./support.ts";

const plus = (options: Partial<ReconstructionOptions>): ReconstructionOptions => ({
  ...plusReconstruction,
  holeFilling: [],
  grid: { kind: "given", grid: cube(3) },
  ...options,
});

/** Frames of one voxel's worth of pixels: pixel (1, 1) of frame i has the given value, on voxel (1, 1, 1). */
const stack = (...values: number[]) =>
  framesOf(
    values.map(() => flatPose(1, 0, 0, 1)),
    3,
    3,
    (frame) => values[frame]!,
  );

describe("PLUS arithmetic", () => {
  const middle = async (options: Partial<ReconstructionOptions>, ...values: number[]): Promise<number[]> => {
    const volume = await reconstruct.run({ frames: stack(...values) }, plus(options), alone);
    return [volume.values[at(volume, 1, 1, 1)]!, volume.weight[at(volume, 1, 1, 1)]!];
  };

  test("nearest mean cuts off at each step, so that four values of mean 100.75 give 100", async () => {
    expect(await middle({}, 100, 101, 101, 101)).toEqual([100, 4]);
  });

  test("linear mean rounds at each step", async () => {
    expect(await middle({ interpolation: "linear" }, 100, 101)).toEqual([101, 2]);
  });

  test("after 255 pixels nearest mean forgets: a dark pixel takes 1/256 of the value, cut off", async () => {
    const bright = Array.from({ length: 255 }, () => 200);
    expect(await middle({}, ...bright)).toEqual([200, 255]);
    expect(await middle({}, ...bright, 0)).toEqual([199, 255]);
    expect(await middle({}, ...bright, 0, 0)).toEqual([198, 255]);
  });

  test("latest and maximum", async () => {
    expect(await middle({ compounding: "latest" }, 9, 200, 30)).toEqual([30, 1]);
    expect(await middle({ compounding: "maximum" }, 9, 200, 30)).toEqual([200, 1]);
    expect(await middle({ compounding: "maximum", interpolation: "linear" }, 9, 200, 30)).toEqual([200, 1]);
  });

  test("importance weighs in 1/256 of a pixel, and 0 leaves the pixel out", async () => {
    for (const interpolation of ["nearest", "linear"] as const) {
      const volume = await reconstruct.run(
        {
          frames: stack(100, 200, 7),
          importance: (frame) => ({ width: 3, height: 3, pixels: new Uint8Array(9).fill([64, 192, 0][frame]!) }),
        },
        plus({ compounding: "importance", interpolation }),
        alone,
      );
      expect(volume.values[at(volume, 1, 1, 1)]).toBe(175);
      expect(volume.weight[at(volume, 1, 1, 1)]).toBe(1);
    }
  });

  test("the grid runs from the lowest corner over round(range / spacing) steps", async () => {
    const frames = framesOf([flatPose(1, -3.25, 2, 5)], 11, 8, () => 1);
    const { grid } = await reconstruct.run({ frames }, plus({ grid: { kind: "plus" }, spacingMm: 3 }), alone);
    expect(grid).toEqual({ shape: [4, 3, 1], spacingMm: [3, 3, 3], originMm: [-3.25, 2, 5] });
  });
});

describe.skipIf(!dataFolder)("PLUS's own reference volumes (need the public recordings)", () => {
  const pool = createWorkerPool(2);
  afterAll(() => pool.close());
  const file = (name: string): string => join(dataFolder!, "plus", name);

  test.each([
    ["nearest mean", "SpinePhantom_NN_MEAN", "NNMEAN"],
    ["linear mean in a fan", "SonixRP_TRUS_D70mm_LN_MEAN", "LNMEAN"],
  ])("%s with stick hole filling: not one voxel differs, with 1 worker and with 2", async (_, config, reference) => {
    const { transforms, reconstruction } = await readPlusConfig(
      file(`PlusDeviceSet_VolumeReconstructionOnly_${config}.xml`),
    );
    const expected = await readVolume(file(`vtkVolumeReconstructorTest${reference}volumeRef.mha`));
    const recording = await openSequence(file("SpinePhantomFreehand.igs.mha"));
    const fixed = transforms.map(({ from, to, toFromFrom }) => ({ from, to, m: toFromFrom }));
    const frames = await trackFrames.run({ recording, fixed }, trackFrames.defaults, alone);
    for (const context of [alone, { ...alone, workers: pool }]) {
      const volume = await reconstruct.run({ frames }, optionsFromPlus(reconstruction!), context);
      expect(volume.grid.shape).toEqual(expected.grid.shape);
      // The file keeps six digits of the origin.
      volume.grid.originMm.forEach((x, d) => expect(Math.abs(x - expected.grid.originMm[d]!)).toBeLessThan(1e-3));
      expect(Buffer.from(volume.values.buffer).equals(Buffer.from(expected.values.buffer))).toBe(true);
    }
    await recording.close();
  });
});

import { expect, test } from "vitest";
import { createRng } from "../../../src/core/rng.ts";
import { type BlockVolume, layerValues, seenShare } from "../../../src/data/block-volume.ts";
import { BLOCK_VOXELS } from "../../../src/data/sparse-volume.ts";
import type { Insertion } from "../../../src/pipeline/reconstruction/insertion.ts";
import { defaultReconstruction, type ReconstructionOptions } from "../../../src/pipeline/reconstruction/options.ts";
import { planInsertion } from "../../../src/pipeline/reconstruction/plan-insertion.ts";
import { reachableBlocks } from "../../../src/pipeline/reconstruction/reachable-blocks.ts";
import { reconstruct } from "../../../src/pipeline/reconstruction/reconstruct.ts";
import { reconstructBlocks } from "../../../src/pipeline/reconstruction/reconstruct-blocks.ts";
import { alone, divided, flatPose, framesOf, randomPose } from "./support.ts";

const rng = createRng("blocks");
const WIDTH = 23,
  HEIGHT = 17;
const poses = Array.from({ length: 9 }, () => randomPose(rng, 0.8, 6));
const frames = framesOf(poses, WIDTH, HEIGHT, (frame, u, v) => (37 * frame + 11 * u + 5 * v) % 256);
const shadow: Insertion = {
  frames,
  validRows: (frame) => Float32Array.from({ length: WIDTH }, (_, u) => (u % 5 === frame % 5 ? NaN : 4 + u / 2)),
  importance: (frame) => ({
    width: WIDTH,
    height: HEIGHT,
    pixels: Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) => (i * 7 + frame) % 256),
  }),
};

/** All values of the blocks as a dense volume has them. */
function whole(volume: BlockVolume): Buffer {
  return Buffer.concat(Array.from({ length: volume.grid.shape[2] }, (_, z) => layerValues(volume, z) as Uint8Array));
}
/** A layer of blocks at a time. */
const SMALL_PASSES = 1;

const kinds: readonly Partial<ReconstructionOptions>[] = (["nearest", "linear"] as const).flatMap((interpolation) =>
  (["mean", "latest", "maximum", "importance", "median"] as const).map((compounding) => ({
    interpolation,
    compounding,
  })),
);

test.each(kinds)(
  "$interpolation $compounding: blocks hold the voxels of the dense volume, for any workers",
  async (kind) => {
    for (const insertion of [{ frames }, shadow]) {
      const options: ReconstructionOptions = { ...defaultReconstruction, spacingMm: 0.7, ...kind, output: "byte" };
      const dense = await reconstruct.run(insertion, options, alone);
      for (const [context, passBytes] of [
        [alone, SMALL_PASSES],
        [divided(2), SMALL_PASSES],
        [divided(3), undefined],
      ] as const) {
        const blocks = await reconstructBlocks(insertion, options, context, passBytes);
        expect(blocks.grid).toEqual(dense.grid);
        expect(whole(blocks).equals(Buffer.from(dense.values as Uint8Array))).toBe(true);
        expect(seenShare(blocks)).toBe(seenShare(dense));
      }
    }
  },
);

test("no block is held that nothing was seen in, and those that may be reached hold all that are", async () => {
  const options: ReconstructionOptions = { ...defaultReconstruction, spacingMm: 0.7 };
  const blocks = await reconstructBlocks(shadow, options, alone);
  const { reached, count } = reachableBlocks(shadow, planInsertion(shadow, options));
  expect(blocks.count).toBeGreaterThan(0);
  expect(count).toBeGreaterThanOrEqual(blocks.count);
  expect(count).toBeLessThan(reached.length);
  blocks.blockAt.forEach((held, block) => {
    if (held < 0) return;
    expect(reached[block]).toBe(1);
    expect(blocks.weight.subarray(held * BLOCK_VOXELS, (held + 1) * BLOCK_VOXELS).some((w) => w > 0)).toBe(true);
  });
});

test("two images far apart take the blocks that they lie in, not those between", async () => {
  const far = framesOf([flatPose(0.25), flatPose(0.25, 0, 0, 200)], 64, 64, () => 100);
  const options: ReconstructionOptions = { ...defaultReconstruction, spacingMm: 0.25, interpolation: "nearest" };
  const { count, blockAt } = await reconstructBlocks({ frames: far }, options, alone);
  // 64 voxels and a margin: 9 blocks at most on either axis, one or two layers of them for either image.
  expect(count).toBeLessThanOrEqual(2 * 2 * 81);
  expect(blockAt.length).toBeGreaterThan(6000);
});

test("what does not fit is refused before it is allocated, with the number and the remedy", async () => {
  const options: ReconstructionOptions = { ...defaultReconstruction, spacingMm: 0.7, memoryLimitBytes: 1e6 };
  await expect(reconstructBlocks({ frames }, options, alone)).rejects.toThrow(
    /need 0\.\d\d GB, more than the limit of 0\.00 GB/,
  );
  const filling = [{ kind: "stick", lengthLimit: 9, sticks: 1 }] as const;
  await expect(reconstructBlocks({ frames }, { ...options, holeFilling: filling }, alone)).rejects.toThrow(
    /hole filling/,
  );
});

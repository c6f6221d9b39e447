import { expect, test } from "vitest";
import { createRng } from "../../src/core/rng.ts";
import { blockBootstrap, spatialBlocks } from "../../src/metrics/block-bootstrap.ts";

test("points in one cube share a block, also across the two surfaces", () => {
  const [a, b] = spatialBlocks([Float64Array.of(1, 1, 1, 9, 9, 9, 11, 1, 1), Float64Array.of(12, 3, 3, -1, 1, 1)], 10);
  expect([...a!.of]).toEqual([0, 0, 1]);
  expect([...b!.of]).toEqual([1, 2]);
  expect(a!.count).toBe(3);
});

test("every replicate draws as many blocks as there are", () => {
  blockBootstrap(7, 50, createRng("draws"), (drawn) => {
    expect(drawn.reduce((a, b) => a + b)).toBe(7);
    return [0];
  });
});

test("the interval of a mean holds the true mean in about 95 of 100 worlds, though samples in a block are all alike", () => {
  const worlds = 300,
    blocks = 60,
    perBlock = 20;
  let held = 0,
    heldNaively = 0;
  for (let world = 0; world < worlds; world++) {
    const rng = createRng("worlds").fork(String(world));
    const values = Array.from({ length: blocks }, () => rng.normal());
    const mean = (drawn: Readonly<Uint32Array>): number[] => {
      let sum = 0,
        count = 0;
      values.forEach((v, i) => {
        sum += v * drawn[i]! * perBlock;
        count += drawn[i]! * perBlock;
      });
      return [sum / count];
    };
    const [interval] = blockBootstrap(blocks, 400, rng.fork("bootstrap"), mean);
    if (interval![0] <= 0 && 0 <= interval![1]) held++;
    // what treating each sample as independent would claim
    const centre = mean(new Uint32Array(blocks).fill(1))[0]!;
    if (Math.abs(centre) <= 1.96 / Math.sqrt(blocks * perBlock)) heldNaively++;
  }
  // 3 standard errors in 300 worlds; 0.944 is what ±1.96 s/√n holds at 60 blocks (Student's t)
  expect(held / worlds).toBeGreaterThan(0.944 - 3 * Math.sqrt((0.95 * 0.05) / worlds));
  expect(held / worlds).toBeLessThan(0.95 + 3 * Math.sqrt((0.95 * 0.05) / worlds));
  expect(heldNaively / worlds).toBeLessThan(0.6);
});

test("one block has no spread to show, and a figure that never comes out has no interval", () => {
  expect(blockBootstrap(1, 50, createRng("one"), () => [1, 2])).toEqual([null, null]);
  expect(blockBootstrap(5, 50, createRng("none"), () => [null, 2])).toEqual([null, [2, 2]]);
});

import { expect, test } from "vitest";
import { createRng } from "../../../src/core/rng.ts";
import { multiply3x4 } from "../../../src/core/rigid.ts";
import { indexFromMm } from "../../../src/geometry/grid.ts";
import { crowdingOf } from "../../../src/pipeline/reconstruction/crowding.ts";
import { defaultReconstruction } from "../../../src/pipeline/reconstruction/options.ts";
import { reconstruct } from "../../../src/pipeline/reconstruction/reconstruct.ts";
import { alone, cube, framesOf, randomPose } from "./support.ts";

test.each(["nearest", "linear"] as const)("no voxel gets more of one frame than was predicted, %s", async (way) => {
  const rng = createRng(`crowding/${way}`);
  let tightest = 0;
  for (let i = 0; i < 60; i++) {
    const frames = framesOf([randomPose(rng, 0.05 + 0.4 * rng.uniform(), 1)], 60, 60, () => 255);
    const grid = cube(24, 1, -12);
    const m = multiply3x4(indexFromMm(grid), frames.referenceFromPixel);
    const options = { ...defaultReconstruction, interpolation: way, grid: { kind: "given", grid } } as const;
    const { weight } = await reconstruct.run({ frames }, options, alone);
    const most = Math.max(...weight),
      bound = crowdingOf(m, frames, way).perFrame;
    expect(most).toBeLessThanOrEqual(bound);
    tightest = Math.max(tightest, most / bound);
  }
  expect(tightest).toBeGreaterThan(0.2);
});

import { expect, test } from "vitest";
import type { BoneMask } from "../../../src/data/bone-mask.ts";
import { boneInsertion, defaultBoneInsertion } from "../../../src/pipeline/reconstruction/bone-insertion.ts";
import { defaultReconstruction } from "../../../src/pipeline/reconstruction/options.ts";
import { reconstruct } from "../../../src/pipeline/reconstruction/reconstruct.ts";
import { alone, at, cube, flatPose, framesOf } from "./support.ts";

const options = {
  ...defaultReconstruction,
  interpolation: "nearest",
  compounding: "importance",
  grid: { kind: "given", grid: cube(8) },
} as const;

/** Bone of probability 200 in row `ridge` of each column; NaN: none. */
function mask(ridge: readonly number[], confidence = 1): BoneMask {
  const probability = new Uint8Array(64);
  ridge.forEach((row, u) => {
    if (!Number.isNaN(row)) probability[Math.round(row) * 8 + u] = 200;
  });
  return {
    width: 8,
    height: 8,
    probability,
    ridgeRowPx: Float32Array.from(ridge),
    ridgeConfidence: new Float32Array(8).fill(confidence),
    ridgeSdPx: new Float32Array(8).fill(0.1),
  };
}

const frames = (count: number) =>
  framesOf(
    Array.from({ length: count }, () => flatPose(1)),
    8,
    8,
    () => 99,
  );

test("bone is inserted with what lies above it; its shadow is not observed", async () => {
  const insertion = boneInsertion(
    frames(1),
    { masks: [mask([3, 3, 3, NaN, 5, 5, 5, 5])] },
    {
      ...defaultBoneInsertion,
      belowRidgePx: 1,
    },
  );
  const volume = await reconstruct.run(insertion, options, alone);
  const column = (x: number): string =>
    [0, 1, 2, 3, 4, 5, 6, 7]
      .map((y) =>
        volume.weight[at(volume, x, y, 0)] === 0 ? "." : volume.values[at(volume, x, y, 0)]! > 0 ? "B" : "0",
      )
      .join("");
  expect(column(0)).toBe("000B0...");
  expect(column(4)).toBe("00000B0.");
  expect(column(3)).toBe("........");
});

test("a column without bone speaks against bone only when asked to", async () => {
  const both = { masks: [mask([3, 3, 3, 3, 3, 3, 3, 3]), mask(Array.from({ length: 8 }, () => NaN))] };
  const value = async (emptyColumns: "observed" | "unobserved"): Promise<number> => {
    const insertion = boneInsertion(frames(2), both, { ...defaultBoneInsertion, emptyColumns });
    const volume = await reconstruct.run(insertion, options, alone);
    return volume.values[at(volume, 2, 3, 0)]!;
  };
  expect(await value("unobserved")).toBe(200);
  expect(await value("observed")).toBe(100);
});

test("a confident ridge outweighs a doubtful one", async () => {
  const ridges = [3, 3, 3, 3, 3, 3, 3, 3],
    other = ridges.map(() => 5);
  const insertion = boneInsertion(frames(2), { masks: [mask(ridges, 0.8), mask(other, 0.2)] });
  const volume = await reconstruct.run(insertion, options, alone);
  expect(volume.values[at(volume, 2, 3, 0)]).toBe(160);
  expect(volume.values[at(volume, 2, 5, 0)]).toBe(40);
});

test("masks that do not belong to the frames are refused", () => {
  expect(() => boneInsertion(frames(2), { masks: [mask([1, 1, 1, 1, 1, 1, 1, 1])] })).toThrow(/1 masks for 2 frames/);
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { scoreMasks } from "../../src/cli/score-masks.ts";
import { scoreMatrices } from "../../src/cli/score-matrices.ts";
import { scoreTrajectories } from "../../src/cli/score-trajectories.ts";
import { fromAxisAngle, multiply3x4 } from "../../src/core/rigid.ts";
import { encodeTransform } from "../../src/io/slicer/itk-transform.ts";
import { tusRecCalibrationCsv, writeTusRec } from "../../src/io/tusrec/write-tusrec.ts";
import { writeVolume } from "../../src/io/volume-file.ts";

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "sonobench-score-"))));
afterAll(() => rm(folder, { recursive: true, force: true }));

const RADIUS = 10,
  SHIFT = 4,
  VOXEL_MM = 0.5;

async function ball(name: string, atMm: number, spacingMm = VOXEL_MM): Promise<string> {
  const side = Math.round(32 / spacingMm);
  const grid = {
    shape: [side, side, side],
    spacingMm: [spacingMm, spacingMm, spacingMm],
    originMm: [-16, -16, -16],
  } as const;
  const values = new Uint8Array(side ** 3);
  const mm = (index: number): number => -16 + index * spacingMm;
  for (let z = 0, at = 0; z < side; z++)
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++, at++) values[at] = Math.hypot(mm(x) - atMm, mm(y), mm(z)) <= RADIUS ? 3 : 0;
  const path = join(folder, name);
  await writeVolume(path, { grid, values });
  return path;
}

test("masks of two balls overlap as the closed form says, and their surfaces lie as far apart", async () => {
  const truth = await ball("truth.nrrd", -SHIFT / 2),
    result = await ball("result.mha", SHIFT / 2);
  const { headline } = await scoreMasks(result, truth);
  const shared = ((4 * RADIUS + SHIFT) * (2 * RADIUS - SHIFT) ** 2) / (16 * RADIUS ** 3);
  // Some hundred voxels more or less of 33,000.
  expect(headline["mask.dice"]!.value).toBeCloseTo(shared, 2);
  expect(headline["mask.jaccard"]!.value).toBeCloseTo(shared / (2 - shared), 2);
  expect(headline["mask.volume"]!.value / ((4 / 3) * Math.PI * RADIUS ** 3)).toBeCloseTo(1, 2);
  // The surface of voxels has stairs of half a voxel.
  expect(Math.abs(headline["mask.surface.assd"]!.value - SHIFT / 2)).toBeLessThan(VOXEL_MM / 2);
  expect((await scoreMasks(truth, truth)).headline["mask.dice"]!.value).toBe(1);
});

test("masks on different grids, and a truth without a voxel, are refused by name", async () => {
  await expect(scoreMasks(await ball("a.nrrd", 0), await ball("b.nrrd", 0, 1))).rejects.toThrow(
    "lie on different grids",
  );
  await expect(scoreMasks(await ball("a.nrrd", 0), await ball("far.nrrd", 90))).rejects.toThrow(
    "no voxel of the true mask",
  );
});

const options = { image: "101x101", spacing: "0.5" };

test("matrices are compared by translation, rotation and what they do to an image, whatever file they come in", async () => {
  const truth = fromAxisAngle([0, 0, 1], 0.3, [5, 6, 7]).m,
    error = fromAxisAngle([1, 0, 0], 0, [0, 3, 4]).m;
  await writeFile(join(folder, "truth.mat"), "1 0 0 0\n0 1 0 0\n0 0 1 0\n0 0 0 1\n");
  await writeFile(join(folder, "truth.tfm"), encodeTransform(truth));
  await writeFile(join(folder, "result.tfm"), encodeTransform(multiply3x4(truth, error)));
  const { headline } = await scoreMatrices(join(folder, "result.tfm"), join(folder, "truth.tfm"), options);
  expect(headline["matrix.translation"]!.value).toBeCloseTo(5, 9);
  expect(headline["matrix.rotation"]!.value).toBeCloseTo(0, 6);
  expect(headline["matrix.tre"]!.value).toBeCloseTo(5, 9);
  const turned = (await scoreMatrices(join(folder, "truth.tfm"), join(folder, "truth.mat"), options)).headline;
  expect(turned["matrix.rotation"]!.value).toBeCloseTo((0.3 * 180) / Math.PI, 9);
  await writeFile(join(folder, "short.mat"), "1 2 3");
  await expect(scoreMatrices(join(folder, "short.mat"), join(folder, "truth.mat"), options)).rejects.toThrow(
    "has 3 entries",
  );
});

test("a scan of TUS-REC is scored by the poses of its image: a step too short by 10 % drifts by 10 %", async () => {
  const count = 30,
    toolFromPixel = Float64Array.of(0.2, 0, 0, 3, 0, 0.2, 0, 4, 0, 0, 0.2, 5);
  const scan = (stepMm: number) => ({
    width: 8,
    height: 6,
    count,
    trackerFromTool: Float64Array.from(
      Array.from({ length: count }, (_, i) => [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, i * stepMm]).flat(),
    ),
    read: async () => new Uint8Array(48),
  });
  const [truth, result, calibration] = ["truth.h5", "result.h5", "calib_matrix.csv"].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  await writeTusRec(truth, scan(1));
  await writeTusRec(result, scan(0.9));
  await writeFile(calibration, tusRecCalibrationCsv(toolFromPixel));
  const { headline } = await scoreTrajectories(result, truth, { ...options, calibration });
  expect(headline["trajectory.fdrPath"]!.value).toBeCloseTo(0.1, 6);
  expect(headline["trajectory.score2025"]!.value).toBeCloseTo(0.9, 6);
  // Twenty pairs lie 10 mm apart; one more, that begins 9 mm before the end, is within the tolerance of 1 mm.
  expect(headline["trajectory.rpe10mm"]!.value).toBeCloseTo(Math.sqrt((20 + 0.81) / 21), 9);
  await expect(scoreTrajectories(result, truth, options)).rejects.toThrow("Add --calibration");
});

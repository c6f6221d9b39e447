import { expect, test } from "vitest";
import { fromAxisAngle } from "../../../src/core/rigid.ts";
import { createRng } from "../../../src/core/rng.ts";
import { createWorkerPool } from "../../../src/core/worker-pool.ts";
import { makeSweep, SWEEP_SETTINGS } from "../../../src/scenario/dataset/sweeps.ts";
import { parseSweepRecipe } from "../../../src/scenario/dataset/sweeps-schema.ts";
import type { SkinPath } from "../../../src/sim/operator/skin-path.ts";
import { phantomScene, plainTissue } from "../../../src/sim/probe/phantoms.ts";

const COUNT = 8,
  STEP_MM = 0.5,
  ROWS = 270,
  COLUMNS = 200;

test("a sweep of the pose data set is cells of one size, black outside its own lattice, with its poses and settings", async () => {
  const recipe = parseSweepRecipe(
    {
      kind: "sweep-dataset",
      name: "tiny",
      seed: "tiny",
      framesPerSweep: COUNT,
      narrowShare: 1,
      depthMm: [20, 22],
      stepMm: [STEP_MM, STEP_MM],
      turningShare: 0,
      reversedShare: 0,
    },
    "test",
  );
  const scene = phantomScene(
    { tissue: () => 0, tissues: [plainTissue()] },
    { halfMm: [16, 26], depthMm: 26, spacingMm: 2 },
  );
  const path: SkinPath = {
    name: "flat",
    lengthMm: 40,
    at: (wayMm) => fromAxisAngle([1, 0, 0], 0, [0, 0, Math.min(40, Math.max(0, wayMm)) - 20]),
  };
  const workers = createWorkerPool(1);
  try {
    const { cells, poses, settings } = await makeSweep(recipe, scene, [path], createRng("tiny"), workers);
    const setting = (name: (typeof SWEEP_SETTINGS)[number]): number => settings[SWEEP_SETTINGS.indexOf(name)]!;
    expect([cells.length, poses.length, settings.length]).toEqual([COUNT, 12 * COUNT, SWEEP_SETTINGS.length]);
    // 20 to 22 mm of depth on cells of 0.2 mm; half a face.
    expect(setting("rows")).toBeGreaterThanOrEqual(98);
    expect(setting("rows")).toBeLessThanOrEqual(111);
    expect(setting("columns")).toBeLessThan(0.6 * COLUMNS);
    expect([setting("turning"), setting("stepMm")]).toEqual([0, STEP_MM]);
    let outside = 0,
      shown = 0,
      changed = 0;
    const [before, after] = [cells[3]!, cells[4]!];
    expect(before.length).toBe(ROWS * COLUMNS);
    before.forEach((gray, at) => {
      if (at % COLUMNS >= setting("columns") || Math.floor(at / COLUMNS) >= setting("rows")) outside += gray;
      else {
        shown += gray > 0 ? 1 : 0;
        changed += gray !== after[at] ? 1 : 0;
      }
    });
    const own = setting("rows") * setting("columns");
    expect(outside).toBe(0);
    expect(shown / own).toBeGreaterThan(0.5);
    expect(changed / own).toBeGreaterThan(0.5);
    // The pace wavers about the mean step and the hand trembles.
    const z = (frame: number): number => poses[12 * frame + 11]!;
    const way = Math.abs(z(COUNT - 1) - z(0));
    expect(way).toBeGreaterThan(0.5 * STEP_MM * (COUNT - 1));
    expect(way).toBeLessThan(1.5 * STEP_MM * (COUNT - 1));
  } finally {
    await workers.close();
  }
});

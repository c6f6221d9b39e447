import { describe, expect, test } from "vitest";
import { fromAxisAngle, invert3x4, multiply3x4, rotationAngle } from "../../../src/core/rigid.ts";
import { createRng } from "../../../src/core/rng.ts";
import { drawMotion, FARTHEST_RAD, steadyTurns } from "../../../src/scenario/dataset/sweep-motion.ts";
import { parseSweepRecipe } from "../../../src/scenario/dataset/sweeps-schema.ts";
import type { SkinPath } from "../../../src/sim/operator/skin-path.ts";

const DEG = Math.PI / 180;
/** A flat skin, along z. */
const path: SkinPath = {
  name: "flat",
  lengthMm: 100,
  at: (wayMm) => fromAxisAngle([1, 0, 0], 0, [0, 0, Math.min(100, Math.max(0, wayMm))]),
};
const recipe = (changes: Record<string, unknown>) =>
  parseSweepRecipe({ kind: "sweep-dataset", name: "a", seed: "s", ...changes }, "test");

describe("motion of the training sweeps", () => {
  test("steady turns keep their pace, one axis at a time, and stay within their bounds", () => {
    for (let seed = 0; seed < 20; seed++) {
      const at = steadyTurns(createRng(`turns/${seed}`), [1.2, 1.2]);
      let fast = 0;
      for (let i = 1; i < 200; i++) {
        const now = at(i),
          step = now.map((value, k) => Math.abs(value - at(i - 1)[k]!));
        now.forEach((value, k) => expect(Math.abs(value)).toBeLessThanOrEqual(FARTHEST_RAD[k]! + 1e-12));
        expect(step.filter((value) => value > 1e-9).length).toBeLessThanOrEqual(2);
        // Ways are whole numbers of frames: a short one is somewhat slower or faster.
        expect(Math.max(...step)).toBeLessThan(1.2 * DEG * 1.3);
        if (Math.max(...step) > 0.9 * DEG) fast++;
      }
      expect(fast).toBeGreaterThan(120);
    }
  });

  test("a sliding sweep goes its mean step along the skin, a turning one stays and turns", () => {
    const slide = drawMotion(recipe({ turningShare: 0, reversedShare: 0, stepMm: [0.4, 0.4] }), [path], createRng("a"));
    const z = (poses: Float64Array, i: number): number => poses[12 * i + 11]!;
    expect(Math.abs(z(slide.poses, 63) - z(slide.poses, 0))).toBeGreaterThan(0.6 * 0.4 * 63);
    const turn = drawMotion(recipe({ turningShare: 1, steadyTurnShare: 1 }), [path], createRng("b"));
    expect(turn.turning).toBe(true);
    let turned = 0;
    for (let i = 1; i < 64; i++) {
      const pose = (k: number): Float64Array => turn.poses.slice(12 * k, 12 * k + 12);
      turned += rotationAngle(multiply3x4(invert3x4(pose(i - 1)), pose(i)));
    }
    expect(turned).toBeGreaterThan(10 * DEG);
    expect(Math.abs(z(turn.poses, 63) - z(turn.poses, 0))).toBeLessThan(4);
  });

  test("the same seed draws the same motion, and another one another", () => {
    const draw = (seed: string) => drawMotion(recipe({}), [path], createRng(seed)).poses;
    expect(draw("c")).toEqual(draw("c"));
    expect(draw("c")).not.toEqual(draw("d"));
  });
});

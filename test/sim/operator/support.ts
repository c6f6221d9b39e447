import type { SweepPlan } from "../../../src/sim/operator/sweep-plan.ts";

/** A leg: a cylinder of radius 55 mm about z. */
export const RADIUS_MM = 55;
export const leg = { distanceMm: (x: number, y: number) => Math.hypot(x, y) - RADIUS_MM };

export const frontStroke: SweepPlan = {
  name: "front",
  targetsMm: [
    [0, 0, 60],
    [0, 0, -40],
  ],
  approach: [
    [0, 1, 0],
    [0, 1, 0],
  ],
  markedSide: [1, 0, 0],
};

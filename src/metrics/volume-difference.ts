import { UnsuitableInputError } from "../core/errors.ts";
import type { Figure } from "../data/report.ts";
import type { Grid } from "../geometry/grid.ts";

interface Voxels {
  readonly grid: Grid;
  readonly values: ArrayLike<number>;
}

/** Voxel by voxel; throws an UnsuitableInputError when the shapes differ. */
export function compareVolumes(made: Voxels, expected: Voxels): Record<string, Figure> {
  if (made.grid.shape.join() !== expected.grid.shape.join()) {
    throw new UnsuitableInputError(
      `the volume has ${made.grid.shape.join("x")} voxels, the one to compare with ${expected.grid.shape.join("x")}`,
      "Compare volumes of the same spacing and clip",
    );
  }
  const count = made.values.length;
  let differing = 0,
    worst = 0;
  for (let i = 0; i < count; i++) {
    const d = Math.abs(made.values[i]! - expected.values[i]!);
    if (d > 0) differing++;
    worst = Math.max(worst, d);
  }
  const exact = (value: number): Figure => ({ value, low: value, high: value, unit: "1" });
  return {
    "volume.differingVoxels": exact(differing),
    "volume.differingShare": exact(differing / count),
    "volume.largestDifference": exact(worst),
  };
}

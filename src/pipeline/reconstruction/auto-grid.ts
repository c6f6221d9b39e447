import { UnsuitableInputError } from "../../core/errors.ts";
import type { Grid } from "../../geometry/grid.ts";
import { clipBounds } from "./footprint.ts";
import type { ReconstructionOptions } from "./options.ts";

/** Poses and size of the frames, whatever their pixels are. `referenceFromPixel` has 12 numbers a frame. */
export interface FramePoses {
  readonly count: number;
  readonly width: number;
  readonly height: number;
  readonly referenceFromPixel: Float64Array;
}

/** The grid of the options, or one around the clip rectangles of all frames. Spacing is given by axis. */
export function gridFor(frames: FramePoses, options: ReconstructionOptions): Grid {
  if (options.grid.kind === "given") return checked(options.grid.grid);
  const { low, high } = cornerRange(frames, options);
  const s = options.spacingMm;
  const spacingMm = typeof s === "number" ? ([s, s, s] as const) : s;
  const axes = [0, 1, 2].map((d) => {
    const step = spacingMm[d]!,
      range = high[d]! - low[d]!;
    if (options.grid.kind === "plus") return { count: Math.round(range / step) + 1, origin: low[d]! };
    // The margin of a thousandth of a voxel keeps corners inside whatever the rounding of their poses.
    const cells = Math.ceil(range / step + 2e-3);
    return { count: cells + 1, origin: low[d]! - (cells * step - range) / 2 };
  });
  return checked({
    shape: [axes[0]!.count, axes[1]!.count, axes[2]!.count],
    spacingMm: [spacingMm[0], spacingMm[1], spacingMm[2]],
    originMm: [axes[0]!.origin, axes[1]!.origin, axes[2]!.origin],
  });
}

function checked(grid: Grid): Grid {
  const good =
    grid.shape.every((n) => Number.isInteger(n) && n >= 1) &&
    grid.spacingMm.every((s) => s > 0 && Number.isFinite(s)) &&
    grid.originMm.every(Number.isFinite);
  if (!good)
    throw new UnsuitableInputError("Reconstruction: the grid is not usable", "Give positive counts and spacing");
  return grid;
}

function cornerRange({ count, width, height, referenceFromPixel: m }: FramePoses, options: ReconstructionOptions) {
  const [u0, u1, v0, v1] = clipBounds(options, width, height);
  if (count === 0 || u1 < u0 || v1 < v0) {
    throw new UnsuitableInputError(
      count === 0 ? "Reconstruction: no frame has a pose" : "Reconstruction: the clip rectangle misses the image",
      count === 0 ? "Check the names of the transforms and their status" : "Correct the clip rectangle",
    );
  }
  const low = [Infinity, Infinity, Infinity],
    high = [-Infinity, -Infinity, -Infinity];
  for (let at = 0; at < count * 12; at += 12) {
    for (let d = 0; d < 3; d++) {
      const a = m[at + d * 4]!,
        b = m[at + d * 4 + 1]!,
        t = m[at + d * 4 + 3]!;
      for (const u of [u0, u1]) {
        for (const v of [v0, v1]) {
          const x = a * u + b * v + t;
          if (!Number.isFinite(x)) {
            throw new UnsuitableInputError(
              `Reconstruction: the pose of frame ${at / 12} is not finite`,
              "Leave that frame out",
            );
          }
          low[d] = Math.min(low[d]!, x);
          high[d] = Math.max(high[d]!, x);
        }
      }
    }
  }
  return { low, high };
}

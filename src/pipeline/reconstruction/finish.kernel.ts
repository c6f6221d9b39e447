import { LINEAR_FULL_WEIGHT, LINEAR_PACK } from "./insert-exact.kernel.ts";
import { medianOf } from "./insert-median.kernel.ts";
import type { Slab } from "./slab.ts";

/**
 * Turns a slab's accumulators into values and weights (in pixels) of its own layers. `values` and `weight` cover the
 * whole volume; only the slab's layers are written. Mean values are not rounded; unseen voxels are 0.
 */
export function finishSlab(slab: Slab, values: Float32Array | Uint8Array, weight: Float32Array): void {
  const layer = slab.shape[0] * slab.shape[1];
  const out = slab.zBegin * layer,
    from = slab.ghost * layer,
    count = (slab.zEnd - slab.zBegin) * layer;
  switch (slab.kind) {
    case "mean-nearest": {
      const { packed, sum, count: folded } = slab;
      const hasFolded = sum.length > 0;
      for (let i = 0; i < count; i++) {
        const both = packed[from + i]!;
        const n = (both >>> 20) + (hasFolded ? folded[from + i]! : 0);
        if (n === 0) continue;
        values[out + i] = ((both & 0xfffff) + (hasFolded ? sum[from + i]! : 0)) / n;
        weight[out + i] = n;
      }
      return;
    }
    case "mean-linear": {
      const { packed, sum, weight: folded } = slab;
      const hasFolded = sum.length > 0;
      for (let i = 0; i < count; i++) {
        const both = packed[from + i]!,
          held = Math.floor(both / LINEAR_PACK);
        const w = held + (hasFolded ? folded[from + i]! : 0);
        if (w === 0) continue;
        values[out + i] = (both - held * LINEAR_PACK + (hasFolded ? sum[from + i]! : 0)) / w;
        weight[out + i] = w / LINEAR_FULL_WEIGHT;
      }
      return;
    }
    case "weighted": {
      const { sumAndWeight } = slab;
      const unit = 255 * (slab.interpolation === "linear" ? LINEAR_FULL_WEIGHT : 1);
      for (let i = 0; i < count; i++) {
        const w = sumAndWeight[2 * (from + i) + 1]!;
        if (w === 0) continue;
        values[out + i] = sumAndWeight[2 * (from + i)]! / w;
        weight[out + i] = w / unit;
      }
      return;
    }
    case "chosen": {
      const unit = slab.interpolation === "linear" ? LINEAR_FULL_WEIGHT : 1;
      for (let i = 0; i < count; i++) {
        values[out + i] = slab.value[from + i]!;
        weight[out + i] = slab.weight[from + i]! / unit;
      }
      return;
    }
    case "median": {
      const unit = slab.interpolation === "linear" ? LINEAR_FULL_WEIGHT : 1;
      for (let i = 0; i < count; i++) {
        const total = slab.total[from + i]!;
        if (total === 0) continue;
        values[out + i] = medianOf(slab, from + i);
        weight[out + i] = total / unit;
      }
      return;
    }
    case "plus": {
      for (let i = 0; i < count; i++) {
        values[out + i] = slab.value[from + i]!;
        weight[out + i] = slab.accumulated[from + i]! / 256;
      }
      return;
    }
  }
}

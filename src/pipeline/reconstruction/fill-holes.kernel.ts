import type { HoleFilling } from "./options.ts";
import { cubeFiller, nearestFiller } from "./fill-cubes.kernel.ts";
import type { FillJob, Filler } from "./fill-job.ts";
import { stickFiller } from "./fill-sticks.kernel.ts";
import { boxCounter, seenMask, type SeenMask } from "./seen-mask.kernel.ts";

/** Fills the slab's holes by the rules of the PLUS toolkit, reading only what was seen. Writes `filled`. */
export function fillHoles(job: FillJob): void {
  const { shape, zBegin, zEnd, values, weight, steps, filled } = job;
  const [nx, ny] = shape;
  const mask = seenMask(shape, weight, zBegin, zEnd, Math.max(1, ...steps.map(reachOf)));
  const fillers = steps.map((step) => fillerOf(step, job, mask));
  const counters = fillers.map(({ radius }) => boxCounter(mask, radius));
  for (let z = zBegin; z < zEnd; z++) {
    const counts = counters.map((next) => next());
    for (const { nextLayer } of fillers) nextLayer();
    for (let y = 0; y < ny; y++) {
      const voxel0 = (z * ny + y) * nx,
        inLayer0 = (y + mask.margin) * mask.strideY + mask.margin,
        at0 = (z - mask.zFirst) * mask.strideZ + inLayer0;
      for (let x = 0; x < nx; x++) {
        const voxel = voxel0 + x;
        if (weight[voxel]! > 0) {
          filled[voxel] = values[voxel]!;
          continue;
        }
        let result = 0;
        for (let k = 0; k < fillers.length; k++) {
          const filler = fillers[k]!;
          if (counts[k]![inLayer0 + x]! < filler.needed) continue;
          const value = filler.value(at0 + x, voxel, inLayer0 + x);
          if (value === value) {
            result = value;
            break;
          }
        }
        filled[voxel] = result;
      }
    }
  }
}

/** How far from a hole a step reads. */
function reachOf(step: HoleFilling): number {
  return step.kind === "stick" ? step.lengthLimit - 1 : (step.size - 1) / 2;
}

function fillerOf(step: HoleFilling, job: FillJob, mask: SeenMask): Filler {
  if (step.kind === "stick") return stickFiller(step.lengthLimit, step.sticks, job, mask);
  if (step.kind === "nearest") return nearestFiller(step.size, step.minKnownShare, job, mask);
  return cubeFiller(step, job, mask);
}

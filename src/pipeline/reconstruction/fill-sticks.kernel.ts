import type { FillJob, Filler } from "./fill-job.ts";
import type { SeenMask } from "./seen-mask.kernel.ts";

/** The 13 directions of a 3³ neighbourhood, opposite ones counted once, in PLUS's order (which ties do not depend on). */
const directions = [
  [1, 0, 0], [0, 1, 0], [0, 0, 1],
  [1, 1, 0], [1, 0, 1], [0, 1, 1], [1, -1, 0], [1, 0, -1], [0, 1, -1],
  [1, 1, 1], [-1, 1, 1], [1, -1, 1], [-1, -1, 1],
] as const; // prettier-ignore

/** A stick of `ahead + behind` steps weighs 1 / its length in space; the heaviest are used, ties together. */
export function stickFiller(
  limit: number,
  wanted: number,
  { shape, values, likePlus }: FillJob,
  mask: SeenMask,
): Filler {
  const { seen } = mask;
  const extra = likePlus ? 1 : 0;
  const count = directions.length;
  const maskStep = new Int32Array(directions.map(([x, y, z]) => x + y * mask.strideY + z * mask.strideZ));
  const voxelStep = new Int32Array(directions.map(([x, y, z]) => x + (y + z * shape[1]) * shape[0]));
  const spacing = Float64Array.from(directions, ([x, y, z]) => Math.sqrt(x * x + y * y + z * z));
  // With one stick wanted, the heaviest and its ties are summed on the way.
  const single = wanted === 1;
  const perSpacing = spacing.map((s) => 1 / s);
  const weights = new Float64Array(count),
    found = new Float64Array(count);

  const value = (at: number, voxel: number): number => {
    let any = false,
      shortest = Infinity,
      best = 0,
      bestSum = 0,
      bestTotal = 0;
    for (let i = 0; i < count; i++) {
      if (!single) weights[i] = 0;
      const step = maskStep[i]!;
      // A stick counts up to `limit` voxels with the hole, so limit − 1 steps; when only the best is wanted, one that is
      // longer than the shortest so far need not be found.
      const room = wanted > 1 ? limit - 1 : Math.min(limit - 1, Math.floor(shortest * perSpacing[i]! + 1e-9) - extra);
      let ahead = 1;
      for (let p = at + step; ahead < room && seen[p]! === 0; p += step) ahead++;
      if (ahead >= room) continue;
      const longest = room - ahead;
      let behind = 1;
      for (let p = at - step; behind <= longest && seen[p]! === 0; p -= step) behind++;
      if (behind > longest) continue;
      const steps = ahead + behind + extra,
        share = (behind + extra) / steps;
      const value =
        (1 - share) * values[voxel - behind * voxelStep[i]!]! + share * values[voxel + ahead * voxelStep[i]!]!;
      const weight = 1 / (steps * spacing[i]!), here = likePlus ? Math.trunc(value) : value; // prettier-ignore
      shortest = Math.min(shortest, steps * spacing[i]!);
      any = true;
      if (!single) {
        weights[i] = weight;
        found[i] = here;
      } else if (weight > best) {
        best = weight;
        bestSum = here * weight;
        bestTotal = weight;
      } else if (weight === best) {
        bestSum += here * weight;
        bestTotal += weight;
      }
    }
    if (!any) return NaN;
    if (single) return likePlus ? Math.trunc(bestSum / bestTotal) : bestSum / bestTotal;
    let used = 0,
      sum = 0,
      total = 0;
    while (used < wanted) {
      let heaviest = 0;
      for (let i = 0; i < count; i++) if (weights[i]! > heaviest) heaviest = weights[i]!;
      if (heaviest === 0) break;
      for (let i = 0; i < count; i++) {
        if (weights[i]! !== heaviest) continue;
        sum += found[i]! * heaviest;
        total += heaviest;
        used++;
        weights[i] = 0;
      }
    }
    return likePlus ? Math.trunc(sum / total) : sum / total;
  };
  // The nearer end of a stick is at most half of its steps away.
  return { value, radius: Math.floor((limit - 1) / 2), needed: 1, nextLayer: () => undefined };
}

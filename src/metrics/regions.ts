import type { RegionScore } from "../data/report.ts";
import type { SideSamples, SurfaceComparison } from "./compare-surfaces.ts";
import { meanOf, sortSamples, summariseSorted, type Summary } from "./summarise.ts";

/**
 * Mean, 95th percentile and bias of the result whose nearest true triangle lies in the region; coverage and reachable
 * share of the true surface there. Regions without scored true surface (cut caps) are left out.
 */
export function regionScores({ result, truth }: SurfaceComparison, names: readonly string[]): RegionScore[] {
  return names.flatMap((region, number) => {
    const near = summaryWhere(result, (i) => result.region[i] === number),
      whole = summaryWhere(truth, (i) => truth.region[i] === number),
      reachable = summaryWhere(truth, (i) => truth.region[i] === number && truth.reachable[i] === 1);
    if (!(whole.weight > 0)) return [];
    let bias = 0;
    for (let i = 0; i < result.signedMm.length; i++)
      if (result.region[i] === number) bias += result.weights[i]! * result.signedMm[i]!;
    return [
      {
        region,
        truthAreaMm2: whole.weight,
        reachableShare: reachable.weight / whole.weight,
        mean: meanOf(near),
        p95: near.p95,
        bias: near.weight > 0 ? bias / near.weight : null,
        coverage1mm: reachable.weight > 0 ? reachable.below[1] / reachable.weight : null,
      },
    ];
  });
}

function summaryWhere({ distanceMm, weights }: SideSamples, belongs: (i: number) => boolean): Summary {
  const chosen: number[] = [];
  for (let i = 0; i < distanceMm.length; i++) if (belongs(i)) chosen.push(i);
  const { samples, order } = sortSamples(Float64Array.from(chosen, (i) => distanceMm[i]!));
  return summariseSorted(
    samples,
    Float64Array.from(order, (at) => weights[chosen[at]!]!),
  );
}

import { keepLast } from "../core/keep-last.ts";
import {
  observeSweep,
  type ObserveSweep,
  type SweepObservation,
} from "../pipeline/pose/decorrelation/observe-sweep.ts";
import type { SweepImages } from "../pipeline/pose/sweep-images.ts";
import { digest } from "./cached-pictures.ts";

/**
 * Keeps what was observed of the last few sweeps, under the digest of their pixels: variants of a study that recover poses by
 * several methods match the same speckle once. An observation is never changed by who reads it.
 */
export function keepSpeckle(most: number, observe: ObserveSweep = observeSweep): ObserveSweep {
  const kept = keepLast<SweepObservation>(most);
  return async (sweep, dynamicRangeDb) => {
    const key = digest([await picturesOf(sweep), sweep.geometry, dynamicRangeDb]);
    return kept(key, () => observe(sweep, dynamicRangeDb));
  };
}

/** A digest a picture: all pictures of a stroke at once would take some 70 MB. */
async function picturesOf(sweep: SweepImages): Promise<string[]> {
  const digests: string[] = [];
  for (let i = 0; i < sweep.count; i++) {
    const { width, height, pixels } = await sweep.read(i);
    digests.push(digest([width, height, pixels]));
  }
  return digests;
}

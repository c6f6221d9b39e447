/** How two masks on one grid overlap. Voxels that are not 0 are inside. */
export interface MaskOverlap {
  /** 2 |A ∩ B| / (|A| + |B|); NaN where both are empty. */
  readonly dice: number;
  /** |A ∩ B| / |A ∪ B|. */
  readonly jaccard: number;
  /** Share of the truth that the result holds. */
  readonly sensitivity: number;
  /** Share of the result that is true. */
  readonly precision: number;
  /** Voxels of the result, of the truth, and of both. */
  readonly result: number;
  readonly truth: number;
  readonly both: number;
}

/** Throws a RangeError where the masks are of different lengths. */
export function maskOverlap(result: ArrayLike<number>, truth: ArrayLike<number>): MaskOverlap {
  if (result.length !== truth.length) throw new RangeError(`${result.length} and ${truth.length} voxels`);
  let a = 0,
    b = 0,
    both = 0;
  for (let i = 0; i < truth.length; i++) {
    const inResult = result[i] !== 0,
      inTruth = truth[i] !== 0;
    if (inResult) a++;
    if (inTruth) b++;
    if (inResult && inTruth) both++;
  }
  return {
    dice: (2 * both) / (a + b),
    jaccard: both / (a + b - both),
    sensitivity: both / b,
    precision: both / a,
    result: a,
    truth: b,
    both,
  };
}

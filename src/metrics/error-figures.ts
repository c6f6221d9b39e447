export const share = (part: number, whole: number): number | null => (whole > 0 ? part / whole : null);

/** Mean and median of errors, and mean, median and 95 % of their sizes, mm; null where there is none. */
export function errorFigures(errors: readonly number[]) {
  const absolute = errors.map(Math.abs);
  const meanOf = (values: readonly number[]): number | null =>
    values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
  return {
    biasMm: meanOf(errors),
    medianMm: percentile(errors, 0.5),
    meanAbsMm: meanOf(absolute),
    medianAbsMm: percentile(absolute, 0.5),
    p95Mm: percentile(absolute, 0.95),
  };
}

/** Value below which this share of the samples lies, by rank: nothing is interpolated, since some may be infinite. */
export function percentile(values: readonly number[], part: number): number | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]!;
}

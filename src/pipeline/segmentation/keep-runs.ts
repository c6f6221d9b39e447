/** 1 for columns that are sure enough and lie in a stretch of at least `minRun` such columns. */
export function keepRuns(sureness: Readonly<Float32Array>, least: number, minRun: number): Uint8Array {
  const kept = new Uint8Array(sureness.length);
  for (let i = 0; i < sureness.length;) {
    let end = i;
    while (end < sureness.length && sureness[end]! >= least) end++;
    if (end - i >= minRun) kept.fill(1, i, end);
    i = Math.max(end, i + 1);
  }
  return kept;
}

/** Blocks are this many times as long as errors hang together: what still passes an edge then costs few percent. */
const BLOCK_LENGTHS = 4;
/** Below this the samples count as independent: white noise of 100 samples stays under it. */
const INDEPENDENT = 1.25;

/**
 * Into how long blocks of neighbours a series must be cut so that the sums over blocks are independent; at least
 * `leastBlocks` of them remain. `moves`: by how much each sample moves the solution, one vector a sample.
 */
export function blockLength(moves: readonly Readonly<Float64Array>[], leastBlocks: number): number {
  const tau = correlationLength(moves),
    longest = Math.max(1, Math.floor(moves.length / leastBlocks));
  return tau <= INDEPENDENT ? 1 : Math.min(longest, Math.ceil(BLOCK_LENGTHS * tau));
}

/** Sum of the autocorrelation over all shifts, in samples: Geyer's (1992) initial positive sequence. 1: independent. */
function correlationLength(moves: readonly Readonly<Float64Array>[]): number {
  const n = moves.length,
    width = moves[0]?.length ?? 0,
    sizes = Array.from({ length: width }, (_, k) => moves.reduce((s, m) => s + m[k]! ** 2, 0) || 1);
  const correlation = (shift: number): number => {
    let sum = 0;
    for (let i = shift; i < n; i++) {
      const a = moves[i]!,
        b = moves[i - shift]!;
      for (let k = 0; k < width; k++) sum += (a[k]! * b[k]!) / sizes[k]!;
    }
    return sum / width;
  };
  let tau = 1;
  for (let shift = 1; shift + 1 < n / 4; shift += 2) {
    const pair = correlation(shift) + correlation(shift + 1);
    if (pair <= 0) break;
    tau += 2 * pair;
  }
  return tau;
}

/**
 * Shrinks range[0] … range[1] (half-open, columns of a row) to where low ≤ a + b·u < high. The test at both ends is
 * the very expression that the kernels evaluate, and it is monotone in u even after rounding, so a kernel may index
 * with it without any further test.
 */
export function narrow(range: Int32Array, a: number, b: number, low: number, high: number): void {
  const first = range[0]!,
    last = range[1]!;
  if (first >= last) return;
  let begin = first,
    end = last;
  if (b === 0) {
    if (!(a >= low && a < high)) end = begin;
  } else {
    const p = ((b > 0 ? low : high) - a) / b,
      q = ((b > 0 ? high : low) - a) / b;
    // One column of slack at each end for the rounding of the division; the loops below remove it.
    begin = Math.min(last, Math.max(first, Math.floor(p) - 1));
    end = Math.max(first, Math.min(last, Math.ceil(q) + 2));
    while (begin < end && !(a + b * begin >= low && a + b * begin < high)) begin++;
    while (end > begin && !(a + b * (end - 1) >= low && a + b * (end - 1) < high)) end--;
  }
  range[0] = begin;
  range[1] = Math.max(begin, end);
}

/** Filters of a map of lines × rows, index row · lines + line; `scratch` has the size of the map. */

/**
 * Averages each row over ±`reach(row)` lines: a path through tissue is the mean of the paths from all of the aperture.
 * Changes `values`.
 */
export function blurRows(
  values: Float32Array,
  scratch: Float32Array,
  lines: number,
  rows: number,
  reach: (row: number) => number,
): void {
  for (let row = 0; row < rows; row++) {
    const half = reach(row),
      from = row * lines;
    if (half === 0) continue;
    let sum = 0,
      count = 0;
    for (let line = 0; line < Math.min(half, lines); line++, count++) sum += values[from + line]!;
    for (let line = 0; line < lines; line++) {
      if (line + half < lines) {
        sum += values[from + line + half]!;
        count++;
      }
      if (line - half - 1 >= 0) {
        sum -= values[from + line - half - 1]!;
        count--;
      }
      scratch[from + line] = sum / count;
    }
    values.set(scratch.subarray(from, from + lines), from);
  }
}

/** Takes the steps of a voxel off the edges of tissues: 1 2 3 2 1 across lines, 1 2 1 along depth. Changes `values`. */
export function softenEdges(values: Float32Array, scratch: Float32Array, lines: number, rows: number): void {
  scratch.set(values);
  for (let row = 0; row < rows; row++) {
    for (let at = row * lines + 2; at < (row + 1) * lines - 2; at++) {
      scratch[at] = (values[at - 2]! + values[at + 2]! + 2 * (values[at - 1]! + values[at + 1]!) + 3 * values[at]!) / 9;
    }
  }
  for (let at = lines; at < lines * (rows - 1); at++) {
    values[at] = (scratch[at - lines]! + 2 * scratch[at]! + scratch[at + lines]!) / 4;
  }
}

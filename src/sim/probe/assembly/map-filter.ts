// Filters of a map of lines × rows: ../map-filter.ts, and the exponential of four numbers.

/** e^x of four numbers, to 2e-7 of the value; x in [-87, 87]. @inline */
export function exp4(x: v128): v128 {
  const t = f32x4.mul(f32x4.max(f32x4.min(x, f32x4.splat(87)), f32x4.splat(-87)), f32x4.splat(1.4426950408889634));
  const whole = f32x4.nearest(t),
    f = f32x4.sub(t, whole);
  let sum = f32x4.add(f32x4.mul(f, f32x4.splat(0.00015403530393381609)), f32x4.splat(0.0013333558146428443));
  sum = f32x4.add(f32x4.mul(f, sum), f32x4.splat(0.009618129107628477));
  sum = f32x4.add(f32x4.mul(f, sum), f32x4.splat(0.05550410866482158));
  sum = f32x4.add(f32x4.mul(f, sum), f32x4.splat(0.2402265069591007));
  sum = f32x4.add(f32x4.mul(f, sum), f32x4.splat(0.6931471805599453));
  sum = f32x4.add(f32x4.mul(f, sum), f32x4.splat(1));
  return i32x4.add(sum, i32x4.shl(i32x4.trunc_sat_f32x4_s(whole), 23));
}

/** `blurRows`: `halves` holds a number of lines per row. */
export function blurRows(values: usize, scratch: usize, lines: i32, rows: i32, halves: usize): void {
  for (let row = 0; row < rows; row++) {
    const half = load<i32>(halves + ((<usize>row) << 2)),
      from = values + ((<usize>(row * lines)) << 2);
    if (half == 0) continue;
    let sum: f64 = 0,
      count = min(half, lines);
    for (let line = 0; line < count; line++) sum += <f64>load<f32>(from + ((<usize>line) << 2));
    for (let line = 0; line < lines; line++) {
      if (line + half < lines) {
        sum += <f64>load<f32>(from + ((<usize>(line + half)) << 2));
        count++;
      }
      if (line - half - 1 >= 0) {
        sum -= <f64>load<f32>(from + ((<usize>(line - half - 1)) << 2));
        count--;
      }
      store<f32>(scratch + ((<usize>line) << 2), <f32>(sum / <f64>count));
    }
    memory.copy(from, scratch, (<usize>lines) << 2);
  }
}

/** `softenEdges`; the values may be written up to three beyond the end of a row that comes next. */
export function softenEdges(values: usize, scratch: usize, lines: i32, rows: i32): void {
  const cells = lines * rows,
    rowBytes = (<usize>lines) << 2;
  memory.copy(scratch, values, (<usize>cells) << 2);
  const ninth = f32x4.splat(1.0 / 9),
    two = f32x4.splat(2),
    three = f32x4.splat(3);
  for (let row = 0; row < rows; row++) {
    const last = row * lines + lines - 6;
    let cell = row * lines + 2;
    while (true) {
      const at = values + ((<usize>cell) << 2);
      const sum = f32x4.add(
        f32x4.add(v128.load(at - 8), v128.load(at + 8)),
        f32x4.add(f32x4.mul(two, f32x4.add(v128.load(at - 4), v128.load(at + 4))), f32x4.mul(three, v128.load(at))),
      );
      v128.store(scratch + ((<usize>cell) << 2), f32x4.mul(sum, ninth));
      if (cell == last) break;
      cell = min(last, cell + 4);
    }
  }
  const quarter = f32x4.splat(0.25),
    last = lines * (rows - 1) - 4;
  let cell = lines;
  while (true) {
    const at = scratch + ((<usize>cell) << 2);
    const sum = f32x4.add(f32x4.add(v128.load(at - rowBytes), v128.load(at + rowBytes)), f32x4.mul(two, v128.load(at)));
    v128.store(values + ((<usize>cell) << 2), f32x4.mul(sum, quarter));
    if (cell == last) break;
    cell = min(last, cell + 4);
  }
}

/** From lines of rows to rows of lines, at least four each: four by four, the last four once more where there is a rest. */
export function transpose(from: usize, to: usize, lines: i32, rows: i32): void {
  const fromPitch = (<usize>rows) << 2,
    toPitch = (<usize>lines) << 2;
  // Sixteen rows are a line of the cache.
  for (let some = 0; some < rows; some += 16) {
    const end = min(rows, some + 16);
    let line = 0;
    while (true) {
      for (let next = some; next < end; next += 4) {
        const row = min(next, rows - 4),
          source = from + ((<usize>(line * rows + row)) << 2),
          target = to + ((<usize>(row * lines + line)) << 2);
        const a = v128.load(source),
          b = v128.load(source + fromPitch),
          c = v128.load(source + 2 * fromPitch),
          d = v128.load(source + 3 * fromPitch);
        const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5),
          cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5),
          ef = v128.shuffle<f32>(a, b, 2, 6, 3, 7),
          gh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
        v128.store(target, v128.shuffle<f32>(ab, cd, 0, 1, 4, 5));
        v128.store(target + toPitch, v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
        v128.store(target + 2 * toPitch, v128.shuffle<f32>(ef, gh, 0, 1, 4, 5));
        v128.store(target + 3 * toPitch, v128.shuffle<f32>(ef, gh, 2, 3, 6, 7));
      }
      if (line == lines - 4) break;
      line = min(lines - 4, line + 4);
    }
  }
}

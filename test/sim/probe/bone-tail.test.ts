import { expect, it } from "vitest";
import { createBoneTail, type TailMap } from "../../../src/sim/probe/bone-tail.ts";
import { fromDecibel, levels } from "../../../src/sim/probe/effects.ts";

const LINES = 24,
  ROWS = 80,
  ROW_MM = 0.25;
const ROUNDING = 1e-6;

/** Bone at 5 mm on the lines from 8 on, none on the others; everything lit, and tissue that sends back nothing. */
function mapOf(change: Partial<TailMap> = {}): TailMap {
  const cells = LINES * ROWS;
  return {
    lines: LINES,
    rows: ROWS,
    rowMm: ROW_MM,
    echo: new Float32Array(cells),
    transmission: new Float32Array(cells).fill(1),
    boneDepthMm: Float32Array.from({ length: LINES }, (_, line) => (line < 8 ? NaN : 5)),
    facing: () => 1,
    scratch: new Float32Array(cells),
    ...change,
  };
}

it("there is no tail where there is no bone, nor above bone", () => {
  const tail = createBoneTail(mapOf())([]);
  for (let row = 0; row < ROWS; row++) {
    for (let line = 0; line < LINES; line++) {
      if (line < 8 || row * ROW_MM < 5) expect(tail[row * LINES + line]).toBe(0);
      else expect(tail[row * LINES + line]).toBeGreaterThan(0);
    }
  }
});

it("starts at its level and falls by its decibels a centimetre", () => {
  const tail = createBoneTail(mapOf())([]);
  const at = (depthMm: number): number => tail[Math.round(depthMm / ROW_MM) * LINES + 12]!;
  expect(at(5)).toBeCloseTo(fromDecibel(levels.tailDb), 6);
  for (const depth of [6, 9, 15]) {
    const db = 20 * Math.log10(at(depth) / at(5));
    expect(Math.abs(db + (levels.tailDbPerCm * (depth - 5)) / 10)).toBeLessThan(1e-3);
  }
});

it("is fainter below a surface that turns away, and gone behind one that is seen from inside", () => {
  const straight = createBoneTail(mapOf())([])[20 * LINES + 12]!;
  const slanted = createBoneTail(mapOf({ facing: () => 0.5 }))([])[20 * LINES + 12]!;
  expect(Math.abs(slanted / straight - 0.5 ** 1.5)).toBeLessThan(ROUNDING);
  expect(createBoneTail(mapOf({ facing: () => -0.3 }))([])[20 * LINES + 12]).toBe(0);
});

it("copies a layer upside down below bone and a bone's depth further down, blurred over lines", () => {
  const echo = new Float32Array(LINES * ROWS);
  echo.fill(1, 8 * LINES, 9 * LINES); // a layer 2 mm deep, 3 mm above the bone
  const plain = createBoneTail(mapOf())([]).slice();
  const copied = createBoneTail(mapOf({ echo }))([]);
  const added = Array.from({ length: ROWS }, (_, row) => copied[row * LINES + 14]! - plain[row * LINES + 14]!);
  const rows = added.flatMap((value, row) => (value > ROUNDING ? [row] : []));
  expect(rows).toEqual([31, 28].sort((a, b) => a - b)); // mirrored at 5 + 3 mm (row 31), moved down to 5 + 2 mm (row 28)
  const [moved, mirrored] = rows.map((row) => added[row]!);
  expect(mirrored! / moved!).toBeCloseTo(0.5, 5);
});

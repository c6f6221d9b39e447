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
    mirror: 100,
    ...change,
  };
}

it("there is no tail where there is no bone, nor above bone", () => {
  const tail = createBoneTail(mapOf())([], []);
  for (let row = 0; row < ROWS; row++) {
    for (let line = 0; line < LINES; line++) {
      if (line < 8 || row * ROW_MM < 5) expect(tail[row * LINES + line]).toBe(0);
      else expect(tail[row * LINES + line]).toBeGreaterThan(0);
    }
  }
});

it("starts at the levels of cortex and tail, each of which falls by its own decibels", () => {
  const tail = createBoneTail(mapOf())([], []);
  for (const below of [0, 0.5, 1, 4, 10]) {
    const cortex = fromDecibel(levels.cortexDb - levels.cortexDbPerMm * below),
      rest = fromDecibel(levels.tailDb - (levels.tailDbPerCm * below) / 10);
    const found = tail[Math.round((5 + below) / ROW_MM) * LINES + 12]!;
    expect(Math.abs(found / (cortex + rest) - 1)).toBeLessThan(ROUNDING);
  }
});

it("is fainter below a surface that turns away, and gone behind one that is seen from inside", () => {
  const straight = createBoneTail(mapOf())([], [])[20 * LINES + 12]!;
  const slanted = createBoneTail(mapOf({ facing: () => 0.5 }))([], [])[20 * LINES + 12]!;
  expect(Math.abs(slanted / straight - 0.5)).toBeLessThan(ROUNDING); // Lambert
  expect(createBoneTail(mapOf({ facing: () => -0.3 }))([], [])[20 * LINES + 12]).toBe(0);
});

it("copies a layer upside down below bone and a bone's depth further down, blurred over lines", () => {
  const echo = new Float32Array(LINES * ROWS);
  echo.fill(1, 8 * LINES, 9 * LINES); // a layer 2 mm deep, 3 mm above the bone
  const plain = createBoneTail(mapOf())([], []).slice();
  const copied = createBoneTail(mapOf({ echo }))([], []);
  const added = Array.from({ length: ROWS }, (_, row) => copied[row * LINES + 14]! - plain[row * LINES + 14]!);
  const rows = added.flatMap((value, row) => (value > ROUNDING ? [row] : []));
  expect(rows).toEqual([31, 28].sort((a, b) => a - b)); // mirrored at 5 + 3 mm (row 31), moved down to 5 + 2 mm (row 28)
  const [moved, mirrored] = rows.map((row) => added[row]!);
  expect(mirrored! / moved!).toBeCloseTo(5, 3);
});

it("copies an interface by the mirror that it is, and only below bone that faces the beam", () => {
  const fascia = Array.from({ length: LINES }, (_, line) => ({
    line,
    depthMm: 2,
    above: 0,
    below: 1,
    reflection: -0.1,
  }));
  const row = (5 + 3) / ROW_MM - 1;
  const added = (tiltTan: number, interfaces: typeof fascia): number => {
    const facing = (): number => 1 / Math.hypot(1, tiltTan);
    return createBoneTail(mapOf({ facing }))([], interfaces)[row * LINES + 14]! - createBoneTail(mapOf({ facing }))([], [])[row * LINES + 14]!; // prettier-ignore
  };
  const straight = added(0, fascia);
  // 14 dB over the level of a copy that is moved down, a mirror of 100 · 0.1 of which 2.5 times as much is kept, all of it in one row and blurred along it.
  const expected = fromDecibel(levels.tailDb + levels.copyDb) * 5 * 2.5 * 10;
  expect(Math.abs(straight / expected - 1)).toBeLessThan(1e-3);
  // exp(−t²/2·0.2²) of it at the tangent t, and Lambert's cosine is not in it.
  expect(Math.abs(added(0.2, fascia) / straight - Math.exp(-0.5))).toBeLessThan(0.02);
  expect(added(0.6, fascia)).toBeLessThan(0.02 * straight);
});

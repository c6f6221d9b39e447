import { describe, expect, it } from "vitest";
import { invertPush, pushedMm } from "../../../src/sim/probe/compression.ts";

const ROUNDING_MM = 1e-5; // 32-bit maps

describe("tissue under a pressed face", () => {
  it("moves with the face, not at bone, and evenly in between", () => {
    const bone = 24,
      indent = 3;
    for (const depth of [0, 6, 12, 24]) {
      expect(pushedMm(indent, depth, bone - depth)).toBeCloseTo(indent * (1 - depth / bone), 12);
    }
    expect(pushedMm(indent, 30, -6)).toBe(0);
  });

  it("fades with depth where there is no bone", () => {
    const pushes = [0, 20, 50, 100].map((depth) => pushedMm(3, depth, 100));
    expect(pushes[0]).toBe(3);
    expect([...pushes].sort((a, b) => b - a)).toEqual(pushes);
    expect(pushes[3]).toBeLessThan(1.5);
  });

  it("goes where the inverse says: what rests at Y is found at Y + push", () => {
    const lines = 3, rows = 160, step = 0.25; // prettier-ignore
    const pushed = new Float32Array(lines * rows),
      byRest = new Float32Array(lines * rows);
    const indents = [0, 2, 5], bones = [30, 18, 26]; // prettier-ignore
    const pushAt = (line: number, depth: number): number =>
      depth > bones[line]! ? 0 : pushedMm(indents[line]!, depth, bones[line]! - depth);
    for (let line = 0; line < lines; line++) {
      for (let row = 0; row < rows; row++) pushed[row * lines + line] = pushAt(line, row * step);
    }
    invertPush(pushed, byRest, lines, rows, step);
    for (let line = 0; line < lines; line++) {
      for (let row = 0; row < rows; row++) {
        const now = row * step + byRest[row * lines + line]!;
        // Straight between rows; where bone begins, within a row.
        if (Math.abs(now - bones[line]!) < step) continue;
        expect(Math.abs(now - pushAt(line, now) - row * step)).toBeLessThan(ROUNDING_MM);
      }
    }
  });
});

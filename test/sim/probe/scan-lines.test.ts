import { describe, expect, it } from "vitest";
import { isShown } from "../../../src/data/image.ts";
import { apertureMm, imageGeometry, probes, spacingAt, type Probe } from "../../../src/sim/probe/probe.ts";
import { MARGIN_LINES } from "../../../src/sim/probe/lateral.ts";
import { bounds, depthAt, lineAt, linesAside, scanLines } from "../../../src/sim/probe/scan-lines.ts";

const ROUNDING = 1e-9;
const all: readonly Probe[] = Object.values(probes);

describe("scan lines", () => {
  it("lead from a line and a depth to an image point and back", () => {
    for (const probe of all) {
      const lines = scanLines(probe);
      for (const line of [0, MARGIN_LINES, 57, lines.count - 1]) {
        for (const depth of [0, 3.7, 55]) {
          const x = lines.originX[line]! + depth * lines.directionX[line]!,
            y = lines.originY[line]! + depth * lines.directionY[line]!;
          expect(lineAt(lines, x, y)).toBeCloseTo(line, 8);
          expect(depthAt(lines, x, y)).toBeCloseTo(depth, 8);
          const [xLow, xHigh, yLow, yHigh] = bounds(lines, depth);
          expect(x >= xLow && x <= xHigh && y >= yLow - ROUNDING && y <= yHigh + ROUNDING).toBe(true);
        }
      }
    }
  });

  it("stand apart at depth by what spacingAt says", () => {
    for (const probe of all) {
      const lines = scanLines(probe);
      const at = (line: number): [number, number] => [
        lines.originX[line]! + 40 * lines.directionX[line]!,
        lines.originY[line]! + 40 * lines.directionY[line]!,
      ];
      const [ax, ay] = at(100), [bx, by] = at(101); // prettier-ignore
      const CHORD_FOR_ARC_MM = 1e-5;
      expect(Math.abs(Math.hypot(ax - bx, ay - by) - spacingAt(lines, 40))).toBeLessThan(CHORD_FOR_ARC_MM);
    }
  });

  it("are crossed by a slanting ray where geometry says", () => {
    for (const probe of all) {
      const lines = scanLines(probe),
        line = 60,
        tangent = 0.21;
      const angle = Math.atan2(lines.directionX[line]!, lines.directionY[line]!) - Math.atan(tangent);
      for (const way of [5, 30]) {
        const x = lines.originX[line]! + way * Math.sin(angle),
          y = lines.originY[line]! + way * Math.cos(angle);
        expect(line - linesAside(lines, tangent, depthAt(lines, x, y))).toBeCloseTo(lineAt(lines, x, y), 8);
      }
    }
  });
});

describe("the picture of a convex probe", () => {
  const probe: Probe = probes["c5-2-r50"];
  const geometry = imageGeometry(probe, { depthMm: 80 });
  const { width, height, spacingMm, faceCentrePx, fieldOfView } = geometry;
  const pixelOf = (x: number, y: number): [number, number] => [
    x / spacingMm[0] + faceCentrePx[0],
    y / spacingMm[1] + faceCentrePx[1],
  ];

  it("holds the whole sector and touches it on two sides", () => {
    const angle = apertureMm(probe) / probe.radiusMm! / 2,
      far = probe.radiusMm! + 80;
    const [left] = pixelOf(-far * Math.sin(angle), 0),
      [, top] = pixelOf(0, probe.radiusMm! * (Math.cos(angle) - 1)),
      [, bottom] = pixelOf(0, 80);
    expect(left).toBeCloseTo(0, 6);
    expect(top).toBeCloseTo(0, 6);
    expect(bottom).toBeLessThan(height);
  });

  it("shows what lies on a line between face and depth, and nothing else", () => {
    const lines = scanLines(probe);
    for (const [line, depth, shown] of [[MARGIN_LINES + 1, 40, true], [MARGIN_LINES - 2, 40, false], [90, -0.1, false], [90, 80.1, false]] as const) {
      const x = lines.originX[line]! + depth * lines.directionX[line]!,
        y = lines.originY[line]! + depth * lines.directionY[line]!;
      expect(isShown(fieldOfView!, x, y)).toBe(shown);
    } // prettier-ignore
    expect(width).toBe(512);
  });
});

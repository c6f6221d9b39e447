import { expect, test } from "vitest";
import { clipBounds, footprintOf } from "../../../src/pipeline/reconstruction/footprint.ts";

/** The pixels of a footprint as a set of "u,v". */
function pixelsOf({ height, ranges }: ReturnType<typeof footprintOf>): Set<string> {
  const pixels = new Set<string>();
  for (let v = 0; v < height; v++) {
    for (let part = v * 4; part < v * 4 + 4; part += 2) {
      for (let u = ranges[part]!; u < ranges[part + 1]!; u++) {
        expect(pixels.has(`${u},${v}`)).toBe(false);
        pixels.add(`${u},${v}`);
      }
    }
  }
  return pixels;
}

test("without clip and fan every pixel takes part", () => {
  expect(pixelsOf(footprintOf({ clip: "whole", fan: "none" }, 7, 5)).size).toBe(35);
});

test("the clip rectangle includes both ends, stays inside the image, and a size of 0 is the whole image", () => {
  const clip = (u: number, v: number, du: number, dv: number) => ({
    clip: { originPx: [u, v], sizePx: [du, dv] } as const,
  });
  expect(clipBounds(clip(192, 16, 420, 580), 820, 616)).toEqual([192, 612, 16, 596]);
  expect(clipBounds(clip(0, 0, 820, 616), 820, 616)).toEqual([0, 819, 0, 615]);
  expect(clipBounds(clip(-5, 2.5, 10, 3), 20, 20)).toEqual([0, 5, 3, 5]);
  expect(clipBounds(clip(3, 3, 0, 5), 20, 10)).toEqual([0, 19, 0, 9]);
});

test("the fan keeps what lies one pixel inside its sides and between its radii", () => {
  const fan = {
    anglesRad: [-Math.PI / 4, Math.PI / 6],
    originPx: [50, 5],
    radiusStartPx: 20,
    radiusStopPx: 60,
  } as const;
  const kept = pixelsOf(footprintOf({ clip: "whole", fan }, 110, 80));
  for (let v = 0; v < 80; v++) {
    for (let u = 0; u < 110; u++) {
      const y = v - 5,
        x = u - 50;
      const far = Math.sqrt(60 ** 2 - y * y),
        near = Math.sqrt(20 ** 2 - y * y);
      const sides = x >= -y + 1 - 1e-5 && x <= y * Math.tan(Math.PI / 6) - 1 + 1e-5;
      const outer = Math.abs(x) <= far - 1;
      const inner = y >= 20 || Math.abs(x) > near - 1;
      expect(kept.has(`${u},${v}`), `${u},${v}`).toBe(sides && outer && inner);
    }
  }
  expect(kept.size).toBeGreaterThan(1000);
});

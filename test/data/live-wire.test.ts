import { expect, test } from "vitest";
import { decodeUpdate, encodeUpdate, type LiveUpdate } from "../../src/data/live-wire.ts";

const update: LiveUpdate = {
  turn: 7,
  frame: {
    order: 3,
    width: 3,
    height: 1,
    shrunk: 1,
    pixelMm: [0.1, 0.2],
    facePx: [1, 0],
    referenceFromPixel: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0],
    unposed: null,
    latencyMs: 41.5,
    pixels: Uint8Array.of(1, 2, 3),
    ridgeRowPx: Float32Array.of(NaN, 0.25, 7),
    confidence: Uint8Array.of(0, 128, 255),
  },
  surface: {
    reset: true,
    blocks: [[12, 3, 1]],
    positions: Float32Array.of(0, 0, 0, 1, 0, 0, 0, 1, 0),
    triangles: Uint16Array.of(0, 1, 2),
    observations: Uint8Array.of(1, 2, 3),
  },
  swath: { reset: false, lines: new Float32Array(7) },
};

test("an update arrives as it was sent, arrays of odd lengths and markup in names too", () => {
  const named = {
    ...update,
    plan: { windows: [{ name: '<b $="1">', stations: [1, 2] }], up: null, front: null, kneeMm: null },
  };
  const bytes = encodeUpdate(named);
  expect(decodeUpdate(bytes.buffer)).toEqual(named);
});

test("bytes that were cut off are no update", () => {
  const bytes = encodeUpdate(update);
  for (const length of [0, 3, 10, bytes.length - 8])
    expect(() => decodeUpdate(bytes.slice(0, length).buffer), String(length)).toThrow();
});

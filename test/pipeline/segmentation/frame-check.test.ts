import { expect, test } from "vitest";
import { checkFrame, flagOf, flagSentences } from "../../../src/pipeline/segmentation/frame-check.ts";

const SIZE = { width: 40, height: 30 };
const gray = (value: (at: number) => number) => ({
  ...SIZE,
  pixels: Uint8Array.from({ length: 1200 }, (_, at) => value(at)),
});

test("a gray frame of the recording's size passes as it is", () => {
  const frame = gray((at) => at % 200);
  expect(checkFrame(frame, SIZE, 3)).toEqual(frame);
  expect(flagOf(frame)).toBeUndefined();
});

test("a frame of another size is refused with its number, both sizes and what to do", () => {
  const other = { width: 20, height: 30, pixels: new Uint8Array(600) };
  expect(() => checkFrame(other, SIZE, 7)).toThrow(/frame 7 has 20x30 pixels and the recording 40x30.*one size/s);
});

test("colours are recognised by their number of values a pixel", () => {
  const rgb = { ...SIZE, pixels: new Uint8Array(3600) };
  expect(() => checkFrame(rgb, SIZE, 0)).toThrow(/3600 values for 40x30 pixels: colours, 3 values a pixel/);
  const short = { ...SIZE, pixels: new Uint8Array(1000) };
  expect(() => checkFrame(short, SIZE, 0)).toThrow(/1000 values for 40x30 pixels/);
});

test("values that are no numbers are refused with their place", () => {
  const pixels = new Float32Array(1200);
  pixels[45] = NaN;
  expect(() => checkFrame({ ...SIZE, pixels }, SIZE, 2)).toThrow(/frame 2 has the value NaN in column 5, row 1/);
  pixels[45] = Infinity;
  expect(() => checkFrame({ ...SIZE, pixels }, SIZE, 2)).toThrow(/Infinity/);
  expect(() => checkFrame({ ...SIZE, pixels: new Int16Array(1200) }, SIZE, 2)).toThrow(/gray levels of 8 bits/);
});

test("a black frame is flagged, also with a few lit pixels; a dim picture is not", () => {
  expect(flagOf(gray(() => 0))).toBe("empty");
  expect(flagOf(gray((at) => (at < 5 ? 200 : 1)))).toBe("empty");
  expect(flagOf(gray((at) => (at % 10 === 0 ? 12 : 0)))).toBeUndefined();
});

test("a frame that is white where it is lit is flagged; a picture with a white near field is not", () => {
  expect(flagOf(gray((at) => (at % 3 === 0 ? 0 : 255)))).toBe("saturated");
  expect(flagOf(gray((at) => (at < 400 ? 255 : 80)))).toBeUndefined();
});

test("flags are told in sentences with their counts, and no flag says nothing", () => {
  expect(flagSentences([undefined, undefined])).toEqual([]);
  expect(flagSentences(["empty", undefined, "saturated", "empty"])).toEqual([
    "2 of 4 frames are black: no bone was looked for in them (empty).",
    "1 of 4 frames is white nearly everywhere: no bone was looked for in them (saturated).",
  ]);
});

import { PNG } from "pngjs";
import { expect, test } from "vitest";
import { FormatError } from "../../src/core/errors.ts";
import { decodePng, encodePng } from "../../src/io/png.ts";
import { forCases } from "../support/cases.ts";

test("gray and RGB pictures come back bit for bit", () => {
  forCases(60, "png/round-trip", (rng) => {
    const width = 1 + rng.integer(40),
      height = 1 + rng.integer(40),
      channels = rng.integer(2) ? 1 : 3;
    const pixels = Uint8Array.from({ length: width * height * channels }, () => rng.integer(256));
    const back = decodePng(encodePng({ width, height, pixels }), "a.png");
    expect(back).toEqual({ width, height, channels, pixels });
  });
});

test("a wrong number of bytes is refused", () => {
  expect(() => encodePng({ width: 2, height: 2, pixels: new Uint8Array(5) })).toThrow(/neither gray nor RGB/);
  expect(() => encodePng({ width: 0, height: 2, pixels: new Uint8Array(0) })).toThrow(RangeError);
});

test("transparency is dropped", () => {
  const png = new PNG({ width: 1, height: 1 });
  png.data.set([10, 20, 30, 40]);
  const { channels, pixels } = decodePng(PNG.sync.write(png), "a.png");
  expect([channels, ...pixels]).toEqual([3, 10, 20, 30]);
});

test("a picture larger than allowed is refused by its header alone", () => {
  const bytes = encodePng({ width: 10, height: 10, pixels: new Uint8Array(100) });
  expect(() => decodePng(bytes, "a.png", { maxPixels: 99 })).toThrow(/a\.png: byte 16: says 10 x 10 pixels/);
});

test("an interlaced picture is refused", () => {
  const bytes = encodePng({ width: 2, height: 2, pixels: new Uint8Array(4) });
  bytes[28] = 1;
  expect(() => decodePng(bytes, "a.png")).toThrow(/byte 28: is interlaced/);
});

test("1,000 damaged pictures are read or refused, and nothing else happens", () => {
  const good = encodePng({ width: 16, height: 16, pixels: Uint8Array.from({ length: 256 }, (_, i) => (i * 37) & 255) });
  forCases(1000, "png/mutation", (rng) => {
    const bytes = Buffer.from(good.subarray(0, rng.integer(4) ? good.length : rng.integer(good.length)));
    for (let n = rng.integer(4); n > 0 && bytes.length > 0; n--) bytes[rng.integer(bytes.length)] = rng.integer(256);
    try {
      decodePng(bytes, "a.png");
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
    }
  });
});

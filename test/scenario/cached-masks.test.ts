import { expect, test } from "vitest";
import { silentLog } from "../../src/core/log.ts";
import { createRng } from "../../src/core/rng.ts";
import type { BoneMask } from "../../src/data/bone-mask.ts";
import type { TrackedFrames } from "../../src/data/tracked-frames.ts";
import type { ContentCache } from "../../src/io/content-cache.ts";
import { cachedMasks, decodeMask, encodeMask, type FindBone } from "../../src/scenario/cached-masks.ts";

const WIDTH = 4,
  HEIGHT = 3;

const maskOf = (level: number): BoneMask => ({
  width: WIDTH,
  height: HEIGHT,
  probability: new Uint8Array(WIDTH * HEIGHT).fill(level),
  ridgeRowPx: Float32Array.of(level, NaN, 0.1, -0),
  ridgeConfidence: Float32Array.of(1, 0, 0.3, 1),
  ridgeSdPx: Float32Array.of(0.5, NaN, 0.2, 1),
  ...(level === 0 ? { flag: "empty" as const } : {}),
});

/** Frames of one gray level each. */
const framesOf = (levels: readonly number[], spacingMm = 0.1): TrackedFrames => ({
  count: levels.length,
  width: WIDTH,
  height: HEIGHT,
  sourceIndex: Uint32Array.from(levels, (_, i) => 2 * i),
  timeS: Float64Array.from(levels, (_, i) => i),
  dropped: {},
  referenceFromPixel: Float64Array.from(levels.flatMap(() => [spacingMm, 0, 0, 5, 0, spacingMm, 0, 6, 0, 0, 1, 7])),
  read: async (i) => ({ width: WIDTH, height: HEIGHT, pixels: new Uint8Array(WIDTH * HEIGHT).fill(levels[i]!) }),
});

/** Looks at the first pixel, and notes what it was asked. */
function counting(): { readonly asked: number[]; readonly find: FindBone } {
  const asked: number[] = [];
  const find: FindBone = async (_, frames) => ({
    masks: await Promise.all(
      Array.from({ length: frames.count }, async (__, i) => {
        const level = Number((await frames.read(i)).pixels[0]!);
        asked.push(level);
        return maskOf(level);
      }),
    ),
  });
  return { asked, find };
}

function memoryCache(): ContentCache {
  const kept = new Map<string, Uint8Array>();
  return { read: async (key) => kept.get(key), write: async (key, bytes) => void kept.set(key, bytes) };
}

const context = {
  rng: createRng("masks"),
  log: silentLog,
  workers: { size: 1, map: async () => [], rest: async () => undefined, close: async () => undefined },
};
const classical = { kind: "classical" } as const;

test("a mask comes back as it was, NaN, -0 and its flag included", () => {
  for (const mask of [maskOf(0), maskOf(9)]) expect(decodeMask(encodeMask(mask))).toEqual(mask);
});

test("bytes that are no mask are none", () => {
  const bytes = encodeMask(maskOf(3));
  for (let length = 0; length < bytes.length; length++) expect(decodeMask(bytes.subarray(0, length))).toBeUndefined();
  const lying = bytes.slice();
  new Uint32Array(lying.buffer)[2] = 7;
  expect(decodeMask(lying)).toBeUndefined();
});

test("only frames that nobody looked at yet are looked at, and all come back in their order", async () => {
  const { asked, find } = counting();
  const cached = cachedMasks(memoryCache(), "code", find);
  await cached(classical, framesOf([5, 0, 7]), context);
  const { masks } = await cached(classical, framesOf([8, 7, 0, 9, 5]), context);
  expect(asked).toEqual([5, 0, 7, 8, 9]);
  expect(masks).toEqual([8, 7, 0, 9, 5].map(maskOf));
});

test("another method, another pixel size or other code looks anew", async () => {
  const { asked, find } = counting();
  const cache = memoryCache();
  const cached = cachedMasks(cache, "code", find);
  await cached(classical, framesOf([5]), context);
  await cached({ kind: "brightest" }, framesOf([5]), context);
  await cached(classical, framesOf([5], 0.2), context);
  await cachedMasks(cache, "other code", find)(classical, framesOf([5]), context);
  expect(asked).toHaveLength(4);
});

test("a declared pixel size is the same on whatever calibration", async () => {
  const { asked, find } = counting();
  const cached = cachedMasks(memoryCache(), "code", find);
  const nominalGeometry = { width: WIDTH, height: HEIGHT, spacingMm: [0.1, 0.1], faceCentrePx: [1.5, 0] } as const;
  for (const spacingMm of [0.1, 0.1001])
    await cached(classical, { ...framesOf([5], spacingMm), nominalGeometry }, context);
  expect(asked).toEqual([5]);
});

test("a user's own module is asked every time: nobody knows what it reads", async () => {
  const { asked, find } = counting();
  const cached = cachedMasks(memoryCache(), "code", find);
  const own = { kind: "module", file: "own.mjs", options: {}, timeoutS: 1 } as const;
  for (let i = 0; i < 2; i++) await cached(own, framesOf([5]), context);
  expect(asked).toEqual([5, 5]);
});

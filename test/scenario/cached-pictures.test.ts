import { expect, test, vi } from "vitest";
import type { WorkerPool } from "../../src/core/worker-pool.ts";
import type { ContentCache } from "../../src/io/content-cache.ts";
import { cachedPictures, decodeFrames, digest, encodeFrames } from "../../src/scenario/cached-pictures.ts";
import type { RenderRequest } from "../../src/sim/probe/render.ts";
import { probes } from "../../src/sim/probe/probe.ts";

const frames = [
  { pixels: Uint8Array.of(1, 2, 3), trueRidge: Float32Array.of(NaN, 2.5), hitsMm: new Float32Array() },
  { pixels: Uint8Array.of(9), trueRidge: Float32Array.of(-0), hitsMm: Float32Array.of(1, 2, 3) },
];

test("frames come back as they were, NaN and lengths that are no multiple of four included", () => {
  expect(decodeFrames(encodeFrames(frames))).toEqual(frames);
});

test("bytes that are no frames are none", () => {
  const bytes = encodeFrames(frames);
  for (let length = 0; length < bytes.length; length++) expect(decodeFrames(bytes.subarray(0, length))).toBeUndefined();
  const lying = bytes.slice();
  new Uint32Array(lying.buffer)[0] = 0xffffffff;
  expect(decodeFrames(lying)).toBeUndefined();
});

test("a digest follows from values, not from the order of keys, and tells apart what differs", () => {
  expect(digest({ a: 1, b: [2, "x"] })).toBe(digest({ b: [2, "x"], a: 1 }));
  expect(digest({ a: 1, b: undefined })).toBe(digest({ a: 1 }));
  const values = [1, "1", true, null, 0, -0, [1], [1, []], { 0: 1 }, Uint8Array.of(1), Float32Array.of(1), "", NaN];
  expect(new Set(values.map(digest)).size).toBe(values.length);
});

/** Answers with the first pose number, and counts what it was asked. */
function countingWorkers() {
  const map = vi.fn(async (_: URL, jobs: Iterable<{ data: unknown }>) =>
    [...jobs].map(({ data }) => {
      const { kneeFromImage } = data as { kneeFromImage: Float64Array };
      return { pixels: Uint8Array.of(kneeFromImage[0]!), trueRidge: new Float32Array(1), hitsMm: new Float32Array() };
    }),
  );
  return { map, pool: { size: 1, map, close: async () => undefined } as unknown as WorkerPool };
}

function memoryCache(): ContentCache {
  const kept = new Map<string, Uint8Array>();
  return {
    read: async (key) => kept.get(key),
    write: async (key, bytes) => void kept.set(key, bytes),
  };
}

test("a picture is rendered once, and anew when pose, seed, settings, frame number, scene or code differ", async () => {
  const { map, pool } = countingWorkers();
  const cache = memoryCache();
  const scene = (bone: number) => ({ boneDistanceMm: Float32Array.of(bone) }) as unknown as RenderRequest["scene"];
  const request = (over: Partial<RenderRequest> = {}): RenderRequest => ({
    scene: scene(1),
    probe: Object.values(probes)[0]!,
    settings: { depthMm: 40 },
    seed: "s",
    poses: new Float64Array(12).fill(7),
    firstFrame: 0,
    workers: pool,
    ...over,
  });
  const render = cachedPictures(cache, "code 1");
  const [first] = await render(request());
  const [again] = await render(request());
  expect(again).toEqual(first);
  expect(map).toHaveBeenCalledTimes(1);
  const others: Partial<RenderRequest>[] = [
    { poses: new Float64Array(12).fill(8) },
    { seed: "t" },
    { settings: { depthMm: 41 } },
    { firstFrame: 1 },
    { scene: scene(2) },
  ];
  for (const [i, other] of others.entries()) {
    await render(request(other));
    expect(map).toHaveBeenCalledTimes(2 + i);
  }
  await cachedPictures(cache, "code 2")(request());
  expect(map).toHaveBeenCalledTimes(2 + others.length);
});

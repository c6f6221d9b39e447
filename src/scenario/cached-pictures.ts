import { createHash, type Hash } from "node:crypto";
import { endianness } from "node:os";
import type { ContentCache } from "../io/content-cache.ts";
import type { EchoFrame } from "../sim/probe/echo.ts";
import { renderFrames, type RenderRequest } from "../sim/probe/render.ts";
import type { Scene } from "../sim/scene.ts";

/** How a plan comes by its pictures: rendered, or as they were rendered before. */
export type RenderPictures = (request: RenderRequest) => Promise<EchoFrame[]>;

/**
 * Renders what `cache` does not hold. An entry is one batch, kept under the digest of everything that its pictures follow
 * from (the scene's own bytes, probe, settings, seed, poses, frame numbers, `codeDigest`), so a hit is the same bytes,
 * and an interrupted scan goes on where it was.
 */
export function cachedPictures(cache: ContentCache, codeDigest: string): RenderPictures {
  const scenes = new WeakMap<Scene, string>();
  return async (request) => {
    const { scene, probe, settings, seed, poses, boneSurface = null, firstFrame = 0 } = request;
    let sceneDigest = scenes.get(scene);
    if (sceneDigest === undefined) scenes.set(scene, (sceneDigest = digest(scene)));
    const key = digest([
      "pictures",
      codeDigest,
      endianness(),
      sceneDigest,
      probe,
      settings,
      seed,
      poses,
      boneSurface,
      firstFrame,
    ]);
    const kept = await cache.read(key);
    const known = kept && decodeFrames(kept);
    if (known) return known;
    const frames = await renderFrames(request);
    await cache.write(key, encodeFrames(frames));
    return frames;
  };
}

/** SHA-256 over a value: plain objects (keys sorted), arrays, typed arrays, strings, numbers, booleans, null. */
export function digest(value: unknown): string {
  const hash = createHash("sha256");
  feed(hash, value);
  return hash.digest("hex");
}

function feed(hash: Hash, value: unknown): void {
  if (ArrayBuffer.isView(value)) {
    hash.update(`${value.constructor.name}:${value.byteLength};`);
    hash.update(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  } else if (Array.isArray(value)) {
    hash.update(`[${value.length};`);
    for (const item of value) feed(hash, item);
  } else if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    hash.update(`{${entries.length};`);
    for (const [key, item] of entries.sort(([a], [b]) => (a < b ? -1 : 1))) {
      hash.update(`${JSON.stringify(key)}:`);
      feed(hash, item);
    }
  } else if (typeof value === "function") {
    throw new Error("a function has no digest");
  } else {
    // -0, NaN and infinities are told apart too.
    hash.update(`${typeof value}:${Object.is(value, -0) ? "-0" : String(value)};`);
  }
}

/** Count, then three lengths a frame, then the arrays of all frames, each padded to 4 bytes. */
export function encodeFrames(frames: readonly EchoFrame[]): Uint8Array {
  const sizes = frames.map(
    ({ pixels, trueRidge, hitsMm }) => [pixels.length, trueRidge.length, hitsMm.length] as const,
  );
  const head = 4 + 12 * frames.length;
  const body = sizes.reduce((sum, [p, r, h]) => sum + padded(p) + 4 * (r + h), 0);
  const bytes = new Uint8Array(head + body);
  const lengths = new Uint32Array(bytes.buffer, 0, head / 4);
  lengths[0] = frames.length;
  lengths.set(sizes.flat(), 1);
  let at = head;
  for (const { pixels, trueRidge, hitsMm } of frames) {
    bytes.set(pixels, at);
    at += padded(pixels.length);
    for (const floats of [trueRidge, hitsMm]) {
      new Float32Array(bytes.buffer, at, floats.length).set(floats);
      at += 4 * floats.length;
    }
  }
  return bytes;
}

/** Undefined where the bytes are not what `encodeFrames` makes. */
export function decodeFrames(bytes: Uint8Array): EchoFrame[] | undefined {
  if (bytes.length < 4 || bytes.length % 4 !== 0) return undefined;
  const own = bytes.slice(); // aligned, and of its own
  const words = new Uint32Array(own.buffer);
  const count = words[0]!,
    head = 4 + 12 * count;
  if (head > own.length) return undefined;
  const frames: EchoFrame[] = [];
  let at = head;
  for (let i = 0; i < count; i++) {
    const [p, r, h] = [words[1 + 3 * i]!, words[2 + 3 * i]!, words[3 + 3 * i]!];
    if (at + padded(p) + 4 * (r + h) > own.length) return undefined;
    const pixels = own.slice(at, at + p);
    at += padded(p);
    const trueRidge = new Float32Array(own.buffer.slice(at, at + 4 * r));
    at += 4 * r;
    const hitsMm = new Float32Array(own.buffer.slice(at, at + 4 * h));
    at += 4 * h;
    frames.push({ pixels, trueRidge, hitsMm });
  }
  return at === own.length ? frames : undefined;
}

const padded = (bytes: number): number => Math.ceil(bytes / 4) * 4;

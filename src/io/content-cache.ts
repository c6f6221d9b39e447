import { mkdir, readdir, readFile, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { crc32, deflateRaw, inflateRaw } from "node:zlib";
import { writeFileAtomic } from "./atomic.ts";

/** Results kept by the digest of everything that they follow from. Losing an entry costs time and nothing else. */
export interface ContentCache {
  /** The bytes that `write` was given under this key, or undefined: never there, removed, or damaged. */
  read(key: string): Promise<Uint8Array | undefined>;
  write(key: string, bytes: Uint8Array): Promise<void>;
}

const deflate = promisify(deflateRaw),
  inflate = promisify(inflateRaw);

/** A key is a digest: it becomes a file name. */
const KEY = /^[0-9a-f]{16,128}$/;
const TRAILER = 12;
/** Share of the cache's size that one process writes before it looks again at what there is. */
const PRUNED_EVERY = 1 / 32;
/** What pruning leaves, so that it has not to be done again at once. */
const LEFT_SHARE = 0.9;

interface Entry {
  readonly path: string;
  readonly size: number;
  readonly usedAtMs: number;
}

/**
 * A cache in `folder`, which is made when something is first written. Entries are deflated, and carry length and CRC-32
 * of what they hold: one that does not agree is removed and counts as absent. When the folder outgrows `maxBytes` the
 * entries that were not used for longest go. Several processes may share a folder.
 */
export function openContentCache(folder: string, { maxBytes }: { readonly maxBytes: number }): ContentCache {
  let writtenBytes = Infinity; // what other processes left is looked at with the first write
  const pathOf = (key: string): string => {
    if (!KEY.test(key)) throw new Error(`"${key}" is no digest in hexadecimal`);
    return join(folder, key.slice(0, 2), `${key}.bin`);
  };
  return {
    async read(key) {
      const path = pathOf(key);
      const stored = await readFile(path).catch(() => undefined);
      if (!stored) return undefined;
      const bytes = await unpack(stored);
      if (!bytes) {
        await rm(path, { force: true });
        return undefined;
      }
      const now = new Date();
      await utimes(path, now, now).catch(() => undefined); // another process may have pruned it
      return bytes;
    },
    async write(key, bytes) {
      const path = pathOf(key);
      await mkdir(join(folder, key.slice(0, 2)), { recursive: true });
      const packed = await pack(bytes);
      await writeFileAtomic(path, packed, { durable: false });
      writtenBytes += packed.length;
      if (writtenBytes < PRUNED_EVERY * maxBytes) return;
      writtenBytes = 0;
      await prune(folder, maxBytes);
    },
  };
}

async function pack(bytes: Uint8Array): Promise<Uint8Array> {
  const body = await deflate(bytes, { level: 1 });
  const trailer = Buffer.alloc(TRAILER);
  trailer.writeBigUInt64LE(BigInt(bytes.length), 0);
  trailer.writeUInt32LE(crc32(bytes), 8);
  return Buffer.concat([body, trailer]);
}

async function unpack(stored: Buffer): Promise<Uint8Array | undefined> {
  if (stored.length < TRAILER) return undefined;
  const at = stored.length - TRAILER;
  const length = Number(stored.readBigUInt64LE(at));
  try {
    const bytes = await inflate(stored.subarray(0, at), { maxOutputLength: Math.max(1, length) });
    return bytes.length === length && crc32(bytes) === stored.readUInt32LE(at + 8) ? bytes : undefined;
  } catch {
    return undefined; // damaged: as good as absent
  }
}

/** Bytes of all entries. */
export async function contentCacheBytes(folder: string): Promise<number> {
  return (await entriesOf(folder)).reduce((sum, { size }) => sum + size, 0);
}

async function prune(folder: string, maxBytes: number): Promise<void> {
  const entries = await entriesOf(folder);
  let total = entries.reduce((sum, { size }) => sum + size, 0);
  if (total <= maxBytes) return;
  for (const { path, size } of entries.sort((a, b) => a.usedAtMs - b.usedAtMs)) {
    if (total <= LEFT_SHARE * maxBytes) return;
    await rm(path, { force: true });
    total -= size;
  }
}

async function entriesOf(folder: string): Promise<Entry[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => [] as string[]);
  const entries = await Promise.all(
    names
      .filter((name) => name.endsWith(".bin"))
      .map(async (name): Promise<Entry | undefined> => {
        const path = join(folder, name);
        const found = await stat(path).catch(() => undefined);
        return found && { path, size: found.size, usedAtMs: found.mtimeMs };
      }),
  );
  return entries.filter((entry) => entry !== undefined);
}

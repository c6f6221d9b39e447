import { mkdtemp, open, rm, type FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { createGunzip, createInflate } from "node:zlib";
import { FormatError, UnsuitableInputError } from "../../core/errors.ts";
import type { ByteFile } from "./byte-file.ts";

const READ_BYTES = 256 * 1024;
const CHUNK_BYTES = 256 * 1024;

/** Deflate turns one byte into at most 1032 (258 bytes for 2 bits): no honest file promises more. */
export const MAX_INFLATION = 1032;

export interface Compressed {
  readonly file: ByteFile;
  readonly offset: number;
  readonly storedBytes: number;
  readonly compression: "zlib" | "gzip";
  /** What the header promises; one byte more is an error, so that a bomb is never unpacked. */
  readonly inflatedBytes: number;
  /** Field that names the size, for error messages. */
  readonly sizeField: string;
}

/** Inflated bytes by position. */
export interface InflatedBytes {
  /** Fills `into` from byte `offset` of the inflated data. */
  read(into: Uint8Array, offset: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Random access to one deflate stream. The stream is inflated once, forward, as far as has been asked for, and what
 * came out is kept: in memory up to `inMemoryBytes`, otherwise in a nameless file of the temporary folder. (Going back
 * by starting again would cost seconds a jump in a long recording; a live view jumps all the time.)
 */
export function openInflated(source: Compressed, inMemoryBytes: number): InflatedBytes {
  const { file, inflatedBytes: total, storedBytes, sizeField } = source;
  if (total > storedBytes * MAX_INFLATION + MAX_INFLATION) {
    const problem =
      `promises ${total} bytes, but ${storedBytes} compressed bytes ` + `hold at most ${MAX_INFLATION} times that`;
    throw new FormatError(file.path, { field: sizeField }, problem, "The header lies or the file is cut short");
  }
  let store: Store | undefined;
  let pump: Pump | undefined;
  let done = 0, finished = false, closed = false; // prettier-ignore
  let failure: unknown;
  let last: Promise<void> = Promise.resolve();

  const wasClosed = (): Error => new Error(`${file.path} was read after it was closed`);

  async function advance(upTo: number): Promise<void> {
    if (finished || (done >= upTo && upTo < total)) return;
    if (failure !== undefined) throw failure;
    store ??= total <= inMemoryBytes ? memoryStore(total) : await spillStore();
    pump ??= openPump(source);
    try {
      while (done < upTo || (done === total && !finished)) {
        const chunk = await pump.next();
        if (closed) throw wasClosed();
        if (!chunk) {
          finished = true;
          if (done < total) throw broken(source, pump.consumed(), `inflates to ${done} bytes instead of ${total}`);
          return;
        }
        if (done + chunk.length > total) {
          throw broken(source, pump.consumed(), `inflates to more than the ${total} bytes that ${sizeField} promises`);
        }
        await store.write(chunk, done).catch((error: unknown) => {
          throw noRoom(file.path, total, error);
        });
        done += chunk.length;
      }
    } catch (error) {
      failure = closed ? wasClosed() : error;
      pump.stop();
      throw failure;
    }
  }

  return {
    async read(into, offset) {
      if (closed) throw wasClosed();
      if (offset + into.length > done || !finished) {
        // One at a time: there is one stream.
        const turn = last.then(() => advance(offset + into.length));
        last = turn.catch(() => undefined);
        await turn;
      }
      await store?.read(into, offset);
    },
    async close() {
      closed = true;
      pump?.stop();
      await last;
      pump?.stop();
      await store?.close();
      store = undefined;
    },
  };
}

function broken({ file, offset }: Compressed, consumed: number, problem: string): FormatError {
  const remedy = "The compressed samples are damaged or the sizes are wrong: copy the file again";
  return new FormatError(file.path, { byteOffset: offset + consumed }, `the compressed data ${problem}`, remedy);
}

function noRoom(path: string, bytes: number, error: unknown): unknown {
  if (!(error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT")))
    return error;
  const problem = `${path}: the temporary folder has no room for its ${bytes} bytes of inflated samples`;
  return new UnsuitableInputError(problem, "Make room, point TMPDIR elsewhere, or save the recording uncompressed");
}

interface Pump {
  /** The next inflated bytes, or undefined at the end. */
  next(): Promise<Uint8Array | undefined>;
  /** Compressed bytes used so far. */
  consumed(): number;
  stop(): void;
}

function openPump(source: Compressed): Pump {
  const { file, offset, storedBytes, compression } = source;
  async function* compressed(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < storedBytes; at += READ_BYTES) {
      const chunk = new Uint8Array(Math.min(READ_BYTES, storedBytes - at));
      await file.read(chunk, offset + at);
      yield chunk;
    }
  }
  const input = Readable.from(compressed(), { objectMode: false });
  const inflater = (compression === "gzip" ? createGunzip : createInflate)({ chunkSize: CHUNK_BYTES });
  input.on("error", (error) => inflater.destroy(error));
  input.pipe(inflater);
  const chunks = inflater[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  return {
    async next() {
      try {
        const { done, value } = await chunks.next();
        return done ? undefined : value;
      } catch (error) {
        if (error instanceof FormatError) throw error;
        const reason = error instanceof Error ? error.message : String(error);
        throw broken(source, inflater.bytesWritten, `cannot be inflated (${reason})`);
      }
    },
    consumed: () => inflater.bytesWritten,
    stop() {
      input.destroy();
      inflater.destroy();
    },
  };
}

interface Store {
  write(bytes: Uint8Array, offset: number): Promise<void>;
  read(into: Uint8Array, offset: number): Promise<void>;
  close(): Promise<void>;
}

function memoryStore(bytes: number): Store {
  const kept = new Uint8Array(bytes);
  return {
    write: async (chunk, offset) => kept.set(chunk, offset),
    read: async (into, offset) => into.set(kept.subarray(offset, offset + into.length)),
    close: async () => undefined,
  };
}

async function spillStore(): Promise<Store> {
  const folder = await mkdtemp(join(tmpdir(), "sonobench-inflated-"));
  let handle: FileHandle;
  try {
    handle = await open(join(folder, "inflated"), "wx+", 0o600);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  // Where the system allows it the name goes at once, so that nothing is left even if this process is killed.
  const removed = await rm(folder, { recursive: true, force: true }).then(
    () => true,
    () => false,
  );
  return {
    async write(chunk, offset) {
      for (let at = 0; at < chunk.length;) {
        at += (await handle.write(chunk, at, chunk.length - at, offset + at)).bytesWritten;
      }
    },
    async read(into, offset) {
      for (let at = 0; at < into.length;) {
        const { bytesRead } = await handle.read(into, at, into.length - at, offset + at);
        if (bytesRead === 0) throw new Error("the temporary file of inflated samples was cut short by someone else");
        at += bytesRead;
      }
    },
    async close() {
      await handle.close();
      if (!removed) await rm(folder, { recursive: true, force: true });
    },
  };
}

import type { FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { Opcode } from "@mcap/core";
import { FormatError } from "../../core/errors.ts";

/** Opcode and length, before the content of every record. */
export const RECORD_HEADER_BYTES = 9;
/** In the content of a chunk that is not compressed: two times, two sizes, CRC, empty compression, before the records. */
export const CHUNK_PREFIX_BYTES = 40;
/** In the content of a message: channel, sequence, two times. */
export const MESSAGE_PREFIX_BYTES = 22;

/** Largest record that is taken into memory, and so the largest chunk. */
export const MAX_RECORD_BYTES = 1 << 28;
/** Largest image, in bytes: leaves room in a chunk for what came before it. */
export const MAX_IMAGE_BYTES = MAX_RECORD_BYTES / 2;

/** A message inside the records of a chunk; `data` is a view. */
export interface ChunkMessage {
  readonly channelId: number;
  readonly sequence: number;
  readonly logTime: bigint;
  readonly publishTime: bigint;
  readonly data: Uint8Array;
}

/** A record inside a chunk, not yet looked into. */
export interface ChunkRecord {
  readonly opcode: number;
  /** Of the record's first byte, from the start of the chunk's records. */
  readonly offset: number;
  readonly content: Uint8Array;
}

/** Why a chunk cannot be used, in words that continue "the chunk …". */
export class ChunkError extends Error {
  override readonly name = "ChunkError";
}

/** A file that is read in pieces; nothing is read or allocated beyond its end or above `MAX_RECORD_BYTES`. */
export class BoundedFile {
  readonly path: string;
  readonly size: number;
  readonly #handle: FileHandle;

  constructor(path: string, size: number, handle: FileHandle) {
    this.path = path;
    this.size = size;
    this.#handle = handle;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    if (!(offset >= 0 && length >= 0 && offset + length <= this.size)) {
      throw new FormatError(
        this.path,
        { byteOffset: offset },
        `${length} bytes are needed, but the file ends at ${this.size}`,
        recoverRemedy(this.path),
      );
    }
    if (length > MAX_RECORD_BYTES) {
      throw new FormatError(
        this.path,
        { byteOffset: offset },
        `a record of ${length} bytes is above the limit of ${MAX_RECORD_BYTES}`,
        recoverRemedy(this.path),
      );
    }
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const { bytesRead } = await this.#handle.read(bytes, done, length - done, offset + done);
      if (bytesRead === 0)
        throw new FormatError(this.path, { byteOffset: offset + done }, "the file became shorter", "");
      done += bytesRead;
    }
    return bytes;
  }
}

export const recoverRemedy = (path: string): string =>
  `Run "sonobench record recover ${path}" to save what can be saved`;

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The records of a chunk, given the content of the chunk record. Throws a ChunkError unless sizes and CRC hold. */
export function recordsOfChunk(content: Uint8Array): Uint8Array {
  if (content.length < CHUNK_PREFIX_BYTES) throw new ChunkError("is shorter than its own header");
  const view = viewOf(content);
  const compressionBytes = view.getUint32(28, true);
  if (compressionBytes !== 0) {
    const name = Buffer.from(content.subarray(32, 32 + Math.min(compressionBytes, 16))).toString("latin1");
    throw new ChunkError(`is compressed (${name}), which is not read`);
  }
  const records = content.subarray(CHUNK_PREFIX_BYTES);
  const size = BigInt(records.length);
  if (view.getBigUint64(32, true) !== size || view.getBigUint64(16, true) !== size) {
    throw new ChunkError("states sizes that do not fit together");
  }
  const crc = view.getUint32(24, true);
  // 0 stands for "not computed" in MCAP; this program always computes it.
  if (crc !== 0 && crc !== crc32(records)) throw new ChunkError("fails its checksum");
  return records;
}

/** Walks the records of a chunk. Throws a ChunkError when one reaches beyond the end. */
export function* walkRecords(records: Uint8Array): Generator<ChunkRecord, void, void> {
  const view = viewOf(records);
  for (let offset = 0; offset < records.length;) {
    if (records.length - offset < RECORD_HEADER_BYTES) throw new ChunkError("ends within a record");
    const length = view.getBigUint64(offset + 1, true);
    const from = offset + RECORD_HEADER_BYTES;
    if (length > BigInt(records.length - from)) throw new ChunkError("ends within a record");
    const end = from + Number(length);
    yield { opcode: records[offset]!, offset, content: records.subarray(from, end) };
    offset = end;
  }
}

/** A message record's content; undefined when it is too short to be one. */
export function parseMessage(content: Uint8Array): ChunkMessage | undefined {
  if (content.length < MESSAGE_PREFIX_BYTES) return undefined;
  const view = viewOf(content);
  return {
    channelId: view.getUint16(0, true),
    sequence: view.getUint32(2, true),
    logTime: view.getBigUint64(6, true),
    publishTime: view.getBigUint64(14, true),
    data: content.subarray(MESSAGE_PREFIX_BYTES),
  };
}

export const isMessage = ({ opcode }: ChunkRecord): boolean => opcode === Opcode.MESSAGE;

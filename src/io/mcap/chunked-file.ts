import type { FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { McapChunkBuilder, McapRecordBuilder, type McapTypes, Opcode } from "@mcap/core";

/**
 * Images and everything else go to chunks of their own: whoever opens a recording reads all poses, but no pixels.
 */
export type ChunkGroup = "images" | "rest";

export interface ChunkPolicy {
  /** A chunk is closed when it holds as much, */
  readonly chunkBytes: number;
  /** or when a message comes that is this much younger or older than its first one, by the host's clock. */
  readonly chunkSeconds: number;
  /** Data is forced to the disk after this much time by the host's clock, beside the writing; Infinity: at the end. */
  readonly syncSeconds: number;
}

/** Half a second: a process that is killed loses at most that, since a closed chunk is with the operating system. */
export const defaultPolicy: ChunkPolicy = { chunkBytes: 1 << 20, chunkSeconds: 0.5, syncSeconds: 1 };

const LIBRARY = "sonobench";
const MAX_UINT64 = (1n << 64n) - 1n;

interface OpenChunk {
  readonly builder: McapChunkBuilder;
  readonly schemas: Set<number>;
  readonly channels: Set<number>;
  firstTimeS: number;
}

/**
 * Writes MCAP front to back. @mcap/core's McapWriter closes a chunk by size alone and names a channel once in a file;
 * this one also closes it by time, and repeats schemas and channels in every chunk, so each chunk that survives can be
 * read by itself. The bytes follow from the calls alone: no date, no host name. Calls must not overlap.
 */
export class ChunkedFileWriter {
  readonly #handle: FileHandle;
  readonly #policy: ChunkPolicy;
  readonly #records = new McapRecordBuilder();
  readonly #schemas = new Map<number, McapTypes.Schema>();
  readonly #channels = new Map<number, McapTypes.Channel>();
  readonly #chunkIndexes: McapTypes.ChunkIndex[] = [];
  readonly #metadataIndexes: McapTypes.MetadataIndex[] = [];
  readonly #open: Readonly<Record<ChunkGroup, OpenChunk>> = { images: newChunk(), rest: newChunk() };
  readonly #counts = new Map<number, bigint>();
  #position = 0;
  #dataCrc = 0;
  #syncedAtS = NaN;
  /** Under way beside the writing, which a slow disk must not hold up; at most one. */
  #syncing: Promise<void> | undefined;
  #syncFailure: Error | undefined;
  #firstNs = MAX_UINT64;
  #lastNs = 0n;

  constructor(handle: FileHandle, policy: ChunkPolicy) {
    this.#handle = handle;
    this.#policy = policy;
  }

  async start(metadata: readonly McapTypes.Metadata[]): Promise<void> {
    this.#records.writeMagic();
    this.#records.writeHeader({ profile: "", library: LIBRARY });
    await this.#writeData();
    for (const record of metadata) {
      const offset = BigInt(this.#position);
      const length = this.#records.writeMetadata(record);
      this.#metadataIndexes.push({ name: record.name, offset, length });
      await this.#writeData();
    }
  }

  addSchema(schema: McapTypes.Schema): void {
    this.#schemas.set(schema.id, schema);
  }

  addChannel(channel: McapTypes.Channel): void {
    this.#channels.set(channel.id, channel);
  }

  /** `hostTimeS` decides when chunks are closed; NaN closes what is open. */
  async add(group: ChunkGroup, message: McapTypes.Message, hostTimeS: number): Promise<void> {
    for (const other of ["images", "rest"] as const) {
      const { builder, firstTimeS } = this.#open[other];
      const age = Math.abs(hostTimeS - firstTimeS);
      if (builder.numMessages > 0 && !(age < this.#policy.chunkSeconds)) await this.#closeChunk(other, hostTimeS);
    }
    if (this.#syncFailure) throw this.#syncFailure;
    const chunk = this.#open[group];
    const channel = this.#channels.get(message.channelId);
    if (!channel) throw new RangeError(`no channel ${message.channelId}`);
    if (chunk.builder.numMessages === 0) chunk.firstTimeS = hostTimeS;
    const schema = this.#schemas.get(channel.schemaId);
    if (schema && !chunk.schemas.has(schema.id)) {
      chunk.builder.addSchema(schema);
      chunk.schemas.add(schema.id);
    }
    if (!chunk.channels.has(channel.id)) {
      chunk.builder.addChannel(channel);
      chunk.channels.add(channel.id);
    }
    chunk.builder.addMessage(message);
    this.#counts.set(channel.id, (this.#counts.get(channel.id) ?? 0n) + 1n);
    if (message.logTime < this.#firstNs) this.#firstNs = message.logTime;
    if (message.logTime > this.#lastNs) this.#lastNs = message.logTime;
    if (chunk.builder.byteLength >= this.#policy.chunkBytes) await this.#closeChunk(group, hostTimeS);
  }

  /** Closes the open chunks and forces all to the disk. */
  async flush(): Promise<void> {
    await this.#closeChunk("rest", NaN);
    await this.#closeChunk("images", NaN);
    await this.#syncing;
    await this.#handle.datasync();
  }

  /** Closes the chunks and writes the index. The handle stays open. */
  async end(): Promise<void> {
    await this.#closeChunk("rest", NaN);
    await this.#closeChunk("images", NaN);
    const records = this.#records;
    records.writeDataEnd({ dataSectionCrc: this.#dataCrc });
    await this.#write(take(records));
    const summaryStart = this.#position;
    const groups: McapTypes.SummaryOffset[] = [];
    const group = (groupOpcode: number, write: () => void): void => {
      const groupStart = BigInt(summaryStart + records.length);
      write();
      const groupLength = BigInt(summaryStart + records.length) - groupStart;
      if (groupLength > 0n) groups.push({ groupOpcode, groupStart, groupLength });
    };
    const total = [...this.#counts.values()].reduce((sum, n) => sum + n, 0n);
    group(Opcode.SCHEMA, () => this.#schemas.forEach((schema) => records.writeSchema(schema)));
    group(Opcode.CHANNEL, () => this.#channels.forEach((channel) => records.writeChannel(channel)));
    group(Opcode.STATISTICS, () =>
      records.writeStatistics({
        messageCount: total,
        schemaCount: this.#schemas.size,
        channelCount: this.#channels.size,
        attachmentCount: 0,
        metadataCount: this.#metadataIndexes.length,
        chunkCount: this.#chunkIndexes.length,
        messageStartTime: total > 0n ? this.#firstNs : 0n,
        messageEndTime: this.#lastNs,
        channelMessageCounts: this.#counts,
      }),
    );
    group(Opcode.METADATA_INDEX, () => this.#metadataIndexes.forEach((index) => records.writeMetadataIndex(index)));
    group(Opcode.CHUNK_INDEX, () => this.#chunkIndexes.forEach((index) => records.writeChunkIndex(index)));
    const summaryOffsetStart = summaryStart + records.length;
    for (const offset of groups) records.writeSummaryOffset(offset);
    const summary = take(records);
    const footer = { summaryStart: BigInt(summaryStart), summaryOffsetStart: BigInt(summaryOffsetStart) };
    // The summary's CRC also covers the footer up to the CRC itself: opcode, length, two offsets.
    const footerStart = Buffer.alloc(25);
    footerStart.writeUInt8(Opcode.FOOTER, 0);
    footerStart.writeBigUInt64LE(20n, 1);
    footerStart.writeBigUInt64LE(footer.summaryStart, 9);
    footerStart.writeBigUInt64LE(footer.summaryOffsetStart, 17);
    records.writeFooter({ ...footer, summaryCrc: crc32(footerStart, crc32(summary)) });
    records.writeMagic();
    await this.#write(summary);
    await this.#write(take(records));
    await this.#syncing;
    if (this.#syncFailure) throw this.#syncFailure;
    await this.#handle.sync();
  }

  async #closeChunk(group: ChunkGroup, hostTimeS: number): Promise<void> {
    const { builder, schemas, channels } = this.#open[group];
    if (builder.numMessages === 0) return;
    const data = builder.buffer;
    const chunkStartOffset = BigInt(this.#position);
    const { messageStartTime, messageEndTime } = builder;
    const size = BigInt(data.length);
    const records = this.#records;
    const chunkLength = records.writeChunk({
      messageStartTime,
      messageEndTime,
      uncompressedSize: size,
      uncompressedCrc: crc32(data),
      compression: "",
      records: data,
    });
    const messageIndexOffsets = new Map<number, bigint>();
    let messageIndexLength = 0n;
    for (const index of builder.indices) {
      messageIndexOffsets.set(index.channelId, chunkStartOffset + chunkLength + messageIndexLength);
      messageIndexLength += records.writeMessageIndex(index);
    }
    this.#chunkIndexes.push({
      messageStartTime,
      messageEndTime,
      chunkStartOffset,
      chunkLength,
      messageIndexOffsets,
      messageIndexLength,
      compression: "",
      compressedSize: size,
      uncompressedSize: size,
    });
    builder.reset();
    schemas.clear();
    channels.clear();
    await this.#writeData();
    if (Number.isNaN(this.#syncedAtS)) this.#syncedAtS = hostTimeS;
    if (Math.abs(hostTimeS - this.#syncedAtS) >= this.#policy.syncSeconds) {
      this.#syncedAtS = hostTimeS;
      this.#syncing ??= this.#sync();
    }
  }

  /** Never rejects: a failure is thrown by the next call. */
  async #sync(): Promise<void> {
    try {
      await this.#handle.datasync();
    } catch (error) {
      this.#syncFailure = error instanceof Error ? error : new Error(String(error));
    } finally {
      this.#syncing = undefined;
    }
  }

  /** Writes what the record builder holds, as part of the data section. */
  async #writeData(): Promise<void> {
    const bytes = take(this.#records);
    this.#dataCrc = crc32(bytes, this.#dataCrc);
    await this.#write(bytes);
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done, this.#position);
      done += bytesWritten;
      this.#position += bytesWritten;
    }
  }
}

function newChunk(): OpenChunk {
  return {
    builder: new McapChunkBuilder({ useMessageIndex: true }),
    schemas: new Set(),
    channels: new Set(),
    firstTimeS: NaN,
  };
}

/** The builder's bytes, and an empty builder. */
function take(builder: McapRecordBuilder): Uint8Array {
  const bytes = builder.buffer;
  builder.reset();
  return bytes;
}

import { open, realpath } from "node:fs/promises";
import { basename } from "node:path";
import { MCAP_MAGIC, McapStreamReader, type McapTypes, Opcode } from "@mcap/core";
import { FormatError, UnsuitableInputError } from "../../core/errors.ts";
import { createPendingFile } from "../atomic.ts";
import { ChunkedFileWriter, defaultPolicy } from "./chunked-file.ts";
import { describeRecording, parseDescription, type RecordingDescription } from "./description.ts";
import { RECORDING_RECORD } from "./devices.ts";
import {
  BoundedFile,
  CHUNK_PREFIX_BYTES,
  ChunkError,
  type ChunkMessage,
  MAX_RECORD_BYTES,
  parseMessage,
  RECORD_HEADER_BYTES,
  recordsOfChunk,
  viewOf,
  walkRecords,
} from "./records.ts";

export interface LostRegion {
  readonly fromByte: number;
  readonly toByte: number;
  readonly reason: string;
}

export interface Recovered {
  readonly messages: number;
  readonly chunks: number;
  /** Bytes of the source that no intact record covers. */
  readonly lostBytes: number;
  readonly lost: readonly LostRegion[];
  /** Messages by topic. */
  readonly topics: Readonly<Record<string, number>>;
  /** The source had its end mark and lost nothing: recovering was not needed. */
  readonly intact: boolean;
}

/** How much of a damaged stretch is looked through at a time. */
const WINDOW_BYTES = 1 << 22;
/**
 * How many times the file's size is read in chunks that turn out not to hold. Honest damage reads each byte once; a
 * file made of nothing but false chunk headers would take for ever.
 */
const PATIENCE = 4;
const MAGIC = Uint8Array.from(MCAP_MAGIC);

/**
 * Reads a cut or damaged recording from front to back, keeps every message of every chunk whose checksum holds, and
 * writes them to `out` as a clean file. Where the chain of records is broken, the next chunk is searched byte by byte,
 * so damage in one place costs the chunk it lies in. The source is not changed.
 */
export async function recoverMcap(path: string, out: string): Promise<Recovered> {
  const handle = await open(path, "r").catch((error: NodeJS.ErrnoException) => {
    throw new FormatError(path, { whole: true }, `cannot be opened (${error.code})`, "Check the path");
  });
  try {
    const status = await handle.stat();
    if (!status.isFile()) throw new FormatError(path, { whole: true }, "is not a file", "Give an .mcap file");
    if ((await realpath(path)) === (await realpath(out).catch(() => undefined))) {
      throw new UnsuitableInputError(`${path} would be overwritten by what is recovered from it`, "Name another file");
    }
    const file = new BoundedFile(path, status.size, handle);
    // Two passes over the source: the description, with what was lost, is written before the messages.
    const survey = new Survey();
    const scan = await scanFile(file, survey);
    if (survey.messages === 0 && survey.description === undefined) {
      throw new FormatError(
        path,
        { whole: true },
        `no chunk of an MCAP recording is intact in its ${file.size} bytes`,
        "Nothing can be recovered",
      );
    }
    const pending = await createPendingFile(out);
    try {
      const writer = new ChunkedFileWriter(pending.handle, { ...defaultPolicy, syncSeconds: Infinity });
      const description = withLosses(survey.description ?? survey.guess(path), scan.lost);
      await writer.start([{ name: RECORDING_RECORD, metadata: describeRecording(description) }]);
      await scanFile(file, new Copy(writer, survey.imageChannels));
      await writer.end();
    } catch (error) {
      await pending.abort();
      throw error;
    }
    await pending.commit();
    const lostBytes = scan.lost.reduce((sum, { fromByte, toByte }) => sum + toByte - fromByte, 0);
    return {
      messages: survey.messages,
      chunks: survey.chunks,
      lostBytes,
      lost: scan.lost,
      topics: survey.topics(),
      intact: scan.ended && lostBytes === 0,
    };
  } finally {
    await handle.close();
  }
}

function withLosses(description: RecordingDescription, lost: readonly LostRegion[]): RecordingDescription {
  const warnings = lost.map(
    ({ fromByte, toByte, reason }) =>
      `recovered: ${toByte - fromByte} bytes from byte ${fromByte} were lost: ${reason}`,
  );
  return { ...description, warnings: [...description.warnings, ...warnings] };
}

/** What the scan tells of each intact piece, in the order of the file. */
interface Visitor {
  metadata(record: McapTypes.Metadata): void;
  /** A chunk whose checksum holds and whose records all parse. */
  chunk(content: ChunkContent): Promise<void> | void;
}

interface ChunkContent {
  readonly schemas: readonly McapTypes.Schema[];
  readonly channels: readonly McapTypes.Channel[];
  readonly messages: readonly ChunkMessage[];
}

class Survey implements Visitor {
  description: RecordingDescription | undefined;
  messages = 0;
  chunks = 0;
  readonly imageChannels = new Set<number>();
  readonly #channels = new Map<number, McapTypes.Channel>();
  readonly #counts = new Map<number, number>();

  metadata({ name, metadata }: McapTypes.Metadata): void {
    if (name === RECORDING_RECORD) this.description ??= parseDescription(metadata);
  }

  chunk({ channels, messages }: ChunkContent): void {
    this.chunks++;
    for (const channel of channels) {
      this.#channels.set(channel.id, channel);
      if (channel.metadata.get("kind") === "image") this.imageChannels.add(channel.id);
    }
    for (const { channelId } of messages) {
      this.messages++;
      this.#counts.set(channelId, (this.#counts.get(channelId) ?? 0) + 1);
    }
  }

  /** When the description itself is damaged: what the channels repeat of it. */
  guess(path: string): RecordingDescription {
    const [first] = this.#channels.values();
    return {
      name: basename(path).replace(/\.mcap$/i, ""),
      pairing: first?.metadata.get("pairing") === "by-index" ? "by-index" : "by-time",
      warnings: ["recovered: the recording's description was lost"],
      fields: {},
    };
  }

  topics(): Record<string, number> {
    return Object.fromEntries([...this.#channels.values()].map(({ id, topic }) => [topic, this.#counts.get(id) ?? 0]));
  }
}

class Copy implements Visitor {
  readonly #writer: ChunkedFileWriter;
  readonly #images: ReadonlySet<number>;

  constructor(writer: ChunkedFileWriter, images: ReadonlySet<number>) {
    this.#writer = writer;
    this.#images = images;
  }

  metadata(): void {} // written with the losses before the messages

  async chunk({ schemas, channels, messages }: ChunkContent): Promise<void> {
    schemas.forEach((schema) => this.#writer.addSchema(schema));
    channels.forEach((channel) => this.#writer.addChannel(channel));
    for (const message of messages) {
      const group = this.#images.has(message.channelId) ? "images" : "rest";
      await this.#writer.add(group, message, Number(message.logTime) * 1e-9);
    }
  }
}

/** Walks the records of a file; a stretch that is no record is reported as lost and the next chunk is searched. */
async function scanFile(file: BoundedFile, visitor: Visitor): Promise<{ lost: LostRegion[]; ended: boolean }> {
  const lost: LostRegion[] = [];
  const channels = new Map<number, string>(); // id → what it was described as, to notice contradictions
  let at = 0;
  const start = await file.read(0, Math.min(MAGIC.length, file.size));
  if (sameBytes(start, MAGIC)) at = MAGIC.length;
  let ended = false,
    tried = 0;
  while (at < file.size) {
    const step = await readRecord(file, at, channels);
    if (step.kind === "end") {
      ended = true;
      break;
    }
    if (step.kind === "broken") {
      tried += step.tried ?? 0;
      const givesUp = tried > PATIENCE * file.size;
      const next = givesUp ? file.size : await findChunk(file, at + 1);
      lost.push({ fromByte: at, toByte: next, reason: givesUp ? "too many chunks that do not hold" : step.reason });
      at = next;
      continue;
    }
    if (step.kind === "metadata") visitor.metadata(step.record);
    if (step.kind === "chunk") await visitor.chunk(step.content);
    at = step.next;
  }
  return { lost, ended };
}

type Step =
  | { readonly kind: "end" }
  /** `tried`: bytes that were read to find out. */
  | { readonly kind: "broken"; readonly reason: string; readonly tried?: number }
  | { readonly kind: "passed"; readonly next: number }
  | { readonly kind: "metadata"; readonly record: McapTypes.Metadata; readonly next: number }
  | { readonly kind: "chunk"; readonly content: ChunkContent; readonly next: number };

/** The record at `at`. Index records are passed over: the index is made anew. */
async function readRecord(file: BoundedFile, at: number, channels: Map<number, string>): Promise<Step> {
  if (file.size - at < RECORD_HEADER_BYTES) return { kind: "broken", reason: "the file ends within a record" };
  const head = await file.read(at, RECORD_HEADER_BYTES);
  const opcode = head[0]!;
  const length = viewOf(head).getBigUint64(1, true);
  const from = at + RECORD_HEADER_BYTES;
  if (opcode < Opcode.MIN || opcode > Opcode.MAX) return { kind: "broken", reason: "no record begins here" };
  if (length > BigInt(file.size - from)) {
    return { kind: "broken", reason: "a record is longer than what is left of the file" };
  }
  if (opcode === Opcode.FOOTER) {
    const end = from + Number(length);
    const tail = await file.read(end, Math.min(MAGIC.length, file.size - end));
    return sameBytes(tail, MAGIC) ? { kind: "end" } : { kind: "broken", reason: "the end mark is damaged" };
  }
  if (length > BigInt(MAX_RECORD_BYTES))
    return { kind: "broken", reason: "a record is longer than any that is written" };
  const next = from + Number(length);
  // A damaged length would jump over chunks; nothing but a chunk has one inside.
  if (opcode !== Opcode.CHUNK && (await findChunk(file, at + 1, next)) < next) {
    return { kind: "broken", reason: "a record's length is damaged" };
  }
  if (opcode === Opcode.METADATA) {
    const record = parseWhole(head, await file.read(from, Number(length)));
    return record?.type === "Metadata"
      ? { kind: "metadata", record, next }
      : { kind: "broken", reason: "metadata is damaged" };
  }
  if (opcode !== Opcode.CHUNK) return { kind: "passed", next };
  try {
    const content = parseChunk(await file.read(from, Number(length)));
    for (const channel of content.channels) {
      const description = JSON.stringify([channel.topic, channel.schemaId, [...channel.metadata]]);
      if ((channels.get(channel.id) ?? description) !== description) throw new ChunkError("contradicts an earlier one");
      channels.set(channel.id, description);
    }
    const stray = content.messages.find(({ channelId }) => !channels.has(channelId));
    if (stray) throw new ChunkError(`holds messages of a channel ${stray.channelId} that nothing describes`);
    return { kind: "chunk", content, next };
  } catch (error) {
    if (!(error instanceof ChunkError)) throw error;
    return { kind: "broken", reason: `the chunk ${error.message}`, tried: Number(length) };
  }
}

function parseChunk(bytes: Uint8Array): ChunkContent {
  const schemas: McapTypes.Schema[] = [],
    channels: McapTypes.Channel[] = [],
    messages: ChunkMessage[] = [];
  const records = recordsOfChunk(bytes);
  for (const { opcode, offset, content } of walkRecords(records)) {
    if (opcode === Opcode.MESSAGE) {
      const message = parseMessage(content);
      if (!message) throw new ChunkError("holds a message that is too short");
      messages.push(message);
      continue;
    }
    const record = parseWhole(records.subarray(offset, offset + RECORD_HEADER_BYTES), content);
    if (record?.type === "Schema") schemas.push(record);
    else if (record?.type === "Channel") channels.push(record);
    else throw new ChunkError("holds a record that does not belong there");
  }
  return { schemas, channels, messages };
}

/** One record by @mcap/core's parser; undefined when it cannot be parsed. */
function parseWhole(head: Uint8Array, content: Uint8Array): McapTypes.TypedMcapRecord | undefined {
  const bytes = new Uint8Array(head.length + content.length);
  bytes.set(head);
  bytes.set(content, head.length);
  try {
    const reader = new McapStreamReader({ noMagicPrefix: true });
    reader.append(bytes);
    return reader.nextRecord();
  } catch {
    return undefined; // it throws plain errors and RangeErrors on anything malformed
  }
}

/**
 * Where the next chunk record begins in [from, to), else `to`; `to` is the file's end when absent. Its sizes must agree with one another,
 * which chance alone does not bring about; the checksum is tried by the caller.
 */
async function findChunk(file: BoundedFile, from: number, to = file.size): Promise<number> {
  const head = RECORD_HEADER_BYTES + CHUNK_PREFIX_BYTES;
  for (let start = from; start < to && start + head <= file.size; start += WINDOW_BYTES) {
    const bytes = Buffer.from(
      await file.read(start, Math.min(Math.min(WINDOW_BYTES, to - start) + head - 1, file.size - start)),
    );
    for (
      let at = bytes.indexOf(Opcode.CHUNK);
      at >= 0 && at + head <= bytes.length;
      at = bytes.indexOf(Opcode.CHUNK, at + 1)
    ) {
      if (at >= WINDOW_BYTES || start + at >= to) break;
      if (bytes.readUInt32LE(at + 5) !== 0) continue; // the upper half of a length below 4 GiB
      const length = bytes.readUInt32LE(at + 1);
      if (length < CHUNK_PREFIX_BYTES || length > MAX_RECORD_BYTES) continue;
      if (start + at + RECORD_HEADER_BYTES + length > file.size) continue;
      const records = BigInt(length - CHUNK_PREFIX_BYTES);
      const prefix = at + RECORD_HEADER_BYTES;
      if (bytes.readBigUInt64LE(prefix + 16) !== records || bytes.readBigUInt64LE(prefix + 32) !== records) continue;
      return start + at;
    }
  }
  return to;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

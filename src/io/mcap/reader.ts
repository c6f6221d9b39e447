import { open } from "node:fs/promises";
import { basename } from "node:path";
import { MCAP_MAGIC, McapIndexedReader, type McapTypes, Opcode } from "@mcap/core";
import { FormatError } from "../../core/errors.ts";
import type { ClockReading, LostStatus, Sample, TrackerFrame } from "../../data/device.ts";
import type { ClockReadings, DigitisedPoint, ImageTrack, PoseTrack, Sweep } from "../../data/recording.ts";
import { parseDescription, parseImageDevice, type RecordingDescription } from "./description.ts";
import {
  FORMAT_VERSION,
  type ImageDeviceDescription,
  type NativeRecording,
  type RecordedDevice,
  type RecordedImageDevice,
  type RecordedPoseDevice,
  RECORDING_RECORD,
} from "./devices.ts";
import {
  decodeImageHeader,
  decodePixels,
  decodePoint,
  decodePoses,
  decodeSweep,
  type ImageHeader,
  type RecordedImage,
} from "./messages.ts";
import { ProtoError } from "./protobuf.ts";
import {
  BoundedFile,
  CHUNK_PREFIX_BYTES,
  ChunkError,
  type ChunkMessage,
  isMessage,
  MAX_RECORD_BYTES,
  MESSAGE_PREFIX_BYTES,
  parseMessage,
  RECORD_HEADER_BYTES,
  recordsOfChunk,
  recoverRemedy,
  viewOf,
  walkRecords,
} from "./records.ts";

export interface OpenMcapOptions {
  /** Id of the image device that becomes `images`; the first one when absent. */
  readonly imageDevice?: string;
}

/** Chunks that are kept in memory for neighbouring images. */
const CACHED_CHUNKS = 4;
/** Of an image message, read to index it: far more than its header takes besides the device's id. */
const HEADER_BYTES = 512;

type ChannelRecord = McapTypes.TypedMcapRecords["Channel"];
type ChunkIndex = McapTypes.TypedMcapRecords["ChunkIndex"];

/** Where a message lies: the chunk's number and the offset of its record within the chunk's records. */
interface MessagePlace {
  readonly chunk: number;
  readonly offset: number;
}

interface IndexedImage extends MessagePlace {
  readonly header: ImageHeader;
}

/**
 * Opens a native recording. Poses, points, sweeps and the images' headers are read; pixels are read when asked for.
 * A file without its index (the program was killed, the disk was full) is a FormatError that names the remedy.
 */
export async function openMcap(path: string, options: OpenMcapOptions = {}): Promise<NativeRecording> {
  const handle = await open(path, "r").catch((error: NodeJS.ErrnoException) => {
    throw new FormatError(path, { whole: true }, `cannot be opened (${error.code})`, "Check the path");
  });
  try {
    const status = await handle.stat();
    if (!status.isFile()) throw new FormatError(path, { whole: true }, "is not a file", "Give an .mcap file");
    const file = new BoundedFile(path, status.size, handle);
    const container = await Container.open(file);
    return await assemble(container, options, () => handle.close());
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The index of an MCAP file, and its chunks on demand. */
class Container {
  readonly file: BoundedFile;
  readonly channels: readonly ChannelRecord[];
  readonly chunks: readonly ChunkIndex[];
  readonly #reader: McapIndexedReader;
  /** Chunk number → its records; the one used last comes last. */
  readonly #cache = new Map<number, Promise<Uint8Array>>();

  private constructor(file: BoundedFile, reader: McapIndexedReader) {
    this.file = file;
    this.#reader = reader;
    this.channels = [...reader.channelsById.values()].sort((a, b) => a.id - b.id);
    this.chunks = [...reader.chunkIndexes].sort((a, b) => (a.chunkStartOffset < b.chunkStartOffset ? -1 : 1));
  }

  static async open(file: BoundedFile): Promise<Container> {
    const magic = Uint8Array.from(MCAP_MAGIC);
    const fail = (problem: string, remedy: string): never => {
      throw new FormatError(file.path, { whole: true }, problem, remedy);
    };
    if (file.size < magic.length || !sameBytes(await file.read(0, magic.length), magic)) {
      fail("is not an MCAP file", "Give a recording that sonobench wrote");
    }
    if (file.size < 2 * magic.length || !sameBytes(await file.read(file.size - magic.length, magic.length), magic)) {
      fail("has no index: the recording was not closed, or the file was cut", recoverRemedy(file.path));
    }
    let reader: McapIndexedReader;
    try {
      const readable = {
        size: () => Promise.resolve(BigInt(file.size)),
        read: (offset: bigint, length: bigint) => file.read(Number(offset), Number(length)),
      };
      reader = await McapIndexedReader.Initialize({ readable });
    } catch (error) {
      if (error instanceof FormatError) throw error;
      const problem = error instanceof Error ? error.message : String(error);
      return fail(`its index cannot be read (${problem})`, recoverRemedy(file.path));
    }
    const container = new Container(file, reader);
    container.#checkChunks();
    return container;
  }

  #checkChunks(): void {
    let end = 0;
    for (const { chunkStartOffset, chunkLength, messageIndexLength, compression } of this.chunks) {
      const place = { byteOffset: Number(chunkStartOffset) };
      if (compression !== "") {
        throw new FormatError(
          this.file.path,
          place,
          `a chunk is compressed (${compression.slice(0, 16)}), which is not read`,
          `Unpack the file with "mcap decompress" of the MCAP tools`,
        );
      }
      // Later than the one before, so that no part of the file can be counted as many times as an index likes.
      if (
        Number(chunkStartOffset) < end ||
        chunkLength < BigInt(RECORD_HEADER_BYTES + CHUNK_PREFIX_BYTES) ||
        chunkLength > BigInt(MAX_RECORD_BYTES) ||
        chunkStartOffset + chunkLength + messageIndexLength > BigInt(this.file.size)
      ) {
        throw new FormatError(
          this.file.path,
          place,
          `the index names a chunk of ${chunkLength} bytes here, which cannot be`,
          recoverRemedy(this.file.path),
        );
      }
      end = Number(chunkStartOffset + chunkLength);
    }
  }

  async description(): Promise<RecordingDescription | undefined> {
    const damaged = (problem: string): FormatError =>
      new FormatError(
        this.file.path,
        { field: `metadata "${RECORDING_RECORD}"` },
        problem,
        recoverRemedy(this.file.path),
      );
    try {
      for await (const { metadata } of this.#reader.readMetadata({ name: RECORDING_RECORD })) {
        const description = parseDescription(metadata);
        if (!description) throw damaged("fails its checksum");
        return description;
      }
    } catch (error) {
      throw error instanceof FormatError ? error : damaged(error instanceof Error ? error.message : String(error));
    }
    return undefined;
  }

  /** How many messages a channel has, if the file says so. */
  messageCount(channelId: number): number | undefined {
    const counts = this.#reader.statistics?.channelMessageCounts;
    return counts && Number(counts.get(channelId) ?? 0n);
  }

  /** The records of a chunk, checked against its CRC. */
  records(chunk: number): Promise<Uint8Array> {
    const cached = this.#cache.get(chunk);
    this.#cache.delete(chunk);
    const records = cached ?? this.#load(chunk);
    this.#cache.set(chunk, records);
    if (this.#cache.size > CACHED_CHUNKS) this.#cache.delete(this.#cache.keys().next().value!);
    records.catch(() => this.#cache.delete(chunk)); // a failed read is tried again
    return records;
  }

  async #load(chunk: number): Promise<Uint8Array> {
    const { chunkStartOffset, chunkLength } = this.chunks[chunk]!;
    const bytes = await this.file.read(Number(chunkStartOffset), Number(chunkLength));
    const view = viewOf(bytes);
    if (bytes[0] !== Opcode.CHUNK || view.getBigUint64(1, true) !== chunkLength - BigInt(RECORD_HEADER_BYTES)) {
      throw this.damaged(chunk, "is not where the index says");
    }
    return this.within(chunk, () => recordsOfChunk(bytes.subarray(RECORD_HEADER_BYTES)));
  }

  /** Runs what looks into a chunk; what it finds wrong becomes a FormatError with the chunk's place. */
  within<T>(chunk: number, look: () => T): T {
    try {
      return look();
    } catch (error) {
      if (error instanceof ChunkError) throw this.damaged(chunk, error.message);
      if (error instanceof ProtoError) throw this.damaged(chunk, `holds ${error.message}`);
      throw error;
    }
  }

  damaged(chunk: number, problem: string): FormatError {
    const byteOffset = Number(this.chunks[chunk]!.chunkStartOffset);
    return new FormatError(this.file.path, { byteOffset }, `the chunk ${problem}`, recoverRemedy(this.file.path));
  }

  /** All messages of a chunk with their places; the whole chunk is read and checked. */
  async messages(chunk: number): Promise<(MessagePlace & ChunkMessage)[]> {
    const records = await this.records(chunk);
    return this.within(chunk, () => {
      const found: (MessagePlace & ChunkMessage)[] = [];
      for (const record of walkRecords(records)) {
        const message = isMessage(record) ? parseMessage(record.content) : undefined;
        if (message) found.push({ chunk, offset: record.offset, ...message });
      }
      return found;
    });
  }

  /** Offsets of a channel's messages in a chunk, from the message index behind it: the chunk itself is not read. */
  async indexedOffsets(chunk: number, channelId: number): Promise<number[]> {
    const { chunkStartOffset, chunkLength, messageIndexOffsets, messageIndexLength } = this.chunks[chunk]!;
    const start = messageIndexOffsets.get(channelId);
    if (start === undefined) return [];
    const end = chunkStartOffset + chunkLength + messageIndexLength;
    const fail = (): FormatError => this.damaged(chunk, "is followed by a damaged message index");
    if (start < chunkStartOffset + chunkLength || start + 15n > end) throw fail();
    const head = await this.file.read(Number(start), 15);
    const view = viewOf(head);
    const pairs = view.getUint32(11, true);
    if (head[0] !== Opcode.MESSAGE_INDEX || view.getUint16(9, true) !== channelId) throw fail();
    if (pairs % 16 !== 0 || start + 15n + BigInt(pairs) > end) throw fail();
    const entries = viewOf(await this.file.read(Number(start) + 15, pairs));
    const offsets = Array.from({ length: pairs / 16 }, (_, i) => Number(entries.getBigUint64(16 * i + 8, true)));
    return offsets.sort((a, b) => a - b); // other programs order them by time
  }

  /** Header of the image whose message record begins at `offset` of a chunk; reads only the start of the record. */
  async imageHeader(chunk: number, offset: number, channel: ChannelRecord): Promise<ImageHeader> {
    const { chunkStartOffset, chunkLength } = this.chunks[chunk]!;
    const recordsStart = Number(chunkStartOffset) + RECORD_HEADER_BYTES + CHUNK_PREFIX_BYTES;
    const left = Number(chunkStartOffset + chunkLength) - recordsStart - offset;
    const wanted = RECORD_HEADER_BYTES + MESSAGE_PREFIX_BYTES + HEADER_BYTES + 3 * channel.topic.length;
    if (left < RECORD_HEADER_BYTES + MESSAGE_PREFIX_BYTES) throw this.damaged(chunk, "has a damaged message index");
    const bytes = await this.file.read(recordsStart + offset, Math.min(wanted, left));
    const view = viewOf(bytes);
    const length = view.getBigUint64(1, true);
    if (
      bytes[0] !== Opcode.MESSAGE ||
      view.getUint16(RECORD_HEADER_BYTES, true) !== channel.id ||
      length > BigInt(left - RECORD_HEADER_BYTES) ||
      length < BigInt(MESSAGE_PREFIX_BYTES)
    ) {
      throw this.damaged(chunk, "has no image where its index says");
    }
    const data = bytes.subarray(RECORD_HEADER_BYTES + MESSAGE_PREFIX_BYTES);
    return this.within(chunk, () => decodeImageHeader(data, Number(length) - MESSAGE_PREFIX_BYTES));
  }

  /** The message whose record begins at `offset` of a chunk, as a view into the chunk. */
  async messageData(chunk: number, offset: number): Promise<Uint8Array> {
    const records = await this.records(chunk);
    return this.within(chunk, () => {
      if (!(offset < records.length)) throw new ChunkError("has a damaged message index");
      const { value } = walkRecords(records.subarray(offset)).next();
      const message = value && isMessage(value) ? parseMessage(value.content) : undefined;
      if (!message) throw new ChunkError("has no message where its index says");
      return message.data;
    });
  }
}

async function assemble(
  container: Container,
  { imageDevice }: OpenMcapOptions,
  release: () => Promise<void>,
): Promise<NativeRecording> {
  const { file, channels } = container;
  const byKind = (kind: string): ChannelRecord[] => channels.filter(({ metadata }) => metadata.get("kind") === kind);
  const imageChannels = byKind("image"),
    poseChannels = byKind("pose");
  const known = [...imageChannels, ...poseChannels, ...byKind("point"), ...byKind("sweep")];
  const description = await container.description();
  if (known.length === 0 && !description) {
    const topics = channels.map(({ topic }) => topic.slice(0, 40)).slice(0, 8);
    throw new FormatError(
      file.path,
      { whole: true },
      `is an MCAP file without devices of sonobench (its topics: ${topics.join(", ") || "none"})`,
      "Give a recording that sonobench wrote",
    );
  }
  for (const { metadata, topic } of known) {
    const version = metadata.get("version");
    if (version === FORMAT_VERSION) continue;
    throw new FormatError(
      file.path,
      { field: `channel ${topic}` },
      `was written in version ${version ?? "?"} of the format; this program reads version ${FORMAT_VERSION}`,
      "Use a newer sonobench",
    );
  }

  const poses = new Map(poseChannels.map((channel) => [channel.id, new PoseCollector(channel)]));
  const images = new Map(imageChannels.map((channel) => [channel.id, [] as IndexedImage[]]));
  const points: DigitisedPoint[] = [],
    sweeps: Sweep[] = [];
  const kinds = new Map(known.map(({ id, metadata }) => [id, metadata.get("kind")]));
  const counts = new Map<number, number>();
  const count = (channelId: number, by: number): void => void counts.set(channelId, (counts.get(channelId) ?? 0) + by);
  for (let chunk = 0; chunk < container.chunks.length; chunk++) {
    const inChunk = [...container.chunks[chunk]!.messageIndexOffsets.keys()];
    const onlyImages = inChunk.length > 0 && inChunk.every((id) => images.has(id) || !kinds.has(id));
    if (onlyImages) {
      for (const id of inChunk) {
        const channel = imageChannels.find((c) => c.id === id);
        if (!channel) continue;
        const offsets = await container.indexedOffsets(chunk, id);
        let end = 0;
        for (const offset of offsets) {
          // An index that names one message many times would make more images than the file has bytes for.
          if (offset < end) throw container.damaged(chunk, "is followed by a message index that names a place twice");
          const header = await container.imageHeader(chunk, offset, channel);
          images.get(id)!.push({ chunk, offset, header });
          end = offset + RECORD_HEADER_BYTES + MESSAGE_PREFIX_BYTES + header.dataOffset + header.dataBytes;
        }
        count(id, offsets.length);
      }
      continue;
    }
    for (const { channelId, offset, data } of await container.messages(chunk)) {
      const kind = kinds.get(channelId);
      if (kind === undefined) continue;
      count(channelId, 1);
      container.within(chunk, () => {
        if (kind === "pose") poses.get(channelId)!.add(decodePoses(data));
        else if (kind === "point") points.push(decodePoint(data));
        else if (kind === "sweep") sweeps.push(decodeSweep(data));
        else images.get(channelId)!.push({ chunk, offset, header: decodeImageHeader(data, data.length) });
      });
    }
  }
  for (const { id, topic } of known) {
    const expected = container.messageCount(id) ?? counts.get(id) ?? 0;
    if ((counts.get(id) ?? 0) === expected) continue;
    throw new FormatError(
      file.path,
      { field: `channel ${topic}` },
      `the index says ${expected} messages, but ${counts.get(id) ?? 0} are found`,
      recoverRemedy(file.path),
    );
  }

  let closed = false;
  const isOpen = (): void => {
    if (closed) throw new Error(`${file.path}: the recording is closed`);
  };
  const devices = known.flatMap((channel): RecordedDevice[] => {
    const indexed = images.get(channel.id),
      collector = poses.get(channel.id);
    if (indexed) return [imageDeviceOf(container, channel, indexed, isOpen)];
    return collector ? [poseDeviceOf(container, channel, collector.count, isOpen)] : [];
  });
  devices.sort((a, b) => channelOf(channels, a) - channelOf(channels, b));
  return {
    name: description?.name ?? basename(file.path).replace(/\.mcap$/i, ""),
    images: chooseImages(file.path, devices, imageDevice)?.track,
    poses: [...poses.values()].flatMap((collector) => collector.tracks()),
    pairing: description?.pairing ?? (known[0]?.metadata.get("pairing") === "by-index" ? "by-index" : "by-time"),
    points,
    sweeps,
    warnings: description?.warnings ?? ["the recording's own description is missing"],
    fields: description?.fields ?? {},
    devices,
    async close() {
      if (closed) return;
      closed = true;
      await release();
    },
  };
}

function channelOf(channels: readonly ChannelRecord[], { id, kind }: RecordedDevice): number {
  return channels.findIndex(({ metadata }) => metadata.get("device") === id && metadata.get("kind") === kind);
}

function chooseImages(
  path: string,
  devices: readonly RecordedDevice[],
  wanted: string | undefined,
): RecordedImageDevice | undefined {
  const imagers = devices.filter((device) => device.kind === "image");
  if (wanted === undefined) return imagers[0];
  const chosen = imagers.find(({ id }) => id === wanted);
  if (chosen) return chosen;
  const names = imagers.map(({ id }) => `"${id}"`).join(", ");
  throw new FormatError(path, { field: `image device "${wanted}"` }, "does not exist", `There is ${names || "none"}`);
}

function imageDeviceOf(
  container: Container,
  channel: ChannelRecord,
  indexed: readonly IndexedImage[],
  isOpen: () => void,
): RecordedImageDevice {
  const { path } = container.file;
  const place = { field: `channel ${channel.topic}` };
  const device = parseImageDevice(channel.metadata);
  if (!device) throw new FormatError(path, place, "is not described as an image device should be", "");
  const odd = indexed.find(({ header }) => !fits(header, device));
  if (odd) {
    throw container.damaged(
      odd.chunk,
      `holds an image of ${odd.header.width} x ${odd.header.height} ${odd.header.pixelType}, but the device has ` +
        `${device.width} x ${device.height} ${device.pixelType}`,
    );
  }
  const read = async (index: number): Promise<RecordedImage["value"]> => {
    isOpen();
    const image = indexed[index];
    if (!image) throw new RangeError(`there is no image ${index}: the recording has ${indexed.length}`);
    const data = await container.messageData(image.chunk, image.offset);
    return decodePixels(data, image.header);
  };
  const track: ImageTrack = {
    width: device.width,
    height: device.height,
    pixelType: device.pixelType,
    count: indexed.length,
    ...(device.nominalGeometry ? { nominalGeometry: device.nominalGeometry } : {}),
    acquiredAtS: Float64Array.from(indexed, ({ header }) => header.acquiredAt),
    receivedAtS: Float64Array.from(indexed, ({ header }) => header.receivedAt),
    ...clockOf(indexed.flatMap(({ header }) => header.clockReading ?? [])),
    ...epochOf(indexed.map(({ header }) => header.geometryEpoch)),
    valid: Uint8Array.from(indexed, ({ header }) => (header.valid ? 1 : 0)),
    read,
  };
  return {
    kind: "image",
    id: channel.metadata.get("device") ?? channel.topic,
    ...device,
    track,
    async *samples() {
      for (let i = 0; i < indexed.length; i++) {
        const { width: _w, height: _h, pixelType: _t, dataOffset: _o, dataBytes: _b, ...sample } = indexed[i]!.header;
        yield { ...sample, value: await read(i) };
      }
    },
  };
}

function fits(header: ImageHeader, device: ImageDeviceDescription): boolean {
  const { width, height, pixelType } = device;
  return header.width === width && header.height === height && header.pixelType === pixelType;
}

function poseDeviceOf(
  container: Container,
  channel: ChannelRecord,
  count: number,
  isOpen: () => void,
): RecordedPoseDevice {
  const rateHz = Number(channel.metadata.get("nominalRateHz"));
  return {
    kind: "pose",
    id: channel.metadata.get("device") ?? channel.topic,
    parent: channel.metadata.get("parent") ?? "Tracker",
    nominalRateHz: rateHz >= 0 ? rateHz : 0,
    count,
    async *samples() {
      for (let chunk = 0; chunk < container.chunks.length; chunk++) {
        const { messageIndexOffsets } = container.chunks[chunk]!;
        if (messageIndexOffsets.size > 0 && !messageIndexOffsets.has(channel.id)) continue;
        isOpen();
        for (const { channelId, data } of await container.messages(chunk)) {
          if (channelId === channel.id) yield container.within(chunk, () => decodePoses(data));
        }
      }
    },
  };
}

/** Turns a tracker's frames into one track a tool. A tool that a frame does not name has no sample for it. */
class PoseCollector {
  readonly #parent: string;
  readonly #tools = new Map<string, ToolColumns>();
  readonly #clock: ClockReading[] = [];
  count = 0;

  constructor({ metadata }: ChannelRecord) {
    this.#parent = metadata.get("parent") ?? "Tracker";
  }

  add({ acquiredAt, receivedAt, clockReading, geometryEpoch, value: { tools } }: Sample<TrackerFrame>): void {
    this.count++;
    if (clockReading) this.#clock.push(clockReading);
    for (const reading of tools) {
      let columns = this.#tools.get(reading.tool);
      if (!columns) {
        columns = {
          acquired: new Doubles(),
          received: new Doubles(),
          epochs: [],
          status: [],
          poses: new Doubles(),
          fit: new Doubles(),
        };
        this.#tools.set(reading.tool, columns);
      }
      columns.acquired.push(acquiredAt);
      columns.received.push(receivedAt);
      columns.epochs.push(geometryEpoch);
      columns.status.push(reading.status);
      const tracked = reading.status === "tracked";
      for (let i = 0; i < 12; i++) columns.poses.push(tracked ? reading.trackerFromTool[i]! : NaN);
      columns.fit.push(tracked ? reading.fitRmsMm : NaN);
    }
  }

  tracks(): PoseTrack[] {
    const clock = clockOf(this.#clock);
    return [...this.#tools].map(([tool, { acquired, received, epochs, status, poses, fit }]) => ({
      tool,
      parent: this.#parent,
      acquiredAtS: acquired.all(),
      receivedAtS: received.all(),
      ...clock,
      ...epochOf(epochs),
      status,
      parentFromTool: poses.all(),
      fitRmsMm: fit.all(),
    }));
  }
}

function clockOf(readings: readonly ClockReading[]): { readonly clock?: ClockReadings } {
  if (readings.length === 0) return {};
  return {
    clock: {
      deviceS: Float64Array.from(readings, ({ deviceS }) => deviceS),
      hostS: Float64Array.from(readings, ({ hostS }) => hostS),
      uncertaintyS: Float64Array.from(readings, ({ uncertaintyS }) => uncertaintyS),
    },
  };
}

/** Nothing for a track in which it never changes. */
function epochOf(epochs: readonly number[]): { readonly geometryEpoch?: Uint32Array } {
  return epochs.every((epoch) => epoch === epochs[0]) ? {} : { geometryEpoch: Uint32Array.from(epochs) };
}

interface ToolColumns {
  readonly acquired: Doubles;
  readonly received: Doubles;
  readonly epochs: number[];
  readonly status: (LostStatus | "tracked")[];
  readonly poses: Doubles;
  readonly fit: Doubles;
}

/** A Float64Array that grows. */
class Doubles {
  #values = new Float64Array(64);
  #length = 0;

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = new Float64Array(2 * this.#length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = value;
  }

  all(): Float64Array {
    return this.#values.slice(0, this.#length);
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

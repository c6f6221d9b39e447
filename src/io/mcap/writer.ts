import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { basename } from "node:path";
import { UnsuitableInputError } from "../../core/errors.ts";
import { deviceSeconds, hostSeconds, type Sample, type ToolReading, type TrackerFrame } from "../../data/device.ts";
import type { Image } from "../../data/image.ts";
import type { DigitisedPoint, ImageTrack, PoseTrack, Recording, Sweep } from "../../data/recording.ts";
import { createPendingFile } from "../atomic.ts";
import { ChunkedFileWriter, type ChunkGroup, type ChunkPolicy, defaultPolicy } from "./chunked-file.ts";
import { describeImageDevice, describeRecording, type RecordingDescription } from "./description.ts";
import {
  FORMAT_VERSION,
  type ImageDeviceDescription,
  isNativeRecording,
  POINT_TOPIC,
  type PoseDeviceDescription,
  RECORDING_RECORD,
  SWEEP_TOPIC,
  topicOf,
} from "./devices.ts";
import {
  bytesPerPixel,
  encodeImage,
  encodePoint,
  encodePoses,
  encodeSweep,
  pixelTypeOf,
  type RecordedImage,
  toNanoseconds,
} from "./messages.ts";
import { MAX_IMAGE_BYTES } from "./records.ts";
import { type ChannelKind, recordSchemas } from "./schemas.ts";

export interface RecordingWriterOptions extends Partial<RecordingDescription>, Partial<ChunkPolicy> {
  /** Without it a file that exists is never touched: it may be a recording that cannot be made again. */
  readonly overwrite?: boolean;
}

/**
 * Writes a recording while it is made. Calls may overlap: what they are given is copied at once and written in the
 * order of the calls; awaiting them keeps memory bounded. After an error every further call fails with it.
 */
export interface RecordingWriter {
  /** Before the device's first sample. Ids are unique over all devices. */
  addImageDevice(id: string, device: ImageDeviceDescription): void;
  addPoseDevice(id: string, device: PoseDeviceDescription): void;
  /** Size and pixel type must be those of the device. `valid: false` marks pixels that cannot be used. */
  writeImage(deviceId: string, sample: Sample<Image> & { readonly valid?: boolean }): Promise<void>;
  writePoses(deviceId: string, sample: Sample<TrackerFrame>): Promise<void>;
  /** Points and sweeps cannot be acquired again in passing: they are on the disk when the promise resolves. */
  writePoint(point: DigitisedPoint): Promise<void>;
  writeSweep(sweep: Sweep): Promise<void>;
  /** Writes the index and closes the file. May be called twice. */
  close(): Promise<void>;
}

export async function createRecordingWriter(
  path: string,
  options: RecordingWriterOptions = {},
): Promise<RecordingWriter> {
  const flags = constants.O_WRONLY | constants.O_CREAT | (options.overwrite ? constants.O_TRUNC : constants.O_EXCL);
  const handle = await open(path, flags).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
    throw new UnsuitableInputError(`${path} exists`, "Choose another name, or allow overwriting");
  });
  const policy = { ...defaultPolicy, ...definedOf(options) };
  try {
    return await NativeWriter.start(handle, describe(path, options), policy, () => handle.close());
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * Writes a whole recording; the file appears when it is complete, replacing what had its name. A native recording
 * keeps all that its samples carry. Others have no sequence numbers, so their samples are counted, and tools whose
 * poses were taken at the same times relative to the same parent become one device.
 */
export async function writeRecording(path: string, recording: Recording): Promise<void> {
  const pending = await createPendingFile(path);
  try {
    const policy = { ...defaultPolicy, syncSeconds: Infinity }; // nothing to rescue: the rename comes last
    const writer = await NativeWriter.start(pending.handle, describe(path, recording), policy, () => Promise.resolve());
    await copySamples(recording, writer);
    // A point or sweep would otherwise close a chunk of its own.
    for (const point of recording.points) await writer.writePoint(point, "later");
    for (const sweep of recording.sweeps) await writer.writeSweep(sweep, "later");
    await writer.close();
  } catch (error) {
    await pending.abort();
    throw error;
  }
  await pending.commit();
}

function describe(path: string, options: Partial<RecordingDescription>): RecordingDescription {
  return {
    name: options.name ?? basename(path).replace(/\.mcap$/i, ""),
    pairing: options.pairing ?? "by-time",
    warnings: options.warnings ?? [],
    fields: options.fields ?? {},
  };
}

function definedOf({ chunkBytes, chunkSeconds, syncSeconds }: Partial<ChunkPolicy>): Partial<ChunkPolicy> {
  return {
    ...(chunkBytes === undefined ? {} : { chunkBytes }),
    ...(chunkSeconds === undefined ? {} : { chunkSeconds }),
    ...(syncSeconds === undefined ? {} : { syncSeconds }),
  };
}

type Durability = "at once" | "later";

type Channel =
  | { readonly kind: "image"; readonly id: number; readonly device: ImageDeviceDescription }
  | { readonly kind: "pose"; readonly id: number; readonly parent: string }
  | { readonly kind: "point" | "sweep"; readonly id: number };

class NativeWriter implements RecordingWriter {
  readonly #file: ChunkedFileWriter;
  readonly #release: () => Promise<void>;
  readonly #pairing: string;
  /** By "device <id>" and "annotation <kind>". */
  readonly #channels = new Map<string, Channel>();
  #queue: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;
  #latestS = 0;
  #annotations = 0;

  private constructor(file: ChunkedFileWriter, pairing: string, release: () => Promise<void>) {
    this.#file = file;
    this.#pairing = pairing;
    this.#release = release;
  }

  static async start(
    handle: FileHandle,
    description: RecordingDescription,
    policy: ChunkPolicy,
    release: () => Promise<void>,
  ): Promise<NativeWriter> {
    const file = new ChunkedFileWriter(handle, policy);
    await file.start([{ name: RECORDING_RECORD, metadata: describeRecording(description) }]);
    return new NativeWriter(file, description.pairing, release);
  }

  addImageDevice(id: string, device: ImageDeviceDescription): void {
    const bytes = device.width * device.height * bytesPerPixel[device.pixelType];
    if (!(bytes > 0 && bytes <= MAX_IMAGE_BYTES)) {
      throw new RangeError(`${id}: images of ${device.width} x ${device.height} ${device.pixelType} are not recorded`);
    }
    const channel = this.#addChannel("image", topicOf("image", id), describeImageDevice(id, device), `device ${id}`);
    this.#channels.set(`device ${id}`, { kind: "image", id: channel, device });
  }

  addPoseDevice(id: string, { parent = "Tracker", nominalRateHz }: PoseDeviceDescription): void {
    const strings = new Map([
      ["kind", "pose"],
      ["device", id],
      ["parent", parent],
      ["nominalRateHz", String(nominalRateHz)],
    ]);
    const channel = this.#addChannel("pose", topicOf("pose", id), strings, `device ${id}`);
    this.#channels.set(`device ${id}`, { kind: "pose", id: channel, parent });
  }

  writeImage(deviceId: string, sample: Sample<Image> & { readonly valid?: boolean }): Promise<void> {
    const channel = this.#device(deviceId, "image");
    const { width, height, pixels } = sample.value;
    const type = pixelTypeOf(sample.value);
    const { device } = channel;
    if (width !== device.width || height !== device.height || type !== device.pixelType) {
      throw new RangeError(
        `${deviceId}: an image of ${width} x ${height} ${type} from a device of ` +
          `${device.width} x ${device.height} ${device.pixelType}`,
      );
    }
    if (pixels.length !== width * height) {
      throw new RangeError(`${deviceId}: ${pixels.length} pixels in an image of ${width} x ${height}`);
    }
    return this.#add("images", channel.id, sample, encodeImage(deviceId, sample));
  }

  writePoses(deviceId: string, sample: Sample<TrackerFrame>): Promise<void> {
    const channel = this.#device(deviceId, "pose");
    const { tools } = sample.value;
    if (new Set(tools.map(({ tool }) => tool)).size !== tools.length) {
      throw new RangeError(`${deviceId}: a tool occurs twice in one frame`);
    }
    return this.#add("rest", channel.id, sample, encodePoses(channel.parent, sample));
  }

  writePoint(point: DigitisedPoint, durability: Durability = "at once"): Promise<void> {
    return this.#annotate("point", POINT_TOPIC, encodePoint(point), durability);
  }

  writeSweep(sweep: Sweep, durability: Durability = "at once"): Promise<void> {
    return this.#annotate("sweep", SWEEP_TOPIC, encodeSweep(sweep), durability);
  }

  close(): Promise<void> {
    this.#closing ??= this.#enqueue(() => this.#file.end()).finally(() => this.#release());
    return this.#closing;
  }

  #device<K extends "image" | "pose">(id: string, kind: K): Extract<Channel, { kind: K }> {
    const channel = this.#channels.get(`device ${id}`);
    if (channel?.kind !== kind) throw new RangeError(`there is no ${kind} device "${id}"`);
    return channel as Extract<Channel, { kind: K }>;
  }

  #addChannel(kind: ChannelKind, topic: string, metadata: Map<string, string>, key: string): number {
    if (this.#closing) throw new Error("the recording is closed");
    if (this.#channels.has(key)) throw new RangeError(`there is a ${key} already`);
    const schemaId = Object.keys(recordSchemas).indexOf(kind) + 1;
    const id = this.#channels.size;
    metadata.set("pairing", this.#pairing).set("version", FORMAT_VERSION);
    this.#file.addSchema({ id: schemaId, ...recordSchemas[kind] });
    this.#file.addChannel({ id, schemaId, topic, messageEncoding: "protobuf", metadata });
    return id;
  }

  #add(
    group: ChunkGroup,
    channelId: number,
    { sequence, acquiredAt, receivedAt }: Omit<Sample<unknown>, "value">,
    data: Uint8Array,
  ): Promise<void> {
    const logTime = toNanoseconds(receivedAt),
      publishTime = toNanoseconds(acquiredAt);
    return this.#enqueue(() => {
      if (Number.isFinite(receivedAt)) this.#latestS = receivedAt;
      const message = { channelId, sequence: sequence % 2 ** 32, logTime, publishTime, data };
      return this.#file.add(group, message, receivedAt);
    });
  }

  #annotate(kind: "point" | "sweep", topic: string, data: Uint8Array, durability: Durability): Promise<void> {
    const key = `annotation ${kind}`;
    let channel = this.#channels.get(key);
    if (!channel) {
      channel = { kind, id: this.#addChannel(kind, topic, new Map([["kind", kind]]), key) };
      this.#channels.set(key, channel);
    }
    const channelId = channel.id;
    return this.#enqueue(async () => {
      const time = toNanoseconds(this.#latestS); // annotations have no time of their own
      const message = { channelId, sequence: this.#annotations++, logTime: time, publishTime: time, data };
      await this.#file.add("rest", message, this.#latestS);
      if (durability === "at once") await this.#file.flush();
    });
  }

  /** One after the other; the first failure stands for all that come after it. */
  #enqueue(work: () => Promise<void>): Promise<void> {
    if (this.#closing) return Promise.reject(new Error("the recording is closed"));
    this.#queue = this.#queue.then(work);
    this.#queue.catch(() => undefined); // whoever called gets the rejection; no one else needs to
    return this.#queue;
  }
}

/** One device's samples, one ahead, so that several devices can be merged. */
interface Source {
  next: IteratorResult<RecordedImage | Sample<TrackerFrame>, void>;
  readonly samples: AsyncGenerator<RecordedImage | Sample<TrackerFrame>, void, void>;
  readonly write: (sample: RecordedImage | Sample<TrackerFrame>) => Promise<void>;
}

/** All samples in the order of their arrival; samples of one device stay in their own order, whatever their times. */
async function copySamples(recording: Recording, writer: RecordingWriter): Promise<void> {
  const sources = isNativeRecording(recording)
    ? recording.devices.map((device) => {
        if (device.kind === "image") return imageSource(writer, device.id, device, device.samples());
        return poseSource(writer, device.id, device, device.samples());
      })
    : sourcesOfTracks(recording, writer);
  for (const source of sources) source.next = await source.samples.next();
  for (;;) {
    let first: Source | undefined,
      firstS = Infinity;
    for (const source of sources) {
      if (source.next.done) continue;
      const time = source.next.value.receivedAt;
      const timeS = Number.isFinite(time) ? time : -Infinity; // a sample without a time goes at once
      if (first && !(timeS < firstS)) continue;
      first = source;
      firstS = timeS;
    }
    if (!first || first.next.done) return;
    await first.write(first.next.value);
    first.next = await first.samples.next();
  }
}

const NOT_STARTED = { done: true, value: undefined } as const;

function imageSource(
  writer: RecordingWriter,
  id: string,
  device: ImageDeviceDescription,
  samples: AsyncGenerator<RecordedImage, void, void>,
): Source {
  writer.addImageDevice(id, device);
  return { next: NOT_STARTED, samples, write: (sample) => writer.writeImage(id, sample as RecordedImage) };
}

function poseSource(
  writer: RecordingWriter,
  id: string,
  device: PoseDeviceDescription,
  samples: AsyncGenerator<Sample<TrackerFrame>, void, void>,
): Source {
  writer.addPoseDevice(id, device);
  return { next: NOT_STARTED, samples, write: (sample) => writer.writePoses(id, sample as Sample<TrackerFrame>) };
}

function sourcesOfTracks({ images, poses }: Recording, writer: RecordingWriter): Source[] {
  const sources: Source[] = [];
  if (images) {
    const device = { ...imageDescription(images), nominalRateHz: meanRateHz(images.acquiredAtS) };
    sources.push(imageSource(writer, "image", device, imageSamples(images)));
  }
  groupTracks(poses).forEach((tracks, i) => {
    const [first] = tracks;
    const device = { parent: first.parent, nominalRateHz: meanRateHz(first.acquiredAtS) };
    sources.push(poseSource(writer, i === 0 ? "tracker" : `tracker-${i + 1}`, device, poseSamples(tracks)));
  });
  return sources;
}

function imageDescription({
  width,
  height,
  pixelType,
  nominalGeometry,
}: ImageTrack): Omit<ImageDeviceDescription, "nominalRateHz"> {
  return { width, height, pixelType, ...(nominalGeometry ? { nominalGeometry } : {}) };
}

async function* imageSamples(images: ImageTrack): AsyncGenerator<RecordedImage, void, void> {
  for (let i = 0; i < images.count; i++) {
    const value = await images.read(i);
    yield { ...counted(i, images), valid: images.valid[i] !== 0, value };
  }
}

async function* poseSamples(tracks: Tracks): AsyncGenerator<Sample<TrackerFrame>, void, void> {
  for (let i = 0; i < tracks[0].status.length; i++) {
    const tools = tracks.map(({ tool, status, parentFromTool, fitRmsMm }): ToolReading => {
      const said = status[i]!;
      if (said !== "tracked") return { tool, status: said };
      return { tool, status: said, trackerFromTool: parentFromTool.slice(12 * i, 12 * i + 12), fitRmsMm: fitRmsMm[i]! };
    });
    yield { ...counted(i, tracks[0]), value: { tools } };
  }
}

/** A track keeps times alone; nothing says better than "device" where they come from. */
function counted(
  i: number,
  track: { readonly acquiredAtS: Float64Array; readonly receivedAtS: Float64Array },
): Omit<Sample<unknown>, "value"> {
  return {
    sequence: i,
    acquiredAt: deviceSeconds(track.acquiredAtS[i]!),
    receivedAt: hostSeconds(track.receivedAtS[i]!),
    timeSource: "device",
    geometryEpoch: 0,
  };
}

type Tracks = readonly [PoseTrack, ...PoseTrack[]];

/** Neighbouring tracks with one parent and equal times; a tool's name occurs once in a group. */
function groupTracks(poses: readonly PoseTrack[]): Tracks[] {
  const groups: [PoseTrack, ...PoseTrack[]][] = [];
  for (const track of poses) {
    const group = groups.at(-1);
    const joins =
      group !== undefined &&
      group[0].parent === track.parent &&
      group.every(({ tool }) => tool !== track.tool) &&
      sameNumbers(group[0].acquiredAtS, track.acquiredAtS) &&
      sameNumbers(group[0].receivedAtS, track.receivedAtS);
    if (joins) group.push(track);
    else groups.push([track]);
  }
  return groups;
}

function sameNumbers(a: Float64Array, b: Float64Array): boolean {
  return a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
}

/** 0 where the times do not say. */
function meanRateHz(timesS: Float64Array): number {
  const rateHz = (timesS.length - 1) / (timesS[timesS.length - 1]! - timesS[0]!);
  return rateHz > 0 && Number.isFinite(rateHz) ? rateHz : 0;
}

import { crc32 } from "node:zlib";
import { toQuaternion } from "../../core/rigid.ts";
import {
  deviceSeconds,
  hostSeconds,
  type ClockReading,
  type LostStatus,
  type Sample,
  type TimeSource,
  type ToolReading,
  type TrackerFrame,
} from "../../data/device.ts";
import type { Image } from "../../data/image.ts";
import type { DigitisedPoint, ImageTrack, Sweep } from "../../data/recording.ts";
import { ProtoError, ProtoReader, ProtoWriter } from "./protobuf.ts";
import {
  clockFields,
  imageFields,
  pointFields,
  sampleFields,
  sweepFields,
  toolFields,
  transformFields,
} from "./schemas.ts";

export type PixelType = ImageTrack["pixelType"];

/** A sample of an image device. `valid` is false where the source says that the pixels cannot be used. */
export interface RecordedImage extends Sample<Image> {
  readonly valid: boolean;
}

/** What of an image can be known without reading its pixels. */
export interface ImageHeader extends Omit<RecordedImage, "value"> {
  readonly width: number;
  readonly height: number;
  readonly pixelType: PixelType;
  /** Where the pixels begin in the message, and how many bytes they take. */
  readonly dataOffset: number;
  readonly dataBytes: number;
}

/** The names that viewers know; 16SC1 is OpenCV's and not drawn by every viewer. */
const encodings: Readonly<Record<PixelType, string>> = { u8: "mono8", i16: "16SC1", f32: "32FC1" };
export const bytesPerPixel: Readonly<Record<PixelType, number>> = { u8: 1, i16: 2, f32: 4 };

const timeSources: readonly TimeSource[] = ["mid-exposure", "transmit-minus-latency", "device", "arrival"];
const lostStatuses: readonly LostStatus[] = ["occluded", "out-of-volume", "missing", "stale", "invalid", "unknown"];

const METRES_PER_MM = 1e-3;

/** MCAP counts unsigned nanoseconds; times that have none become 0 or the largest (the payload has the double). */
export function toNanoseconds(timeS: number): bigint {
  if (!(timeS > 0)) return 0n;
  if (timeS >= 18446744073) return (1n << 64n) - 1n; // seconds that 64 bits of nanoseconds hold
  const whole = Math.floor(timeS);
  return BigInt(whole) * 1_000_000_000n + BigInt(Math.round((timeS - whole) * 1e9));
}

export function pixelTypeOf({ pixels }: Image): PixelType {
  return pixels instanceof Uint8Array ? "u8" : pixels instanceof Int16Array ? "i16" : "f32";
}

export function encodeImage(device: string, sample: Sample<Image> & { readonly valid?: boolean }): Uint8Array {
  const { width, height, pixels } = sample.value;
  const type = pixelTypeOf(sample.value);
  const message = new ProtoWriter();
  writeTimestamp(message, imageFields.timestamp, sample.acquiredAt);
  message.fixed32(imageFields.width, width).fixed32(imageFields.height, height);
  message.string(imageFields.encoding, encodings[type]).fixed32(imageFields.step, width * bytesPerPixel[type]);
  message.string(imageFields.frameId, device);
  writeSample(message, sample);
  message.bool(sampleFields.invalid, sample.valid === false);
  message.fixed32(sampleFields.headerCrc, crc32(message.written()));
  // Last, so that the header can be read without it. Little-endian, as RawImage asks and as every machine with Node.
  message.bytes(imageFields.data, new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength));
  return message.written();
}

/**
 * Reads an image message up to its pixels; `start` may end anywhere behind them. `messageBytes` is the length of the
 * whole message, which must be what header and pixels add up to.
 */
export function decodeImageHeader(start: Uint8Array, messageBytes: number): ImageHeader {
  const reader = new ProtoReader(start);
  const sample = new SampleBuilder();
  let width = 0,
    height = 0,
    step = 0,
    encoding = "",
    invalid = false,
    crcFound = false;
  for (let before = 0; ; before = reader.position) {
    const field = reader.next();
    if (field === undefined) throw new ProtoError("an image without pixels", reader.position);
    if (field === imageFields.data) break;
    if (field === imageFields.width) width = reader.fixed32();
    else if (field === imageFields.height) height = reader.fixed32();
    else if (field === imageFields.step) step = reader.fixed32();
    else if (field === imageFields.encoding) encoding = reader.string();
    else if (field === sampleFields.invalid) invalid = reader.bool();
    else if (field === sampleFields.headerCrc) {
      crcFound = reader.fixed32() === crc32(start.subarray(0, before));
      if (!crcFound) throw new ProtoError("an image's header fails its checksum", before);
    } else if (!sample.take(field, reader)) reader.skip();
  }
  if (!crcFound) throw new ProtoError("an image's header has no checksum", reader.position);
  const dataBytes = reader.bytesLength();
  const dataOffset = reader.position;
  const [pixelType] = (Object.keys(encodings) as PixelType[]).filter((type) => encodings[type] === encoding);
  if (!pixelType) throw new ProtoError(`pixels of the unknown kind "${encoding.slice(0, 20)}"`, dataOffset);
  const expected = width * height * bytesPerPixel[pixelType];
  if (step !== width * bytesPerPixel[pixelType] || dataBytes !== expected || dataOffset + dataBytes !== messageBytes) {
    throw new ProtoError(`${width} x ${height} ${encoding} pixels do not take ${dataBytes} bytes`, dataOffset);
  }
  return { ...sample.build(), valid: !invalid, width, height, pixelType, dataOffset, dataBytes };
}

/** A copy of the pixels: the message is not kept. */
export function decodePixels(message: Uint8Array, header: ImageHeader): Image {
  const { width, height, pixelType, dataOffset, dataBytes } = header;
  const copy = new Uint8Array(dataBytes); // not slice(): a Buffer's is no copy
  copy.set(message.subarray(dataOffset, dataOffset + dataBytes));
  const pixels =
    pixelType === "u8"
      ? copy
      : pixelType === "i16"
        ? new Int16Array(copy.buffer, 0, width * height)
        : new Float32Array(copy.buffer, 0, width * height);
  return { width, height, pixels };
}

export function encodePoses(parent: string, sample: Sample<TrackerFrame>): Uint8Array {
  const message = new ProtoWriter();
  for (const reading of sample.value.tools) {
    // Only for viewers: metres and a quaternion. What is read back is the matrix below, bit for bit.
    if (reading.status !== "tracked" || !reading.trackerFromTool.every(Number.isFinite)) continue;
    const m = reading.trackerFromTool;
    message.message(1, (transform) => {
      writeTimestamp(transform, transformFields.timestamp, sample.acquiredAt);
      transform.string(transformFields.parent, parent).string(transformFields.child, reading.tool);
      writeVector(transform, transformFields.translation, [m[3]!, m[7]!, m[11]!].map((mm) => mm * METRES_PER_MM)); // prettier-ignore
      writeVector(transform, transformFields.rotation, toQuaternion(m));
    });
  }
  writeSample(message, sample);
  for (const reading of sample.value.tools) {
    message.message(sampleFields.tools, (tool) => {
      tool.string(toolFields.name, reading.tool).string(toolFields.status, reading.status);
      if (reading.status !== "tracked") return;
      tool.doubles(toolFields.trackerFromTool, reading.trackerFromTool);
      tool.double(toolFields.fitRmsMm, reading.fitRmsMm);
    });
  }
  return message.written();
}

export function decodePoses(message: Uint8Array): Sample<TrackerFrame> {
  const reader = new ProtoReader(message);
  const sample = new SampleBuilder();
  const tools: ToolReading[] = [];
  for (let field = reader.next(); field !== undefined; field = reader.next()) {
    if (field === sampleFields.tools) tools.push(decodeTool(reader.message()));
    else if (!sample.take(field, reader)) reader.skip();
  }
  return { ...sample.build(), value: { tools } };
}

function decodeTool(reader: ProtoReader): ToolReading {
  let tool = "",
    status = "",
    trackerFromTool = new Float64Array(0),
    fitRmsMm = NaN;
  for (let field = reader.next(); field !== undefined; field = reader.next()) {
    if (field === toolFields.name) tool = reader.string();
    else if (field === toolFields.status) status = reader.string();
    else if (field === toolFields.trackerFromTool) trackerFromTool = new Float64Array(reader.doubles());
    else if (field === toolFields.fitRmsMm) fitRmsMm = reader.double();
    else reader.skip();
  }
  if (status !== "tracked") return { tool, status: lostStatuses.find((known) => known === status) ?? "unknown" };
  if (trackerFromTool.length !== 12) {
    throw new ProtoError(`a pose of ${trackerFromTool.length} numbers instead of 12`, reader.position);
  }
  return { tool, status, trackerFromTool, fitRmsMm };
}

export function encodePoint({ name, body, positionMm }: DigitisedPoint): Uint8Array {
  return new ProtoWriter()
    .string(pointFields.name, name)
    .string(pointFields.body, body)
    .doubles(pointFields.positionMm, positionMm)
    .written();
}

export function decodePoint(message: Uint8Array): DigitisedPoint {
  const reader = new ProtoReader(message);
  let name = "",
    body = "",
    position = new Float64Array(0);
  for (let field = reader.next(); field !== undefined; field = reader.next()) {
    if (field === pointFields.name) name = reader.string();
    else if (field === pointFields.body) body = reader.string();
    else if (field === pointFields.positionMm) position = new Float64Array(reader.doubles());
    else reader.skip();
  }
  const [x, y, z] = position;
  if (position.length !== 3) throw new ProtoError(`a point of ${position.length} coordinates`, reader.position);
  return { name, body, positionMm: [x!, y!, z!] };
}

export function encodeSweep({ name, fromS, toS }: Sweep): Uint8Array {
  return new ProtoWriter()
    .string(sweepFields.name, name)
    .double(sweepFields.fromS, fromS)
    .double(sweepFields.toS, toS)
    .written();
}

export function decodeSweep(message: Uint8Array): Sweep {
  const reader = new ProtoReader(message);
  let name = "",
    fromS = NaN,
    toS = NaN;
  for (let field = reader.next(); field !== undefined; field = reader.next()) {
    if (field === sweepFields.name) name = reader.string();
    else if (field === sweepFields.fromS) fromS = reader.double();
    else if (field === sweepFields.toS) toS = reader.double();
    else reader.skip();
  }
  return { name, fromS, toS };
}

function writeSample(message: ProtoWriter, sample: Omit<Sample<unknown>, "value">): void {
  message
    .uint(sampleFields.sequence, sample.sequence)
    .double(sampleFields.acquiredAtS, sample.acquiredAt)
    .double(sampleFields.receivedAtS, sample.receivedAt)
    .string(sampleFields.timeSource, sample.timeSource)
    .uint(sampleFields.geometryEpoch, sample.geometryEpoch);
  const { clockReading: clock } = sample;
  if (!clock) return;
  message.message(sampleFields.clockReading, (reading) =>
    reading
      .double(clockFields.deviceS, clock.deviceS)
      .double(clockFields.hostS, clock.hostS)
      .double(clockFields.uncertaintyS, clock.uncertaintyS),
  );
}

function decodeClock(reader: ProtoReader): ClockReading {
  let deviceS = NaN,
    hostS = NaN,
    uncertaintyS = NaN;
  for (let field = reader.next(); field !== undefined; field = reader.next()) {
    if (field === clockFields.deviceS) deviceS = reader.double();
    else if (field === clockFields.hostS) hostS = reader.double();
    else if (field === clockFields.uncertaintyS) uncertaintyS = reader.double();
    else reader.skip();
  }
  return { deviceS: deviceSeconds(deviceS), hostS: hostSeconds(hostS), uncertaintyS };
}

/** Collects the fields that images and poses share. */
class SampleBuilder {
  #sequence = 0;
  #acquiredAt = NaN;
  #receivedAt = NaN;
  #timeSource: TimeSource | undefined;
  #geometryEpoch = 0;
  #clockReading: ClockReading | undefined;

  /** Reads the field if it is one of these. */
  take(field: number, reader: ProtoReader): boolean {
    if (field === sampleFields.sequence) this.#sequence = reader.uint();
    else if (field === sampleFields.acquiredAtS) this.#acquiredAt = reader.double();
    else if (field === sampleFields.receivedAtS) this.#receivedAt = reader.double();
    else if (field === sampleFields.geometryEpoch) this.#geometryEpoch = reader.uint();
    else if (field === sampleFields.clockReading) this.#clockReading = decodeClock(reader.message());
    else if (field === sampleFields.timeSource) {
      const name = reader.string();
      this.#timeSource = timeSources.find((known) => known === name);
    } else return false;
    return true;
  }

  build(): Omit<Sample<unknown>, "value"> {
    return {
      sequence: this.#sequence,
      acquiredAt: deviceSeconds(this.#acquiredAt),
      receivedAt: hostSeconds(this.#receivedAt),
      timeSource: this.#timeSource ?? "arrival", // a name of a later version: the weakest that can be said
      geometryEpoch: this.#geometryEpoch,
      ...(this.#clockReading ? { clockReading: this.#clockReading } : {}),
    };
  }
}

/** google.protobuf.Timestamp: seconds 1, nanos 2. */
function writeTimestamp(message: ProtoWriter, field: number, timeS: number): void {
  const ns = toNanoseconds(timeS);
  message.message(field, (time) => time.uint(1, Number(ns / 1_000_000_000n)).uint(2, Number(ns % 1_000_000_000n)));
}

/** x, y, z and, of a quaternion, w are the fields 1, 2, 3, 4. */
function writeVector(message: ProtoWriter, field: number, components: readonly number[]): void {
  message.message(field, (vector) => components.forEach((value, i) => vector.double(i + 1, value)));
}

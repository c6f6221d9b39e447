import type { Rng } from "../../../src/core/rng.ts";
import {
  deviceSeconds,
  hostSeconds,
  type LostStatus,
  type Sample,
  type TimeSource,
  type ToolReading,
  type TrackerFrame,
} from "../../../src/data/device.ts";
import type { Image, ImageGeometry } from "../../../src/data/image.ts";
import type { ImageTrack, PoseTrack, Recording } from "../../../src/data/recording.ts";
import type { NativeRecording } from "../../../src/io/mcap/devices.ts";
import type { RecordedImage } from "../../../src/io/mcap/messages.ts";
import { createRecordingWriter } from "../../../src/io/mcap/writer.ts";

export const timeSources: readonly TimeSource[] = ["mid-exposure", "transmit-minus-latency", "device", "arrival"];
export const lostStatuses: readonly LostStatus[] = [
  "occluded",
  "out-of-volume",
  "missing",
  "stale",
  "invalid",
  "unknown",
];

/** Any double that a driver may deliver: small, Unix-sized, negative, odd fractions, now and then none. */
export function anyTime(rng: Rng): number {
  const kinds = [
    () => rng.uniform() * 10,
    () => 1.7e9 + rng.uniform() * 1e6,
    () => -rng.uniform(),
    () => 0,
    () => NaN,
    () => rng.uniform() * 1e-12,
    () => 1e12 * rng.uniform(),
  ];
  return kinds[rng.integer(kinds.length)]!();
}

export function imageSample(
  sequence: number,
  timeS: number,
  { width = 8, height = 6, fill = sequence }: { width?: number; height?: number; fill?: number } = {},
): Sample<Image> {
  const pixels = new Uint8Array(width * height).map((_, i) => i * 31 + fill);
  return {
    sequence,
    acquiredAt: deviceSeconds(timeS),
    receivedAt: hostSeconds(timeS),
    timeSource: "arrival",
    geometryEpoch: 0,
    value: { width, height, pixels },
  };
}

export function poseSample(sequence: number, timeS: number): Sample<TrackerFrame> {
  const trackerFromTool = Float64Array.of(1, 0, 0, sequence, 0, 1, 0, 2, 0, 0, 1, 3);
  return {
    sequence,
    acquiredAt: deviceSeconds(timeS),
    receivedAt: hostSeconds(timeS),
    timeSource: "mid-exposure",
    geometryEpoch: 0,
    value: { tools: [{ tool: "Probe", status: "tracked", trackerFromTool, fitRmsMm: 0.1 }] },
  };
}

export function randomPixels(rng: Rng, type: ImageTrack["pixelType"], count: number): Image["pixels"] {
  if (type === "u8") return Uint8Array.from({ length: count }, () => rng.integer(256));
  if (type === "i16") return Int16Array.from({ length: count }, () => rng.integer(65536) - 32768);
  return Float32Array.from({ length: count }, () => (rng.integer(20) ? rng.normal() * 1e3 : NaN));
}

export function randomReading(rng: Rng, tool: string): ToolReading {
  if (rng.integer(3) === 0) return { tool, status: lostStatuses[rng.integer(6)]! };
  const trackerFromTool = Float64Array.from({ length: 12 }, () => rng.normal() * 100);
  return { tool, status: "tracked", trackerFromTool, fitRmsMm: rng.integer(4) ? rng.uniform() : NaN };
}

export function randomGeometry(rng: Rng, width: number, height: number): ImageGeometry {
  return {
    width,
    height,
    spacingMm: [rng.uniform() + 1e-3, rng.uniform() + 1e-3],
    faceCentrePx: [rng.normal() * 100, rng.normal()],
    ...(rng.uniform() < 0.5
      ? { fieldOfView: { kind: "sector", radiusMm: 10 + rng.uniform(), angleRad: rng.uniform() + 0.1, depthMm: 40 } }
      : {}),
  };
}

/** A recording as another format would give it: tracks without sequence numbers or devices. */
export function recordingOfTracks(
  images: ImageTrack | undefined,
  poses: readonly PoseTrack[],
  rest: Partial<Recording> = {},
): Recording {
  return {
    name: "sweep",
    images,
    poses,
    pairing: "by-time",
    points: [],
    sweeps: [],
    warnings: [],
    fields: {},
    close: () => Promise.resolve(),
    ...rest,
  };
}

/** Everything that a native recording holds, to compare two of them. */
export async function contentOf(recording: NativeRecording): Promise<unknown> {
  const devices: unknown[] = [];
  for (const device of recording.devices) {
    const samples: (RecordedImage | Sample<TrackerFrame>)[] = [];
    for await (const sample of device.samples()) samples.push(sample);
    const { kind, id, nominalRateHz } = device;
    const described =
      device.kind === "image"
        ? { width: device.width, height: device.height, pixelType: device.pixelType, geometry: device.nominalGeometry }
        : { parent: device.parent };
    devices.push({ kind, id, nominalRateHz, ...described, samples });
  }
  const { name, pairing, points, sweeps, warnings, fields } = recording;
  return { name, pairing, points, sweeps, warnings, fields, devices };
}

/** A few kilobytes with every kind of message. */
export async function writeSmall(path: string): Promise<void> {
  const writer = await createRecordingWriter(path, { name: "small", overwrite: true, fields: { a: "b" } });
  writer.addImageDevice("us", { width: 8, height: 6, pixelType: "u8", nominalRateHz: 30 });
  writer.addPoseDevice("duo", { nominalRateHz: 120 });
  for (let i = 0; i < 6; i++) {
    await writer.writeImage("us", imageSample(i, i / 4));
    await writer.writePoses("duo", poseSample(i, i / 4));
  }
  await writer.writePoint({ name: "divot", body: "femur", positionMm: [1, 2, 3] });
  await writer.close();
}

export interface ChunkSpan {
  readonly start: number;
  readonly end: number;
  readonly messages: number;
}

/** Where the chunk records of an intact file lie, by walking its records one after the other. */
export function chunkSpans(bytes: Buffer): ChunkSpan[] {
  const spans: ChunkSpan[] = [];
  for (let at = 8; at + 9 <= bytes.length;) {
    const end = at + 9 + Number(bytes.readBigUInt64LE(at + 1));
    if (bytes[at] === 6) {
      let messages = 0;
      for (let inner = at + 49; inner < end; inner += 9 + Number(bytes.readBigUInt64LE(inner + 1))) {
        if (bytes[inner] === 5) messages++;
      }
      spans.push({ start: at, end, messages });
    }
    if (bytes[at] === 2) break;
    at = end;
  }
  return spans;
}

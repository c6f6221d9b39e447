import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { McapIndexedReader, McapStreamReader, McapWriter } from "@mcap/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FormatError, UnsuitableInputError } from "../../../src/core/errors.ts";
import { createRng, type Rng } from "../../../src/core/rng.ts";
import { deviceSeconds, hostSeconds, type Sample, type TrackerFrame } from "../../../src/data/device.ts";
import type { Image } from "../../../src/data/image.ts";
import type { DigitisedPoint, ImageTrack, PoseTrack, Sweep } from "../../../src/data/recording.ts";
import type { NativeRecording } from "../../../src/io/mcap/devices.ts";
import { toNanoseconds } from "../../../src/io/mcap/messages.ts";
import { openMcap } from "../../../src/io/mcap/reader.ts";
import { createRecordingWriter, writeRecording } from "../../../src/io/mcap/writer.ts";
import {
  anyTime,
  contentOf,
  imageSample,
  poseSample,
  randomGeometry,
  randomPixels,
  randomReading,
  recordingOfTracks,
  timeSources,
  writeSmall,
} from "./support.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sonobench-mcap-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let names = 0;
const newPath = (): string => join(folder, `r${names++}.mcap`);

/** Opens, hands over, closes. */
async function opened<T>(path: string, use: (recording: NativeRecording) => Promise<T> | T): Promise<T> {
  const recording = await openMcap(path);
  try {
    return await use(recording);
  } finally {
    await recording.close();
  }
}

describe("round trip", () => {
  test("everything that samples carry comes back bit for bit, for any times, statuses and pixel types", async () => {
    for (let i = 0; i < 25; i++) {
      const seed = `mcap/round-trip/${i}`;
      const rng = createRng(seed);
      const path = newPath();
      const expected = await writeRandom(rng, path);
      const found = await opened(path, contentOf);
      expect(found, seed).toEqual(expected);
    }
  });

  test("a copy of a native recording holds the same, and copying twice gives the same bytes", async () => {
    const path = newPath(),
      first = newPath(),
      second = newPath();
    await writeRandom(createRng("mcap/copy"), path);
    const before = await opened(path, async (recording) => {
      await writeRecording(first, recording);
      await writeRecording(second, recording);
      return contentOf(recording);
    });
    // Devices whose times run backwards may be interleaved anew, but each device's samples keep their order.
    expect(await opened(first, contentOf)).toEqual(before);
    expect(await readFile(first)).toEqual(await readFile(second));
  });

  test("the same calls give the same bytes", async () => {
    const [a, b] = [newPath(), newPath()];
    await writeRandom(createRng("mcap/same"), a);
    await writeRandom(createRng("mcap/same"), b);
    expect(Buffer.compare(await readFile(a), await readFile(b))).toBe(0);
  });

  test("tracks of another format come back as the same tracks", async () => {
    for (let i = 0; i < 30; i++) {
      const seed = `mcap/tracks/${i}`;
      const rng = createRng(seed);
      const images = randomImageTrack(rng);
      const poses = randomTracks(rng);
      const path = newPath();
      const rest = { pairing: rng.integer(2) ? ("by-index" as const) : ("by-time" as const), fields: { Kinds: "a b" } };
      await writeRecording(path, recordingOfTracks(images, poses, rest));
      await opened(path, async (recording) => {
        expect(recording.pairing).toBe(rest.pairing);
        expect(recording.fields).toEqual(rest.fields);
        expect(recording.poses, seed).toEqual(poses);
        const { read, ...track } = recording.images!;
        const { read: readExpected, ...expected } = images;
        expect(track, seed).toEqual(expected);
        for (let k = 0; k < images.count; k++) expect(await read(k), seed).toEqual(await readExpected(k));
      });
    }
  });

  test("a recording without images, and one without anything, can be opened", async () => {
    const [posesOnly, empty] = [newPath(), newPath()];
    await writeRecording(posesOnly, recordingOfTracks(undefined, randomTracks(createRng("x"))));
    await writeRecording(empty, recordingOfTracks(undefined, []));
    await opened(posesOnly, ({ images, poses }) => {
      expect(images).toBeUndefined();
      expect(poses.length).toBeGreaterThan(0);
    });
    await opened(empty, ({ images, poses, name }) => expect([images, poses, name]).toEqual([undefined, [], "sweep"]));
  });

  test("of several image devices the first is `images`, or the one that is named", async () => {
    const path = newPath();
    const writer = await createRecordingWriter(path);
    const device = { width: 8, height: 6, pixelType: "u8", nominalRateHz: 30 } as const;
    writer.addImageDevice("left / \"one\"\n", device); // prettier-ignore
    writer.addImageDevice("right", device);
    await writer.writeImage("left / \"one\"\n", imageSample(0, 0, { fill: 1 })); // prettier-ignore
    await writer.writeImage("right", imageSample(0, 0, { fill: 2 }));
    await writer.close();
    const first = await openMcap(path),
      named = await openMcap(path, { imageDevice: "right" });
    expect((await first.images!.read(0)).pixels[0]).toBe(1);
    expect((await named.images!.read(0)).pixels[0]).toBe(2);
    await first.close();
    await named.close();
    await expect(openMcap(path, { imageDevice: "up" })).rejects.toThrow(/image device "up": does not exist.*"right"/s);
  });
});

describe("for other programs", () => {
  test("@mcap/core's own readers find every message in order, every CRC right, nothing left over", async () => {
    const path = newPath();
    await writeThreeSeconds(path);
    const bytes = await readFile(path);
    const readable = {
      size: () => Promise.resolve(BigInt(bytes.length)),
      read: (offset: bigint, length: bigint) =>
        Promise.resolve(bytes.subarray(Number(offset), Number(offset + length))),
    };
    const indexed = await McapIndexedReader.Initialize({ readable });
    let count = 0n,
      latest = 0n;
    for await (const { logTime } of indexed.readMessages({ validateCrcs: true })) {
      expect(logTime >= latest).toBe(true);
      latest = logTime;
      count++;
    }
    expect(count).toBe(indexed.statistics!.messageCount);
    expect(count).toBe(90n + 360n + 1n + 1n);
    const stream = new McapStreamReader();
    stream.append(bytes);
    let inChunks = 0n;
    for (let record = stream.nextRecord(); record; record = stream.nextRecord()) {
      if (record.type === "Message") inChunks++;
    }
    expect(stream.done()).toBe(true);
    expect(inChunks).toBe(count);
  });

  test("the schema that travels with a channel describes the message field by field", async () => {
    const path = newPath();
    await writeThreeSeconds(path);
    const bytes = await readFile(path);
    const stream = new McapStreamReader();
    stream.append(bytes);
    const schemas = new Map<number, { name: string; types: Types }>();
    const seen = new Map<string, Record<string, unknown>>();
    const channels = new Map<number, number>();
    for (let record = stream.nextRecord(); record; record = stream.nextRecord()) {
      if (record.type === "Schema") schemas.set(record.id, { name: record.name, types: readDescriptors(record.data) });
      if (record.type === "Channel") channels.set(record.id, record.schemaId);
      if (record.type !== "Message") continue;
      const { name, types } = schemas.get(channels.get(record.channelId)!)!;
      if (!seen.has(name)) seen.set(name, decodeBySchema(types, name, record.data));
    }
    expect(seen.get("foxglove.RawImage")).toMatchObject({
      timestamp: {},
      frame_id: "us",
      width: 8,
      height: 6,
      encoding: "mono8",
      step: 8,
      data: Uint8Array.from({ length: 48 }, (_, i) => i * 31),
      time_source: "arrival",
    });
    const translation = { x: 0, y: 0.002, z: 0.003 }; // metres
    expect(seen.get("foxglove.FrameTransforms")).toMatchObject({
      transforms: [{ parent_frame_id: "Tracker", child_frame_id: "Probe", translation, rotation: { w: 1 } }],
      tools: [{ name: "Probe", status: "tracked", tracker_from_tool: [1, 0, 0, 0, 0, 1, 0, 2, 0, 0, 1, 3] }],
    });
    expect(seen.get("sonobench.DigitisedPoint")).toEqual({ name: "divot", body: "femur", position_mm: [1, 2, 3] });
    expect(seen.get("sonobench.Sweep")).toEqual({ name: "medial", from_s: 0.5, to_s: 1.5 });
  });

  test("MCAP's times are the samples' times in nanoseconds, acquired and received", () => {
    expect(toNanoseconds(1.5)).toBe(1_500_000_000n);
    expect(toNanoseconds(1_700_000_000.123456)).toBe(1_700_000_000_123456001n); // what the double says, to the ns
    expect([NaN, -1, 0, Infinity, 1e300].map(toNanoseconds)).toEqual([0n, 0n, 0n, 2n ** 64n - 1n, 2n ** 64n - 1n]);
  });
});

describe("chunks", () => {
  test("no chunk spans more than half a second, or much more than a mebibyte", async () => {
    const path = newPath();
    const writer = await createRecordingWriter(path);
    writer.addImageDevice("us", { width: 512, height: 512, pixelType: "u8", nominalRateHz: 30 });
    writer.addPoseDevice("duo", { nominalRateHz: 10 });
    for (let i = 0; i < 60; i++) {
      await writer.writeImage("us", imageSample(i, i / 30, { width: 512, height: 512 }));
      if (i % 3 === 0) await writer.writePoses("duo", poseSample(i, i / 30));
    }
    await writer.close();
    const bytes = await readFile(path);
    const stream = new McapStreamReader({ includeChunks: true });
    stream.append(bytes);
    let chunks = 0;
    for (let record = stream.nextRecord(); record; record = stream.nextRecord()) {
      if (record.type !== "Chunk") continue;
      chunks++;
      expect(record.messageEndTime - record.messageStartTime).toBeLessThan(500_000_000n);
      expect(record.records.length).toBeLessThan((1 << 20) + 512 * 512 + 10_000);
    }
    expect(chunks).toBeGreaterThan(15);
  });

  test("poses can be read although every pixel of the file is damaged", async () => {
    const path = newPath();
    await writeThreeSeconds(path);
    const bytes = await readFile(path);
    const pixels = Buffer.from(imageSample(5, 0).value.pixels as Uint8Array);
    bytes[bytes.indexOf(pixels) + 3]! ^= 1;
    await writeFile(path, bytes);
    await opened(path, async ({ poses, images }) => {
      expect(poses[0]!.status.length).toBe(360);
      await expect(images!.read(5)).rejects.toThrow(/the chunk fails its checksum.*record recover/s);
    });
  });
});

describe("the writer refuses", () => {
  test("to touch a file that exists, unless told to", async () => {
    const path = newPath();
    await writeFile(path, "precious");
    await expect(createRecordingWriter(path)).rejects.toThrow(UnsuitableInputError);
    expect(await readFile(path, "utf8")).toBe("precious");
    await (await createRecordingWriter(path, { overwrite: true })).close();
    await opened(path, ({ devices }) => expect(devices).toEqual([]));
  });

  test("samples that are not the device's, unknown devices, doubled names, and calls after the end", async () => {
    const writer = await createRecordingWriter(newPath());
    writer.addImageDevice("us", { width: 8, height: 6, pixelType: "u8", nominalRateHz: 30 });
    writer.addPoseDevice("duo", { nominalRateHz: 120 });
    const pose = poseSample(0, 0);
    const twice = { ...pose, value: { tools: [pose.value.tools[0]!, pose.value.tools[0]!] } };
    const attempt = (call: () => unknown): unknown => {
      try {
        return call();
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(attempt(() => writer.writeImage("us", imageSample(0, 0, { width: 9 })))).toMatch(/9 x 6 u8 from a device of 8 x 6/);
    expect(attempt(() => writer.writeImage("duo", imageSample(0, 0)))).toMatch(/no image device "duo"/);
    expect(attempt(() => writer.writePoses("duo", twice))).toMatch(/a tool occurs twice/);
    expect(attempt(() => writer.addPoseDevice("us", { nominalRateHz: 1 }))).toMatch(/device us already/);
    expect(attempt(() => writer.writePoses("duo", { ...pose, sequence: -1 }))).toMatch(/not a whole number/);
    const huge = { width: 1e5, height: 1e5, pixelType: "f32", nominalRateHz: 1 } as const;
    expect(attempt(() => writer.addImageDevice("huge", huge))).toMatch(/not recorded/);
    await writer.close();
    await writer.close();
    await expect(writer.writePoses("duo", pose)).rejects.toThrow(/closed/);
  }); // prettier-ignore

  test("to leave half a file when a whole recording cannot be copied", async () => {
    const images = randomImageTrack(createRng("fails"));
    const failing = { ...images, count: 5, read: () => Promise.reject(new Error("disk gone")) };
    const path = newPath();
    await expect(writeRecording(path, recordingOfTracks(failing, []))).rejects.toThrow("disk gone");
    const left = (await readdir(folder)).filter((name) => name.includes(".tmp") || join(folder, name) === path);
    expect(left).toEqual([]);
  });
});

describe("the reader refuses", () => {
  test("what is no MCAP file, has no index, or has nothing of ours, and says which", async () => {
    const path = newPath();
    await writeFile(path, "");
    await expect(openMcap(path)).rejects.toThrow(/is not an MCAP file/);
    await writeFile(path, "hello, this is no recording");
    await expect(openMcap(path)).rejects.toThrow(/is not an MCAP file/);
    await expect(openMcap(join(folder, "none.mcap"))).rejects.toThrow(/cannot be opened \(ENOENT\)/);
    await expect(openMcap(folder)).rejects.toThrow(/is not a file/);
    await writeThreeSeconds(path, true);
    const whole = await readFile(path);
    await writeFile(path, whole.subarray(0, whole.length - 1));
    await expect(openMcap(path)).rejects.toThrow(/has no index.*sonobench record recover .*\.mcap/s);
    await writeForeign(path, {});
    await expect(openMcap(path)).rejects.toThrow(/without devices of sonobench \(its topics: \/chatter\)/);
  });

  test("a compressed chunk, by the name of the compression", async () => {
    const path = newPath();
    await writeForeign(path, { compression: "zstd" });
    await expect(openMcap(path)).rejects.toThrow(/byte \d+: a chunk is compressed \(zstd\), which is not read.*mcap decompress/s); // prettier-ignore
  });

  test("every cut of a file, with the way to recover it", async () => {
    const path = newPath();
    await writeSmall(path);
    const whole = await readFile(path);
    for (let length = 8; length < whole.length; length += 29) {
      await writeFile(path, whole.subarray(0, length));
      await expect(openMcap(path)).rejects.toThrow(/record recover/);
    }
  });

  test("or reads rightly: whichever bit of a file flips, no sample is ever wrong", async () => {
    const path = newPath();
    await writeSmall(path);
    const whole = await readFile(path);
    const expected = await opened(path, contentOf);
    let refused = 0;
    const rng = createRng("mcap/flips");
    for (let i = 0; i < 200; i++) {
      const bytes = Buffer.from(whole);
      bytes[rng.integer(bytes.length)]! ^= 1 << rng.integer(8);
      await writeFile(path, bytes);
      try {
        expect(await opened(path, contentOf)).toEqual(expected);
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(100);
  });

  test("lengths of 2^63 and more anywhere, without allocating them", async () => {
    const path = newPath();
    await writeSmall(path);
    const whole = await readFile(path);
    const rng = createRng("mcap/lengths");
    for (let i = 0; i < 100; i++) {
      const bytes = Buffer.from(whole);
      const at = rng.integer(bytes.length - 8);
      const values = [0x7fffffffffffffffn, 0xffffffffffffffffn, 0x8000000000000000n, 0xffffffffn, 1n << 40n];
      bytes.writeBigUInt64LE(values[rng.integer(5)]!, at);
      await writeFile(path, bytes);
      try {
        await opened(path, contentOf);
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
      }
    }
  });
});

/** Three seconds of images at 30 Hz and poses at 120 Hz, a point and a sweep. */
async function writeThreeSeconds(path: string, overwrite = false): Promise<void> {
  const writer = await createRecordingWriter(path, { overwrite });
  writer.addImageDevice("us", { width: 8, height: 6, pixelType: "u8", nominalRateHz: 30 });
  writer.addPoseDevice("duo", { nominalRateHz: 120 });
  for (let i = 0; i < 360; i++) {
    await writer.writePoses("duo", poseSample(i, i / 120));
    if (i % 4 === 0) await writer.writeImage("us", imageSample(i / 4, i / 120));
  }
  await writer.writePoint({ name: "divot", body: "femur", positionMm: [1, 2, 3] });
  await writer.writeSweep({ name: "medial", fromS: 0.5, toS: 1.5 });
  await writer.close();
}

async function writeForeign(path: string, { compression }: { compression?: string }): Promise<void> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const writable = {
    write: (bytes: Uint8Array) => Promise.resolve(void (length += parts.push(bytes.slice()) && bytes.length)),
    position: () => BigInt(length),
  };
  const compressChunk = (data: Uint8Array): { compression: string; compressedData: Uint8Array } => ({
    compression: compression ?? "",
    compressedData: data,
  });
  const writer = new McapWriter({ writable, compressChunk });
  await writer.start();
  const channel = { topic: "/chatter", schemaId: 0, messageEncoding: "json", metadata: new Map<string, string>() };
  const channelId = await writer.registerChannel(channel);
  await writer.addMessage({ channelId, sequence: 0, logTime: 0n, publishTime: 0n, data: Buffer.from("{}") });
  await writer.end();
  await writeFile(path, Buffer.concat(parts));
}

/** Writes random devices and samples; gives what `contentOf` should find. */
async function writeRandom(rng: Rng, path: string): Promise<unknown> {
  const fields = Object.fromEntries(
    Array.from({ length: rng.integer(4) }, (_, i) => [`key ${i} µ`, `value\n${rng.uniform()}`]),
  );
  const head = { name: "ünïcode", pairing: "by-time" as const, fields, warnings: ["odd", "very odd"] };
  const writer = await createRecordingWriter(path, { ...head, chunkBytes: 1 + rng.integer(4000) });
  const devices: { id: string; samples: unknown[]; [key: string]: unknown }[] = [];
  const writes: (() => Promise<void>)[] = [];
  for (let d = 1 + rng.integer(2); d > 0; d--) {
    const [width, height] = [1 + rng.integer(12), 1 + rng.integer(12)];
    const pixelType = (["u8", "i16", "f32"] as const)[rng.integer(3)]!;
    const geometry = rng.integer(2) ? randomGeometry(rng, width, height) : undefined;
    const id = `us ${d}`;
    const samples: unknown[] = [];
    const description = { width, height, pixelType, nominalRateHz: rng.uniform() * 100 };
    writer.addImageDevice(id, { ...description, ...(geometry ? { nominalGeometry: geometry } : {}) });
    devices.push({ kind: "image", id, ...description, geometry, samples });
    writes.push(() => {
      const pixels = randomPixels(rng, pixelType, width * height);
      const sample = { ...anySample<Image>(rng, { width, height, pixels }), valid: rng.integer(4) > 0 };
      samples.push({ ...sample, value: { width, height, pixels: pixels.slice() } });
      const written = writer.writeImage(id, sample);
      pixels.fill(0); // the caller may reuse its buffer at once
      return written;
    });
  }
  for (let d = 1 + rng.integer(2); d > 0; d--) {
    const id = `tracker ${d}`;
    const parent = ["Tracker", "Reference"][rng.integer(2)]!;
    const samples: unknown[] = [];
    const nominalRateHz = rng.integer(3) * 60.5;
    writer.addPoseDevice(id, { parent, nominalRateHz });
    devices.push({ kind: "pose", id, nominalRateHz, parent, samples });
    writes.push(() => {
      const tools = ["Probe", "Femur", "Stylus µ"].slice(0, 1 + rng.integer(3)).map((tool) => randomReading(rng, tool));
      const sample = anySample<TrackerFrame>(rng, { tools });
      samples.push(sample);
      return writer.writePoses(id, sample);
    });
  }
  const points: DigitisedPoint[] = [],
    sweeps: Sweep[] = [];
  writes.push(() => {
    points.push({ name: `p${points.length}`, body: "femur", positionMm: [rng.normal(), rng.normal(), -0] });
    return writer.writePoint(points.at(-1)!);
  });
  writes.push(() => {
    sweeps.push({ name: `s${sweeps.length}`, fromS: rng.normal(), toS: anyTime(rng) });
    return writer.writeSweep(sweeps.at(-1)!);
  });
  const pending: Promise<void>[] = [];
  for (let i = 10 + rng.integer(60); i > 0; i--) pending.push(writes[rng.integer(writes.length)]!());
  await Promise.all(pending);
  await writer.close();
  return { ...head, points, sweeps, devices };
}

function anySample<T>(rng: Rng, value: T): Sample<T> {
  return {
    sequence: rng.integer(2) ? rng.integer(1e6) : 2 ** 40 + rng.integer(1000),
    acquiredAt: deviceSeconds(anyTime(rng)),
    receivedAt: hostSeconds(anyTime(rng)),
    timeSource: timeSources[rng.integer(4)]!,
    geometryEpoch: rng.integer(5),
    ...(rng.integer(2) === 0
      ? {
          clockReading: {
            deviceS: deviceSeconds(anyTime(rng)),
            hostS: hostSeconds(anyTime(rng)),
            uncertaintyS: rng.uniform(),
          },
        }
      : {}),
    value,
  };
}

function randomImageTrack(rng: Rng): ImageTrack {
  const count = 1 + rng.integer(20);
  const [width, height] = [1 + rng.integer(9), 1 + rng.integer(9)];
  const pixelType = (["u8", "i16", "f32"] as const)[rng.integer(3)]!;
  const images = Array.from({ length: count }, () => ({
    width,
    height,
    pixels: randomPixels(rng, pixelType, width * height),
  }));
  return {
    width,
    height,
    pixelType,
    count,
    ...(rng.integer(2) ? { nominalGeometry: randomGeometry(rng, width, height) } : {}),
    acquiredAtS: Float64Array.from({ length: count }, () => anyTime(rng)),
    receivedAtS: Float64Array.from({ length: count }, () => anyTime(rng)),
    valid: Uint8Array.from({ length: count }, () => rng.integer(2)),
    read: (index) => Promise.resolve(images[index]!),
  };
}

/** Up to four tracks, neighbours now and then with the same times, as a tracker gives them. */
function randomTracks(rng: Rng): PoseTrack[] {
  const tracks: PoseTrack[] = [];
  for (let t = 1 + rng.integer(4); t > 0; t--) {
    const twin = rng.integer(2) ? tracks.at(-1) : undefined;
    const count = twin?.status.length ?? 1 + rng.integer(15);
    const readings = Array.from({ length: count }, () => randomReading(rng, ""));
    const numbers = readings.map((r) =>
      r.status === "tracked" ? [...r.trackerFromTool] : Array.from({ length: 12 }, () => NaN),
    );
    tracks.push({
      tool: ["Probe", "Femur", "Tibia", "Stylus"][rng.integer(4)]!,
      parent: twin?.parent ?? ["Tracker", "Reference"][rng.integer(2)]!,
      acquiredAtS: twin?.acquiredAtS ?? Float64Array.from({ length: count }, () => anyTime(rng)),
      receivedAtS: twin?.receivedAtS ?? Float64Array.from({ length: count }, () => anyTime(rng)),
      status: readings.map(({ status }) => status),
      parentFromTool: Float64Array.from(numbers.flat()),
      fitRmsMm: Float64Array.from(readings, (r) => (r.status === "tracked" ? r.fitRmsMm : NaN)),
    });
  }
  return tracks;
}

// A reader of protobuf that knows nothing but what the descriptors say: the judge of schemas.ts against messages.ts.

type Types = Map<string, Map<number, { name: string; label: number; type: number; typeName: string }>>;

function rawFields(bytes: Uint8Array): [field: number, value: number | Uint8Array][] {
  const fields: [number, number | Uint8Array][] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const wire = tag & 7;
    if (wire === 0) fields.push([tag >> 3, varint()]);
    else {
      const length = wire === 2 ? varint() : wire === 1 ? 8 : 4;
      fields.push([tag >> 3, bytes.subarray(at, (at += length))]);
    }
  }
  expect(at).toBe(bytes.length);
  return fields;
}

const utf8 = (bytes: number | Uint8Array | undefined): string => Buffer.from(bytes as Uint8Array).toString("utf8");
const of = (fields: [number, number | Uint8Array][], number: number): (number | Uint8Array)[] =>
  fields.filter(([field]) => field === number).map(([, value]) => value);

function readDescriptors(set: Uint8Array): Types {
  const types: Types = new Map();
  const known = new Set<string>();
  for (const [, file] of rawFields(set)) {
    const fields = rawFields(file as Uint8Array);
    for (const needed of of(fields, 3)) expect(known).toContain(utf8(needed)); // dependencies come first
    known.add(utf8(of(fields, 1)[0]));
    expect(utf8(of(fields, 12)[0])).toBe("proto3");
    for (const message of of(fields, 4)) {
      const parts = rawFields(message as Uint8Array);
      const byNumber = new Map<number, { name: string; label: number; type: number; typeName: string }>();
      for (const field of of(parts, 2)) {
        const one = rawFields(field as Uint8Array);
        const [number, label, type] = [3, 4, 5].map((n) => of(one, n)[0] as number);
        const typeName = of(one, 6)[0];
        byNumber.set(number!, {
          name: utf8(of(one, 1)[0]),
          label: label!,
          type: type!,
          typeName: typeName ? utf8(typeName) : "",
        });
      }
      types.set(`.${utf8(of(fields, 2)[0])}.${utf8(of(parts, 1)[0])}`, byNumber);
    }
  }
  return types;
}

function decodeBySchema(types: Types, name: string, bytes: Uint8Array): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [number, value] of rawFields(bytes)) {
    const field = types.get(`.${name}`)?.get(number);
    if (!field) throw new Error(`${name} has no field ${number} in its schema`);
    const view = typeof value === "number" ? undefined : new DataView(value.buffer, value.byteOffset, value.length);
    const one = (): unknown => {
      if (field.type === 11) return decodeBySchema(types, field.typeName.slice(1), value as Uint8Array);
      if (field.type === 9) return utf8(value);
      if (field.type === 12) return Uint8Array.from(value as Uint8Array);
      if (field.type === 7) return view!.getUint32(0, true);
      if (field.type === 1) return view!.getFloat64(0, true);
      return value;
    };
    if (field.label !== 3) result[field.name] = one();
    else if (field.type === 1) {
      result[field.name] = Array.from({ length: view!.byteLength / 8 }, (_, i) => view!.getFloat64(8 * i, true));
    } else result[field.name] = [...((result[field.name] as unknown[] | undefined) ?? []), one()];
  }
  return result;
}

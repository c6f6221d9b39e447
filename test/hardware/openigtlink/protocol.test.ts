import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { crc64 } from "../../../src/hardware/openigtlink/crc64.ts";
import {
  encodeRaw,
  HEADER_BYTES,
  metadataValue,
  timestampOf,
  timestampSeconds,
  type RawMessage,
} from "../../../src/hardware/openigtlink/envelope.ts";
import { createFramer, type FramerEvent } from "../../../src/hardware/openigtlink/framer.ts";
import {
  centreMatrix,
  cornerMatrix,
  imageSpacing,
  samplesOf,
} from "../../../src/hardware/openigtlink/messages/image.ts";
import { meshFromPolyData, polyDataFromMesh } from "../../../src/hardware/openigtlink/messages/polydata.ts";
import { decodeMessage, encodeMessage, message, type Message } from "../../../src/hardware/openigtlink/protocol.ts";
import { FormatError } from "../../../src/core/errors.ts";
import { forCases } from "../../support/cases.ts";
import { dataFolder } from "../../support/data.ts";
import { bodyKinds, randomMessage } from "./samples.ts";

/** The matrix of the reference library's own tests has 6 digits. */
const SIX_DIGITS = 1e-6;
/** 32-bit floats of some 100 mm: 2⁻²³ · 256. */
const FLOAT_MM = 3e-5;
/** A double of seconds since 1970 has 2⁻²² s. */
const DOUBLE_OF_NOW_S = 2.4e-7;

function only(events: readonly FramerEvent[]): RawMessage {
  expect(events.length).toBe(1);
  const event = events[0];
  if (event?.kind !== "message") throw new Error(`expected a message, got ${JSON.stringify(event)}`);
  return event.message;
}

function decode(bytes: Uint8Array): Message {
  const decoded = decodeMessage(only(createFramer().push(bytes)));
  if (!decoded) throw new Error("the type is not known");
  return decoded;
}

/** With a checksum that is right. */
const rawBytes = (type: string, content: Uint8Array, device = "Device"): Uint8Array =>
  encodeRaw({
    headerVersion: 1,
    type,
    device,
    timestamp: { seconds: 1, fraction: 0 },
    messageId: 0,
    metadata: [],
    content,
  });

test("the checksum of 123456789 is that of CRC-64/ECMA-182, and that of nothing is 0", () => {
  expect(crc64(new TextEncoder().encode("123456789"))).toBe(0x6c40df5f0b497347n);
  expect(crc64(new Uint8Array(0))).toBe(0n);
});

test("the checksum agrees with one taken bit by bit, for every length up to 40", () => {
  const bitwise = (bytes: Uint8Array): bigint => {
    let crc = 0n;
    for (const byte of bytes) {
      crc ^= BigInt(byte) << 56n;
      for (let bit = 0; bit < 8; bit++) {
        crc = crc >> 63n ? ((crc << 1n) ^ 0x42f0e1eba9ea3693n) & 0xffffffffffffffffn : crc << 1n;
      }
    }
    return crc;
  };
  forCases(41, "openigtlink/crc", (rng, seed) => {
    const bytes = Uint8Array.from({ length: Number(seed.split("/").at(-1)) }, () => rng.integer(256));
    expect(crc64(bytes)).toBe(bitwise(bytes));
  });
});

describe.skipIf(!dataFolder)("the recorded messages of the reference library (needs the recordings)", () => {
  const file = (name: string): Uint8Array => new Uint8Array(readFileSync(join(dataFolder!, "openigtlink", name)));
  const matrix = [
    -0.954892, -0.196632, 0.222525, 46.0531, 0.196632, 0.142857, 0.970014, 19.4709, -0.222525, 0.970014, -0.0977491,
    46.0531,
  ];
  const expectMatrix = (m: Readonly<Float64Array>): void => {
    matrix.forEach((value, i) => expect(Math.abs(m[i]! - value)).toBeLessThan(value > 1 ? 1e-4 : SIX_DIGITS));
  };

  const names = ["image", "status", "string", "tdata", "transform", "transformFormat2"];
  test.each(names)("%s.bin is encoded again to the same bytes", (name) => {
    const bytes = file(`${name}.bin`);
    expect(encodeMessage(decode(bytes))).toEqual(bytes);
    const { device, timestamp } = decode(bytes);
    expect(device).toBe("DeviceName");
    expect(timestamp).toEqual({ seconds: 0, fraction: 1234567892 });
  });

  test("transform.bin is read in columns", () => {
    const { body, headerVersion } = decode(file("transform.bin"));
    expect(headerVersion).toBe(1);
    if (body.type !== "TRANSFORM") throw new Error(body.type);
    expectMatrix(body.matrix);
  });

  test("transformFormat2.bin has its two metadata entries and message id 1", () => {
    const decoded = decode(file("transformFormat2.bin"));
    expect(decoded.headerVersion).toBe(2);
    expect(decoded.messageId).toBe(1);
    expect(decoded.metadata).toEqual([
      { key: "First patient age", encoding: 3, value: "22" },
      { key: "Second patient age", encoding: 3, value: "25" },
    ]);
    if (decoded.body.type !== "TRANSFORM") throw new Error(decoded.body.type);
    expectMatrix(decoded.body.matrix);
  });

  test("status.bin, string.bin and tdata.bin say what the library's tests put in", () => {
    expect(decode(file("status.bin")).body).toEqual({
      type: "STATUS",
      code: 15,
      subcode: 10n,
      name: "ACTUATOR_DISABLED",
      text: "Actuator A is disabled.",
    });
    expect(decode(file("string.bin")).body).toEqual({ type: "STRING", encoding: 3, text: "Welcome to OpenIGTLink" });
    const { body } = decode(file("tdata.bin"));
    if (body.type !== "TDATA") throw new Error(body.type);
    expect(body.elements.map(({ name, kind }) => [name, kind])).toEqual([
      ["Tracker0", 2],
      ["Tracker1", 2],
      ["Tracker2", 2],
    ]);
    for (const element of body.elements) expectMatrix(element.matrix);
  });

  test("image.bin is 50 × 50 bytes with a spacing of 1 mm", () => {
    const { body } = decode(file("image.bin"));
    if (body.type !== "IMAGE") throw new Error(body.type);
    const { size, scalar, components, byteOrder, coordinates, offset, partSize, data } = body;
    expect({ size, scalar, components, byteOrder, coordinates, offset, partSize }).toEqual({
      size: [50, 50, 1],
      scalar: "u8",
      components: 1,
      byteOrder: "little",
      coordinates: "RAS",
      offset: [0, 0, 0],
      partSize: [50, 50, 1],
    });
    expect(data.length).toBe(2500);
    for (const spacing of imageSpacing(body)) expect(spacing).toBeCloseTo(1, 5);
  });
});

test("every kind of message comes back as it was, from its bytes and from the bytes of its copy", () => {
  for (let kind = 0; kind < bodyKinds; kind++) {
    forCases(30, `openigtlink/round-trip/${kind}`, (rng) => {
      const sent = randomMessage(rng, kind);
      const bytes = encodeMessage(sent);
      const received = decode(bytes);
      expect(received).toEqual(sent);
      expect(encodeMessage(received)).toEqual(bytes);
    });
  }
});

test("a time comes back within the resolution of a double, and times outside 1970-2106 are refused", () => {
  for (const timeS of [0.25, 1.9e9 + 0.123456, 2 ** 32 - 1e-6]) {
    expect(Math.abs(timestampSeconds(timestampOf(timeS)) - timeS)).toBeLessThanOrEqual(DOUBLE_OF_NOW_S);
  }
  expect(() => timestampOf(-1)).toThrow(RangeError);
  expect(() => timestampOf(2 ** 32)).toThrow(RangeError);
  expect(() => timestampOf(NaN)).toThrow(RangeError);
});

test("F2: a stream gives the same messages however it is cut, and many in one chunk", () => {
  forCases(1, "openigtlink/split", (rng) => {
    const sent = Array.from({ length: bodyKinds }, (_, kind) => randomMessage(rng, kind));
    const stream = Buffer.concat(sent.map(encodeMessage));
    const whole = createFramer().push(stream);
    expect(whole.map((event) => event.kind === "message" && decodeMessage(event.message))).toEqual(sent);
    for (let cut = 0; cut <= stream.length; cut++) {
      const framer = createFramer();
      const events = [...framer.push(stream.subarray(0, cut)), ...framer.push(stream.subarray(cut))];
      // Compared in full where the cut changes the state; elsewhere the count suffices to find a lost message.
      if (cut % 41 === 0) expect(events).toEqual(whole);
      else expect(events.length).toBe(whole.length);
      expect(framer.pendingBytes).toBe(0);
    }
    const bytewise = createFramer();
    expect(Array.from(stream, (_, i) => bytewise.push(stream.subarray(i, i + 1))).flat()).toEqual(whole);
  });
});

test("what a framer gives does not change when the chunk is written over", () => {
  const sent = message({ type: "STRING", encoding: 3, text: "kept" });
  const chunk = encodeMessage(sent);
  const raw = only(createFramer().push(chunk));
  chunk.fill(0);
  expect(decodeMessage(raw)).toEqual(sent);
});

test("F1: a flipped bit in the body or in the checksum costs that message and no other", () => {
  const good = encodeMessage(message({ type: "STATUS", code: 1, subcode: 0n, name: "OK", text: "fine" }));
  for (let bit = 50 * 8; bit < good.length * 8; bit++) {
    const bad = good.slice();
    bad[bit >> 3]! ^= 1 << (bit & 7);
    const events = createFramer().push(Buffer.concat([good, bad, good]));
    expect(events.map((event) => (event.kind === "dropped" ? event.reason : event.kind))).toEqual([
      "message",
      "checksum",
      "message",
    ]);
  }
});

test("F4: a body that is too large is refused before anything is allocated, and the stream is given up", () => {
  const limit = 1000;
  for (const size of [BigInt(limit) + 1n, 2n ** 32n, 2n ** 62n, 2n ** 64n - 1n]) {
    const header = encodeMessage(message({ type: "GET_STATUS" }));
    new DataView(header.buffer).setBigUint64(42, size);
    const framer = createFramer(limit);
    const events = framer.push(header);
    expect(events.map(({ kind }) => kind)).toEqual(["lost"]);
    expect(framer.push(encodeMessage(message({ type: "GET_STATUS" })))).toEqual([]);
    expect(framer.pendingBytes).toBe(0);
  }
  const largest = rawBytes("UNKNOWN", new Uint8Array(limit));
  expect(only(createFramer(limit).push(largest)).content.length).toBe(limit);
});

test("something that is no OpenIGTLink at all is given up at its first header", () => {
  const http = Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: something that is long enough\r\n\r\n");
  expect(
    createFramer()
      .push(http)
      .map(({ kind }) => kind),
  ).toEqual(["lost"]);
});

test("F5: unknown types are framed and left alone; names may fill their fields or hold any byte", () => {
  const unknown = rawBytes("TWELVE_CHARS", Uint8Array.of(1, 2, 3), "exactly_twenty_chars");
  const raw = only(createFramer().push(unknown));
  expect(raw.type).toBe("TWELVE_CHARS");
  expect(raw.device).toBe("exactly_twenty_chars");
  expect(decodeMessage(raw)).toBeUndefined();
  const odd = only(createFramer().push(rawBytes("\xff\xfe", new Uint8Array(0), "../<b>\x01é")));
  expect(odd.device).toBe("../<b>\x01é");
  expect(decodeMessage(odd)).toBeUndefined();
  expect(decodeMessage(only(createFramer().push(rawBytes("", new Uint8Array(0), ""))))).toBeUndefined();
});

test("a type that is a property of every object is no known type", () => {
  for (const type of ["constructor", "toString", "__proto__"]) {
    expect(decodeMessage(only(createFramer().push(rawBytes(type, new Uint8Array(0)))))).toBeUndefined();
  }
});

describe("F6: an image whose numbers disagree is refused by itself", () => {
  const good = message({
    type: "IMAGE",
    components: 1,
    scalar: "u8",
    byteOrder: "little",
    coordinates: "RAS",
    size: [4, 3, 1],
    matrix: Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0),
    offset: [0, 0, 0],
    partSize: [4, 3, 1],
    data: new Uint8Array(12),
  });
  const content = encodeMessage(good).subarray(HEADER_BYTES);
  const changed = (change: (view: DataView) => void): Uint8Array => {
    const copy = content.slice();
    change(new DataView(copy.buffer));
    return rawBytes("IMAGE", copy);
  };
  const refused: readonly (readonly [string, (view: DataView) => void])[] = [
    ["another image version", (v) => v.setUint16(0, 2)],
    ["no components", (v) => v.setUint8(2, 0)],
    ["more components than bytes", (v) => v.setUint8(2, 2)],
    ["an unknown scalar type", (v) => v.setUint8(3, 9)],
    ["a wider scalar type", (v) => v.setUint8(3, 5)],
    ["an unknown byte order", (v) => v.setUint8(4, 3)],
    ["an unknown coordinate system", (v) => v.setUint8(5, 0)],
    ["a part larger than the image", (v) => v.setUint16(6, 3)],
    ["a part that lies outside", (v) => v.setUint16(60, 1)],
    ["65535 voxels in each direction", (v) => [6, 8, 10, 66, 68, 70].forEach((at) => v.setUint16(at, 65535))],
    ["no rows", (v) => [8, 68].forEach((at) => v.setUint16(at, 0))],
  ];
  test.each(refused)("%s", (_, change) => {
    const framer = createFramer();
    expect(() => decodeMessage(only(framer.push(changed(change))))).toThrow(FormatError);
    expect(only(framer.push(encodeMessage(good))).type).toBe("IMAGE");
  });
});

describe("F7: an extended header that lies costs one message", () => {
  const good = encodeMessage(
    message(
      { type: "TRANSFORM", matrix: Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0) },
      { headerVersion: 2, metadata: [{ key: "k", encoding: 3, value: "v" }] },
    ),
  );
  const metaAt = HEADER_BYTES + 12 + 48;
  const changes: readonly (readonly [string, (view: DataView) => void])[] = [
    ["too small an extended header", (v) => v.setUint16(58, 11)],
    ["too large an extended header", (v) => v.setUint16(58, 500)],
    ["metadata larger than the body", (v) => v.setUint32(62, 2 ** 32 - 1)],
    ["a metadata header larger than the body", (v) => v.setUint16(60, 65535)],
    ["more entries than heads", (v) => v.setUint16(metaAt, 2)],
    ["a key that reaches beyond the metadata", (v) => v.setUint16(metaAt + 2, 3)],
    ["a value of 4 GB", (v) => v.setUint32(metaAt + 6, 2 ** 32 - 1)],
    ["a value that leaves bytes over", (v) => v.setUint32(metaAt + 6, 0)],
  ];
  test.each(changes)("%s", (_, change) => {
    const bad = good.slice(),
      view = new DataView(bad.buffer);
    change(view);
    view.setBigUint64(50, crc64(bad.subarray(HEADER_BYTES)));
    const events = createFramer().push(Buffer.concat([bad, good]));
    expect(events.map((event) => (event.kind === "dropped" ? event.reason : event.kind))).toEqual([
      "layout",
      "message",
    ]);
  });

  test("of entries with one key, the last counts", () => {
    const metadata = [1, 2].map((n) => ({ key: "k", encoding: 3, value: String(n) }));
    expect(metadataValue({ metadata }, "k")).toBe("2");
    expect(metadataValue({ metadata }, "K")).toBeUndefined();
  });
});

test("bodies of a fixed size are refused with a byte more or less", () => {
  const sizes: Readonly<Record<string, readonly number[]>> = {
    TRANSFORM: [48],
    POSITION: [12, 24, 28],
    STT_TDATA: [36],
    RTS_TDATA: [1],
    TDATA: [0],
    QTDATA: [0, 50],
    POINT: [0],
    CAPABILITY: [0, 12, 24, 36, 48],
    GET_STATUS: [0],
  };
  for (const [type, allowed] of Object.entries(sizes)) {
    for (let size = 0; size < 60; size++) {
      const raw = only(createFramer().push(rawBytes(type, new Uint8Array(size))));
      if (allowed.includes(size)) expect(decodeMessage(raw)?.body.type).toBe(type);
      else expect(() => decodeMessage(raw), `${type} of ${size} bytes`).toThrow(FormatError);
    }
  }
});

test("pixels of every type and byte order come out as the numbers that went in", () => {
  const base = { type: "IMAGE", components: 1, coordinates: "RAS", size: [2, 1, 1], offset: [0, 0, 0] } as const;
  const shared = { ...base, partSize: [2, 1, 1], matrix: new Float64Array(12) } as const;
  const values = [-2, 3];
  const set = {
    i8: (v: DataView, i: number, x: number) => v.setInt8(i, x),
    i16: (v: DataView, i: number, x: number, little: boolean) => v.setInt16(i * 2, x, little),
    i32: (v: DataView, i: number, x: number, little: boolean) => v.setInt32(i * 4, x, little),
    f32: (v: DataView, i: number, x: number, little: boolean) => v.setFloat32(i * 4, x, little),
    f64: (v: DataView, i: number, x: number, little: boolean) => v.setFloat64(i * 8, x, little),
  } as const;
  for (const [scalar, bytes] of [
    ["i8", 1],
    ["i16", 2],
    ["i32", 4],
    ["f32", 4],
    ["f64", 8],
  ] as const) {
    // prettier-ignore
    for (const byteOrder of ["big", "little"] as const) {
      const data = new Uint8Array(2 * bytes);
      values.forEach((x, i) => set[scalar](new DataView(data.buffer), i, x, byteOrder === "little"));
      expect(Array.from(samplesOf({ ...shared, scalar, byteOrder, data }))).toEqual(values);
    }
  }
});

test("the matrix of an image is that of its centre: half of 49 pixels from the centre of the first", () => {
  const matrix = Float64Array.of(0.1, 0, 0, 10, 0, 0.2, 0, 20, 0, 0, 1, 30);
  const corner = cornerMatrix({ matrix, size: [50, 50, 1] });
  expect(corner[3]).toBeCloseTo(10 - 4.9 / 2, 12);
  expect(corner[7]).toBeCloseTo(20 - 9.8 / 2, 12);
  expect(corner[11]).toBe(30);
  expect(Array.from(centreMatrix(corner, [50, 50, 1]))).toEqual(Array.from(matrix));
});

test("a mesh goes through POLYDATA with its values, and strips and polygons become triangles that face alike", () => {
  const mesh = {
    positions: Float32Array.of(0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0),
    triangles: Uint32Array.of(0, 1, 2, 0, 2, 3),
  };
  const sent = message(polyDataFromMesh(mesh, { observations: Float32Array.of(1, 2, 3, 4) }));
  const { body } = decode(encodeMessage(sent));
  if (body.type !== "POLYDATA") throw new Error(body.type);
  expect(meshFromPolyData(body)).toEqual(mesh);
  expect(body.attributes).toEqual([
    { name: "observations", kind: 0, components: 1, values: Float32Array.of(1, 2, 3, 4) },
  ]);
  const none = { count: 0, runs: new Uint32Array(0) };
  const fan = { count: 1, runs: Uint32Array.of(4, 0, 1, 2, 3) },
    strip = { count: 1, runs: Uint32Array.of(4, 0, 1, 3, 2) };
  expect(meshFromPolyData({ ...body, polygons: fan, strips: none }).triangles).toEqual(mesh.triangles);
  expect(meshFromPolyData({ ...body, polygons: none, strips: strip }).triangles).toEqual(
    Uint32Array.of(0, 1, 3, 3, 1, 2),
  );
});

describe("a POLYDATA body that lies is refused", () => {
  const mesh = { positions: new Float32Array(9), triangles: Uint32Array.of(0, 1, 2) };
  const content = encodeMessage(message(polyDataFromMesh(mesh, { q: new Float32Array(3) }))).subarray(HEADER_BYTES);
  const runsAt = 40 + 36;
  const changes: readonly (readonly [string, (view: DataView) => void])[] = [
    ["2³² − 1 points", (v) => v.setUint32(0, 2 ** 32 - 1)],
    ["more polygons than runs", (v) => v.setUint32(20, 2)],
    ["fewer polygons than runs", (v) => v.setUint32(20, 0)],
    ["runs of a size that is no multiple of 4", (v) => v.setUint32(24, 15)],
    ["2³² − 1 attributes", (v) => v.setUint32(36, 2 ** 32 - 1)],
    ["a run that reaches beyond its group", (v) => v.setUint32(runsAt, 4)],
    ["an index beyond the points", (v) => v.setUint32(runsAt + 4, 3)],
    ["an attribute of 2³² − 1 values", (v) => v.setUint32(runsAt + 18, 2 ** 32 - 1)],
    ["an attribute without components", (v) => v.setUint8(runsAt + 17, 0)],
  ];
  test.each(changes)("%s", (_, change) => {
    const copy = content.slice();
    change(new DataView(copy.buffer));
    expect(() => decodeMessage(only(createFramer().push(rawBytes("POLYDATA", copy))))).toThrow(FormatError);
  });
});

test("positions survive as 32-bit floats", () => {
  forCases(50, "openigtlink/float", (rng) => {
    const positions = Float32Array.from({ length: 9 }, () => 100 * rng.normal());
    const { body } = decode(
      encodeMessage(message(polyDataFromMesh({ positions, triangles: Uint32Array.of(0, 1, 2) }))),
    );
    if (body.type !== "POLYDATA") throw new Error(body.type);
    body.points.forEach((x, i) => expect(Math.abs(x - positions[i]!)).toBeLessThan(FLOAT_MM));
  });
});

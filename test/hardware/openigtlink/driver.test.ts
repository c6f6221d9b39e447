import { afterEach, describe, expect, test } from "vitest";
import type { Sample } from "../../../src/data/device.ts";
import { encodeMessage, message, type Message } from "../../../src/hardware/openigtlink/protocol.ts";
import { entry, timestampOf } from "../../../src/hardware/openigtlink/envelope.ts";
import { deviceContract } from "../../contract/device.ts";
import { imageAt, localDevices, rawServer, shifted, shutDown, START_S, transformAt, until, type RawServer } from "./support.ts"; // prettier-ignore

const open: RawServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

/** Plays the messages to every client that greets it, and shuts down. */
async function playing(messages: readonly Message[], thenShutDown = true): Promise<number> {
  const bytes = [...messages, ...(thenShutDown ? [shutDown()] : [])].map(encodeMessage);
  const server = await rawServer((socket) => socket.once("data", () => bytes.forEach((each) => socket.write(each))));
  open.push(server);
  return server.port;
}

const live = (): AbortSignal => new AbortController().signal;

async function all<T>(stream: AsyncIterable<Sample<T>>): Promise<Sample<T>[]> {
  const samples: Sample<T>[] = [];
  for await (const sample of stream) samples.push(sample);
  return samples;
}

/** A second of 30 Hz: image, probe and reference of one time, as PLUS's virtual mixer sends them. */
const second = Array.from({ length: 30 }, (_, i) => START_S + i / 30).flatMap((timeS, i) => [
  imageAt(timeS, i),
  transformAt("ProbeToTracker", timeS, shifted(i)),
  transformAt("ReferenceToTracker", timeS, shifted(-i), i % 10 === 5 ? "OUT_OF_VIEW" : "OK"),
]);

async function posesOf(messages: readonly Message[]) {
  const devices = localDevices(await playing(messages));
  const stream = await devices.poses.open(live());
  const samples = await all(stream);
  await stream.close();
  return { samples, counters: devices.counters };
}

deviceContract("images over OpenIGTLink", async () => localDevices(await playing(second)).images);
deviceContract("poses over OpenIGTLink", async () => localDevices(await playing(second)).poses);

test("images and the transforms of one time arrive with that time, tool by tool, over one connection", async () => {
  const port = await playing(second);
  const devices = localDevices(port);
  const images = await devices.images.open(live()),
    poses = await devices.poses.open(live());
  const [frames, readings] = await Promise.all([all(images), all(poses)]);
  expect(open[0]?.sockets.length).toBe(1);
  expect(frames.map(({ value }) => value.pixels[0])).toEqual(Array.from({ length: 30 }, (_, i) => i));
  expect(readings.map(({ acquiredAt }) => acquiredAt)).toEqual(frames.map(({ acquiredAt }) => acquiredAt));
  expect(new Set(frames.map(({ timeSource, geometryEpoch }) => `${timeSource} ${geometryEpoch}`))).toEqual(
    new Set(["device 0"]),
  );
  readings.forEach(({ value: { tools } }, i) => {
    expect(tools.map(({ tool }) => tool)).toEqual(["Probe", "Reference"]);
    const [probe, reference] = tools;
    expect(probe?.status === "tracked" && probe.trackerFromTool[3]).toBe(i);
    if (i % 10 === 5) expect(reference).toEqual({ tool: "Reference", status: "occluded" });
    else expect(reference?.status === "tracked" && reference.trackerFromTool[3]).toBe(-i);
  });
  await images.close();
  await poses.close();
});

test("the first thing sent is a GET_STATUS with header version 2, then the subscription", async () => {
  const chunks: Buffer[] = [];
  const server = await rawServer((socket) => {
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.write(encodeMessage(message({ type: "STATUS", code: 1, subcode: 0n, name: "OK", text: "" })));
  });
  open.push(server);
  const subscribe = {
    messageTypes: ["TRANSFORM"],
    transformNames: ["ProbeToTracker"],
    imageNames: [],
    trackingData: false,
    trackingResolutionMs: 0,
  };
  const stream = await localDevices(server.port, { subscribe }).poses.open(live());
  await until(() => chunks.length > 0 && Buffer.concat(chunks).length > 300);
  const sent = Buffer.concat(chunks);
  expect(sent.readUInt16BE(0)).toBe(2);
  expect(sent.toString("latin1", 2, 12)).toBe("GET_STATUS");
  const text = sent.toString("latin1");
  expect(text).toContain('ClientHeaderVersion="2"');
  expect(text).toContain('<Transform Name="ProbeToTracker"/>');
  await stream.close();
});

test("every word of PLUS for a tool becomes the status that it means, and no pose comes with a lost one", async () => {
  const words = ["OK", "SWITCH1_IS_ON", "MISSING", "OUT_OF_VIEW", "OUT_OF_VOLUME", "REQ_TIMEOUT", "INVALID", "PATH_NOT_FOUND", "UNKNOWN", "SOMETHING_NEW"]; // prettier-ignore
  const { samples } = await posesOf(words.map((word, i) => {
    const sent = transformAt("ProbeToTracker", START_S + i, shifted(i), word);
    return { ...sent, metadata: sent.metadata.slice(0, 1) };
  })); // prettier-ignore
  const readings = samples.map(({ value: { tools } }) => tools[0]);
  expect(readings.map((reading) => reading?.status)).toEqual([
    "tracked", "tracked", "missing", "occluded", "out-of-volume", "stale", "invalid", "missing", "unknown", "unknown",
  ]); // prettier-ignore
  for (const reading of readings) expect(reading && "trackerFromTool" in reading).toBe(reading?.status === "tracked");
});

describe("F8: what is no pose is invalid, whatever its status says", () => {
  const valid = shifted(1);
  const scaled = valid.map((x, i) => (i % 4 === 3 ? x : 1.01 * x)),
    mirrored = valid.map((x, i) => (i === 10 ? -1 : x)),
    rotation = Float64Array.of(0, -1, 0, 1, 1, 0, 0, 2, 0, 0, 1, 3);
  const cases: readonly (readonly [string, Float64Array, string])[] = [
    ["NaN in the rotation", valid.with(1, NaN), "invalid"],
    ["NaN in the position", valid.with(3, NaN), "invalid"],
    ["infinity", valid.with(7, Infinity), "invalid"],
    ["a scale of 1 %", scaled, "invalid"],
    ["a mirror", mirrored, "invalid"],
    ["all zero", new Float64Array(12), "invalid"],
    ["a kilometre away", valid.with(3, 1e6), "invalid"],
    ["a rotation", rotation, "tracked"],
  ];
  test.each(cases)("%s", async (_, matrix, expected) => {
    const { samples } = await posesOf([transformAt("ProbeToTracker", START_S, matrix)]);
    expect(samples[0]?.value.tools[0]?.status).toBe(expected);
  });

  test("a quaternion of length 0 or 2 is invalid, one of length 1 is a pose", async () => {
    const quaternions = [[0, 0, 0, 0], [0, 0, 0, 2], [NaN, 0, 0, 1], [0, 0, Math.SQRT1_2, Math.SQRT1_2]] as const; // prettier-ignore
    const { samples } = await posesOf(
      quaternions.map((quaternion, i) =>
        message(
          { type: "QTDATA", elements: [{ name: "Probe", kind: 2, position: [1, 2, 3], quaternion }] },
          { timestamp: timestampOf(START_S + i) },
        ),
      ),
    );
    const tools = samples.map(({ value }) => value.tools[0]);
    expect(tools.map((tool) => tool?.status)).toEqual(["invalid", "invalid", "invalid", "tracked"]);
    const last = tools[3];
    if (last?.status !== "tracked") throw new Error("not tracked");
    [0, -1, 0, 1, 1, 0, 0, 2, 0, 0, 1, 3].forEach((x, i) => expect(last.trackerFromTool[i]).toBeCloseTo(x, 6));
  });

  test("an identity without any status is unknown: PLUS sends it for a tool that it does not see", async () => {
    const identity = Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0);
    const bare = (matrix: Float64Array, i: number): Message => ({
      ...transformAt("ProbeToTracker", START_S + i, matrix),
      headerVersion: 1,
      metadata: [],
    });
    const { samples } = await posesOf([bare(identity, 0), bare(shifted(3), 1)]);
    expect(samples.map(({ value }) => value.tools[0]?.status)).toEqual(["unknown", "tracked"]);
  });
});

test("a name of more than 20 characters is taken from the metadata; other parents are counted and left out", async () => {
  const long = transformAt("VeryLongProbeNameToT", START_S, shifted(1));
  const { samples, counters } = await posesOf([
    { ...long, metadata: [...long.metadata, entry("IGTL_DEVICE_NAME", "VeryLongProbeNameToTracker")] },
    transformAt("ProbeToReference", START_S, shifted(2)),
    transformAt("Probe", START_S, shifted(2)),
    transformAt("AToBToTracker", START_S, shifted(2)),
  ]);
  expect(samples.map(({ value }) => value.tools.map(({ tool }) => tool))).toEqual([["VeryLongProbeName"]]);
  expect(counters.otherTransforms).toBe(3);
});

test("a tool that falls silent is left out of its frames, and nothing waits for it for ever", async () => {
  const messages = [0, 1, 2, 3].flatMap((i) => [
    transformAt("ProbeToTracker", START_S + i, shifted(i)),
    ...(i === 2 ? [] : [transformAt("ReferenceToTracker", START_S + i, shifted(-i))]),
  ]);
  const { samples } = await posesOf(messages);
  expect(samples.map(({ value }) => value.tools.length)).toEqual([2, 2, 1, 2]);
});

test("a message without a time is taken to be acquired when it arrived, and says so", async () => {
  const sent = { ...transformAt("ProbeToTracker", START_S, shifted(1)), timestamp: { seconds: 0, fraction: 0 } };
  const { samples } = await posesOf([sent]);
  expect(samples[0]?.timeSource).toBe("arrival");
  expect(samples[0]?.acquiredAt).toBe(Number(samples[0]?.receivedAt));
});

test("F23: repeated pixels are counted, a new size begins a new geometry, and colours become brightness", async () => {
  const colour = imageAt(START_S + 3, 0, 2, 1);
  if (colour.body.type !== "IMAGE") throw new Error(colour.body.type);
  const messages = [
    imageAt(START_S, 7),
    imageAt(START_S + 1, 7),
    imageAt(START_S + 2, 7, 5, 5),
    { ...colour, body: { ...colour.body, components: 3, data: Uint8Array.of(255, 0, 0, 10, 20, 30) } },
    imageAt(START_S + 3, 9),
    imageAt(START_S + 2.5, 9),
  ];
  const devices = localDevices(await playing(messages));
  const stream = await devices.images.open(live());
  const samples = await all(stream);
  await stream.close();
  expect(samples.map(({ geometryEpoch }) => geometryEpoch)).toEqual([0, 0, 1, 2]);
  expect(Array.from(samples[3]?.value.pixels ?? [])).toEqual([76, 18]);
  const { repeatedImages, colourImages, notLater } = devices.counters;
  expect({ repeatedImages, colourImages, notLater }).toEqual({ repeatedImages: 1, colourImages: 1, notLater: 2 });
});

test("F6: images that cannot be used are counted, and the connection stays", async () => {
  const volume = imageAt(START_S, 1);
  if (volume.body.type !== "IMAGE") throw new Error(volume.body.type);
  const devices = localDevices(
    await playing([
      { ...volume, body: { ...volume.body, size: [4, 3, 2], partSize: [4, 3, 2], data: new Uint8Array(24) } },
      { ...volume, body: { ...volume.body, size: [8, 3, 1] } },
      { ...volume, body: { ...volume.body, components: 2, data: new Uint8Array(24) } },
      imageAt(START_S + 1, 2),
    ]),
  );
  const stream = await devices.images.open(live());
  expect((await all(stream)).map(({ value }) => value.pixels[0])).toEqual([2]);
  await stream.close();
  expect(devices.counters.unsuitableImages).toBe(3);
  expect(devices.counters.connections).toBe(1);
});

test("F15: a clock that is set back by an hour ends the stream with an error instead of mixing times", async () => {
  const messages = [imageAt(START_S + 3600, 1), ...Array.from({ length: 40 }, (_, i) => imageAt(START_S + i, 2))];
  const devices = localDevices(await playing(messages));
  const stream = await devices.images.open(live());
  await expect(all(stream)).rejects.toThrow(/set back by 357\d\.000 s/);
  await stream.close();
});

test("F21: a consumer that does not read costs bounded memory, and the gap shows in the sequence numbers", async () => {
  const count = 500;
  const messages = Array.from({ length: count }, (_, i) => imageAt(START_S + i, i % 251));
  const devices = localDevices(await playing(messages), { queuedImages: 10 });
  const stream = await devices.images.open(live());
  await until(() => devices.counters.images === count);
  const samples = await all(stream);
  expect(samples.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 10 }, (_, i) => count - 10 + i));
  expect(devices.counters.droppedImages).toBe(count - 10);
  await stream.close();
});

test("F21: a consumer that must lose nothing holds up the server instead, for longer than the idle timeout", async () => {
  const count = 300;
  const messages = Array.from({ length: count }, (_, i) => imageAt(START_S + i, i % 251, 128, 128));
  const devices = localDevices(await playing(messages), { queuedImages: 32, whenFull: "wait", idleTimeoutS: 0.05 });
  const stream = await devices.images.open(live());
  await until(() => devices.counters.images >= 16);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(devices.counters.images).toBeLessThan(32);
  const samples = await all(stream);
  expect(samples.map(({ value }) => value.pixels[0])).toEqual(Array.from({ length: count }, (_, i) => i % 251));
  expect(devices.counters).toMatchObject({ droppedImages: 0, idleTimeouts: 0, connections: 1 });
  await stream.close();
});

test("who reads images and poses in turn is never held up, though one of them does not come", async () => {
  const messages = Array.from({ length: 100 }, (_, i) => imageAt(START_S + i, i, 128, 128));
  const last = transformAt("ProbeToTracker", START_S + 100, shifted(1));
  const devices = localDevices(await playing([...messages, last]), { queuedImages: 8, whenFull: "wait" });
  const images = await devices.images.open(live()),
    poses = await devices.poses.open(live());
  expect((await all(poses)).length).toBe(1);
  expect((await all(images)).length).toBe(8);
  expect(devices.counters.droppedImages).toBe(92);
  await images.close();
  await poses.close();
});

test("F3, F19: a connection that is cut in mid-message is made again, and what was cut is counted", async () => {
  const bytes = encodeMessage(imageAt(START_S, 1)),
    later = encodeMessage(imageAt(START_S + 1, 2));
  const server = await rawServer((socket, index) => {
    if (index === 0) socket.end(Buffer.concat([bytes, later.subarray(0, 90)]));
    else if (index === 1) socket.end(later.subarray(0, 30));
    else socket.end(Buffer.concat([later, encodeMessage(shutDown())]));
  });
  open.push(server);
  const devices = localDevices(server.port);
  const stream = await devices.images.open(live());
  expect((await all(stream)).map(({ value }) => value.pixels[0])).toEqual([1, 2]);
  await stream.close();
  expect(devices.counters.connections).toBe(3);
  expect(devices.counters.cutBytes).toBe(120);
});

test("F4: a server that announces 2⁶² bytes is left and tried again", async () => {
  const header = encodeMessage(message({ type: "GET_STATUS" }));
  new DataView(header.buffer).setBigUint64(42, 2n ** 62n);
  const server = await rawServer((socket, index) => {
    if (index === 0) socket.write(header);
    else socket.write(Buffer.concat([encodeMessage(imageAt(START_S, 5)), encodeMessage(shutDown())]));
  });
  open.push(server);
  const stream = await localDevices(server.port).images.open(live());
  expect((await all(stream)).length).toBe(1);
  await stream.close();
});

test("F20: a server that falls silent is asked for its status, then left and tried again", async () => {
  let asked = ""; // of the first connection; several messages may come in one chunk
  const server = await rawServer((socket, index) => {
    socket.on("data", (chunk) => (asked += index === 0 ? chunk.toString("latin1") : ""));
    if (index === 1) socket.write(Buffer.concat([encodeMessage(imageAt(START_S, 5)), encodeMessage(shutDown())]));
  });
  open.push(server);
  const devices = localDevices(server.port, { idleTimeoutS: 0.1 });
  const stream = await devices.images.open(live());
  expect((await all(stream)).length).toBe(1);
  await stream.close();
  expect(devices.counters.idleTimeouts).toBe(1);
  // Once for the clock when it was connected, and again when nothing came: how often then is a matter of the load.
  expect(asked.split("GET_STATUS").length - 1).toBeGreaterThanOrEqual(2);
});

test("F19: where nobody listens, opening says so, with the remedy", async () => {
  const server = await rawServer(() => undefined);
  await server.close();
  const devices = localDevices(server.port, { patienceS: 0.1 });
  await expect(devices.images.open(live())).rejects.toThrow(/No OpenIGTLink server at .*ECONNREFUSED.*PlusServer/);
});

test("F28: aborting while it connects, closing at once and opening twice leave nothing behind", async () => {
  const server = await rawServer(() => undefined);
  open.push(server);
  const refused = await rawServer(() => undefined);
  await refused.close();
  for (const port of [server.port, refused.port]) {
    const controller = new AbortController();
    const opening = localDevices(port).images.open(controller.signal);
    controller.abort();
    const stream = await opening;
    expect(await all(stream)).toEqual([]);
    await stream.close();
  }
  const devices = localDevices(server.port);
  const first = await devices.images.open(live()),
    second = await devices.images.open(live());
  await first.close();
  expect(devices.counters.connections).toBe(1);
  await second.close();
  await until(() => server.sockets.every((socket) => socket.destroyed));
});

test("200 times connected and closed, no socket and no timer is left", async () => {
  const port = await playing(second.slice(0, 3));
  const count = (): number =>
    process.getActiveResourcesInfo().filter((name) => name === "Timeout" || name.startsWith("TCPSocket")).length;
  const devices = localDevices(port);
  const cycle = async (): Promise<void> => {
    const stream = await devices.images.open(live());
    for await (const sample of stream) {
      expect(sample.sequence).toBe(0);
      break;
    }
    await stream.close();
  };
  await cycle();
  await until(() => open[0]!.sockets.every((socket) => socket.destroyed));
  const before = count();
  for (let i = 0; i < 200; i++) await cycle();
  await until(() => open[0]!.sockets.every((socket) => socket.destroyed));
  await until(() => count() <= before);
  expect(open[0]?.sockets.length).toBe(201);
});

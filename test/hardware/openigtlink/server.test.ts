import { afterEach, expect, test } from "vitest";
import type { Sample } from "../../../src/data/device.ts";
import { clientInfoXml, parseClientInfo, type ClientInfo } from "../../../src/hardware/openigtlink/client-info.ts";
import { metadataValue } from "../../../src/hardware/openigtlink/envelope.ts";
import { meshFromPolyData } from "../../../src/hardware/openigtlink/messages/polydata.ts";
import { message } from "../../../src/hardware/openigtlink/protocol.ts";
import type { IgtlServer, ServerOptions } from "../../../src/hardware/openigtlink/server.ts";
import { forCases } from "../../support/cases.ts";
import { localDevices, localServer, rawClient, shifted, START_S, until } from "./support.ts";

const servers: IgtlServer[] = [];
const sockets: { destroy(): void }[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) await server.close();
});

async function serving(options: Partial<ServerOptions> = {}): Promise<IgtlServer> {
  const server = await localServer(options);
  servers.push(server);
  return server;
}
async function connected(server: IgtlServer) {
  const before = server.clients.length;
  const client = await rawClient(server.port);
  sockets.push(client.socket);
  await until(() => server.clients.length > before);
  return client;
}

const readings = (i: number) => [
  { tool: "Probe", status: "tracked", trackerFromTool: shifted(i), fitRmsMm: NaN } as const,
  { tool: "AVeryLongToolName", status: i % 2 ? "occluded" : "out-of-volume" } as const,
];
const gray = (value: number, size = 4) => ({
  width: size,
  height: size,
  pixels: new Uint8Array(size * size).fill(value),
});
const triangle = (xMm: number) => ({
  positions: Float32Array.of(xMm, 0, 0, 1, 0, 0, 0, 1, 0),
  triangles: Uint32Array.of(0, 1, 2),
});

test("it listens on loopback unless told otherwise", async () => {
  expect((await serving()).host).toBe("127.0.0.1");
});

test("what the server publishes comes out of our driver: every image, every pose, every status", async () => {
  const server = await serving({ keepAliveS: 60 });
  const devices = localDevices(server.port);
  const signal = new AbortController().signal;
  const images = await devices.images.open(signal),
    poses = await devices.poses.open(signal);
  await until(() => server.clients[0]?.headerVersion === 2);
  const count = 40;
  for (let i = 0; i < count; i++) {
    await server.ready();
    server.publishPoses(readings(i), { timeS: START_S + i });
    server.publishImage("Image_Image", gray(i), { timeS: START_S + i, spacingMm: [0.1, 0.1] });
  }
  await server.close();
  const collect = async <T>(stream: AsyncIterable<Sample<T>>): Promise<Sample<T>[]> => {
    const samples: Sample<T>[] = [];
    for await (const sample of stream) samples.push(sample);
    return samples;
  };
  const [frames, tracked] = await Promise.all([collect(images), collect(poses)]);
  await images.close();
  await poses.close();
  expect(frames.map(({ value, acquiredAt }) => [value.pixels[0], acquiredAt - START_S])).toEqual(
    Array.from({ length: count }, (_, i) => [i, i]),
  );
  expect(tracked.map(({ value }) => value.tools)).toEqual(Array.from({ length: count }, (_, i) => readings(i)));
});

test("a client of header version 1 gets no metadata, and of a lost tool it gets nothing", async () => {
  const server = await serving();
  const client = await connected(server);
  server.publishPoses(readings(1), { timeS: START_S });
  await until(() => client.of("TRANSFORM").length > 0 && client.of("STATUS").length > 0);
  expect(client.received.every(({ headerVersion }) => headerVersion === 1)).toBe(true);
  expect(client.of("TRANSFORM").map(({ device }) => device)).toEqual(["ProbeToTracker"]);
});

test("a message of header version 2 brings metadata: status, and the whole of a long name", async () => {
  const server = await serving();
  const client = await connected(server);
  client.send(message({ type: "GET_STATUS" }, { headerVersion: 2 }));
  await until(() => client.of("STATUS").length > 0);
  server.publishPoses(readings(1), { timeS: START_S });
  await until(() => client.of("TRANSFORM").length === 2);
  const [probe, lost] = client.of("TRANSFORM");
  expect(metadataValue(probe!, "TransformStatus")).toBe("OK");
  expect(lost?.device).toBe("AVeryLongToolNameToT");
  expect(metadataValue(lost!, "IGTL_DEVICE_NAME")).toBe("AVeryLongToolNameToTracker");
  expect(metadataValue(lost!, "TransformStatus")).toBe("OUT_OF_VIEW");
  expect(metadataValue(lost!, "TransformValid")).toBe("false");
});

test("a subscription is kept to, and one without header version 2 falls back to version 1 as PLUS does", async () => {
  const server = await serving();
  const client = await connected(server);
  const info = {
    headerVersion: 2,
    messageTypes: ["TRANSFORM", "IMAGE"],
    transformNames: ["AVeryLongToolNameToTracker"],
    imageNames: [{ name: "Image", frame: "Image" }],
    trackingData: false,
    trackingResolutionMs: 0,
  } as const;
  const subscribe = (wanted: ClientInfo): unknown =>
    client.send(message({ type: "CLIENTINFO", encoding: 3, text: clientInfoXml(wanted) }, { headerVersion: 2 }));
  subscribe(info);
  await until(() => server.clients[0]?.headerVersion === 2);
  server.publishPoses(readings(0), { timeS: START_S });
  server.publishImage("Other", gray(1), { timeS: START_S });
  server.publishMesh("Bone", triangle(1), {});
  server.publishImage("Image_Image", gray(2), { timeS: START_S });
  await until(() => client.of("IMAGE").length > 0);
  expect(client.received.filter(({ body }) => body.type !== "STATUS").map(({ device }) => device)).toEqual([
    "AVeryLongToolNameToT",
    "Image_Image",
  ]);
  subscribe({ ...info, headerVersion: 1 });
  await until(() => server.clients[0]?.headerVersion === 1);
});

test("what a client subscribes to survives its XML, whatever the names", () => {
  const plain: ClientInfo = {
    headerVersion: 2,
    messageTypes: ["IMAGE", "TRANSFORM"],
    transformNames: ['A"<&>To&amp;B'],
    imageNames: [{ name: "Image", frame: "Reference" }],
    trackingData: true,
    trackingResolutionMs: 50,
  };
  expect(parseClientInfo(clientInfoXml(plain))).toEqual(plain);
  expect(parseClientInfo("<ClientInfo/>").headerVersion).toBe(1);
  forCases(100, "openigtlink/client-info", (rng) => {
    const text = Array.from({ length: rng.integer(400) }, () => '<>"= MessageTypImgN/'.charAt(rng.integer(20))).join(
      "",
    );
    expect(() => parseClientInfo(text)).not.toThrow();
  });
});

test("tracking data is sent from STT_TDATA on, no denser than asked, and until STP_TDATA", async () => {
  const server = await serving();
  const client = await connected(server);
  client.send(message({ type: "STT_TDATA", resolutionMs: 50, coordinateName: "" }, { headerVersion: 2 }));
  await until(() => client.of("RTS_TDATA").length === 1);
  for (let i = 0; i < 10; i++) server.publishPoses(readings(i), { timeS: START_S + i * 0.025 });
  await until(() => client.of("TDATA").length === 5);
  const [first] = client.of("TDATA");
  expect(first?.device).toBe("TDATA_2Elem");
  expect(metadataValue(first!, "AVeryLongToolNameStatus")).toBe("OUT_OF_VOLUME");
  client.send(message({ type: "STP_TDATA" }));
  await until(() => client.of("RTS_TDATA").length === 2);
  server.publishPoses(readings(0), { timeS: START_S + 9 });
  client.send(message({ type: "STT_QTDATA", resolutionMs: 0, coordinateName: "" }));
  await until(() => client.of("RTS_QTDATA").length === 1);
  server.publishPoses(readings(0), { timeS: START_S + 10 });
  await until(() => client.of("QTDATA").length === 1);
  expect(client.of("TDATA").length).toBe(5);
});

test("a GET_ is answered with what was published last, or with 'not present'", async () => {
  const server = await serving();
  const client = await connected(server);
  client.send(message({ type: "GET_POLYDATA" }));
  await until(() => client.of("STATUS").some(({ body }) => body.type === "STATUS" && body.code === 16));
  server.publishMesh("Femur", triangle(1), {});
  server.publishMesh("Tibia", triangle(2), {});
  await until(() => client.of("POLYDATA").length === 2);
  client.send(message({ type: "GET_POLYDATA" }, { device: "Femur" }));
  client.send(message({ type: "GET_POLYDATA" }, { device: "Whatever" }));
  client.send(message({ type: "GET_CAPABIL" }));
  await until(() => client.of("CAPABILITY").length === 1);
  expect(client.of("POLYDATA").map(({ device }) => device)).toEqual(["Femur", "Tibia", "Femur", "Tibia"]);
  const { body } = client.of("POLYDATA")[2]!;
  expect(body.type === "POLYDATA" && meshFromPolyData(body)).toEqual(triangle(1));
});

test("a command is answered once, however often it is repeated; unknown ones are refused in words", async () => {
  const asked: string[] = [];
  const server = await serving({
    onCommand: (name) => {
      asked.push(name);
      return { ok: name === "StartRecording", text: `<${name}>` };
    },
  });
  const client = await connected(server);
  const command = (id: number, name: string) =>
    client.send(message({ type: "COMMAND", id, name, encoding: 3, text: "<Command/>" }));
  command(7, "StartRecording");
  command(7, "StartRecording");
  command(8, "Explode");
  client.send(message({ type: "STRING", encoding: 3, text: '<Command Name="StartRecording"/>' }, { device: "CMD_9" }));
  await until(() => client.of("STRING").length === 1);
  expect(asked).toEqual(["StartRecording", "Explode", "StartRecording"]);
  const replies = client.of("RTS_COMMAND").map(({ body }) => body.type === "RTS_COMMAND" && [body.id, body.text]);
  expect(replies).toEqual([
    [7, "<Command><Result>true</Result><Message>&#60;StartRecording&#62;</Message></Command>"],
    [8, "<Command><Result>false</Result><Message>&#60;Explode&#62;</Message></Command>"],
  ]);
  expect(client.of("STRING")[0]?.device).toBe("ACK_9");
});

test("a silent server still says that it is there", async () => {
  const server = await serving({ keepAliveS: 0.02 });
  const client = await connected(server);
  await until(() => client.of("STATUS").length >= 3);
});

test("F21, F22: a reader that does not read costs bounded memory, loses old images, and holds up nobody", async () => {
  const queueBytes = 3e5;
  const server = await serving({ queueBytes, keepAliveS: 60 });
  const slow = await connected(server),
    quick = await connected(server);
  slow.socket.pause();
  const count = 300,
    size = 256;
  for (let i = 0; i < count; i++) {
    await until(() => quick.of("IMAGE").length >= i - 1);
    server.publishImage("Image_Image", gray(i % 251, size), { timeS: START_S + i });
  }
  await until(() => quick.of("IMAGE").length === count);
  const dropped = server.counters.dropped;
  expect(dropped).toBeGreaterThan(0);
  expect(server.clients.map((client) => client.dropped)).toEqual([dropped, 0]);
  slow.socket.resume();
  await until(() => slow.of("IMAGE").length === count - dropped);
  const last = slow.of("IMAGE").at(-1)?.body;
  expect(last?.type === "IMAGE" && last.data[0]).toBe((count - 1) % 251);
});

test("F22: a reader that takes nothing for the send timeout is disconnected", async () => {
  const server = await serving({ keepAliveS: 0.02, sendTimeoutS: 0.1 });
  const slow = await connected(server);
  slow.socket.pause();
  for (let i = 0; i < 40; i++) server.publishImage("Image_Image", gray(i, 512), { timeS: START_S + i });
  await until(() => server.counters.slowClientsDisconnected === 1);
  await until(() => server.clients.length === 0);
});

test("of a surface that grows, a slow reader gets the newest only", async () => {
  const server = await serving({ keepAliveS: 60 });
  const slow = await connected(server);
  slow.socket.pause();
  server.publishImage("Filler", gray(0, 4000), { timeS: START_S });
  for (let i = 0; i < 50; i++) server.publishMesh("Bone", triangle(i), {});
  slow.socket.resume();
  await until(() => slow.of("POLYDATA").length > 0);
  const bodies = slow.of("POLYDATA").map(({ body }) => body.type === "POLYDATA" && body.points[0]);
  expect(bodies.at(-1)).toBe(49);
  expect(bodies.length).toBe(1);
});

test("F1, F4, F5: noise from a client costs that client at most, never the server", async () => {
  const server = await serving();
  const good = await connected(server);
  const noisy = await connected(server);
  noisy.socket.write(Buffer.alloc(4096, 0xee));
  await until(() => server.clients.length === 1);
  expect(server.counters.refused).toBe(1);
  server.publishImage("Image_Image", gray(1), { timeS: START_S });
  await until(() => good.of("IMAGE").length === 1);
});

test("more clients than allowed are turned away", async () => {
  const server = await serving({ maxClients: 1 });
  await connected(server);
  const second = await rawClient(server.port);
  sockets.push(second.socket);
  await until(() => second.socket.closed);
  expect(server.clients.length).toBe(1);
});

test("a port that is taken is an error of startServer", async () => {
  const server = await serving();
  await expect(localServer({ port: server.port })).rejects.toThrow(/EADDRINUSE/);
});

test("closing says good-bye, sends what is queued, may be done twice, and a new server may follow at the port", async () => {
  const server = await serving();
  const client = await connected(server);
  server.publishImage("Image_Image", gray(1, 1000), { timeS: START_S });
  await server.close();
  await server.close();
  await until(() => client.socket.closed);
  expect(client.of("IMAGE").length).toBe(1);
  const last = client.received.at(-1)?.body;
  expect(last?.type === "STATUS" && last.code).toBe(19);
  const again = await serving({ port: server.port });
  expect(again.port).toBe(server.port);
});

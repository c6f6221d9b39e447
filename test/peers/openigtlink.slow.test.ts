import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { openClient, type Client } from "../../src/hardware/openigtlink/client.ts";
import { timestampSeconds } from "../../src/hardware/openigtlink/envelope.ts";
import { imageMessage } from "../../src/hardware/openigtlink/image-message.ts";
import { imageSpacing } from "../../src/hardware/openigtlink/messages/image.ts";
import { meshFromPolyData } from "../../src/hardware/openigtlink/messages/polydata.ts";
import { message, type Body, type Message } from "../../src/hardware/openigtlink/protocol.ts";
import { startServer, type IgtlServer } from "../../src/hardware/openigtlink/server.ts";

/**
 * The example programs of the OpenIGTLink library itself (Debian packages openigtlink-examples, libopenigtlink-dev:
 * protocol 2), built here and run as servers of our client and as clients of our server. That version has no COMMAND: it
 * is tested against the byte layout alone.
 */
const EXAMPLES = "/usr/share/doc/openigtlink-examples/examples";
const HEADERS = "/usr/include/openigtlink";
const IMAGES = join(EXAMPLES, "Imager/img/");

const missing = [
  existsSync(EXAMPLES) ? undefined : "openigtlink-examples",
  existsSync(HEADERS) ? undefined : "libopenigtlink-dev",
  spawnSync("g++", ["--version"]).status === 0 ? undefined : "g++",
].filter((name) => name !== undefined);
if (missing.length > 0) console.warn(`Peer tests of OpenIGTLink are skipped: not installed: ${missing.join(", ")}.`);

/** 32-bit floats of up to 100, and the six digits that the programs print. */
const PRINTED = 1e-4;
const nowS = (): number => performance.now() / 1000;

const programs = {
  TrackerServer: "Tracker",
  TrackerClient: "Tracker",
  StatusServer: "Status",
  StringServer: "String",
  PointServer: "Point",
  CapabilityServer: "Capability",
  ImagerServer: "Imager",
  ImagerClient: "Imager",
  TrackingDataServer: "TrackingData",
  TrackingDataClient: "TrackingData",
  QuaternionTrackingDataServer: "QuaternionTrackingData",
  PolyDataServer: "PolyData",
  PolyDataClient: "PolyData",
  ReceiveClient: "Receiver",
  ReceiveServer: "Receiver",
} as const;
type Program = keyof typeof programs;

describe.skipIf(missing.length > 0)("programs of the OpenIGTLink library (need its Debian packages and g++)", () => {
  let folder = "";
  const running: ChildProcess[] = [],
    clients: Client[] = [],
    servers: IgtlServer[] = [];

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "sonobench-peers-"));
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
    for (const server of servers.splice(0)) await server.close();
    for (const child of running.splice(0)) child.kill("SIGKILL");
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function build(program: Program): string {
    const binary = join(folder, program);
    if (existsSync(binary)) return binary;
    const source = join(EXAMPLES, programs[program], `${program}.cxx`);
    const libraries = ["-lOpenIGTLink", "-lpthread"];
    const built = spawnSync("g++", ["-w", "-std=c++11", `-I${HEADERS}`, source, "-o", binary, ...libraries]);
    if (built.status !== 0) throw new Error(`${program} does not compile: ${built.stderr.toString().slice(0, 2000)}`);
    return binary;
  }

  /** What the program has printed so far. */
  function run(program: Program, args: readonly string[]): () => string {
    const child = spawn(build(program), args, { stdio: ["ignore", "pipe", "pipe"] });
    running.push(child);
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
    return () => text;
  }

  async function freePort(): Promise<number> {
    const probe = createServer().listen(0, "127.0.0.1");
    await once(probe, "listening");
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    return port;
  }

  async function until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  /** Our client, connected to the named program, and what it has got of one type. */
  async function connectTo<T extends Body["type"]>(program: Program, type: T, args: readonly string[], ask?: Body) {
    const port = await freePort();
    run(program, [String(port), ...args]);
    const received: Message[] = [];
    const client = openClient({
      host: "127.0.0.1",
      port,
      random: () => 0.5,
      nowS,
      firstRetryS: 0.05,
      longestRetryS: 0.1,
      idleTimeoutS: Infinity,
      greeting: ask ? [message(ask)] : [],
      onMessage: (each) => received.push(each),
    });
    clients.push(client);
    const of = () => received.filter((each): each is Message & { body: Extract<Body, { type: T }> } => each.body.type === type); // prettier-ignore
    await until(() => of().length >= 1);
    expect(client.counters).toMatchObject({ wrongChecksum: 0, refused: 0, unknownTypes: 0 });
    return { of, client, received };
  }

  async function serve(options: Partial<Parameters<typeof startServer>[0]> = {}): Promise<IgtlServer> {
    const server = await startServer({ port: 0, nowS, keepAliveS: 60, ...options });
    servers.push(server);
    return server;
  }

  test("TrackerServer: its transforms, whose positions go round an ellipse in steps of 0.2 rad", async () => {
    const { of } = await connectTo("TrackerServer", "TRANSFORM", ["100"]);
    await until(() => of().length >= 10);
    const [first] = of();
    expect(first?.device).toBe("Tracker");
    of().forEach(({ body: { matrix } }, i) => {
      expect(Math.abs(matrix[3]! - 50 * Math.cos(0.2 * i))).toBeLessThan(PRINTED);
      expect(Math.abs(matrix[7]! - 50 * Math.sin(0.2 * i))).toBeLessThan(PRINTED);
      expect(Math.abs(matrix[11]! - 50 * Math.cos(0.2 * i))).toBeLessThan(PRINTED);
    });
  });

  test("ImagerServer: its images, pixel by pixel those of its files", async () => {
    const { of } = await connectTo("ImagerServer", "IMAGE", ["20", IMAGES]);
    const files = [1, 2, 3, 4, 5, 6]
      .map((n) => join(IMAGES, `igtlTestImage${n}.raw`))
      .filter((path) => existsSync(path))
      .map((path) => readFileSync(path));
    for (const { body } of of()) {
      expect(body.size).toEqual([256, 256, 1]);
      expect(body.scalar).toBe("u8");
      imageSpacing(body).forEach((mm, axis) => expect(mm).toBeCloseTo([1, 1, 5][axis]!, 4));
      expect(files.some((file) => file.equals(body.data))).toBe(true);
    }
  });

  test("StatusServer, StringServer, PointServer and CapabilityServer say what stands in their sources", async () => {
    const [status] = (await connectTo("StatusServer", "STATUS", [])).of();
    expect(status?.body).toEqual({
      type: "STATUS",
      code: 1,
      subcode: 128n,
      name: "OK!",
      text: "This is a test to send status message.",
    });
    const strings = (await connectTo("StringServer", "STRING", ["20"])).of();
    expect(strings.every(({ body: { encoding, text } }) => encoding === 3 && text.length > 0)).toBe(true);
    const [points] = (await connectTo("PointServer", "POINT", [])).of();
    expect(points?.body.points.slice(0, 2)).toEqual([
      { name: "POINT_0", group: "GROUP_0", rgba: [255, 0, 0, 255], position: [10, 20, 30], diameter: 15, owner: "IMAGE_0" },
      { name: "POINT_1", group: "GROUP_0", rgba: [0, 255, 0, 255], position: [40, 50, 60], diameter: 45, owner: "IMAGE_0" },
    ]); // prettier-ignore
    const [capability] = (await connectTo("CapabilityServer", "CAPABILITY", [])).of();
    expect(capability?.body.types.length).toBeGreaterThan(1);
  });

  test("TrackingDataServer and QuaternionTrackingDataServer begin when asked and stop when asked", async () => {
    const start = { resolutionMs: 20, coordinateName: "Patient" };
    const tracking = await connectTo("TrackingDataServer", "TDATA", [], { type: "STT_TDATA", ...start });
    expect(tracking.of()[0]?.body.elements.map(({ name }) => name)).toEqual(["Channel 0", "Channel 1", "Channel 2"]);
    expect(tracking.client.send(message({ type: "STP_TDATA" }))).toBe(true);
    const turning = await connectTo("QuaternionTrackingDataServer", "QTDATA", [], { type: "STT_QTDATA", ...start });
    expect(turning.of()[0]?.body.elements.length).toBe(3);
  });

  test("PolyDataServer: its cube of 8 points and 6 faces becomes 12 triangles", async () => {
    const { of, client } = await (async () => {
      const port = await freePort();
      run("PolyDataServer", [String(port)]);
      const received: Message[] = [];
      const polyClient = openClient({
        host: "127.0.0.1",
        port,
        random: () => 0.5,
        nowS,
        firstRetryS: 0.05,
        longestRetryS: 0.1,
        idleTimeoutS: Infinity,
        greeting: [message({ type: "GET_POLYDATA" }, { device: "Client" })],
        onMessage: (each) => received.push(each),
      });
      clients.push(polyClient);
      await until(() => received.length > 0);
      return { of: () => received, client: polyClient };
    })();
    expect(client.counters.refused).toBe(0);
    const body = of()[0]?.body;
    if (body?.type !== "POLYDATA") throw new Error(`got a ${body?.type}`);
    const mesh = meshFromPolyData(body);
    expect(mesh.positions.length / 3).toBe(8);
    expect(mesh.triangles.length / 3).toBe(12);
    expect(body.attributes.map(({ name, values }) => [name, values.length])).toEqual([["attr", 8]]);
  });

  test("TrackerClient and ImagerClient push to our server, with times that are now", async () => {
    const received: Message[] = [];
    const server = await serve({ onMessage: (each) => received.push(each) });
    run("TrackerClient", ["127.0.0.1", String(server.port), "50"]);
    run("ImagerClient", ["127.0.0.1", String(server.port), "20", IMAGES]);
    const of = (type: string): Message[] => received.filter(({ body }) => body.type === type);
    await until(() => of("TRANSFORM").length >= 5 && of("IMAGE").length >= 2);
    expect(server.counters.refused).toBe(0);
    const ageS = Date.now() / 1000 - timestampSeconds(of("TRANSFORM")[0]!.timestamp);
    // Within the minute that a test may take, and not a factor of 2³² / 10⁹ off.
    expect(Math.abs(ageS)).toBeLessThan(60);
    const image = of("IMAGE")[0]?.body;
    expect(image?.type === "IMAGE" && image.size).toEqual([256, 256, 1]);
  });

  test("ReceiveClient prints what our server sends, with checksums that it finds right", async () => {
    const server = await serve();
    const printed = run("ReceiveClient", ["127.0.0.1", String(server.port)]);
    await until(() => server.clients.length === 1);
    const timeS = 2e9 + 0.5;
    server.publishPoses(
      [{ tool: "Probe", status: "tracked", trackerFromTool: Float64Array.of(0, -1, 0, 11.5, 1, 0, 0, 22.5, 0, 0, 1, 33.5), fitRmsMm: NaN }],
      { timeS },
    ); // prettier-ignore
    server.publishImage("Image_Image", { width: 40, height: 30, pixels: new Uint8Array(1200) }, { timeS, spacingMm: [0.1, 0.2] }); // prettier-ignore
    const client = server.clients[0]!;
    client.send(message({ type: "STATUS", code: 1, subcode: 77n, name: "FINE", text: "all is well" }));
    client.send(
      message({ type: "POSITION", position: [1.5, 2.5, 3.5], orientation: { form: "xyzw", q: [0, 0, 0, 1] } }),
    );
    client.send(message({ type: "STRING", encoding: 3, text: "knee of glass" }));
    client.send(message({ type: "CAPABILITY", types: ["TRANSFORM", "POLYDATA"] }));
    client.send(
      message({
        type: "POINT",
        points: [{ name: "tubercle", group: "tibia", rgba: [1, 2, 3, 4], position: [7.5, 8.5, 9.5], diameter: 2.5, owner: "" }],
      }),
    ); // prettier-ignore
    client.send(
      message({
        type: "TDATA",
        elements: [{ name: "Femur", kind: 2, matrix: Float64Array.of(1, 0, 0, 4.25, 0, 1, 0, 0, 0, 0, 1, 0) }],
      }),
    );
    client.send(
      message({
        type: "QTDATA",
        elements: [{ name: "Tibia", kind: 2, position: [6.25, 0, 0], quaternion: [0, 0, 0, 1] }],
      }),
    );
    await until(() => printed().includes("Tibia") && printed().includes("6.25"));
    for (const part of [
      "2000000000.5",
      "11.5",
      "22.5",
      "33.5",
      "40, 30, 1",
      "0.1, 0.2",
      "Image_Image",
      "SubCode   : 77",
      "FINE",
      "all is well",
      "2.5, 3.5",
      "knee of glass",
      "POLYDATA",
      "tubercle",
      "tibia",
      "8.5",
      "Femur",
      "4.25",
    ]) {
      // prettier-ignore
      expect(printed()).toContain(part);
    }
  });

  test("ReceiveServer prints what our client sends", async () => {
    const port = await freePort();
    const printed = run("ReceiveServer", [String(port)]);
    const client = openClient({
      host: "127.0.0.1",
      port,
      random: () => 0.5,
      nowS,
      firstRetryS: 0.05,
      longestRetryS: 0.1,
      idleTimeoutS: Infinity,
      onMessage: () => undefined,
    });
    clients.push(client);
    await until(() => client.state === "connected");
    const image = { width: 40, height: 30, pixels: new Uint8Array(1200) };
    const sent: Message[] = [
      message({ type: "TRANSFORM", matrix: Float64Array.of(1, 0, 0, 44.5, 0, 1, 0, 55.5, 0, 0, 1, 66.5) }, { device: "Probe" }),
      message({ type: "POSITION", position: [1.25, 2.25, 3.25], orientation: { form: "xyzw", q: [0, 0, 0, 1] } }),
      imageMessage("Image_Image", image, [0.1, 0.2], { seconds: 2e9, fraction: 0 }, []),
      message({ type: "STATUS", code: 1, subcode: 78n, name: "FINE", text: "sent by a client" }),
    ]; // prettier-ignore
    for (const each of sent) expect(client.send(each)).toBe(true);
    await until(() => printed().includes("sent by a client"));
    for (const part of ["44.5", "55.5", "66.5", "2.25, 3.25", "40, 30, 1", "0.1, 0.2", "SubCode   : 78"])
      expect(printed()).toContain(part);
  });

  test("TrackingDataClient asks our server for tracking data and understands it", async () => {
    const server = await serve();
    const printed = run("TrackingDataClient", ["127.0.0.1", String(server.port), "50"]);
    let step = 0;
    const pose = Float64Array.of(1, 0, 0, 12.75, 0, 1, 0, 0, 0, 0, 1, 0);
    await until(() => {
      const tool = { tool: "Stylus", status: "tracked", trackerFromTool: pose, fitRmsMm: NaN } as const;
      server.publishPoses([tool], { timeS: 2e9 + step++ });
      return printed().includes("Stylus") && printed().includes("Sending STP_TDATA");
    });
    expect(printed()).toContain("12.75");
  });

  test("PolyDataClient reads a mesh of ours: points, triangles and values", async () => {
    const server = await serve();
    const mesh = {
      positions: Float32Array.of(1.5, 2.5, 3.5, 10.25, 0, 0, 0, 20.25, 0, 0, 0, 30.25),
      triangles: Uint32Array.of(0, 1, 2, 0, 2, 3),
    };
    server.publishMesh("Bone", mesh, { perVertex: { observations: Float32Array.of(5, 6, 7, 8) } });
    const printed = run("PolyDataClient", ["127.0.0.1", String(server.port)]);
    await until(() => printed().includes("observations"));
    for (const part of [
      "point[0] = (1.5, 2.5, 3.5)",
      "point[3] = (0, 0, 30.25)",
      "cell[0] = (0, 0, 1, 2)",
      "cell[1] = (0, 0, 2, 3)",
      "POINT_SCALAR",
    ]) {
      // prettier-ignore
      expect(printed()).toContain(part);
    }
  });
});

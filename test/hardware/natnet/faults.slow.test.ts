import { createSocket } from "node:dgram";
import { afterEach, expect, test } from "vitest";
import { UnsuitableInputError } from "../../../src/core/errors.ts";
import { createRng } from "../../../src/core/rng.ts";
import type { Sample, TrackerFrame } from "../../../src/data/device.ts";
import { modelsOf } from "../../../src/hardware/natnet/compose-frame.ts";
import { optitrack, type OptitrackOptions, type OptitrackStream } from "../../../src/hardware/natnet/driver.ts";
import type { Frame } from "../../../src/hardware/natnet/frame.ts";
import { steadyClock } from "../../../src/hardware/natnet/host-clock.ts";
import { decodePacket, encodePacket, packetKind } from "../../../src/hardware/natnet/protocol.ts";
import { NatNetServer, type ServerOptions } from "../../../src/hardware/natnet/server.ts";
import { newestKnown } from "../../../src/hardware/natnet/version.ts";
import { poseAt, RATE_HZ, testSession } from "./session.ts";
import { UdpProxy } from "../../../src/hardware/natnet/udp-proxy.ts";

/** Metres in f32 at 2 m, and a quaternion in f32: 2⁻²⁴ of each, with the products between them. */
const WIRE_MM = 2e-4;

const cleanUps: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const clean of cleanUps.splice(0).reverse()) await clean();
});

async function serve(options: Partial<ServerOptions> = {}): Promise<NatNetServer> {
  const server = await NatNetServer.start({
    session: testSession(60),
    clock: steadyClock,
    transport: "unicast",
    commandPort: 0,
    dataPort: 0,
    speed: 3, // nothing waits for the sake of waiting
    ...options,
  });
  cleanUps.push(() => server.close());
  return server;
}

async function proxied(server: NatNetServer): Promise<UdpProxy> {
  const proxy = await UdpProxy.start(() => server.commandPort);
  cleanUps.push(() => proxy.close());
  return proxy;
}

async function open(commandPort: number, options: OptitrackOptions = {}): Promise<OptitrackStream> {
  const stream = await optitrack({ commandPort, onGoodbye: "end", ...options }).open(new AbortController().signal);
  cleanUps.push(() => stream.close());
  return stream;
}

async function drain(stream: OptitrackStream, enough = Infinity): Promise<Sample<TrackerFrame>[]> {
  const out: Sample<TrackerFrame>[] = [];
  const iterator = stream[Symbol.asyncIterator]();
  while (out.length < enough) {
    const { done, value } = await iterator.next();
    if (done === true) break;
    out.push(value);
  }
  return out;
}

const isFrame = (bytes: Uint8Array): boolean => packetKind(bytes) === "frame";

/** A treatment of frames that lets everything else pass. */
const frames = (change: (frame: Frame, count: number) => readonly Frame[]) => {
  let count = 0;
  return (bytes: Uint8Array): Uint8Array[] | readonly Uint8Array[] => {
    if (!isFrame(bytes)) return [bytes];
    const packet = decodePacket(bytes, newestKnown);
    if (packet.kind !== "frame") return [bytes];
    return change(packet.frame, count++).map((frame) => encodePacket({ kind: "frame", frame }, newestKnown));
  };
};

const sequences = (samples: readonly Sample<TrackerFrame>[]): number[] => samples.map(({ sequence }) => sequence);
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

function expectPoses(samples: readonly Sample<TrackerFrame>[]): void {
  for (const { sequence, value } of samples) {
    for (const reading of value.tools) {
      if (reading.status !== "tracked") continue;
      const expected = poseAt(reading.tool, sequence);
      const worst = Math.max(...expected.map((v, k) => Math.abs(v - reading.trackerFromTool[k]!)));
      expect(worst).toBeLessThan(WIRE_MM);
      expect(worst).toBeLessThan(2 * WIRE_MM - worst); // fails for a pose shifted by twice the tolerance
    }
  }
}

const transports = ["unicast", "multicast"] as const;
for (const transport of transports) {
  for (const version of [newestKnown, { major: 4, minor: 0 }, { major: 3, minor: 0 }, { major: 2, minor: 9 }]) {
    const name = `${transport}, ${version.major}.${version.minor}`;
    test(`${name}: every frame of a played session arrives, with its pose, its time and its status`, async () => {
      const session = testSession(40, (i, tools) =>
        i % 7 === 3 ? [{ tool: "Probe", status: "occluded" }, tools[1]!] : i === 20 ? [tools[0]!, { tool: "Reference", status: "missing" }] : tools,
      ); // prettier-ignore
      // 2.x does not say its data port: the client is told.
      const dataPort = version.major < 3 && transport === "multicast" ? await freePort() : 0;
      const server = await serve({ session, transport, version, dataPort });
      const stream = await open(server.commandPort, { dataPort: dataPort || 1, multicast: transport === "multicast" });
      const samples = await drain(stream);
      expect(sequences(samples)).toEqual(range(40));
      expectPoses(samples);
      for (const { sequence: i, value, acquiredAt, timeSource } of samples) {
        expect(value.tools.map(({ status }) => status)).toEqual([
          i % 7 === 3 ? "occluded" : "tracked", i === 20 ? "missing" : "tracked",
        ]); // prettier-ignore
        expect(timeSource).toBe(version.major < 3 ? "device" : "mid-exposure");
        /** A tick of the server's clock, 10 MHz. */
        expect(Math.abs(acquiredAt - 5000 - i / RATE_HZ)).toBeLessThan(1e-7);
      }
      expect(stream.nominalRateHz).toBe(RATE_HZ);
      expect(stream.status()).toMatchObject({ sourceUpAxis: "y", unitMm: 1000, warnings: [] });
      expect(stream.status().counters).toMatchObject({ samples: 40, lost: 0, refused: 0, foreign: 0, dropped: 0 });
    });
  }
}

async function freePort(): Promise<number> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}

test("lost datagrams leave gaps of exactly their number, and no pose is made up (F9)", async () => {
  const rng = createRng("natnet/f9");
  const server = await serve();
  const proxy = await proxied(server);
  const arrived: number[] = [];
  proxy.fromServer = frames((frame) => {
    const keep = frame.frameNumber === 0 || frame.frameNumber === 59 || (rng.uniform() > 0.3 && (frame.frameNumber < 20 || frame.frameNumber > 29));
    if (keep) arrived.push(frame.frameNumber);
    return keep ? [frame] : [];
  }); // prettier-ignore
  const stream = await open(proxy.port);
  const samples = await drain(stream);
  expect(sequences(samples)).toEqual(arrived);
  expectPoses(samples);
  expect(stream.status().counters.lost).toBe(60 - arrived.length);
});

test("datagrams out of order are put back, doubles are dropped (F10)", async () => {
  const server = await serve();
  const proxy = await proxied(server);
  let kept: Frame | undefined;
  proxy.fromServer = frames((frame, i) => {
    if (i % 5 === 2) {
      kept = frame;
      return [];
    }
    if (i % 5 === 3) return [frame, kept!, frame];
    return [frame];
  });
  const stream = await open(proxy.port);
  const samples = await drain(stream);
  expect(sequences(samples)).toEqual(range(60));
  expectPoses(samples);
  expect(stream.status().counters).toMatchObject({ lost: 0, duplicates: 12, reordered: 12 });
});

test("damaged datagrams are left out and counted; those after them arrive (F11)", async () => {
  const server = await serve();
  const proxy = await proxied(server);
  proxy.fromServer = (bytes) => {
    if (!isFrame(bytes)) return [bytes];
    const packet = decodePacket(bytes, newestKnown);
    const number = packet.kind === "frame" ? packet.frame.frameNumber : 0;
    return number % 10 === 5 ? [bytes.subarray(0, bytes.length - 3)] : [bytes];
  };
  const stream = await open(proxy.port);
  const samples = await drain(stream);
  expect(sequences(samples)).toEqual(range(60).filter((i) => i % 10 !== 5));
  expect(stream.status().counters).toMatchObject({ refused: 6, lost: 6 });
});

test("definitions that change in mid-stream are asked for again, and no frame is read by the old ones (F13)", async () => {
  const server = await serve({ session: testSession(90) });
  const proxy = await proxied(server);
  let swapped = false;
  let modelReplies = 0;
  // From frame 40 on the two bodies have each other's ids; the flag is up for one frame, two answers are lost.
  proxy.fromServer = (bytes) => {
    if (packetKind(bytes) === "models" && swapped && ++modelReplies <= 2) return [];
    return frames((frame) => {
      if (frame.frameNumber < 40) return [frame];
      if (!swapped) server.redefine(modelsOf(["Reference", "Probe"]));
      swapped = true;
      const rigidBodies = frame.rigidBodies.map((body) => ({ ...body, id: 3 - body.id }));
      return [{ ...frame, rigidBodies, params: frame.frameNumber === 40 ? 2 : 0 }];
    })(bytes);
  };
  const stream = await open(proxy.port);
  const samples = await drain(stream);
  expect(sequences(samples)).toEqual(range(90));
  expectPoses(samples);
  for (const { sequence, value, geometryEpoch } of samples) {
    expect(value.tools.every(({ status }) => status === "tracked")).toBe(true);
    expect(geometryEpoch).toBe(sequence < 40 ? 0 : 1);
  }
  expect(modelReplies).toBeGreaterThan(2);
  expect(stream.status().counters.modelChanges).toBe(1);
});

test("where definitions never arrive, frames go on without poses once they have been awaited (F13)", async () => {
  const server = await serve({ session: testSession(300) });
  const proxy = await proxied(server);
  proxy.fromServer = (bytes) => (packetKind(bytes) === "models" ? [] : [bytes]);
  const stream = await open(proxy.port, { tools: { Probe: "Probe" } });
  const samples = await drain(stream, 30);
  expect(sequences(samples)).toEqual(range(30));
  for (const { value } of samples) expect(value.tools).toEqual([{ tool: "Probe", status: "unknown" }]);
  expect(stream.status().warnings.join()).toMatch(/does not say which rigid bodies/);
});

test("frames that come in another version than the one agreed on are read by their own (F14)", async () => {
  const server = await serve();
  const proxy = await proxied(server);
  proxy.fromServer = (bytes) => {
    if (!isFrame(bytes)) return [bytes];
    const packet = decodePacket(bytes, newestKnown);
    const early = packet.kind === "frame" && packet.frame.frameNumber < 20;
    return [early ? encodePacket(packet, { major: 4, minor: 0 }) : bytes];
  };
  const stream = await open(proxy.port);
  const samples = await drain(stream);
  expect(sequences(samples)).toEqual(range(60));
  expectPoses(samples);
  expect(stream.status().counters).toMatchObject({ otherVersion: 20, refused: 0 });
});

test("a 4.2 server is asked for 4.1; one that streams 4.2 all the same is read as 4.1, and that is said (F14)", async () => {
  const server = await serve({ version: { major: 4, minor: 2 } });
  const agreed = await open(server.commandPort);
  expect(sequences(await drain(agreed))).toEqual(range(60));
  expect(agreed.status()).toMatchObject({ natNetVersion: "4.2", bitstream: "4.1", layout: "known" });

  const stubborn = await serve({ version: { major: 4, minor: 2 }, transport: "multicast" });
  const assumed = await open(stubborn.commandPort);
  const samples = await drain(assumed);
  expect(sequences(samples)).toEqual(range(60));
  expectPoses(samples);
  expect(assumed.status()).toMatchObject({ bitstream: "4.2", layout: "assumed-4.1" });
});

test("a server clock set by an hour begins a geometry epoch; times go on (F15)", async () => {
  const server = await serve();
  const proxy = await proxied(server);
  proxy.fromServer = frames((frame) => {
    const step = frame.frameNumber < 30 ? 0n : 3600n * 10_000_000n;
    const { midExposure, dataReceived, transmit } = frame.ticks!;
    return [{ ...frame, ticks: { midExposure: midExposure + step, dataReceived, transmit: transmit + step } }];
  });
  const stream = await open(proxy.port);
  const samples = await drain(stream);
  expect(sequences(samples)).toEqual(range(60));
  expect(samples.map(({ geometryEpoch }) => geometryEpoch)).toEqual(range(60).map((i) => (i < 30 ? 0 : 1)));
  for (const [i, { acquiredAt }] of samples.entries())
    if (i > 0) expect(acquiredAt).toBeGreaterThan(samples[i - 1]!.acquiredAt);
  expect(stream.status().counters.clockSteps).toBe(1);
});

test("a camera that does not say when its exposure was is recorded as such (F17)", async () => {
  const server = await serve({ midExposure: false });
  const samples = await drain(await open(server.commandPort));
  expect(new Set(samples.map(({ timeSource }) => timeSource))).toEqual(new Set(["transmit-minus-latency"]));
});

test("a pause stalls the stream without ending it, and nothing is made up in it (F18)", async () => {
  const pausedS = 0.9;
  const session = testSession(60);
  const paused = {
    ...session,
    *frames() {
      for (const sample of session.frames() as Iterable<Sample<TrackerFrame>>) {
        const late = sample.sequence < 30 ? 0 : pausedS;
        yield {
          ...sample,
          acquiredAt: sample.acquiredAt + late,
          receivedAt: sample.receivedAt + late,
        } as typeof sample;
      }
    },
  };
  const server = await serve({ session: paused, speed: 1 });
  const states: string[] = [];
  const log = { debug: () => undefined, info: () => undefined, progress: () => undefined };
  const stream = await open(server.commandPort, {
    stalledAfterS: 0.3,
    log: { ...log, warn: (event) => states.push(event) },
  });
  const samples = await drain(stream);
  expect(sequences(samples)).toEqual(range(60));
  expect(new Set(samples.map(({ geometryEpoch }) => geometryEpoch))).toEqual(new Set([0]));
  expect(states).toContain("tracker: stalled");
  expect(stream.status().counters.reconnects).toBe(0);
});

test("a reader that is too slow loses the oldest frames, and their number is known (F21)", async () => {
  const server = await serve();
  const stream = await open(server.commandPort, { queueLimit: 10, onGoodbye: "end" });
  await server.ended;
  await new Promise((resolve) => setTimeout(resolve, 300));
  const samples = await drain(stream);
  expect(sequences(samples)).toEqual(range(60).slice(-10));
  expect(stream.status().counters.dropped).toBe(50);
});

test("datagrams of other hosts, of other ports, and frames of a second server are ignored and counted (F25)", async () => {
  const server = await serve();
  const proxy = await proxied(server);
  const forged = encodePacket({ kind: "disconnect" }, newestKnown);
  const others = await Promise.all(
    ["127.0.0.2", "127.0.0.1"].map(async (address) => {
      const socket = createSocket("udp4");
      await new Promise<void>((resolve) => socket.bind(0, address, resolve));
      cleanUps.push(() => void socket.close());
      return socket;
    }),
  );
  let running = true;
  cleanUps.push(() => {
    running = false;
  });
  let frameBytes: Uint8Array | undefined;
  proxy.fromServer = (bytes) => {
    if (isFrame(bytes)) {
      frameBytes = bytes;
      const foreign = frames((frame) => [{ ...frame, frameNumber: frame.frameNumber + 7 }])(bytes);
      for (const other of others) {
        const [port] = proxy.clientPorts();
        // After the first frame, which says who the server is.
        setTimeout(() => {
          if (!running) return;
          other.send(foreign[0]!, port!, "127.0.0.1", () => undefined);
          other.send(forged, port!, "127.0.0.1", () => undefined);
        }, 3);
      }
    }
    return [bytes];
  };
  const stream = await open(proxy.port);
  const samples = await drain(stream, 55);
  expect(frameBytes).toBeDefined();
  expect(sequences(samples)).toEqual(range(55));
  expectPoses(samples);
  expect(stream.status().counters.foreign).toBeGreaterThan(0);
});

test("a client that the server dropped for silence comes back by itself (F26)", async () => {
  const server = await serve({ session: testSession(3000), speed: 1, clientTimeoutS: 0.6 });
  const proxy = await proxied(server);
  let mute = false;
  proxy.fromClient = (bytes) => (mute ? [] : [bytes]);
  const stream = await open(proxy.port);
  await drain(stream, 10);
  mute = true;
  while (server.clientCount > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  mute = false;
  while (stream.status().state !== "streaming") await new Promise((resolve) => setTimeout(resolve, 20));
  expect((await drain(stream, 100)).length).toBe(100);
  expect(stream.status().counters.reconnects).toBeGreaterThan(0);
});

test("a server that says goodbye and comes back is found again by the same socket (F19, F26)", async () => {
  let server = await serve({ session: testSession(3000), speed: 1 });
  const proxy = await UdpProxy.start(() => server.commandPort);
  cleanUps.push(() => proxy.close());
  const stream = await open(proxy.port, { onGoodbye: "reconnect" });
  const before = await drain(stream, 20);
  await server.close();
  server = await serve({ session: testSession(3000), speed: 1 });
  const after = await drain(stream, 40);
  expect(proxy.clientPorts()).toHaveLength(1);
  const all = [...before, ...after];
  for (const [i, { sequence, acquiredAt }] of all.entries()) {
    if (i === 0) continue;
    expect(sequence).toBeGreaterThan(all[i - 1]!.sequence);
    expect(acquiredAt).toBeGreaterThan(all[i - 1]!.acquiredAt);
  }
  expect(stream.status().counters.restarts).toBe(1);
  expect(stream.status().counters.reconnects).toBeGreaterThan(0);
});

test("a server that falls silent without a word is sought until it answers (F19, F20)", async () => {
  const server = await serve({ session: testSession(3000), speed: 1 });
  const proxy = await proxied(server);
  const stream = await open(proxy.port, { lostAfterS: 0.4, stalledAfterS: 0.2 });
  await drain(stream, 10);
  proxy.fromServer = () => [];
  while (stream.status().state !== "lost") await new Promise((resolve) => setTimeout(resolve, 20));
  proxy.fromServer = (bytes) => [bytes];
  while (stream.status().state !== "streaming") await new Promise((resolve) => setTimeout(resolve, 20));
  expect((await drain(stream, 10)).length).toBe(10);
});

test("nobody at the other end is said with what to look at, and leaves nothing open (F19)", async () => {
  const port = await freePort();
  const opening = optitrack({ commandPort: port, connectTimeoutS: 0.3 }).open(new AbortController().signal);
  await expect(opening).rejects.toThrow(UnsuitableInputError);
  await expect(opening).rejects.toThrow(/Broadcast Frame Data/);
});

test("aborting while nobody answers gives an empty stream, soon (F28)", async () => {
  const controller = new AbortController();
  const opening = optitrack({ commandPort: await freePort(), connectTimeoutS: 600 }).open(controller.signal);
  setTimeout(() => controller.abort(), 50);
  const stream = await opening;
  expect(await drain(stream)).toEqual([]);
});

test("the server's clock is known by echoes to the host, with its skew, and so is the latency", async () => {
  const server = await serve({ session: testSession(240, undefined, { offsetS: 7000, skew: 0 }), speed: 1 });
  const stream = await open(server.commandPort);
  await drain(stream, 200);
  const { clock, latencyS, counters } = stream.status();
  expect(counters.echoes).toBeGreaterThan(3);
  expect(clock!.epoch).toBe(0);
  expect(clock!.uncertaintyS).toBeLessThan(clock!.roundTripS);
  // The server transmits 5.4 ms after the exposure; a loaded machine adds to that, and nothing takes from it.
  expect(latencyS!).toBeGreaterThan(0.0054 - 2 * clock!.roundTripS - 0.001);
});

import { createRng } from "../src/core/rng.ts";
import type { Device, DeviceStream, Sample, TrackerFrame } from "../src/data/device.ts";
import type { Image } from "../src/data/image.ts";
import { composeFrame } from "../src/hardware/natnet/compose-frame.ts";
import { optitrack } from "../src/hardware/natnet/driver.ts";
import { steadyClock } from "../src/hardware/natnet/host-clock.ts";
import { decodePacket, encodePacket } from "../src/hardware/natnet/protocol.ts";
import { NatNetServer } from "../src/hardware/natnet/server.ts";
import { newestKnown } from "../src/hardware/natnet/version.ts";
import { crc64 } from "../src/hardware/openigtlink/crc64.ts";
import { plusDevices } from "../src/hardware/openigtlink/driver.ts";
import { createFramer } from "../src/hardware/openigtlink/framer.ts";
import { grayImage, imageMessage } from "../src/hardware/openigtlink/image-message.ts";
import { decodeMessage, encodeMessage, type Message } from "../src/hardware/openigtlink/protocol.ts";
import { startServer } from "../src/hardware/openigtlink/server.ts";
import { rig, simulatedPoses, START_S, TOOLS } from "../src/verify/devices-rig.ts";
import type { BenchSuite, Case, Published } from "./suite.ts";

/** The most that a message may cost the processor, made, checked and read: 30 Hz then take 12 % of a core. */
const LIMIT: Published = { name: "4 ms a message", perSecond: 250, source: "the limit set for this bench" };
/** Motive at its fastest on a V120:Duo. */
const DUO: Published = { name: "120 Hz", perSecond: 120, source: "OptiTrack V120:Duo" };

const SIZE_PX = 512;
/** What a socket gives at a time. */
const CHUNK_BYTES = 65536;
/** Round trips of one call, so that a timer's tick does not show. */
const TRIPS = 20;

const rng = createRng("bench/wire");
const image: Image = {
  width: SIZE_PX,
  height: SIZE_PX,
  pixels: Uint8Array.from({ length: SIZE_PX * SIZE_PX }, () => rng.integer(256)),
};
const toSend = (): Message => imageMessage("Image_Image", image, [0.1, 0.1], { seconds: 1, fraction: 0 }, []);

/** As a driver reads it: in pieces, checked, to gray values. */
function read(bytes: Uint8Array): number {
  const framer = createFramer();
  let pixels = 0;
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    for (const event of framer.push(bytes.subarray(at, at + CHUNK_BYTES))) {
      const decoded = event.kind === "message" ? decodeMessage(event.message) : undefined;
      if (decoded?.body.type === "IMAGE") pixels += grayImage(decoded.body).pixels.length;
    }
  }
  return pixels;
}

async function prepare(): Promise<{ readonly cases: readonly Case[]; close(): Promise<void> }> {
  const sent = encodeMessage(toSend());
  const samples = await simulatedPoses(rig(1), []);
  const ticks = { midExposure: 1n, dataReceived: 2n, transmit: 3n };
  const packets = samples.map(({ sequence, value, acquiredAt }) =>
    encodePacket(
      { kind: "frame", frame: composeFrame(sequence, value, TOOLS, new Map(), acquiredAt, ticks) },
      newestKnown,
    ),
  );
  const images = await openImages(),
    poses = await openPoses(samples);
  const cases: Case[] = [
    { name: "IMAGE 512x512, checksum alone", units: 1, unit: "messages", run: () => crc64(image.pixels as Uint8Array) },
    {
      name: "IMAGE 512x512, made and read with both checksums",
      units: 1,
      unit: "messages",
      run: () => read(encodeMessage(toSend())),
      beside: [LIMIT],
    },
    { name: "IMAGE 512x512, read", units: 1, unit: "messages", run: () => read(sent), beside: [LIMIT] },
    {
      name: "IMAGE 512x512, server to driver over TCP, one at a time (the reciprocal of the latency)",
      units: TRIPS,
      unit: "messages",
      run: images.trips,
    },
    {
      name: "NatNet frames of two bodies, read",
      units: packets.length,
      unit: "frames",
      run: () => packets.reduce((n, bytes) => n + decodePacket(bytes, newestKnown).kind.length, 0),
      beside: [DUO],
    },
    {
      name: "NatNet frames, server to driver over UDP, one at a time (the reciprocal of the latency)",
      units: TRIPS,
      unit: "frames",
      run: poses.trips,
      beside: [DUO],
    },
  ];
  return {
    cases,
    async close() {
      await images.close();
      await poses.close();
    },
  };
}

interface Line {
  /** Sends `TRIPS` samples, each when the one before has arrived; the number that arrived. */
  trips(): Promise<number>;
  close(): Promise<void>;
}

const nowS = (): number => steadyClock.nowS();
const forever = new AbortController().signal;

async function openImages(): Promise<Line> {
  const server = await startServer({ port: 0, nowS });
  const devices = plusDevices({ port: server.port, nowS, random: () => 0.5 });
  const stream: DeviceStream<Image> = await devices.images.open(forever);
  const arriving = stream[Symbol.asyncIterator]();
  while (server.clients.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
  let timeS = START_S;
  return {
    async trips() {
      for (let i = 0; i < TRIPS; i++) {
        server.publishImage("Image_Image", image, { timeS: (timeS += 0.001) });
        await arriving.next();
      }
      return timeS;
    },
    async close() {
      await stream.close();
      await server.close();
    },
  };
}

async function openPoses(samples: readonly Sample<TrackerFrame>[]): Promise<Line> {
  let go: (() => void) | undefined,
    open = true,
    sequence = 0;
  /** Gives a frame whenever one is asked for. */
  async function* asked(): AsyncGenerator<Sample<TrackerFrame>> {
    while (open) {
      await new Promise<void>((resolve) => (go = resolve));
      const sample = samples[sequence % samples.length]!;
      // The time of the first: nothing is to be waited for.
      const { acquiredAt, receivedAt } = samples[0]!;
      yield {
        ...sample,
        sequence: sequence++,
        acquiredAt: (acquiredAt + 1e-4 * sequence) as typeof acquiredAt,
        receivedAt,
      };
    }
  }
  const server = await NatNetServer.start({
    session: { tools: TOOLS, rateHz: 120, frames: asked },
    clock: steadyClock,
    transport: "unicast",
    commandPort: 0,
    dataPort: 0,
  });
  const device: Device<TrackerFrame> = optitrack({ commandPort: server.commandPort, staleAfterS: Infinity });
  const stream = await device.open(forever);
  const arriving = stream[Symbol.asyncIterator]();
  return {
    async trips() {
      for (let i = 0; i < TRIPS; i++) {
        while (!go) await new Promise((resolve) => setImmediate(resolve));
        const next = go;
        go = undefined;
        next();
        await arriving.next();
      }
      return sequence;
    },
    async close() {
      open = false;
      await stream.close();
      go?.();
      await server.close();
    },
  };
}

export const wireBench: BenchSuite = {
  about: "OpenIGTLink images and NatNet frames: bytes, processor time, latency on this machine",
  prepare,
};

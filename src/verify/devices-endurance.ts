import { connect } from "node:net";
import { createRng } from "../core/rng.ts";
import type { Device } from "../data/device.ts";
import type { Image } from "../data/image.ts";
import { optitrack } from "../hardware/natnet/driver.ts";
import { steadyClock } from "../hardware/natnet/host-clock.ts";
import { playedDevice } from "../hardware/natnet/play-device.ts";
import { NatNetServer } from "../hardware/natnet/server.ts";
import { plusDevices } from "../hardware/openigtlink/driver.ts";
import { startServer } from "../hardware/openigtlink/server.ts";
import type { Check } from "./check.ts";
import { pause, POSE_RATE_HZ, rig, START_S, TOOLS } from "./devices-rig.ts";
import { FAULT_LIST, faultCheck } from "./devices-wire.ts";
import { heldBytes } from "./held-bytes.ts";

const nowS = (): number => steadyClock.nowS();

/** Sockets and timers that are open in this process. */
export const openHandles = (): number =>
  process.getActiveResourcesInfo().filter((name) => /^(UDPWrap|TCP.*Wrap|Timeout)$/.test(name)).length;

/** Waits until no more handles than before are open, or 5 s have passed; the number that is too many. */
async function handlesLeft(before: number): Promise<number> {
  for (let turn = 0; turn < 250 && openHandles() > before; turn++) await pause(20);
  return Math.max(0, openHandles() - before);
}

interface Served {
  readonly devices: readonly Device<unknown>[];
  close(): Promise<void>;
}

/** Both servers, each with a client's driver: one plays poses for hours, the other repeats an image. */
async function served(): Promise<Served> {
  const natNet = await NatNetServer.start({
    session: playedDevice(rig(3600).tracker, TOOLS, POSE_RATE_HZ),
    clock: steadyClock,
    transport: "unicast",
    commandPort: 0,
    dataPort: 0,
  });
  const igtl = await startServer({ port: 0, nowS });
  let timeS = START_S;
  const pixels = new Uint8Array(64);
  const publisher = setInterval(() => {
    igtl.publishImage("Image_Image", { width: 8, height: 8, pixels }, { timeS: (timeS += 0.001) });
  }, 5);
  const random = createRng("verify/devices/endurance");
  const { images } = plusDevices({ port: igtl.port, nowS, random: () => random.uniform(), firstRetryS: 0.01 });
  return {
    devices: [optitrack({ commandPort: natNet.commandPort }), images],
    async close() {
      clearInterval(publisher);
      await igtl.close();
      await natNet.close();
    },
  };
}

/** Opens and ends a stream in every third way: aborted while it connects, aborted or closed in the middle. */
async function cycle(device: Device<unknown>, i: number): Promise<void> {
  const controller = new AbortController();
  if (i % 3 === 0) {
    const opening = device.open(controller.signal);
    for (let turn = 0; turn < i % 10; turn++) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    await (await opening).close();
    return;
  }
  const stream = await device.open(controller.signal);
  await stream[Symbol.asyncIterator]().next();
  if (i % 3 === 1) controller.abort();
  await stream.close();
  await stream.close();
}

export const closings = faultCheck({
  fault: "F28",
  statement: "closing or aborting while it connects, in mid-stream, or twice is quiet and leaves nothing open",
  besides: "0 handles left, 0 unhandled rejections",
  async run() {
    let rejections = 0;
    const onRejection = (): void => void rejections++;
    process.on("unhandledRejection", onRejection);
    const before = openHandles();
    try {
      const { devices, close } = await served();
      for (const device of devices) for (let i = 0; i < 12; i++) await cycle(device, i);
      // Two at once over one connection, ended in the order that they were begun in.
      for (const device of devices) {
        const both = [new AbortController(), new AbortController()];
        const streams = await Promise.all(both.map(({ signal }) => device.open(signal)));
        for (const stream of streams) await stream.close();
      }
      await close();
      const left = await handlesLeft(before);
      return {
        compared: "0 missing, 0 invented, 0 wrong",
        besides: { "handles left": [left, 0], "unhandled rejections": [rejections, 0] },
      };
    } finally {
      process.off("unhandledRejection", onRejection);
    }
  },
});

const CYCLES = { fast: 60, full: 1000 };
/** A socket, a timer, a listener with what it closes over: none is smaller. */
const LEAK_BYTES_PER_CYCLE = 1024;

/** Connects and disconnects both drivers; handles and memory must come back to what they were. */
export const cycles: Check = {
  id: "devices.cycles",
  statement: `F19: ${CYCLES.full} connections and farewells (${CYCLES.fast} without --full) of each driver leave no handle and no memory`,
  source: FAULT_LIST,
  expected: `0 handles, less than ${LEAK_BYTES_PER_CYCLE} bytes a cycle`,
  tolerance: "exact",
  async run({ full }) {
    const before = openHandles(),
      count = full ? CYCLES.full : CYCLES.fast;
    const { devices, close } = await served();
    // What is made once (code, caches, the queues of the servers) is made in the first cycles.
    for (const device of devices) for (let i = 0; i < 30; i++) await cycle(device, i);
    await pause(50);
    const heldBefore = heldBytes();
    for (const device of devices) for (let i = 0; i < count; i++) await cycle(device, i);
    await pause(50);
    const perCycle = Math.max(0, Math.round((heldBytes() - heldBefore) / (count * devices.length)));
    await close();
    const left = await handlesLeft(before);
    const measured = `${left} handles, ${perCycle} bytes a cycle over ${count}`;
    return { measured, pass: left === 0 && (perCycle < LEAK_BYTES_PER_CYCLE || count < CYCLES.full) };
  },
};

const QUEUE_BYTES = 4 * 2 ** 20,
  IMAGE_BYTES = 512 * 512,
  SEND_TIMEOUT_S = 0.5,
  SENT_IMAGES = 80;

/** A client that connects and never reads, beside one that does. */
export const slowReader: Check = {
  id: "devices.F22",
  statement:
    "F22: a client that takes nothing is dropped after its time; what waits for it is bounded, nobody else waits",
  source: FAULT_LIST,
  expected: `1 disconnected, at most ${QUEUE_BYTES / 2 ** 20} MiB and one image waiting, ${SENT_IMAGES} images at the other`,
  tolerance: "exact",
  async run() {
    const server = await startServer({
      port: 0,
      nowS,
      queueBytes: QUEUE_BYTES,
      sendTimeoutS: SEND_TIMEOUT_S,
      keepAliveS: 0.05,
    });
    const lazy = connect({ port: server.port, host: "127.0.0.1" }).on("error", () => undefined);
    lazy.pause();
    const random = createRng("verify/devices/slow");
    const { images } = plusDevices({ port: server.port, nowS, random: () => random.uniform() });
    try {
      while (server.clients.length < 1) await pause(2);
      const stream = await images.open(AbortSignal.timeout(20_000));
      while (server.clients.length < 2) await pause(2);
      const [first, reader] = server.clients;
      const image: Image = { width: 512, height: 512, pixels: new Uint8Array(IMAGE_BYTES) };
      let got = 0,
        mostWaiting = 0;
      const reading = (async () => {
        for await (const { value } of stream) got += value.width === 512 ? 1 : 0;
      })();
      for (let i = 0; i < SENT_IMAGES; i++) {
        server.publishImage("Image_Image", image, { timeS: START_S + i });
        mostWaiting = Math.max(mostWaiting, first?.queuedBytes ?? Infinity);
        do await pause(1);
        while ((reader?.queuedBytes ?? 0) > 0);
      }
      while (server.counters.slowClientsDisconnected === 0 && !lazy.destroyed) await pause(10);
      const { slowClientsDisconnected } = server.counters;
      await server.close();
      await reading;
      await stream.close();
      const measured =
        `${slowClientsDisconnected} disconnected, at most ${(mostWaiting / 2 ** 20).toFixed(1)} MiB waiting, ` +
        `${got} images at the other`;
      const bounded = mostWaiting > 0 && mostWaiting <= QUEUE_BYTES + IMAGE_BYTES + HEADERS_BYTES;
      return { measured, pass: slowClientsDisconnected === 1 && bounded && got === SENT_IMAGES };
    } finally {
      lazy.destroy();
      await server.close();
    }
  },
};

/** Of one message around its pixels. */
const HEADERS_BYTES = 1024;

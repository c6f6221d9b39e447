import { createServer } from "node:net";
import { once } from "node:events";
import { createRng } from "../core/rng.ts";
import { createWorkerPool } from "../core/worker-pool.ts";
import { optitrack } from "../hardware/natnet/driver.ts";
import { steadyClock } from "../hardware/natnet/host-clock.ts";
import { plusDevices } from "../hardware/openigtlink/driver.ts";
import type { Check } from "./check.ts";
import { IMAGE_RATE_HZ, POSE_RATE_HZ } from "./devices-rig.ts";
import { FAULT_LIST } from "./devices-wire.ts";
import { heldBytes } from "./held-bytes.ts";
import type { SoakJob, SoakPlayed } from "./soak-server.ts";
import { firstPixels, lastPixel } from "./soak-source.ts";

const SOAK = { fastS: 6, fullS: 600, speed: 10 };
/** Noise of the collector at 30 images of 256 KiB in flight. */
const FLAT_BYTES = 24 * 2 ** 20;

/** Both lines at once, images of 512 × 512: nothing may be lost, and memory may not grow. */
export const soak: Check = {
  id: "devices.soak",
  statement:
    `${SOAK.fullS / 60} minutes (${SOAK.fastS} s without --full) of 120 Hz over NatNet and 30 Hz of 512 x 512 over ` +
    `OpenIGTLink, at ${SOAK.speed} times their speed as far as this computer can, from a thread of its own: nothing is ` +
    "lost, and neither side holds more at the end than at a quarter",
  source: FAULT_LIST,
  expected: `0 images and 0 frames lost, growth below ${FLAT_BYTES / 2 ** 20} MiB on either side`,
  tolerance: "exact",
  async run({ full }) {
    const durationS = full ? SOAK.fullS : SOAK.fastS;
    const { lostImages, lostFrames, wrongImages, growthBytes, tookS, cpuMs } = await soakFor(durationS, SOAK.speed);
    const measured =
      `${lostImages} images and ${lostFrames} frames lost, ${wrongImages} wrong, ` +
      `growth ${(growthBytes / 2 ** 20).toFixed(1)} MiB over ${durationS} s, at ${(durationS / tookS).toFixed(1)} times ` +
      `their speed, ${cpuMs.toFixed(1)} ms of processor time for an image and four frames, both sides together`;
    return { measured, pass: lostImages + lostFrames + wrongImages === 0 && growthBytes < FLAT_BYTES };
  },
};

/** After the other side has ended; what is on its way then is lost. */
const LAST_FRAMES_MS = 5000;

/** Plays `durationS` of both lines; counts what did not arrive. */
export async function soakFor(durationS: number, speed: number) {
  const [natNetPort, plusPort] = [await freePort(), await freePort()];
  const workers = createWorkerPool(1);
  const job: SoakJob = { durationS, speed, natNetPort, plusPort };
  const playing = workers.map<SoakPlayed>(new URL("./soak-server.worker.ts", import.meta.url), [{ data: job }]);
  playing.catch(() => undefined); // told below
  const nowS = (): number => steadyClock.nowS();
  const random = createRng("verify/devices/soak");
  const signal = new AbortController().signal;
  const patienceS = 60;
  const { images } = plusDevices({
    port: plusPort,
    nowS,
    random: () => random.uniform(),
    whenFull: "wait",
    firstRetryS: 0.05,
    patienceS,
  });
  const tracker = optitrack({ commandPort: natNetPort, onGoodbye: "end", connectTimeoutS: patienceS });
  const streams = [images.open(signal), tracker.open(signal)] as const;
  try {
    const [imageStream, poseStream] = await Promise.all(streams);
    let imageCount = 0,
      wrongImages = 0,
      quarterBytes = Infinity,
      cpu = process.cpuUsage();
    const quarter = Math.floor((durationS * IMAGE_RATE_HZ) / 4);
    const readImages = (async () => {
      for await (const { value } of imageStream) {
        if (imageCount === 0) cpu = process.cpuUsage(); // starting and simulating is no part of it
        const index = imageCount++;
        const [low, high] = firstPixels(index);
        if (value.pixels[0] !== low || value.pixels[1] !== high || value.pixels.at(-1) !== lastPixel(index))
          wrongImages++;
        if (imageCount === quarter) quarterBytes = heldBytes();
      }
    })();
    let frames = 0,
      lostInBetween = 0,
      last = -1;
    const readPoses = (async () => {
      for await (const { sequence } of poseStream) {
        frames++;
        lostInBetween += sequence - last - 1;
        last = sequence;
      }
    })();
    // A goodbye is a datagram, too, and may be lost.
    void playing.then(
      () => setTimeout(() => void poseStream.close(), LAST_FRAMES_MS).unref(),
      () => undefined,
    );
    await Promise.all([readImages, readPoses]);
    const { user, system } = process.cpuUsage(cpu);
    const growthBytes = heldBytes() - quarterBytes;
    const [played] = await playing;
    if (!played) throw new Error("the serving side gave no answer");
    return {
      lostImages: played.images - imageCount,
      lostFrames: Math.floor(durationS * POSE_RATE_HZ) - frames,
      lostInBetween,
      wrongImages,
      growthBytes: Math.max(0, growthBytes, played.growthBytes),
      tookS: played.tookS,
      cpuMs: (user + system) / 1000 / (durationS * IMAGE_RATE_HZ),
    };
  } finally {
    for (const opened of await Promise.allSettled(streams))
      if (opened.status === "fulfilled") await opened.value.close();
    await workers.close();
  }
}

/** Of TCP and, in all likelihood, of UDP. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
  return address.port;
}

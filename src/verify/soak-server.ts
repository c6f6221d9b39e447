import { setTimeout as pause } from "node:timers/promises";
import { steadyClock } from "../hardware/natnet/host-clock.ts";
import { NatNetServer } from "../hardware/natnet/server.ts";
import { playAsPlus } from "../hardware/openigtlink/play.ts";
import { startServer } from "../hardware/openigtlink/server.ts";
import { createTimeline } from "../scenario/timeline.ts";
import { POSE_RATE_HZ, START_S, TOOLS } from "./devices-rig.ts";
import { heldBytes } from "./held-bytes.ts";
import { soakImages, soakPoses } from "./soak-source.ts";

export interface SoakJob {
  readonly durationS: number;
  readonly speed: number;
  readonly natNetPort: number;
  readonly plusPort: number;
}

export interface SoakPlayed {
  readonly images: number;
  readonly dropped: number;
  /** From the first image to the last, of this computer's time. */
  readonly tookS: number;
  /** What this side held at the end more than at a quarter. */
  readonly growthBytes: number;
}

/** Poses are sent at most so far ahead of the images, seconds of the stream. */
const AHEAD_S = 0.5;

/** The serving side of the soak, on a thread of its own, as it is on a computer of its own. */
export async function playSoak({ durationS, speed, natNetPort, plusPort }: SoakJob): Promise<SoakPlayed> {
  const nowS = (): number => steadyClock.nowS();
  const timeline = createTimeline(2, { recordS: 0, patienceS: 60, nowS });
  const poses = await soakPoses(durationS);
  let playedS = 0,
    imagesEnded = false;
  const natNet = await NatNetServer.start({
    session: {
      tools: TOOLS,
      rateHz: POSE_RATE_HZ,
      async *frames() {
        for await (const sample of await poses.open(new AbortController().signal)) {
          // TCP makes the images wait for a reader that cannot keep up; datagrams would overflow its socket instead.
          while (sample.receivedAt > playedS + AHEAD_S && !imagesEnded) await pause(1);
          yield sample;
        }
      },
    },
    clock: steadyClock,
    transport: "unicast",
    commandPort: natNetPort,
    dataPort: 0,
    speed,
    origin: () => timeline.join(),
  });
  const plus = await startServer({ port: plusPort, nowS });
  try {
    while (plus.clients[0]?.headerVersion !== 2) await pause(2);
    const { hostS } = await timeline.join();
    let quarterBytes = Infinity;
    const played = await playAsPlus({
      server: plus,
      images: soakImages(durationS),
      startUtcS: START_S,
      async paceTo(timeS) {
        playedS = timeS;
        if (timeS >= durationS / 4 && quarterBytes === Infinity) quarterBytes = heldBytes();
        const waitMs = 1000 * (hostS + timeS / speed - nowS());
        if (waitMs > 0) await pause(waitMs);
      },
      signal: new AbortController().signal,
    });
    imagesEnded = true;
    const tookS = nowS() - hostS,
      growthBytes = Math.max(0, heldBytes() - quarterBytes);
    const { dropped } = plus.counters;
    await plus.close();
    await natNet.ended;
    return { images: played.images, dropped, tookS, growthBytes };
  } finally {
    await plus.close();
    await natNet.close();
  }
}

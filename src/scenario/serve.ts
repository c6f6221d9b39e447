import { setTimeout as sleep } from "node:timers/promises";
import { silentLog, type Log } from "../core/log.ts";
import type { Device, PoseDevice, Sample, TrackerFrame } from "../data/device.ts";
import type { DigitisedPoint } from "../data/recording.ts";
import { steadyClock } from "../hardware/natnet/host-clock.ts";
import { NatNetServer } from "../hardware/natnet/server.ts";
import { playAsPlus } from "../hardware/openigtlink/play.ts";
import { message, type Message } from "../hardware/openigtlink/protocol.ts";
import { DEFAULT_PORT, startServer, type IgtlServer, type ServerClient } from "../hardware/openigtlink/server.ts";
import { realPaceClock } from "../hardware/replay/pace.ts";
import type { Acquisition } from "./acquire.ts";
import { changeSamples } from "./change-samples.ts";
import { repeated, withClock, type ClockError } from "./replay.ts";
import { createTimeline } from "./timeline.ts";

export interface ServeOptions {
  /** Names of the tools that the tracker has. */
  readonly tools: readonly string[];
  /** Host times between which there are samples. */
  readonly span: { readonly fromS: number; readonly toS: number };
  /** IPv4 address to listen on; loopback unless told otherwise. */
  readonly host?: string;
  /** Of OpenIGTLink; 0 takes a free one. */
  readonly plusPort?: number;
  /** Of NatNet; 0 takes a free one. */
  readonly motivePort?: number;
  readonly motiveDataPort?: number;
  readonly transport?: "multicast" | "unicast";
  /** Who tells of the poses. PlusServer, Motive, or both, as where PLUS reads Motive. */
  readonly posesFrom?: "plus" | "motive" | "both";
  /** False plays a USB camera (V120:Duo), which does not say when its exposure was. */
  readonly midExposure?: boolean;
  readonly speed?: number;
  /** Begins anew after the end, times going on. */
  readonly loop?: boolean;
  readonly plusClock?: ClockError;
  readonly motiveClock?: ClockError;
  /** Told of every image when it has been sent, with its arrival in the recording: for what else is to be published. */
  readonly onImage?: (receivedS: number, server: IgtlServer) => void;
  /** For how long the first client waits for one at the other port. */
  readonly patienceS?: number;
  readonly log?: Log;
}

export interface ServedCounts {
  readonly clients: number;
  readonly images: number;
  readonly poseFrames: number;
  /** Messages that a slow reader of PlusServer did not get. */
  readonly dropped: number;
}

export interface Served {
  readonly plus: { readonly host: string; readonly port: number };
  readonly motive: { readonly host: string; readonly port: number } | undefined;
  readonly counts: ServedCounts;
  /** For what else is to be published by OpenIGTLink. */
  readonly server: IgtlServer;
  /** Resolves when everything has been played or when it was closed. Rejects when the source could not be read. */
  readonly ended: Promise<"finished" | "closed">;
  /** May be called twice. */
  close(): Promise<void>;
}

/** Slicer's connector says nothing when it connects: after so long a client is ready whatever it is. */
const SILENT_CLIENT_MS = 1000;
const CLIENT_CHECK_MS = 50;
/** A player that joins later than this leaves out what the others have played already. */
const LATE_S = 0.25;
/** Between two rounds. */
const PAUSE_S = 1;
const RIGHT_CLOCK: ClockError = { offsetS: 0, skew: 0 };

/**
 * Plays a scan as PlusServer and Motive would on the wire: images, poses with their status, the operator's points; each
 * by a clock of its own. Begins when the clients have come, and ends with the scan.
 */
export async function serveScan(scan: Acquisition, options: ServeOptions): Promise<Served> {
  const { host = "127.0.0.1", span, speed = 1, patienceS = 3, posesFrom = "both", log = silentLog } = options;
  const nowS = (): number => steadyClock.nowS();
  const timeline = createTimeline(posesFrom === "plus" ? 1 : 2, { recordS: span.fromS, patienceS, nowS });
  const again = <T>(device: Device<T>): Device<T> =>
    options.loop ? repeated(device, span.toS - span.fromS + PAUSE_S) : device;
  /** Recorded time at which to begin: what is already past is left out. */
  const beginAt = (): number => {
    const elapsedS = nowS() - (timeline.origin?.hostS ?? Infinity);
    return elapsedS > LATE_S ? span.fromS + elapsedS * speed : -Infinity;
  };
  const counts = { images: 0, poseFrames: 0 };
  const stop = new AbortController();
  const visitors = createVisitors(pointsMessage(scan.points));
  const port = options.plusPort ?? DEFAULT_PORT;
  const { offsetS, skew } = options.plusClock ?? RIGHT_CLOCK;
  const clockUtcS = (): number | undefined => {
    const { origin } = timeline;
    return origin && offsetS + (1 + skew) * (origin.recordS + (nowS() - origin.hostS) * speed);
  };
  const server = await startServer({
    host,
    port,
    nowS,
    clockUtcS,
    onClient: visitors.enter,
    onMessage: visitors.heard,
  });

  async function* poseFrames(tracker: PoseDevice): AsyncGenerator<Sample<TrackerFrame>> {
    const stream = await since(tracker, beginAt(), () => counts.poseFrames++).open(stop.signal);
    try {
      yield* stream;
    } finally {
      timeline.leave();
      await stream.close();
    }
  }
  async function startMotive(): Promise<NatNetServer> {
    const tracker = withClock(again(scan.tracker), options.motiveClock ?? RIGHT_CLOCK);
    const rateHz = (await tracker.open(AbortSignal.abort())).nominalRateHz;
    return NatNetServer.start({
      session: { tools: options.tools, rateHz, frames: () => poseFrames(tracker) },
      clock: steadyClock,
      address: host,
      speed,
      commandPort: options.motivePort ?? 1510,
      dataPort: options.motiveDataPort ?? 1511,
      transport: options.transport ?? "multicast",
      midExposure: options.midExposure ?? true,
      origin: () => timeline.join(),
    });
  }
  let motive: NatNetServer | undefined,
    motiveEnded = false;
  try {
    if (posesFrom !== "plus") motive = await startMotive();
  } catch (error) {
    await server.close();
    throw error;
  }

  /** Until a client has stayed to the end. */
  async function playPlus(): Promise<"finished" | "closed"> {
    while (await visitors.someone(server, stop.signal)) {
      const { hostS, recordS } = await timeline.join();
      const alone = visitors.untilAlone(server, stop.signal);
      log.info("playing", { clients: server.clients.length });
      const fromS = beginAt();
      await playAsPlus({
        server,
        images: since(again(scan.imager), fromS, ({ receivedAt }) => {
          counts.images++;
          options.onImage?.(receivedAt, server);
        }),
        ...(posesFrom === "motive"
          ? {}
          : { poses: since(again(scan.tracker), fromS, () => posesFrom === "plus" && counts.poseFrames++) }),
        startUtcS: offsetS,
        clockSkew: skew,
        ...(scan.geometry ? { spacingMm: scan.geometry.spacingMm } : {}),
        paceTo: (timeS) => sleepUntil(hostS + (timeS - recordS) / speed, alone.signal),
        signal: alone.signal,
      });
      timeline.leave();
      const whole = !alone.signal.aborted;
      alone.end();
      // Where the poses have been played to their end there is nothing to begin anew.
      if (whole || motiveEnded) return "finished";
    }
    return "closed";
  }
  async function playMotive(): Promise<"finished" | "closed"> {
    const end = await motive?.ended;
    motiveEnded = motive !== undefined;
    if (end?.status === "failed") throw end.error;
    return end?.status ?? "finished";
  }
  async function close(): Promise<void> {
    stop.abort();
    await Promise.all([server.close(), motive?.close()]);
  }
  const ended = Promise.all([playPlus().finally(() => server.close()), playMotive()])
    .then((ends) => (ends.includes("closed") ? "closed" : "finished"))
    .finally(close);
  ended.catch(() => undefined); // whoever awaits it is told
  return {
    plus: { host, port: server.port },
    motive: motive && { host, port: motive.commandPort },
    server,
    ended,
    close,
    get counts() {
      const clients = server.clients.length + (motive?.clientCount ?? 0);
      return { ...counts, clients, dropped: server.counters.dropped };
    },
  };
}

/** Who is connected by OpenIGTLink, and ready for what is to come. Each is given the points first. */
function createVisitors(points: Message | undefined) {
  const ready = new Set<number>();
  const welcome = (client: ServerClient): void => {
    if (ready.has(client.id)) return;
    ready.add(client.id);
    if (points) client.send(points);
  };
  return {
    enter: (client: ServerClient): void => void setTimeout(() => welcome(client), SILENT_CLIENT_MS).unref(),
    /** With header version 2 a client has shown that it understands a status. */
    heard: (_: Message, client: ServerClient): void => void (client.headerVersion === 2 && welcome(client)),
    /** False when aborted. */
    async someone(server: Pick<IgtlServer, "clients">, signal: AbortSignal): Promise<boolean> {
      while (!signal.aborted && !server.clients.some(({ id }) => ready.has(id))) await sleep(CLIENT_CHECK_MS);
      return !signal.aborted;
    },
    /** Aborts when the last client has left. */
    untilAlone(server: Pick<IgtlServer, "clients">, signal: AbortSignal) {
      const alone = new AbortController();
      const check = setInterval(() => {
        if (server.clients.length === 0 || signal.aborted) end();
      }, CLIENT_CHECK_MS);
      const end = (): void => {
        clearInterval(check);
        alone.abort();
      };
      return { signal: alone.signal, end };
    },
  };
}

/** The 3D Slicer way to send named points: a list, each with the frame that it is in as its owner. */
function pointsMessage(points: readonly DigitisedPoint[]): Message | undefined {
  if (points.length === 0) return undefined;
  return message(
    {
      type: "POINT",
      points: points.map(({ name, body, positionMm }) => ({
        name,
        group: "Fiducial",
        rgba: [255, 255, 0, 255],
        position: positionMm,
        diameter: 2,
        owner: body,
      })),
    },
    { device: "Landmarks" },
  );
}

/** Leaves out what arrived before, and tells of every sample that is given. */
const since = <T>(device: Device<T>, fromS: number, onSample: (sample: Sample<T>) => void): Device<T> =>
  changeSamples(device, (sample) => {
    if (sample.receivedAt < fromS) return undefined;
    onSample(sample);
    return sample;
  });

/** On the host's steady clock. */
function sleepUntil(timeS: number, signal: AbortSignal): Promise<void> {
  return realPaceClock.sleepUntil(realPaceClock.nowS() + timeS - steadyClock.nowS(), signal);
}

import { UnsuitableInputError } from "../../core/errors.ts";
import { silentLog, type Log } from "../../core/log.ts";
import { deviceSeconds, hostSeconds, type Device, type DeviceStream, type Sample } from "../../data/device.ts";
import type { ClockReading, ToolReading, TimeSource, TrackerFrame } from "../../data/device.ts";
import type { Image } from "../../data/image.ts";
import type { DigitisedPoint } from "../../data/recording.ts";
import { createClockProbe } from "./clock-probe.ts";
import { openClient, type Client, type ClientCounters } from "./client.ts";
import { clientInfoXml, type ClientInfo } from "./client-info.ts";
import { metadataValue, timestampSeconds, UTF8, type Envelope } from "./envelope.ts";
import { grayImage } from "./image-message.ts";
import { imageSpacing, type ImageBody } from "./messages/image.ts";
import { createPoseWatch, type PoseWatchCounters } from "./pose-watch.ts";
import { message, type Message } from "./protocol.ts";
import { createSampleQueue, type SampleQueue } from "./sample-queue.ts";
import { DEFAULT_PORT, STATUS_SHUT_DOWN } from "./server.ts";
import {
  deviceName,
  parsePlusStatus,
  readingOf,
  readingOfQuaternion,
  splitTransformName,
  transformStatus,
} from "./tool-status.ts";

export interface PlusOptions {
  readonly host?: string;
  readonly port?: number;
  /** Uniform in [0, 1): spreads the attempts to reconnect. */
  readonly random: () => number;
  /** Host clock, seconds; must never run backwards. */
  readonly nowS: () => number;
  readonly log?: Log;
  /** Images of this device only ("Image_Image"); else of whichever device sends the first one. */
  readonly imageDevice?: string;
  /** Frame that poses must be in: "ProbeToTracker" is taken, "ProbeToReference" is not. */
  readonly trackerFrame?: string;
  /** Sent to a PlusServer as CLIENTINFO; without it, the server's DefaultClientInfo holds. */
  readonly subscribe?: Omit<ClientInfo, "headerVersion">;
  /** 1 for servers that do not understand header version 2 (protocol 1 and 2): no tool status comes from them. */
  readonly headerVersion?: 1 | 2;
  /** Nominal rates, which a server does not tell. */
  readonly imageRateHz?: number;
  readonly poseRateHz?: number;
  /** How long opening waits for the server, and how long a lost one is waited for. */
  readonly patienceS?: number;
  readonly idleTimeoutS?: number;
  readonly firstRetryS?: number;
  /** A pose that stays the same to the last bit for so long is stale; Infinity for sources without any noise. */
  readonly staleAfterS?: number;
  /**
   * What happens when a consumer is too slow. "drop" (default): the oldest samples go, the newest are never late.
   * "wait": the server has to wait, for recording without a loss; PlusServer disconnects who makes it wait.
   */
  readonly whenFull?: "drop" | "wait";
  /** Told of every point of a POINT message (3D Slicer's fiducials, the landmarks of `sonobench serve`). */
  readonly onPoint?: (point: DigitisedPoint) => void;
  /** Samples that wait for a slow consumer. */
  readonly queuedImages?: number;
  readonly queuedPoses?: number;
}

export interface DriverCounters extends ClientCounters, Readonly<PoseWatchCounters> {
  readonly images: number;
  readonly poseFrames: number;
  /** Not later than the one before: the sender repeated it, or its clock was set back. */
  readonly notLater: number;
  /** Images that could not be used: volumes, parts, odd components. */
  readonly unsuitableImages: number;
  readonly colourImages: number;
  /** The same pixels as the image before. */
  readonly repeatedImages: number;
  /** Transforms into other frames than the tracker's. */
  readonly otherTransforms: number;
  /** Of a tool that came after its frame was complete. */
  readonly lateTools: number;
  /** Times that leapt ahead of the host's clock: the sender's clock was set. */
  readonly clockSteps: number;
  /** Dropped because the consumer was too slow. */
  readonly droppedImages: number;
  readonly droppedPoses: number;
}

/** Images and poses of one PlusServer, over one connection that stands while either is open. */
export interface PlusDevices {
  readonly images: Device<Image>;
  readonly poses: Device<TrackerFrame>;
  readonly counters: DriverCounters;
}

/** So many samples in a row with times before the last good one: the clock was set back. */
const MAX_REVERSED = 30;
/**
 * A time that is further ahead of the one before than the host's clock went on, by more than this, is a step of the
 * clock. Shorter breaks are usual in what is played faster than it was recorded.
 */
const LEAP_S = 60;

interface Session {
  readonly client: Client;
  readonly opened: Promise<void>;
  readonly images: Set<SampleQueue<Sample<Image>>>;
  readonly poses: Set<SampleQueue<Sample<TrackerFrame>>>;
  /** Set when the server shut down or was given up: whoever opens then begins anew. */
  readonly ended: boolean;
  users: number;
  /** Pauses or resumes the connection, whenever the queues have changed. */
  balance(): void;
  close(): Promise<void>;
}

/** Any OpenIGTLink server: PlusServer (with Telemed, OptiTrack or what it has), 3D Slicer, our own. */
export function plusDevices(options: PlusOptions): PlusDevices {
  const { host = "127.0.0.1", port = DEFAULT_PORT, imageRateHz = 30, poseRateHz = 30 } = options;
  const tally = createTally();
  let session: Session | undefined, lastCounters: ClientCounters | undefined;

  function join(): Session {
    if (!session || session.ended) session = startSession(options, host, port, tally);
    session.users++;
    return session;
  }
  async function leave(from: Session): Promise<void> {
    if (--from.users > 0) return;
    if (session === from) session = undefined;
    await from.close();
    lastCounters = from.client.counters;
  }

  function device<T>(
    id: string,
    rateHz: number,
    capacity: number,
    streams: (of: Session) => Set<SampleQueue<Sample<T>>>,
  ) {
    return {
      id,
      async open(signal: AbortSignal): Promise<DeviceStream<T>> {
        const queue: SampleQueue<Sample<T>> = createSampleQueue<Sample<T>>(capacity, () => joined?.balance());
        let joined: Session | undefined;
        if (signal.aborted) return { nominalRateHz: rateHz, ...closedStream(queue) };
        const mine = (joined = join());
        let closing: Promise<void> | undefined;
        const close = (): Promise<void> => {
          closing ??= (async () => {
            signal.removeEventListener("abort", onAbort);
            streams(mine).delete(queue);
            tally.dropped[id] = (tally.dropped[id] ?? 0) + queue.dropped;
            queue.clear();
            mine.balance();
            await leave(mine);
          })();
          return closing;
        };
        let stopWaiting: (() => void) | undefined;
        const onAbort = (): void => {
          stopWaiting?.();
          void close();
        };
        signal.addEventListener("abort", onAbort);
        streams(mine).add(queue);
        try {
          await Promise.race([mine.opened, new Promise<void>((resolve) => (stopWaiting = resolve))]);
        } catch (error) {
          await close();
          throw error;
        }
        return { nominalRateHz: rateHz, close, [Symbol.asyncIterator]: () => queue[Symbol.asyncIterator]() };
      },
    };
  }

  return {
    images: device<Image>("images", imageRateHz, options.queuedImages ?? 256, ({ images }) => images),
    poses: device<TrackerFrame>("poses", poseRateHz, options.queuedPoses ?? 16384, ({ poses }) => poses),
    get counters() {
      const dropped = (id: string, queues: Iterable<{ readonly dropped: number }>): number =>
        [...queues].reduce((sum, queue) => sum + queue.dropped, tally.dropped[id] ?? 0);
      const { dropped: _, ...counts } = tally;
      return {
        ...(session?.client.counters ?? lastCounters ?? noConnection),
        ...counts,
        droppedImages: dropped("images", session?.images ?? []),
        droppedPoses: dropped("poses", session?.poses ?? []),
      };
    },
  };
}

const noConnection: ClientCounters = {
  messages: 0,
  bytes: 0,
  connections: 0,
  wrongChecksum: 0,
  refused: 0,
  unknownTypes: 0,
  cutBytes: 0,
  idleTimeouts: 0,
};

function createTally() {
  return {
    images: 0,
    poseFrames: 0,
    notLater: 0,
    unsuitableImages: 0,
    colourImages: 0,
    repeatedImages: 0,
    otherTransforms: 0,
    lateTools: 0,
    stalePoses: 0,
    jumps: 0,
    clockSteps: 0,
    dropped: {} as Record<string, number>,
  };
}
type Tally = ReturnType<typeof createTally>;

function closedStream<T>(queue: SampleQueue<T>) {
  queue.end();
  return { close: async () => undefined, [Symbol.asyncIterator]: () => queue[Symbol.asyncIterator]() };
}

/** One connection, and what its messages become. */
function startSession(options: PlusOptions, host: string, port: number, tally: Tally): Session {
  const { log = silentLog, patienceS = 10 } = options;
  const images = new Set<SampleQueue<Sample<Image>>>(),
    poses = new Set<SampleQueue<Sample<TrackerFrame>>>();
  let settle: { resolve(): void; reject(error: Error): void } | undefined,
    patience: NodeJS.Timeout | undefined,
    lastReason = "",
    ended = false;
  const opened = new Promise<void>((resolve, reject) => (settle = { resolve, reject }));
  opened.catch(() => undefined); // whoever waits for it is told; when nobody does any more, nobody need be

  function end(error?: Error): void {
    ended = true;
    clearTimeout(patience);
    probe.stop();
    void client.close();
    settle?.reject(error ?? new UnsuitableInputError("the server shut down", "Start it again"));
    for (const queue of [...images, ...poses]) queue.end(error);
  }
  function waitFor(reason: string): void {
    lastReason = reason;
    if (ended) return;
    patience ??= setTimeout(() => {
      const problem = `No OpenIGTLink server at ${host}:${port} (${lastReason})`;
      end(new UnsuitableInputError(problem, "Start PlusServer, or give the address it listens on"));
    }, patienceS * 1000);
  }

  function balance(): void {
    if (options.whenFull !== "wait" || ended) return;
    const queues = [...images, ...poses];
    // A reader of both may be waiting at the empty one: then nothing may hold it up.
    if (queues.some(({ length }) => length === 0)) client.resume();
    else if (queues.some(({ length, capacity }) => length >= capacity / 2)) client.pause();
    else client.resume();
  }

  const assemble = createAssembler(options, tally, {
    image(sample) {
      images.forEach((queue) => queue.push(sample));
      balance();
    },
    poses(sample) {
      poses.forEach((queue) => queue.push(sample));
      balance();
    },
    fail: end,
    log,
  });
  waitFor("no answer");
  const probe = createClockProbe((sent) => client.send(sent), options.nowS, options.headerVersion ?? 2);
  const client: Client = openClient({
    host,
    port,
    random: options.random,
    nowS: options.nowS,
    greeting: greetingOf(options),
    idleTimeoutS: options.idleTimeoutS ?? 2,
    ...(options.firstRetryS === undefined ? {} : { firstRetryS: options.firstRetryS }),
    onMessage(received, receivedAtS) {
      const reading = probe.read(received, receivedAtS);
      if (reading) assemble.read(reading);
      else if (received.body.type === "STATUS" && received.body.code === STATUS_SHUT_DOWN) {
        assemble.flush();
        end();
      } else assemble.take(received, receivedAtS);
    },
    onState(state, reason) {
      if (state === "connected") {
        clearTimeout(patience);
        patience = undefined;
        lastReason = "";
        settle?.resolve();
        probe.start();
        log.info("connected", { host, port });
      } else if (state === "lost") {
        assemble.flush();
        if (reason !== lastReason) log.warn("no connection to the OpenIGTLink server", { host, port, reason });
        waitFor(reason);
      } else if (state === "degraded") log.warn("much of what comes is unusable", { host, port, reason });
    },
  });
  return {
    client,
    opened,
    images,
    poses,
    get ended() {
      return ended;
    },
    users: 0,
    balance,
    async close() {
      clearTimeout(patience);
      probe.stop();
      await client.close();
    },
  };
}

/** PlusServer gives status and metadata only to a client that has shown header version 2. */
function greetingOf({ headerVersion = 2, subscribe }: PlusOptions): Message[] {
  const hello = message({ type: "GET_STATUS" }, { headerVersion });
  if (!subscribe) return [hello];
  const text = clientInfoXml({ headerVersion, ...subscribe });
  return [hello, message({ type: "CLIENTINFO", encoding: UTF8, text }, { headerVersion, device: "SonoBench" })];
}

interface Sinks {
  image(sample: Sample<Image>): void;
  poses(sample: Sample<TrackerFrame>): void;
  fail(error: Error): void;
  readonly log: Log;
}

/** Transforms that carry one time are one frame. */
interface Gathering {
  readonly time: string;
  readonly acquiredAtS: number;
  readonly receivedAtS: number;
  readonly timeSource: TimeSource;
  readonly tools: Map<string, ToolReading>;
}

/** Messages in, samples out: images as they come, the transforms of one instant together. */
function createAssembler(options: PlusOptions, tally: Tally, sinks: Sinks) {
  const { trackerFrame = "Tracker" } = options;
  /** Every tool that was seen: when all are there, the frame need not wait for the next one to begin. */
  const known = new Set<string>();
  const imageOrder = createOrder(tally, sinks),
    poseOrder = createOrder(tally, sinks);
  const watchPose = createPoseWatch(options.staleAfterS ?? 0.5, tally, (tool, distanceMm) =>
    sinks.log.warn("a tool leapt; is it mistaken for another?", { tool, distanceMm }),
  );
  let imageSequence = 0,
    poseSequence = 0,
    gathering: Gathering | undefined,
    firstComplete = false,
    imageDevice = options.imageDevice,
    geometry = "",
    geometryEpoch = -1,
    lastPixels: Image["pixels"] | undefined,
    imageReading: ClockReading | undefined,
    poseReading: ClockReading | undefined;

  function flush(): void {
    const done = gathering;
    gathering = undefined;
    if (!done || done.tools.size === 0) return;
    firstComplete = true;
    emitPoses([...done.tools.values()], done);
  }

  function emitPoses(tools: readonly ToolReading[], at: Omit<Gathering, "tools" | "time">): void {
    if (!poseOrder.later(at.acquiredAtS, at.receivedAtS)) return;
    tally.poseFrames++;
    sinks.poses({
      sequence: poseSequence++,
      acquiredAt: deviceSeconds(at.acquiredAtS),
      receivedAt: hostSeconds(at.receivedAtS),
      timeSource: at.timeSource,
      geometryEpoch: poseOrder.steps,
      ...(poseReading ? { clockReading: poseReading } : {}),
      value: { tools: tools.map((reading) => watchPose(reading, at.acquiredAtS)) },
    });
    poseReading = undefined;
  }

  function takeTransform(received: Message, matrix: Readonly<Float64Array>, receivedAtS: number): void {
    const names = splitTransformName(deviceName(received));
    if (!names || names.parent !== trackerFrame) {
      tally.otherTransforms++;
      return;
    }
    const { acquiredAtS, timeSource, key } = timeOf(received, receivedAtS);
    if (gathering && gathering.time !== key) flush();
    if (!gathering && poseOrder.last === acquiredAtS) {
      // Its frame was complete without it; from now on it is waited for.
      known.add(names.tool);
      tally.lateTools++;
      return;
    }
    gathering ??= { time: key, acquiredAtS, receivedAtS, timeSource, tools: new Map() };
    gathering.tools.set(names.tool, readingOf(names.tool, matrix, transformStatus(received)));
    known.add(names.tool);
    if (firstComplete && gathering.tools.size === known.size) flush();
  }

  function takeImage(received: Message, body: ImageBody, receivedAtS: number): void {
    imageDevice ??= received.device;
    if (received.device !== imageDevice) return;
    let value: Image;
    try {
      value = grayImage(body);
    } catch (error) {
      if (!(error instanceof UnsuitableInputError)) throw error;
      if (tally.unsuitableImages++ === 0) sinks.log.warn(error.message);
      return;
    }
    if (body.components > 1 && tally.colourImages++ === 0)
      sinks.log.warn("colour images are taken as their brightness");
    const { acquiredAtS, timeSource } = timeOf(received, receivedAtS);
    if (!imageOrder.later(acquiredAtS, receivedAtS)) return;
    const spacing = imageSpacing(body).map((mm) => mm.toPrecision(5));
    const now = `${value.width} ${value.height} ${body.scalar} ${spacing.join(" ")}`;
    if (now !== geometry) geometryEpoch++;
    geometry = now;
    if (lastPixels && samePixels(lastPixels, value.pixels)) tally.repeatedImages++;
    lastPixels = value.pixels;
    tally.images++;
    sinks.image({
      sequence: imageSequence++,
      acquiredAt: deviceSeconds(acquiredAtS),
      receivedAt: hostSeconds(receivedAtS),
      timeSource,
      geometryEpoch: geometryEpoch + imageOrder.steps,
      ...(imageReading ? { clockReading: imageReading } : {}),
      value,
    });
    imageReading = undefined;
  }

  return {
    flush,
    /** Images and poses are stamped by one clock. */
    read(reading: ClockReading): void {
      imageReading = poseReading = reading;
    },
    take(received: Message, receivedAtS: number): void {
      const { body } = received;
      if (body.type === "TRANSFORM") return takeTransform(received, body.matrix, receivedAtS);
      if (body.type === "POINT") {
        for (const { name, owner, position } of body.points) {
          if (position.every(Number.isFinite)) options.onPoint?.({ name, body: owner, positionMm: position });
        }
        return;
      }
      const { acquiredAtS, timeSource, key } = timeOf(received, receivedAtS);
      if (gathering && gathering.time !== key) flush();
      if (body.type === "IMAGE") return takeImage(received, body, receivedAtS);
      const status = (name: string) => parsePlusStatus(metadataValue(received, `${name}Status`));
      const at = { acquiredAtS, receivedAtS, timeSource };
      if (body.type === "TDATA") {
        emitPoses(body.elements.map(({ name, matrix }) => readingOf(name, matrix, status(name))), at); // prettier-ignore
      } else if (body.type === "QTDATA") {
        emitPoses(
          body.elements.map(({ name, position, quaternion }) =>
            readingOfQuaternion(name, position, quaternion, status(name)),
          ),
          at,
        );
      }
    },
  };
}

/** Lets only what is later than everything before pass. */
function createOrder(tally: Tally, sinks: Sinks) {
  let last = -Infinity,
    lastReceivedS = Infinity,
    reversed = 0,
    steps = 0;
  return {
    get last() {
      return last;
    },
    /** Leaps of the clock until now: times before and after one do not belong together. */
    get steps() {
      return steps;
    },
    later(timeS: number, receivedAtS: number): boolean {
      if (timeS > last) {
        if (timeS - last - (receivedAtS - lastReceivedS) > LEAP_S && Number.isFinite(last)) {
          steps++;
          tally.clockSteps++;
          sinks.log.warn("the server's clock leapt ahead", { byS: timeS - last });
        }
        lastReceivedS = receivedAtS;
        last = timeS;
        reversed = 0;
        return true;
      }
      tally.notLater++;
      if (timeS < last && ++reversed === MAX_REVERSED) {
        const problem = `The server's clock was set back by ${(last - timeS).toFixed(3)} s`;
        sinks.fail(new UnsuitableInputError(problem, "Record again from here"));
      }
      return false;
    },
  };
}

/** A message without a time was acquired, as far as anyone knows, when it arrived. */
function timeOf({ timestamp }: Envelope, receivedAtS: number) {
  const { seconds, fraction } = timestamp;
  if (seconds === 0 && fraction === 0) {
    return { acquiredAtS: receivedAtS, timeSource: "arrival", key: `arrival ${receivedAtS}` } as const;
  }
  return { acquiredAtS: timestampSeconds(timestamp), timeSource: "device", key: `${seconds} ${fraction}` } as const;
}

function samePixels(a: Image["pixels"], b: Image["pixels"]): boolean {
  if (a.byteLength !== b.byteLength) return false;
  return Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(Buffer.from(b.buffer, b.byteOffset, b.byteLength));
}

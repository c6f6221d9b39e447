import { fromAxisAngle } from "../core/rigid.ts";
import { createRng } from "../core/rng.ts";
import type { Device, ImageDevice, PoseDevice, Sample, ToolReading, TrackerFrame } from "../data/device.ts";
import type { Image } from "../data/image.ts";
import { faultyImages, faultyPoses } from "../hardware/faults/faulty-device.ts";
import { startIgtlProxy, type IgtlProxyCounters } from "../hardware/faults/igtl-proxy.ts";
import { startNatNetProxy, type ProxyCounters } from "../hardware/faults/natnet-proxy.ts";
import type { Fault } from "../hardware/faults/script.ts";
import { optitrack, type OptitrackOptions, type OptitrackStatus } from "../hardware/natnet/driver.ts";
import { steadyClock } from "../hardware/natnet/host-clock.ts";
import { playedDevice } from "../hardware/natnet/play-device.ts";
import { NatNetServer } from "../hardware/natnet/server.ts";
import { plusDevices, type DriverCounters, type PlusOptions } from "../hardware/openigtlink/driver.ts";
import { playAsPlus } from "../hardware/openigtlink/play.ts";
import { startServer, type ServerClient } from "../hardware/openigtlink/server.ts";
import { simulatedImager } from "../sim/probe/imager-device.ts";
import { fourMarkerBody, markerLayouts } from "../sim/tracker/marker-body.ts";
import { duoClass } from "../sim/tracker/presets.ts";
import { simulatedTracker } from "../sim/tracker/tracker-device.ts";

/** The simulated devices whose samples go through a fault script, in process and over the wire. */
export interface Rig {
  readonly tracker: PoseDevice;
  readonly imager: ImageDevice;
}

export const TOOLS = ["Probe", "Femur"] as const;
export const POSE_RATE_HZ = 120;
export const IMAGE_RATE_HZ = 30;
export const IMAGE_LAG_S = 0.3;
/** What the servers' wall clock shows when the devices' host clock shows 0: some time in 2033. */
export const START_S = 2e9;
/** Between two frames, so that jitter does not decide which one is the first that is stale. */
export const STALE_AFTER_S = 59.5 / POSE_RATE_HZ;
/** Both a proxy and the simulator that stands beside it roll these dice. */
const DICE = "verify/devices";

/** `durationS` of a tracker with two bodies and a scanner with small images, or of the size given. */
export function rig(durationS: number, sizePx: readonly [number, number] = [32, 24], draw = countedImage): Rig {
  const bodies = TOOLS.map((tool, i) => ({
    ...fourMarkerBody(tool, markerLayouts[i]),
    trackerFromTool: (timeS: number) =>
      fromAxisAngle<"tracker", "probe">([0, 0, 1], 0.2 * Math.sin(timeS), [swing(timeS) + 100 * i, 20 * i, 1000]).m,
  }));
  const timing = {
    rateHz: POSE_RATE_HZ,
    latencyS: 0.0054,
    latencySdS: 0.0004,
    clockOffsetS: 1356,
    clockSkew: 2e-5,
  };
  return {
    tracker: simulatedTracker(duoClass, bodies, timing, durationS, createRng(`${DICE}/tracker`)),
    imager: simulatedImager(
      [{ fromS: 0, toS: durationS }],
      { rateHz: IMAGE_RATE_HZ, lagS: IMAGE_LAG_S },
      async (timesS, first) => timesS.map((timeS, i) => draw(first + i, timeS, sizePx)),
    ),
  };
}

/** What the probe does along x, mm: uneven, so that its lag can be told. */
export const swing = (timeS: number): number => 10 * Math.sin(2 * timeS + 1.3 * Math.sin(0.37 * timeS));

/** An image that says which one it is in its first four pixels. */
function countedImage(index: number, _: number, [width, height]: readonly [number, number]): Image {
  const pixels = new Uint8Array(width * height).fill(index % 251);
  pixels.set([index & 255, (index >> 8) & 255, (index >> 16) & 255, 255]);
  return { width, height, pixels };
}

export async function drain<T>(device: Device<T>): Promise<Sample<T>[]> {
  const stream = await device.open(new AbortController().signal);
  const samples: Sample<T>[] = [];
  try {
    for await (const sample of stream) samples.push(sample);
  } finally {
    await stream.close();
  }
  return samples;
}

/** What the simulated devices give when the script happens to them in process. */
export const simulatedPoses = ({ tracker }: Rig, script: readonly Fault[]): Promise<Sample<TrackerFrame>[]> =>
  drain(faultyPoses(tracker, script, createRng(DICE), { staleAfterS: STALE_AFTER_S }).device);
export const simulatedImages = ({ imager }: Rig, script: readonly Fault[]): Promise<Sample<Image>[]> =>
  drain(faultyImages(imager, script, createRng(DICE)).device);

export interface Pacing {
  /** How much faster than simulated the devices are played. */
  readonly speed?: number;
  /** A reader that is too slow is one that reads when all is over. */
  readonly reads?: "at once" | "at the end";
  /** From this time of the simulation on nothing is sent until the driver has (again) a connection. OpenIGTLink only. */
  readonly connectedFromS?: number;
}

export interface NatNetRun {
  readonly poses: readonly Sample<TrackerFrame>[];
  readonly status: OptitrackStatus;
  readonly proxy: Readonly<ProxyCounters>;
  /** Events that the driver warned of. */
  readonly warned: ReadonlySet<string>;
}

/** The rig's tracker played as Motive would, through a proxy that does what the script says, into the real driver. */
export async function overNatNet(
  { tracker }: Rig,
  script: readonly Fault[],
  { speed = 8, reads = "at once", ...options }: OptitrackOptions & Pacing = {},
): Promise<NatNetRun> {
  const server = await NatNetServer.start({
    session: playedDevice(tracker, TOOLS, POSE_RATE_HZ),
    clock: steadyClock,
    transport: "unicast",
    commandPort: 0,
    dataPort: 0,
    speed,
  });
  const proxy = await startNatNetProxy({
    serverPort: server.commandPort,
    script,
    rng: createRng(DICE),
    tools: TOOLS,
    nowS: () => steadyClock.nowS(),
    speed,
  });
  try {
    const warned = new Set<string>();
    const log = {
      debug: () => undefined,
      info: () => undefined,
      progress: () => undefined,
      warn: (event: string) => void warned.add(event),
    };
    const device = optitrack({
      commandPort: proxy.port,
      onGoodbye: "end",
      staleAfterS: STALE_AFTER_S,
      log,
      ...options,
    });
    const stream = await device.open(AbortSignal.timeout(30_000));
    if (reads === "at the end") {
      await server.ended;
      // Longer than the driver waits for the last frames behind a goodbye.
      await pause(500);
    }
    const poses: Sample<TrackerFrame>[] = [];
    for await (const sample of stream) poses.push(sample);
    const status = stream.status();
    await stream.close();
    return { poses, status, proxy: proxy.counters, warned };
  } finally {
    proxy.close();
    await server.close();
  }
}

export interface PlusRun {
  readonly images: readonly Sample<Image>[];
  readonly poses: readonly Sample<TrackerFrame>[];
  readonly counters: DriverCounters;
  readonly proxy: Readonly<IgtlProxyCounters>;
  /** What ended a stream before its time. */
  readonly error: Error | undefined;
}

/** Both devices played as PlusServer would, through a proxy, into the real driver. Without `speed` nothing waits. */
export async function overPlus(
  { tracker, imager }: Rig,
  script: readonly Fault[],
  { speed, reads = "at once", connectedFromS = 0, ...options }: Partial<PlusOptions> & Pacing = {},
): Promise<PlusRun> {
  const nowS = (): number => steadyClock.nowS();
  const server = await startServer({ port: 0, nowS });
  const rng = createRng(DICE);
  const proxy = await startIgtlProxy({ serverPort: server.port, script, rng, nowS, speed: speed ?? 1 });
  const random = createRng(`${DICE}/retries`);
  const devices = plusDevices({
    port: proxy.port,
    nowS,
    random: () => random.uniform(),
    whenFull: "wait",
    firstRetryS: 0.02,
    patienceS: 1,
    staleAfterS: STALE_AFTER_S,
    ...options,
  });
  try {
    const signal = AbortSignal.timeout(30_000);
    const images = await devices.images.open(signal),
      poses = await devices.poses.open(signal);
    let error: Error | undefined;
    const collect = async <T>(stream: AsyncIterable<Sample<T>>): Promise<Sample<T>[]> => {
      const samples: Sample<T>[] = [];
      try {
        for await (const sample of stream) samples.push(sample);
      } catch (problem) {
        error = problem as Error;
      }
      return samples;
    };
    /** The connection that is cut stays in the server's list until it has noticed: a later one is waited for. */
    const connected = async (afterId: number): Promise<void> => {
      const isReady = ({ id, headerVersion }: ServerClient): boolean => id > afterId && headerVersion === 2;
      while (!server.clients.some(isReady) && !signal.aborted) await pause(2);
    };
    await connected(0);
    const firstId = server.clients.at(-1)?.id ?? 0;
    const read = () => Promise.all([collect<Image>(images), collect<TrackerFrame>(poses)]);
    const reading = reads === "at once" ? read() : undefined;
    const startS = nowS();
    await playAsPlus({
      server,
      images: imager,
      poses: tracker,
      startUtcS: START_S,
      async paceTo(timeS) {
        if (speed !== undefined) await pause(1000 * (startS + timeS / speed - nowS()));
        if (connectedFromS > 0 && timeS >= connectedFromS) await connected(firstId);
      },
      signal,
    });
    await server.close();
    const [gotImages, gotPoses] = await (reading ?? read());
    await images.close();
    await poses.close();
    return { images: gotImages, poses: gotPoses, counters: devices.counters, proxy: proxy.counters, error };
  } finally {
    await proxy.close();
    await server.close();
  }
}

export const pause = async (ms: number): Promise<void> => {
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
};

/** A pose in 32-bit floats: half a unit of the last place of 2 m, and of a quaternion times that. */
const WIRE_MM = 2e-4;
/** A tick of Motive's clock; a time in 2033 as a double resolves 2⁻²² s, and the wire rounds once. */
const TICK_S = 2e-7,
  UTC_S = 1e-6;

export interface Compared {
  readonly missing: number;
  /** Samples that nobody sent. */
  readonly invented: number;
  /** Samples that are not as they were sent. */
  readonly wrong: number;
}

export const agreement = (...compared: readonly Compared[]): string => {
  const sum = (of: keyof Compared): number => compared.reduce((n, each) => n + each[of], 0);
  return `${sum("missing")} missing, ${sum("invented")} invented, ${sum("wrong")} wrong`;
};
export const IN_AGREEMENT = "0 missing, 0 invented, 0 wrong";

/** Poses by frame number, status by status, with their epochs and (unless the clock was disturbed) times. */
export function compareNatNet(
  expected: readonly Sample<TrackerFrame>[],
  got: readonly Sample<TrackerFrame>[],
  times: "compared" | "ignored" = "compared",
): Compared {
  const sent = new Map(expected.map((sample) => [sample.sequence, sample]));
  let invented = 0,
    wrong = 0,
    lastS = -Infinity;
  for (const sample of got) {
    const twin = sent.get(sample.sequence);
    if (!twin) invented++;
    else if (
      sample.geometryEpoch !== twin.geometryEpoch ||
      sample.timeSource !== twin.timeSource ||
      (times === "compared" && Math.abs(sample.acquiredAt - twin.acquiredAt) > TICK_S) ||
      !(sample.acquiredAt > lastS) ||
      !sameTools(twin.value.tools, sample.value.tools)
    )
      wrong++;
    lastS = sample.acquiredAt;
  }
  return { missing: sent.size - (got.length - invented), invented, wrong };
}

/** Poses by their time: OpenIGTLink has no frame numbers. A tool that is "missing" is not named there. */
export function comparePlusPoses(
  expected: readonly Sample<TrackerFrame>[],
  got: readonly Sample<TrackerFrame>[],
): Compared {
  const named = (tools: readonly ToolReading[]): ToolReading[] => tools.filter(({ status }) => status !== "missing");
  const sent = expected.filter(({ value }) => named(value.tools).length > 0);
  return compareByTime(
    sent.map((sample) => ({ ...sample, timeS: START_S + sample.receivedAt })),
    got,
    (a, b) => sameTools(named(a.value.tools), b.value.tools),
  );
}

export const comparePlusImages = (expected: readonly Sample<Image>[], got: readonly Sample<Image>[]): Compared =>
  compareByTime(
    expected.map((sample) => ({ ...sample, timeS: START_S + sample.acquiredAt })),
    got,
    (a, b) => a.geometryEpoch === b.geometryEpoch && sameImage(a.value, b.value),
  );

function compareByTime<T>(
  sent: readonly (Sample<T> & { readonly timeS: number })[],
  got: readonly Sample<T>[],
  same: (a: Sample<T>, b: Sample<T>) => boolean,
): Compared {
  let at = 0,
    found = 0,
    invented = 0,
    wrong = 0;
  for (const sample of got) {
    while (at < sent.length && sent[at]!.timeS < sample.acquiredAt - UTC_S) at++;
    const twin = sent[at];
    if (!twin || twin.timeS > sample.acquiredAt + UTC_S) invented++;
    else {
      found++;
      at++;
      if (!same(twin, sample)) wrong++;
    }
  }
  return { missing: sent.length - found, invented, wrong };
}

function sameTools(a: readonly ToolReading[], b: readonly ToolReading[]): boolean {
  return (
    a.length === b.length &&
    a.every((sent) => {
      const got = b.find(({ tool }) => tool === sent.tool);
      if (got?.status !== sent.status) return false;
      if (sent.status !== "tracked" || got.status !== "tracked") return !("trackerFromTool" in got);
      return sent.trackerFromTool.every((x, k) => Math.abs(x - got.trackerFromTool[k]!) <= WIRE_MM);
    })
  );
}

const sameImage = (a: Image, b: Image): boolean =>
  a.width === b.width && a.height === b.height && a.pixels.every((x, i) => x === b.pixels[i]);

import { silentLog, type Log } from "../../core/log.ts";
import {
  deviceSeconds,
  hostSeconds,
  type ClockReading,
  type Device,
  type DeviceStream,
  type Sample,
  type TrackerFrame,
} from "../../data/device.ts";
import { NatNetClient, type ClientCounters, type ClientState } from "./client.ts";
import { readingOf, type ClockState, type Echo } from "./clock-sync.ts";
import { FrameOrder, type OrderCounters } from "./frame-order.ts";
import type { Frame } from "./frame.ts";
import { steadyClock, type HostClock } from "./host-clock.ts";
import type { ModelList } from "./model.ts";
import { SampleQueue } from "./sample-queue.ts";
import { nativeVersion, type Session } from "./session.ts";
import { TimeBase, type FrameTime } from "./time-base.ts";
import { noToolCounters, ToolTracker, type ToolCounters } from "./tools.ts";
import { versionText } from "./version.ts";

export interface OptitrackOptions {
  /** Host name or IPv4 address of the PC that runs Motive. */
  readonly server?: string;
  readonly commandPort?: number;
  /** Of the network interface towards the server; needed where there are several. */
  readonly localAddress?: string;
  /** Tool → name of its rigid body in Motive; absent: every rigid body, by its own name. */
  readonly tools?: Readonly<Record<string, string>>;
  /**
   * "as-streamed": Motive's own axes, y up by default, as PLUS takes them. "z-up": turned so that z points up, for a
   * tracker frame that does not depend on a setting of Motive.
   */
  readonly axes?: "as-streamed" | "z-up";
  /** From mid-exposure to transmission, for cameras that do not say it (V120:Duo). */
  readonly latencyS?: number;
  /** A pose that stays the same to the last bit for so long is stale; Infinity for sources without any noise. */
  readonly staleAfterS?: number;
  readonly maxSpeedMmPerS?: number;
  /** Samples kept for a reader that is behind; then the oldest are dropped, and counted. */
  readonly queueLimit?: number;
  /** What a goodbye of the server means: Motive may come back, a played session has ended. */
  readonly onGoodbye?: "reconnect" | "end";
  readonly connectTimeoutS?: number;
  readonly stalledAfterS?: number;
  readonly lostAfterS?: number;
  /** These three for servers before 3.0, which do not say it themselves. */
  readonly dataPort?: number;
  readonly multicast?: boolean;
  readonly group?: string;
  readonly clock?: HostClock;
  readonly log?: Log;
}

export interface OptitrackCounters extends ClientCounters, OrderCounters, ToolCounters {
  samples: number;
  /** Dropped because the reader was too slow. */
  dropped: number;
  /** Frames whose time did not go on; left out. */
  timeStoodStill: number;
  clockSteps: number;
}

export interface OptitrackStatus {
  readonly state: ClientState;
  readonly server: string;
  readonly natNetVersion: string;
  readonly bitstream: string;
  readonly layout: Frame["layout"];
  readonly unitMm: number;
  readonly sourceUpAxis: "x" | "y" | "z" | null;
  /** The server's clock against the host's, by echoes; null before 3.0, which has none. */
  readonly clock: ClockState | null;
  /** From mid-exposure (or its substitute) to arrival of the last frame; null without echoes. */
  readonly latencyS: number | null;
  readonly counters: OptitrackCounters;
  readonly warnings: readonly string[];
}

export interface OptitrackStream extends DeviceStream<TrackerFrame> {
  status(): OptitrackStatus;
}

export interface OptitrackDevice extends Device<TrackerFrame> {
  open(signal: AbortSignal): Promise<OptitrackStream>;
}

/** A goodbye can overtake the last frames, which come by another socket. */
const LAST_FRAMES_MS = 150;
const FLUSH_MS = 50;
/** A missing frame is given up after so many turns of the timer without any frame. */
const QUIET_TICKS = 3;
/** Longer than definitions are awaited. */
const FAREWELL_CHECKS = 60;

/**
 * Rigid bodies straight from Motive: millimetres, right-handed, tools named, no pose unless it is good. Nothing is
 * configured on the server but that it streams. `acquiredAt` is the server's clock.
 */
export function optitrack(options: OptitrackOptions = {}): OptitrackDevice {
  return {
    id: "optitrack",
    async open(signal) {
      const stream = new Stream(options);
      await stream.start(signal);
      return stream;
    },
  };
}

class Stream implements OptitrackStream {
  private readonly options: OptitrackOptions;
  private readonly log: Log;
  private readonly client: NatNetClient;
  private readonly queue: SampleQueue<Sample<TrackerFrame>>;
  private readonly order = new FrameOrder<{ frame: Frame; receivedS: number }>();
  private readonly toolCounters = noToolCounters();
  private readonly own = { samples: 0, timeStoodStill: 0, clockSteps: 0 };
  private readonly warnings: string[] = [];
  private tools: ToolTracker | undefined;
  private times: TimeBase | undefined;
  private session: Session | undefined;
  private state: ClientState = "idle";
  private layout: Frame["layout"] = "known";
  private latencyS: number | null = null;
  private modelsText = "";
  private models: ModelList | null = null;
  private modelEpoch = 0;
  private firstReceivedS = Infinity;
  private echo: Echo | undefined;
  private lastTime: FrameTime | undefined;
  private quietTicks = 0;
  private flusher: NodeJS.Timeout | undefined;
  private farewell: NodeJS.Timeout | undefined;
  private unwatch: () => void = () => undefined;

  constructor(options: OptitrackOptions) {
    this.options = options;
    this.log = options.log ?? silentLog;
    this.queue = new SampleQueue(options.queueLimit ?? 7200);
    const server = options.server ?? "127.0.0.1";
    this.client = new NatNetClient(
      {
        server,
        commandPort: options.commandPort ?? 1510,
        localAddress: options.localAddress ?? (isLoopback(server) ? "127.0.0.1" : "0.0.0.0"),
        dataPort: options.dataPort ?? 1511,
        multicast: options.multicast ?? true,
        group: options.group ?? "239.255.42.99",
        clock: options.clock ?? steadyClock,
        connectTimeoutS: options.connectTimeoutS ?? 5,
        stalledAfterS: options.stalledAfterS ?? 0.5,
        lostAfterS: options.lostAfterS ?? 2,
      },
      {
        session: (session) => this.begin(session),
        models: (models) => this.define(models),
        frame: (frame, receivedS) => this.take(frame, receivedS),
        echo: (echo) => this.hear(echo),
        state: (state) => this.enter(state),
        disconnected: (reason) => this.goodbye(reason),
      },
    );
  }

  get nominalRateHz(): number {
    return this.session?.rateHz ?? 0;
  }

  async start(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return this.queue.end(true);
    const stop = (): void => void this.close();
    signal.addEventListener("abort", stop, { once: true });
    this.unwatch = () => signal.removeEventListener("abort", stop);
    try {
      await this.client.start();
    } catch (error) {
      await this.close();
      throw error;
    }
    this.flusher = setInterval(() => this.flushWhenQuiet(), FLUSH_MS);
    if (this.state === "closed") clearInterval(this.flusher);
  }

  async close(): Promise<void> {
    await this.finish(true);
  }

  [Symbol.asyncIterator](): AsyncIterator<Sample<TrackerFrame>, undefined> {
    return this.queue[Symbol.asyncIterator]();
  }

  status(): OptitrackStatus {
    const { session, client, order, queue, own } = this;
    return {
      state: this.state,
      server: session ? `${session.info.name} ${session.info.appVersion.join(".")}` : "",
      natNetVersion: session ? versionText(nativeVersion(session.info)) : "",
      bitstream: session ? versionText(session.bitstream) : "",
      layout: this.layout,
      unitMm: session?.unitMm ?? NaN,
      sourceUpAxis: session?.upAxis ?? null,
      clock: client.clockState ?? null,
      latencyS: this.latencyS,
      counters: { ...client.counters, ...order.counters, ...this.toolCounters, ...own, dropped: queue.dropped },
      warnings: this.warnings,
    };
  }

  private async finish(discard: boolean): Promise<void> {
    this.unwatch();
    clearInterval(this.flusher);
    clearTimeout(this.farewell);
    if (!discard) this.flush();
    this.queue.end(discard);
    await this.client.stop();
  }

  private begin(session: Session): void {
    const { axes, latencyS, tools, staleAfterS, maxSpeedMmPerS } = this.options;
    const again = this.session !== undefined;
    this.session = session;
    for (const assumption of session.assumed) this.warn(`the server does not answer ${assumption} assumed`);
    if (axes === "z-up" && session.upAxis === null)
      this.warn("the server does not say which axis points up; y is assumed");
    this.tools = new ToolTracker(
      {
        tools,
        unitMm: session.unitMm,
        zUpFrom: axes === "z-up" ? (session.upAxis ?? "y") : null,
        staleAfterS: staleAfterS ?? 0.5,
        maxSpeedMmPerS: maxSpeedMmPerS ?? 2000,
      },
      this.toolCounters,
      (tool, distanceMm) => this.log.warn("tracker: a tool jumped; is it mistaken for another?", { tool, distanceMm }),
    );
    this.tools.define(this.models);
    const clockHz = session.info.connection?.clockHz ?? null;
    if (again) this.order.beginAnew();
    this.times ??= new TimeBase(clockHz, session.rateHz, latencyS ?? 0.0054);
    this.log.info("tracker: connected", { server: session.info.name, bitstream: versionText(session.bitstream) });
  }

  private define(models: ModelList | null): void {
    const text = JSON.stringify(models?.definitions ?? null);
    if (text !== this.modelsText && this.modelsText !== "") this.modelEpoch++;
    this.modelsText = text;
    this.models = models;
    this.tools?.define(models);
    if (!models) this.warn("the server does not say which rigid bodies there are; poses are left out until it does");
    for (const tool of this.tools?.ambiguousTools ?? [])
      this.warn(`two rigid bodies share the name or the id of ${tool}; it has no pose until one is renamed`);
  }

  private take(frame: Frame, receivedS: number): void {
    this.quietTicks = 0;
    for (const { sequence, item } of this.order.push(frame.frameNumber, { frame, receivedS }))
      this.emit(sequence, item.frame, item.receivedS);
  }

  /** Counted in turns of the timer, not in time: after a pause of this process frames are still in the socket. */
  private flushWhenQuiet(): void {
    if (++this.quietTicks >= QUIET_TICKS) this.flush();
  }

  private flush(): void {
    for (const { sequence, item } of this.order.flush()) this.emit(sequence, item.frame, item.receivedS);
  }

  private emit(sequence: number, frame: Frame, receivedS: number): void {
    const { tools, times } = this;
    if (!tools || !times) return;
    this.layout = frame.layout;
    const time = times.next(frame, sequence, receivedS);
    if (!time) {
      this.own.timeStoodStill++;
      return;
    }
    if (this.lastTime && time.epoch !== this.lastTime.epoch) {
      this.own.clockSteps++;
      this.echo = undefined; // nobody knows on which side of the step it was
      this.log.warn("tracker: the server's clock was set; times go on by the host's clock", { sequence });
    }
    this.lastTime = time;
    this.firstReceivedS = Math.min(this.firstReceivedS, receivedS);
    if (tools.hasUnknownBody(frame.rigidBodies)) this.client.refreshModels();
    this.measureLatency(time, receivedS);
    this.own.samples++;
    this.queue.push({
      sequence,
      acquiredAt: deviceSeconds(time.acquiredS),
      receivedAt: hostSeconds(receivedS),
      timeSource: time.source,
      // What a pose means hangs on the definitions of the bodies, what a time means on the clock.
      geometryEpoch: this.modelEpoch + time.epoch,
      ...this.takeReading(times),
      value: { tools: tools.read(frame.rigidBodies, time.acquiredS) },
    });
  }

  /** A played session has no clock before its first frame. */
  private hear(echo: Echo): void {
    if (echo.sentS > this.firstReceivedS) this.echo = echo;
  }

  private takeReading(times: TimeBase): { readonly clockReading?: ClockReading } {
    const { echo } = this;
    this.echo = undefined;
    const deviceS = echo && times.ofTicks(echo.serverS);
    return echo && deviceS !== undefined ? { clockReading: readingOf({ ...echo, serverS: deviceS }) } : {};
  }

  private measureLatency(time: FrameTime, receivedS: number): void {
    const hostS = time.epoch === 0 ? this.client.toHost(time.acquiredS) : undefined;
    this.latencyS = hostS === undefined ? null : receivedS - hostS;
  }

  private enter(state: ClientState): void {
    this.state = state;
    if (state === "stalled") this.flush();
    if (state === "stalled" || state === "lost") this.log.warn(`tracker: ${state}`);
  }

  private goodbye(reason: "disconnect" | "timeout"): "reconnect" | "stay" {
    this.log.info("tracker: the server said goodbye", { reason });
    if (reason === "timeout" || this.options.onGoodbye !== "end") return "reconnect";
    this.farewell ??= setTimeout(() => this.finishWhenRead(FAREWELL_CHECKS), LAST_FRAMES_MS);
    return "stay";
  }

  /** Frames that still wait for definitions are part of the session, too. */
  private finishWhenRead(checks: number): void {
    if (this.client.isHolding && checks > 0)
      this.farewell = setTimeout(() => this.finishWhenRead(checks - 1), FLUSH_MS);
    else void this.finish(false);
  }

  private warn(sentence: string): void {
    if (this.warnings.includes(sentence)) return;
    this.warnings.push(sentence);
    this.log.warn(`tracker: ${sentence}`);
  }
}

const isLoopback = (server: string): boolean => server === "localhost" || server.startsWith("127.");

import type { TimeSource } from "../../data/device.ts";
import type { Frame } from "./frame.ts";

export interface FrameTime {
  /** Strictly increasing over all epochs. */
  readonly acquiredS: number;
  readonly source: TimeSource;
  /** Counts the steps of the clock: times before and after one belong to different clocks. */
  readonly epoch: number;
}

type Clock = "ticks" | "timestamp" | "arrival";

/**
 * A time step that agrees neither with the frame numbers nor with the arrival, by more than this, is a step of the
 * clock. Queues and lost datagrams disturb one of the two at a time.
 */
const STEP_S = 0.25;
/** System latencies of Motive are milliseconds; beyond this the ticks are not what they claim to be. */
const LONGEST_LATENCY_S = 1;

/** What `Number` would round is divided first. */
export const ticksToSeconds = (ticks: bigint, clockHz: bigint): number =>
  Number(ticks / clockHz) + Number(ticks % clockHz) / Number(clockHz);

/**
 * When frames were taken, by the server's clock: middle of the exposure where the camera says it (Ethernet cameras),
 * else transmission minus the configured latency, else Motive's own time stamp, else arrival. When the clock is set or
 * another one takes over, times go on where they were, by the host time that passed, and the epoch changes.
 */
export class TimeBase {
  private readonly clockHz: bigint | null;
  private readonly latencyS: number;
  private readonly periodS: number;
  private shiftS = 0;
  private epoch = 0;
  private last: { clock: Clock; rawS: number; acquiredS: number; receivedS: number; sequence: number } | undefined;

  /** `clockHz` null before 3.0. `latencyS`: from mid-exposure to transmission, for trackers that do not say. */
  constructor(clockHz: bigint | null, rateHz: number, latencyS: number) {
    this.clockHz = clockHz;
    this.latencyS = latencyS;
    this.periodS = 1 / rateHz;
  }

  /** Null when the clock says that no time passed since the frame before. */
  next(frame: Frame, sequence: number, receivedS: number): FrameTime | null {
    const { clock, source, rawS } = this.read(frame, receivedS);
    const { last } = this;
    if (last) {
      const passedS = rawS - last.rawS,
        hostS = receivedS - last.receivedS,
        numberS = (sequence - last.sequence) * this.periodS;
      const stepped =
        clock !== last.clock || (Math.abs(passedS - hostS) > STEP_S && Math.abs(passedS - numberS) > STEP_S);
      if (stepped) {
        this.epoch++;
        this.shiftS = last.acquiredS + Math.max(hostS, 1e-6) - rawS;
      } else if (passedS <= 0) {
        if (clock !== "arrival") return null;
        return this.keep(clock, source, last.rawS + 1e-6, receivedS, sequence);
      }
    }
    return this.keep(clock, source, rawS, receivedS, sequence);
  }

  /** A reading of the server's ticks as a time of the frames; undefined while other clocks tell their times. */
  ofTicks(ticksS: number): number | undefined {
    return this.last?.clock === "ticks" ? ticksS + this.shiftS : undefined;
  }

  private keep(clock: Clock, source: TimeSource, rawS: number, receivedS: number, sequence: number): FrameTime {
    const acquiredS = rawS + this.shiftS;
    this.last = { clock, rawS, acquiredS, receivedS, sequence };
    return { acquiredS, source, epoch: this.epoch };
  }

  private read(frame: Frame, receivedS: number): { clock: Clock; source: TimeSource; rawS: number } {
    const { ticks, timestampS } = frame;
    if (this.clockHz !== null && ticks && ticks.transmit > 0n) {
      const transmitS = ticksToSeconds(ticks.transmit, this.clockHz),
        latencyS = ticksToSeconds(ticks.transmit - ticks.midExposure, this.clockHz);
      if (ticks.midExposure > 0n && latencyS >= 0 && latencyS < LONGEST_LATENCY_S)
        return { clock: "ticks", source: "mid-exposure", rawS: transmitS - latencyS };
      return { clock: "ticks", source: "transmit-minus-latency", rawS: transmitS - this.latencyS };
    }
    if (timestampS !== null && Number.isFinite(timestampS) && timestampS > 0)
      return { clock: "timestamp", source: "device", rawS: timestampS };
    return { clock: "arrival", source: "arrival", rawS: receivedS };
  }
}

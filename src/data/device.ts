/** A simulator, a driver and a replay are all a Device; callers cannot tell which. */
import type { Image } from "./image.ts";

declare const clock: unique symbol;
/** Seconds of one clock. Only `pipeline/sync` turns one clock into the other. */
export type Seconds<Clock extends "device" | "host"> = number & { readonly [clock]: Clock };

export const deviceSeconds = (timeS: number): Seconds<"device"> => timeS as Seconds<"device">;
export const hostSeconds = (timeS: number): Seconds<"host"> => timeS as Seconds<"host">;

/** Where `acquiredAt` comes from, best first. */
export type TimeSource = "mid-exposure" | "transmit-minus-latency" | "device" | "arrival";

/** A device's clock, read between two moments of the host: request sent, answer received. */
export interface ClockReading {
  readonly deviceS: Seconds<"device">;
  /** The middle of the two moments. */
  readonly hostS: Seconds<"host">;
  /** Half of the time between them. */
  readonly uncertaintyS: number;
}

export interface Sample<T> {
  /** Counts up by one per sample of the device; a gap is a lost sample. */
  readonly sequence: number;
  readonly acquiredAt: Seconds<"device">;
  readonly receivedAt: Seconds<"host">;
  readonly timeSource: TimeSource;
  /** Changes when depth, size or another setting changes what a pixel means. */
  readonly geometryEpoch: number;
  /** The last one since the sample before, of devices whose clock can be asked. */
  readonly clockReading?: ClockReading;
  readonly value: T;
}

/** PLUS's words for what a tracker may say of a tool other than giving its pose. */
export type LostStatus = "occluded" | "out-of-volume" | "missing" | "stale" | "invalid" | "unknown";

/** One tool in one tracker frame. `trackerFromTool`: row-major 3×4, mm. There is no pose unless it is tracked. */
export type ToolReading =
  | {
      readonly tool: string;
      readonly status: "tracked";
      readonly trackerFromTool: Readonly<Float64Array>;
      /** Residual of the marker fit, mm; NaN when the tracker gives none. */
      readonly fitRmsMm: number;
    }
  | { readonly tool: string; readonly status: LostStatus };

/** All tools that the tracker reports for one instant. */
export interface TrackerFrame {
  readonly tools: readonly ToolReading[];
}

/** There is no "connected" flag to check: holding a stream is being connected. */
export interface Device<T> {
  readonly id: string;
  /** Aborting ends the stream without an error. */
  open(signal: AbortSignal): Promise<DeviceStream<T>>;
}

export interface DeviceStream<T> extends AsyncIterable<Sample<T>> {
  readonly nominalRateHz: number;
  /** May be called twice. */
  close(): Promise<void>;
}

export type ImageDevice = Device<Image>;
export type PoseDevice = Device<TrackerFrame>;

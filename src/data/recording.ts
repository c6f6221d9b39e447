import type { LostStatus } from "./device.ts";
import type { Image, ImageGeometry } from "./image.ts";

/** When a device's clock was asked what it shows, as parallel arrays; see `ClockReading` in device.ts. */
export interface ClockReadings {
  readonly deviceS: Float64Array;
  readonly hostS: Float64Array;
  readonly uncertaintyS: Float64Array;
}

/** One tool's poses over time, as parallel arrays of one length. */
export interface PoseTrack {
  /** As the recording names it: "Probe", "Reference", "Stylus" … */
  readonly tool: string;
  /** What the poses are relative to: "Tracker", or another tool. */
  readonly parent: string;
  /** Seconds of the tracker's clock. */
  readonly acquiredAtS: Float64Array;
  /** Seconds of the host's clock; equal to `acquiredAtS` when the recording keeps only one time. */
  readonly receivedAtS: Float64Array;
  /** Of the tracker's clock; absent when it could not be asked. */
  readonly clock?: ClockReadings;
  /** Counts changes of what times and poses mean (the clock was set, the body redefined); absent when there was none. */
  readonly geometryEpoch?: Uint32Array;
  readonly status: readonly (LostStatus | "tracked")[];
  /** 12 numbers a sample: row-major 3×4, mm; NaN where the tool was not tracked. */
  readonly parentFromTool: Float64Array;
  /** mm; NaN where unknown. */
  readonly fitRmsMm: Float64Array;
}

/** The images of a recording. Pixels are read when asked for, so a 20 GB file never lies in memory whole. */
export interface ImageTrack {
  readonly width: number;
  readonly height: number;
  readonly pixelType: "u8" | "i16" | "f32";
  readonly count: number;
  /** As the device declares it (a nominal value, no calibration); absent when it says nothing. */
  readonly nominalGeometry?: ImageGeometry;
  readonly acquiredAtS: Float64Array;
  readonly receivedAtS: Float64Array;
  /** Of the imager's clock; absent when it could not be asked. */
  readonly clock?: ClockReadings;
  /** Counts changes of what a pixel means (depth, size); absent when there was none. */
  readonly geometryEpoch?: Uint32Array;
  /** 1 where the pixels can be used. */
  readonly valid: Uint8Array;
  /** Image `index`, in the internal orientation (MF: +u to the marked side, +v away from the transducer). */
  read(index: number): Promise<Image>;
}

/** A point that the operator touched with the tracked stylus, in the frame of the tool `body`, mm. */
export interface DigitisedPoint {
  readonly name: string;
  readonly body: string;
  readonly positionMm: readonly [number, number, number];
}

/** A stretch of the recording that the operator named: one stroke of the probe through a window. */
export interface Sweep {
  readonly name: string;
  /** Host clock. */
  readonly fromS: number;
  readonly toS: number;
}

/** What was acquired, and nothing that was not: no truth, no calibration that was measured elsewhere. */
export interface Recording {
  readonly name: string;
  readonly images: ImageTrack | undefined;
  readonly poses: readonly PoseTrack[];
  /** "by-index": sample i of every track belongs to image i (PLUS sequences). "by-time": free-running devices. */
  readonly pairing: "by-index" | "by-time";
  readonly points: readonly DigitisedPoint[];
  readonly sweeps: readonly Sweep[];
  /** What was odd about the source and how it was read, in sentences. */
  readonly warnings: readonly string[];
  /** Further header fields of the source, kept for lossless conversion. */
  readonly fields: Readonly<Record<string, string>>;
  /** Releases the file. May be called twice. */
  close(): Promise<void>;
}

/** The same recording with further points; closing it closes the original. */
export function withPoints(recording: Recording, points: readonly DigitisedPoint[]): Recording {
  const { name, images, poses, pairing, sweeps, warnings, fields } = recording;
  const all = [...recording.points, ...points];
  return { name, images, poses, pairing, points: all, sweeps, warnings, fields, close: () => recording.close() };
}

export function findPoseTrack({ poses }: Recording, tool: string): PoseTrack | undefined {
  return poses.find((track) => track.tool === tool);
}

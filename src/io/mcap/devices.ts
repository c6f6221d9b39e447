import type { Sample, TrackerFrame } from "../../data/device.ts";
import type { ImageGeometry } from "../../data/image.ts";
import type { ImageTrack, Recording } from "../../data/recording.ts";
import type { PixelType, RecordedImage } from "./messages.ts";

/** What an imager says of itself. */
export interface ImageDeviceDescription {
  readonly width: number;
  readonly height: number;
  readonly pixelType: PixelType;
  readonly nominalGeometry?: ImageGeometry;
  /** 0 when unknown. */
  readonly nominalRateHz: number;
}

/** What a tracker says of itself. */
export interface PoseDeviceDescription {
  /** What its poses are relative to; "Tracker" when absent. */
  readonly parent?: string;
  /** 0 when unknown. */
  readonly nominalRateHz: number;
}

/** An image device of a native recording, with all that its samples carry. */
export interface RecordedImageDevice extends ImageDeviceDescription {
  readonly kind: "image";
  readonly id: string;
  readonly track: ImageTrack;
  /** In the order of arrival; pixels are read one by one. */
  samples(): AsyncGenerator<RecordedImage, void, void>;
}

/** A tracker of a native recording. */
export interface RecordedPoseDevice extends PoseDeviceDescription {
  readonly kind: "pose";
  readonly id: string;
  readonly parent: string;
  readonly count: number;
  samples(): AsyncGenerator<Sample<TrackerFrame>, void, void>;
}

export type RecordedDevice = RecordedImageDevice | RecordedPoseDevice;

/** A recording that still knows its devices: `images` and `poses` are made from them. */
export interface NativeRecording extends Recording {
  readonly devices: readonly RecordedDevice[];
}

export function isNativeRecording(recording: Recording): recording is NativeRecording {
  return "devices" in recording;
}

/** The topics that viewers list. The id itself stands in the channel's metadata, whatever characters it has. */
export const topicOf = (kind: "image" | "pose", id: string): string => `/${kind}/${id}`;
export const POINT_TOPIC = "/annotation/points";
export const SWEEP_TOPIC = "/annotation/sweeps";

/** Name of the metadata record that describes the recording as a whole. */
export const RECORDING_RECORD = "sonobench.recording";
export const FORMAT_VERSION = "1";

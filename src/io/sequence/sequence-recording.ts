import type { Recording } from "../../data/recording.ts";

/** A recording read from a PLUS or Slicer sequence, with what the general nouns have no place for. */
export interface SequenceRecording extends Recording {
  /** UltrasoundImageOrientation of the file; the images are given in the internal one (MF). Empty when absent. */
  readonly storedOrientation: string;
  /**
   * Per-frame fields as text, by name, one entry a frame (undefined where a frame has none): whatever is neither a
   * usable pose, a status, a time nor the image status. The last known matrix of a lost tool stays here too, as
   * `<From>To<To>Transform`, and status words that LostStatus has no equal for, as `<From>To<To>TransformStatus`.
   */
  readonly frameFields: ReadonlyMap<string, readonly (string | undefined)[]>;
}

/** The frame fields of a recording that came from a sequence; empty for others. */
export function frameFieldsOf(recording: Recording): SequenceRecording["frameFields"] {
  return "frameFields" in recording && recording.frameFields instanceof Map ? recording.frameFields : new Map();
}

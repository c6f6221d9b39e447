import type { PoseTrack, Recording } from "../../src/data/recording.ts";

export function poseTrack(
  tool: string,
  parent: string,
  poses: readonly Float64Array[],
  timesS: readonly number[],
): PoseTrack {
  const parentFromTool = new Float64Array(poses.length * 12);
  poses.forEach((m, i) => parentFromTool.set(m, i * 12));
  return {
    tool,
    parent,
    acquiredAtS: Float64Array.from(timesS),
    receivedAtS: Float64Array.from(timesS),
    status: poses.map((m) => (Number.isFinite(m[0]!) ? "tracked" : "occluded")),
    parentFromTool,
    fitRmsMm: new Float64Array(poses.length).fill(0.1),
  };
}

/** Black 4×3 images at the given times. */
export function tinyRecording(
  imageTimesS: readonly number[],
  poses: readonly PoseTrack[],
  pairing: Recording["pairing"],
): Recording {
  return {
    name: "tiny",
    images: {
      width: 4,
      height: 3,
      pixelType: "u8",
      count: imageTimesS.length,
      acquiredAtS: Float64Array.from(imageTimesS),
      receivedAtS: Float64Array.from(imageTimesS),
      valid: new Uint8Array(imageTimesS.length).fill(1),
      read: async () => ({ width: 4, height: 3, pixels: new Uint8Array(12) }),
    },
    poses,
    pairing,
    points: [],
    sweeps: [],
    warnings: [],
    fields: {},
    close: async () => undefined,
  };
}

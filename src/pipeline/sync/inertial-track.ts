import { UnsuitableInputError } from "../../core/errors.ts";
import { invert3x4, multiply3x4 } from "../../core/rigid.ts";
import {
  EARTH_FRAME,
  FORCE_TOOL,
  GRAVITY_MM_PER_S2,
  ORIENTATION_TOOL,
  type InertialTrack,
} from "../../data/inertial.ts";
import { findPoseTrack, type Recording } from "../../data/recording.ts";
import { clockSegments } from "./clock-segments.ts";

/**
 * What the recording's orientation sensor said, in the images' time and axes. `probeFromImage`: rigid, row-major 3×4, mm;
 * the sensor sits at the probe's origin with its axes along the probe's. Throws an UnsuitableInputError when there is none.
 */
export function inertialTrack(
  recording: Recording,
  probeFromImage: Readonly<Float64Array>,
  imageLagS: number,
): InertialTrack {
  const orientation = findPoseTrack(recording, ORIENTATION_TOOL),
    force = findPoseTrack(recording, FORCE_TOOL);
  if (!orientation || !force || orientation.parent !== EARTH_FRAME || orientation.status.length < 2) {
    throw new UnsuitableInputError(
      `${recording.name} has no orientation sensor (tools "${ORIENTATION_TOOL}" and "${FORCE_TOOL}" in "${EARTH_FRAME}")`,
      "Record one with the images (source.imu of a simulated scenario), or leave pose.orientationSensor out",
    );
  }
  const usable = [...orientation.status.keys()].filter(
    (i) => orientation.status[i] === "tracked" && force.status[i] === "tracked",
  );
  const clocks = clockSegments(orientation),
    images = clockSegments(recording.images!)[0]!;
  const timeS = Float64Array.from(usable, (i) => {
    const { offsetS, rate } = clocks.find(({ to }) => i < to)!;
    // Into the images' own time, with what they lag behind.
    return (offsetS + rate * orientation.acquiredAtS[i]! - images.offsetS) / images.rate + imageLagS;
  });
  const earthFromImage = new Float64Array(9 * usable.length),
    acceleration = new Float64Array(3 * usable.length);
  usable.forEach((sample, i) => {
    const earthFromSensor = orientation.parentFromTool.subarray(12 * sample, 12 * sample + 12);
    const m = multiply3x4(earthFromSensor, probeFromImage);
    for (let r = 0; r < 3; r++) {
      earthFromImage.set(m.subarray(4 * r, 4 * r + 3), 9 * i + 3 * r);
      const felt = [3, 7, 11].reduce(
        (sum, k, axis) => sum + earthFromSensor[4 * r + axis]! * force.parentFromTool[12 * sample + k]!,
        0,
      );
      acceleration[3 * i + r] = felt - (r === 2 ? GRAVITY_MM_PER_S2 : 0);
    }
  });
  const imageFromProbe = invert3x4(probeFromImage);
  return {
    timeS,
    earthFromImage,
    acceleration,
    leverMm: [imageFromProbe[3]!, imageFromProbe[7]!, imageFromProbe[11]!],
  };
}

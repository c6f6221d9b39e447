import type { Rng } from "../core/rng.ts";
import type { ImageDevice, PoseDevice } from "../data/device.ts";
import { faultyImages, faultyPoses } from "../hardware/faults/faulty-device.ts";
import type { Fault } from "../hardware/faults/script.ts";

export interface Disturbed {
  readonly imager: ImageDevice;
  readonly tracker: PoseDevice;
  /** Of what there is of every rendered image: of each that was given out, in order. */
  recorded<T>(rendered: readonly T[]): T[];
}

/** The devices with what the script does to them. */
export function disturb(imager: ImageDevice, tracker: PoseDevice, script: readonly Fault[], rng: Rng): Disturbed {
  if (script.length === 0) return { imager, tracker, recorded: (rendered) => [...rendered] };
  let shown: number[] = [],
    last = Infinity;
  const { device } = faultyImages(imager, script, rng, {
    onDelivered({ sequence }, shows) {
      // The device was opened anew.
      if (sequence <= last) shown = [];
      last = sequence;
      shown.push(shows);
    },
  });
  return {
    imager: device,
    tracker: faultyPoses(tracker, script, rng).device,
    recorded: (rendered) => shown.map((index) => rendered[index]!),
  };
}

import {
  deviceSeconds,
  hostSeconds,
  type ImageDevice,
  type PoseDevice,
  type Sample,
  type TrackerFrame,
} from "../data/device.ts";
import type { Image } from "../data/image.ts";
import { replayDevice } from "../hardware/replay/replay-device.ts";
import { drain, IMAGE_RATE_HZ, POSE_RATE_HZ, rig } from "./devices-rig.ts";

/** Poses of so much time are simulated; then they come again, with times that go on. */
const SIMULATED_S = 4;
const SIZE_PX = 512;
const PICTURES = 8;

/** What image `index` shows in its first two pixels and its last. */
export const firstPixels = (index: number): readonly [number, number] => [index & 255, (index >> 8) & 255];
export const lastPixel = (index: number): number => (index % PICTURES) + 1;

/** 30 images of 512 × 512 a second, each of which says which one it is. */
export function soakImages(durationS: number): ImageDevice {
  const pool = Array.from({ length: PICTURES }, (_, i) => new Uint8Array(SIZE_PX * SIZE_PX).fill(lastPixel(i)));
  function* samples(): Generator<Sample<Image>> {
    for (let index = 0; index < durationS * IMAGE_RATE_HZ; index++) {
      const pixels = pool[index % PICTURES]!.slice();
      pixels.set(firstPixels(index));
      const timeS = index / IMAGE_RATE_HZ;
      yield {
        sequence: index,
        acquiredAt: deviceSeconds(timeS),
        receivedAt: hostSeconds(timeS),
        timeSource: "arrival",
        geometryEpoch: 0,
        value: { width: SIZE_PX, height: SIZE_PX, pixels },
      };
    }
  }
  return replayDevice({ id: "soak-images", nominalRateHz: IMAGE_RATE_HZ, samples });
}

/** 120 frames of two bodies a second. */
export async function soakPoses(durationS: number): Promise<PoseDevice> {
  const simulated = await drain(rig(SIMULATED_S).tracker);
  function* samples(): Generator<Sample<TrackerFrame>> {
    for (let sequence = 0; sequence < durationS * POSE_RATE_HZ; sequence++) {
      const laterS = Math.floor(sequence / simulated.length) * SIMULATED_S;
      const { acquiredAt, receivedAt, ...rest } = simulated[sequence % simulated.length]!;
      yield {
        ...rest,
        sequence,
        acquiredAt: deviceSeconds(acquiredAt + laterS),
        receivedAt: hostSeconds(receivedAt + laterS),
      };
    }
  }
  return replayDevice({ id: "soak-poses", nominalRateHz: POSE_RATE_HZ, samples });
}

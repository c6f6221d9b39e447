import type { Sample } from "../../data/device.ts";
import { clockOf, type ClockMap } from "./clock-map.ts";

/** The map from a device's clock to the host's, learnt anew as its samples come. */
export interface ClockFollower {
  add(sample: Sample<unknown>): void;
  map(): ClockMap;
  reset(): void;
}

/** Samples that the map is learnt from: 34 s of a tracker of 120 Hz, two minutes of images. */
const KEPT = 4096;
/** Of a clock that is asked ten times a second: seven minutes. */
const KEPT_READINGS = 4096;
/** By the host's clock. A map does not change quickly, and learning it costs a millisecond. */
const LEARN_EVERY_S = 0.5;
/** At the beginning every sample counts. */
const FEW = 16;

export function createClockFollower(): ClockFollower {
  let acquired: number[] = [],
    received: number[] = [],
    readings: { readonly deviceS: number; readonly hostS: number; readonly uncertaintyS: number }[] = [],
    learnt: { readonly map: ClockMap; readonly atS: number } | undefined;
  const column = (of: "deviceS" | "hostS" | "uncertaintyS"): Float64Array =>
    Float64Array.from(readings, (reading) => reading[of]);
  return {
    add({ acquiredAt, receivedAt, clockReading }) {
      acquired.push(acquiredAt);
      received.push(receivedAt);
      if (clockReading) readings.push(clockReading);
      if (acquired.length >= 2 * KEPT) {
        acquired = acquired.slice(-KEPT);
        received = received.slice(-KEPT);
      }
      if (readings.length >= 2 * KEPT_READINGS) readings = readings.slice(-KEPT_READINGS);
      if (acquired.length <= FEW) learnt = undefined;
    },
    map() {
      const nowS = received.at(-1) ?? 0;
      if (!learnt || nowS - learnt.atS >= LEARN_EVERY_S || nowS < learnt.atS) {
        const map = clockOf({
          acquiredAtS: Float64Array.from(acquired),
          receivedAtS: Float64Array.from(received),
          ...(readings.length
            ? { clock: { deviceS: column("deviceS"), hostS: column("hostS"), uncertaintyS: column("uncertaintyS") } }
            : {}),
        });
        learnt = { map, atS: nowS };
      }
      return learnt.map;
    },
    reset() {
      acquired = [];
      received = [];
      readings = [];
      learnt = undefined;
    },
  };
}

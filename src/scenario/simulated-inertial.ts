import { compose, fromAxes, invert } from "../core/rigid.ts";
import type { Rng } from "../core/rng.ts";
import type { PoseDevice } from "../data/device.ts";
import { simulatedInertial } from "../sim/inertial/inertial-sensor.ts";
import { probeFromImage } from "./rig.ts";
import type { InertialConfig } from "./schema.ts";
import type { TrackedScan } from "./simulated-tracker.ts";

const radians = (deg: number): number => (deg * Math.PI) / 180;

/** The patient lies on the back: the knee's front (+y of the room) points up. */
const earthFromRoom = fromAxes<"earth", "room">([1, 0, 0], [0, 0, 1], [0, -1, 0], [0, 0, 0]);

/** The sensor on the probe's housing, at the origin of its marker body and with that body's axes. */
export function inertialSensorOf(config: InertialConfig, { motion, leg }: TrackedScan, rng: Rng): PoseDevice {
  const imageFromProbe = invert(probeFromImage);
  return simulatedInertial(
    {
      rateHz: config.rateHz,
      latencyS: config.latencyS,
      orientationNoiseRad: radians(config.orientationNoiseDeg),
      wanderRad: radians(config.wanderDeg),
      headingDriftRadPerS: radians(config.headingDriftDegPerMin) / 60,
      accelerationNoiseMmPerS2: config.accelerationNoiseMmPerS2,
      accelerationBiasMmPerS2: config.accelerationBiasMmPerS2,
      mountErrorRad: radians(config.mountErrorDeg),
    },
    (timeS) =>
      compose(earthFromRoom, compose(leg.roomFromKnee(timeS), compose(motion.kneeFromImage(timeS), imageFromProbe))).m,
    motion.durationS,
    rng,
  );
}

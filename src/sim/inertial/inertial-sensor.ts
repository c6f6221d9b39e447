import { fromAxisAngle, multiply3x4 } from "../../core/rigid.ts";
import type { Rng } from "../../core/rng.ts";
import { deviceSeconds, hostSeconds, type PoseDevice, type Sample, type TrackerFrame } from "../../data/device.ts";
import { FORCE_TOOL, GRAVITY_MM_PER_S2, ORIENTATION_TOOL } from "../../data/inertial.ts";
import { wander } from "../operator/tremor.ts";

/** An orientation sensor with an accelerometer on the probe's housing (an AHRS of some 50 to 500 euros). */
export interface InertialSpec {
  readonly rateHz: number;
  /** From the measurement to the host, seconds. */
  readonly latencyS: number;
  /** Of single orientations about each axis, one standard deviation, rad. */
  readonly orientationNoiseRad: number;
  /** Of the slow error (0.02 to 0.2 Hz) of tilt and heading that its filter leaves, one standard deviation, rad. */
  readonly wanderRad: number;
  /** Heading runs away by this, one standard deviation, rad per second. */
  readonly headingDriftRadPerS: number;
  /** Of each axis of single accelerations, and of their constant error, mm/s². */
  readonly accelerationNoiseMmPerS2: number;
  readonly accelerationBiasMmPerS2: number;
  /** How the sensor sits on the probe against what the drawing says, one standard deviation about each axis, rad. */
  readonly mountErrorRad: number;
}

/**
 * `upFromSensor`: true pose of the sensor as it is meant to sit on the probe, in any frame whose z points up and that
 * stands still, row-major 3×4, mm. Accelerations are means over one period, as the sensor's own filter makes them.
 */
export function simulatedInertial(
  spec: InertialSpec,
  upFromSensor: (hostTimeS: number) => Readonly<Float64Array>,
  durationS: number,
  rng: Rng,
): PoseDevice {
  return {
    id: "imu",
    async open(signal) {
      const read = inertialReadings(spec, upFromSensor, rng);
      let closed = false;
      return {
        nominalRateHz: spec.rateHz,
        async close() {
          closed = true;
        },
        async *[Symbol.asyncIterator](): AsyncGenerator<Sample<TrackerFrame>> {
          const count = Math.floor(durationS * spec.rateHz);
          for (let sequence = 0; sequence < count && !closed && !signal.aborted; sequence++) {
            const hostS = sequence / spec.rateHz;
            yield {
              sequence,
              acquiredAt: deviceSeconds(hostS),
              receivedAt: hostSeconds(hostS + spec.latencyS),
              timeSource: "device",
              geometryEpoch: 0,
              value: read(hostS),
            };
          }
        },
      };
    },
  };
}

function inertialReadings(
  spec: InertialSpec,
  upFromSensor: (hostTimeS: number) => Readonly<Float64Array>,
  rng: Rng,
): (hostS: number) => TrackerFrame {
  const mount = rng.fork("mount"),
    noise = rng.fork("noise"),
    bias = rng.fork("bias");
  const small = (of: () => number): Float64Array => turn([of(), of(), of()]);
  const sensorFromMounted = small(() => spec.mountErrorRad * mount.normal());
  const biasMm = [0, 1, 2].map(() => spec.accelerationBiasMmPerS2 * bias.normal());
  const slow = [0, 1, 2].map((axis) => wander(rng.fork(`wander/${axis}`), 0.02, 0.2));
  const heading = 2 * Math.PI * rng.fork("heading").uniform(),
    drift = spec.headingDriftRadPerS * rng.fork("drift").normal();
  const periodS = 1 / spec.rateHz;
  return (hostS) => {
    const now = upFromSensor(hostS),
      before = upFromSensor(hostS - periodS),
      after = upFromSensor(hostS + periodS);
    const pose = multiply3x4(now, sensorFromMounted);
    const felt = [3, 7, 11].map(
      (k, axis) => (after[k]! - 2 * now[k]! + before[k]!) / periodS ** 2 + (axis === 2 ? GRAVITY_MM_PER_S2 : 0),
    );
    const force = [0, 1, 2].map(
      (axis) =>
        pose[axis]! * felt[0]! +
        pose[4 + axis]! * felt[1]! +
        pose[8 + axis]! * felt[2]! +
        biasMm[axis]! +
        spec.accelerationNoiseMmPerS2 * noise.normal(),
    );
    const error = turn([0, 1, 2].map((axis) => spec.wanderRad * slow[axis]!(hostS)) as [number, number, number]);
    const earthFromUp = multiply3x4(fromAxisAngle([0, 0, 1], heading + drift * hostS).m, error);
    const orientation = multiply3x4(
      multiply3x4(earthFromUp, pose),
      small(() => spec.orientationNoiseRad * noise.normal()),
    );
    for (const k of [3, 7, 11]) orientation[k] = 0;
    return {
      tools: [
        { tool: ORIENTATION_TOOL, status: "tracked", trackerFromTool: orientation, fitRmsMm: NaN },
        {
          tool: FORCE_TOOL,
          status: "tracked",
          trackerFromTool: Float64Array.of(1, 0, 0, force[0]!, 0, 1, 0, force[1]!, 0, 0, 1, force[2]!),
          fitRmsMm: NaN,
        },
      ],
    };
  };
}

function turn(axis: readonly [number, number, number]): Float64Array {
  const angle = Math.hypot(...axis);
  return fromAxisAngle(angle > 0 ? axis : [1, 0, 0], angle).m.slice();
}

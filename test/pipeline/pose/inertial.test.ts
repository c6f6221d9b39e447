import { describe, expect, test } from "vitest";
import { fromAxisAngle, invert3x4, multiply3x4 } from "../../../src/core/rigid.ts";
import { createRng } from "../../../src/core/rng.ts";
import type { ImageGeometry } from "../../../src/data/image.ts";
import { EARTH_FRAME } from "../../../src/data/inertial.ts";
import type { PoseTrack, Recording } from "../../../src/data/recording.ts";
import { fuseInertial } from "../../../src/pipeline/pose/inertial/fuse.ts";
import { sensorSigns } from "../../../src/pipeline/pose/inertial/sensor-signs.ts";
import { mirroredMotion } from "../../../src/pipeline/pose/mirror.ts";
import { chainSteps } from "../../../src/pipeline/pose/null-models.ts";
import { inertialTrack } from "../../../src/pipeline/sync/inertial-track.ts";
import { simulatedInertial, type InertialSpec } from "../../../src/sim/inertial/inertial-sensor.ts";
import { tremor } from "../../../src/sim/operator/tremor.ts";

const geometry: ImageGeometry = { width: 400, height: 500, spacingMm: [0.1, 0.1], faceCentrePx: [199.5, 0] };
const spec: InertialSpec = {
  rateHz: 100,
  latencyS: 0.004,
  orientationNoiseRad: 0.0002,
  wanderRad: 0.005,
  headingDriftRadPerS: 0.0003,
  accelerationNoiseMmPerS2: 8,
  accelerationBiasMmPerS2: 50,
  mountErrorRad: 0.008,
};
const LAG_S = 0.2,
  RATE_HZ = 28;
const probeFromImage = fromAxisAngle([0.2, 1, 0.3], 1.1, [30, -70, 95]).m;

/** A stroke of 96 mm in 8 s with a hand's tremor and a slow turn: z up and still from image. */
function motion(seed: string): (timeS: number) => Float64Array {
  const waves = Array.from({ length: 6 }, (_, k) => tremor(createRng(seed).fork(`wave/${k}`)));
  const start = fromAxisAngle([1, 0.4, 0.2], 0.7).m;
  return (timeS) => {
    const [a, b, c, x, y, z] = waves.map((wave) => wave(timeS)) as [number, number, number, number, number, number];
    const hand = fromAxisAngle([a, b, c], 0.008 * Math.hypot(a, b, c), [0.3 * x, 0.1 * y, 12 * timeS + 0.3 * z]).m;
    return multiply3x4(start, multiply3x4(hand, fromAxisAngle([1, 0, 0], 0.01 * timeS).m));
  };
}

async function sensed(of: (timeS: number) => Float64Array, own: InertialSpec) {
  const imageFromProbe = invert3x4(probeFromImage);
  const device = simulatedInertial(own, (t) => multiply3x4(of(t), imageFromProbe), 9, createRng("sensor"));
  const acquired: number[] = [], received: number[] = [], turn: number[] = [], force: number[] = []; // prettier-ignore
  for await (const { acquiredAt, receivedAt, value } of await device.open(new AbortController().signal)) {
    acquired.push(acquiredAt);
    received.push(receivedAt);
    const [a, b] = value.tools;
    if (a?.status !== "tracked" || b?.status !== "tracked") throw new Error("an orientation sensor is never occluded");
    turn.push(...a.trackerFromTool);
    force.push(...b.trackerFromTool);
  }
  const track = (tool: string, m: number[]): PoseTrack => ({
    tool,
    parent: EARTH_FRAME,
    acquiredAtS: Float64Array.from(acquired),
    receivedAtS: Float64Array.from(received),
    status: acquired.map(() => "tracked" as const),
    parentFromTool: Float64Array.from(m),
    fitRmsMm: new Float64Array(acquired.length).fill(NaN),
  });
  const stamps = Float64Array.from({ length: 224 }, (_, i) => 0.5 + i / RATE_HZ + LAG_S);
  const images = { count: 224, acquiredAtS: stamps, receivedAtS: stamps } as unknown as Recording["images"];
  const recording = { name: "test", images, poses: [track("Imu", turn), track("ImuForce", force)] };
  return { recording: recording as unknown as Recording, stamps };
}

/** Steps as images would tell them: out of the plane too short by a fifth, and no turn at all. */
function seen(truth: readonly Float64Array[], seed: string): Float64Array {
  const rng = createRng(seed);
  const steps = truth.slice(1).map((pose, i) => {
    const m = multiply3x4(invert3x4(truth[i]!), pose),
      c = 24.95;
    const way = m[9]! * c + m[11]!;
    return fromAxisAngle([1, 0, 0], 0, [m[1]! * c + m[3]! + 0.02 * rng.normal(), m[5]! * c + m[7]! - c + 0.02 * rng.normal(), 0.8 * way + 0.03 * rng.normal()]).m; // prettier-ignore
  });
  return chainSteps(steps);
}

async function fused(seed: string, own = spec) {
  const of = motion(seed);
  const { recording, stamps } = await sensed(of, own);
  const truth = Array.from(stamps, (t) => of(t - LAG_S));
  const sweep = { name: seed, count: stamps.length, geometry, timeS: stamps, read: () => Promise.reject(new Error("no picture is read")) }; // prettier-ignore
  const before = seen(truth, seed);
  const after = fuseInertial(
    { firstFromImage: before, warnings: [] },
    sweep,
    inertialTrack(recording, probeFromImage, LAG_S),
  );
  const last = multiply3x4(invert3x4(truth[0]!), truth[truth.length - 1]!);
  const off = (all: Float64Array): number => {
    const m = all.subarray(all.length - 12);
    const at = (p: Readonly<Float64Array>) => [0, 1, 2].map((r) => p[4 * r + 1]! * 25 + p[4 * r + 3]!);
    return Math.hypot(...at(m).map((value, k) => value - at(last)[k]!));
  };
  return { before: off(before), after: off(after.firstFromImage), sdMm: Math.hypot(...after.centreSdMm!.slice(-3)) };
}

describe("an orientation sensor", () => {
  test("halves what turns that were not seen and a scale that is wrong by a fifth cost", async () => {
    const found: Awaited<ReturnType<typeof fused>>[] = [];
    for (const seed of ["a", "b", "c", "d"]) found.push(await fused(seed));
    const mean = (of: "before" | "after"): number => found.reduce((sum, one) => sum + one[of], 0) / found.length;
    expect(mean("before")).toBeGreaterThan(17);
    expect(mean("after")).toBeLessThan(0.5 * mean("before"));
  });

  test("states an error that holds: below 2.5 SD on each of six strokes", async () => {
    for (const seed of ["d", "e", "f", "g", "h", "i"]) {
      const { after, sdMm } = await fused(seed);
      expect(after).toBeLessThan(2.5 * sdMm);
    }
  });

  test("at rest reads gravity, upwards, whatever way it is turned", async () => {
    const still = fromAxisAngle([1, 2, 3], 0.9).m.slice();
    const quiet = { ...spec, orientationNoiseRad: 0, wanderRad: 0, accelerationNoiseMmPerS2: 0, accelerationBiasMmPerS2: 0, mountErrorRad: 0 }; // prettier-ignore
    const { recording } = await sensed(() => still, quiet);
    const { acceleration, timeS, leverMm } = inertialTrack(recording, probeFromImage, LAG_S);
    acceleration.forEach((value) => expect(Math.abs(value)).toBeLessThan(1e-6));
    // In the images' time, which runs behind by the lag; the arrivals tell the clock, late by what the sensor needs.
    expect(timeS[0]).toBeCloseTo(LAG_S + spec.latencyS, 6);
    expect(Math.hypot(...leverMm)).toBeCloseTo(Math.hypot(30, 70, 95), 9);
  });

  test("a recording without one is refused with the remedy", () => {
    const recording = { name: "plain", poses: [] } as unknown as Recording;
    expect(() => inertialTrack(recording, probeFromImage, 0)).toThrow('plain has no orientation sensor (tools "Imu"');
  });
});

describe("a fan whose second half the images take for its mirror image", () => {
  /** 18° to either side about the face and back, twice in 8 s, with a hand's tremor. */
  function fan(seed: string): (timeS: number) => Float64Array {
    const waves = Array.from({ length: 6 }, (_, k) => tremor(createRng(seed).fork(`wave/${k}`)));
    return (timeS) => {
      const [a, b, c, x, y, z] = waves.map((wave) => wave(timeS)) as [number, number, number, number, number, number];
      const hand = fromAxisAngle([a, b, c], 0.004 * Math.hypot(a, b, c), [0.1 * x, 0.05 * y, 0.1 * z]).m;
      return multiply3x4(hand, fromAxisAngle([1, 0, 0], 0.31 * Math.sin((Math.PI * timeS) / 2)).m);
    };
  }

  /** GPE over that of standing still, by the picture's middle. */
  async function judged(seed: string) {
    const of = fan(seed);
    const { recording, stamps } = await sensed(of, spec);
    const truth = Array.from(stamps, (t) => of(t - LAG_S));
    const right = seen(truth, seed);
    const wrong = chainSteps(
      truth.slice(1).map((_, i) => {
        const step = multiply3x4(invert3x4(right.slice(12 * i, 12 * i + 12)), right.slice(12 * i + 12, 12 * i + 24));
        if (i > 100) step[11] = -step[11]!;
        return step;
      }),
    );
    const sweep = { name: seed, count: stamps.length, geometry, timeS: stamps, read: () => Promise.reject(new Error("no picture is read")) }; // prettier-ignore
    const fused = fuseInertial({ firstFromImage: wrong, warnings: [] }, sweep, inertialTrack(recording, probeFromImage, LAG_S)); // prettier-ignore
    const at = (m: Readonly<Float64Array>): number[] => [0, 1, 2].map((r) => m[4 * r + 1]! * 25 + m[4 * r + 3]!);
    const error = (all: Float64Array): number => {
      let sum = 0,
        still = 0;
      truth.forEach((pose, i) => {
        const p = at(multiply3x4(invert3x4(truth[0]!), pose)),
          q = at(all.slice(12 * i, 12 * i + 12));
        sum += Math.hypot(...p.map((v, k) => v - q[k]!));
        still += Math.hypot(p[0]!, p[1]! - 25, p[2]!);
      });
      return sum / still;
    };
    return { before: error(wrong), after: error(fused.firstFromImage), said: fused.warnings.join(" ") };
  }

  test("is told apart by the sensor's turns, and is better than standing still", async () => {
    for (const seed of ["a", "b"]) {
      const { before, after, said } = await judged(seed);
      expect(before).toBeGreaterThan(0.6);
      expect(after).toBeLessThan(0.35);
      expect(said).toContain("go to the other side");
    }
  });

  test("a slide, in which a hand only trembles, keeps its signs", () => {
    const rng = createRng("slide");
    const turn = (rad: number): Float64Array => {
      const m = fromAxisAngle([1, 0, 0], rad).m;
      return Float64Array.of(m[0]!, m[1]!, m[2]!, m[4]!, m[5]!, m[6]!, m[8]!, m[9]!, m[10]!);
    };
    let rad = 0;
    const turns = Array.from({ length: 201 }, () => turn((rad = 0.95 * rad + 0.0025 * rng.normal())));
    const steps = Array.from({ length: 200 }, () => [0, 0, 0.43 + 0.08 * rng.normal()] as const);
    expect(new Set(sensorSigns(steps, turns, [0, 25, 0]))).toEqual(new Set([1]));
    // The same turns ten times as large would speak.
    const loud = Array.from({ length: 201 }, (_, i) => turn(-0.02 * i));
    expect(sensorSigns(steps, loud, [0, 25, 0]).at(-1)).toBe(-1);
  });
});

describe("a stroke that sets out towards −z", () => {
  test("is the mirror image of the one that a method takes it for", async () => {
    const step = fromAxisAngle([0.1, 0.02, 0.05], 0.02, [0.1, 0.2, 0.4]).m;
    const recover = async () => ({ firstFromImage: chainSteps([step, step, step]), warnings: [] });
    const { firstFromImage } = await mirroredMotion(recover)({} as never, {} as never);
    const mirror = Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, -1, 0);
    const other = multiply3x4(mirror, multiply3x4(step, mirror));
    const expected = chainSteps([other, other, other]);
    firstFromImage.forEach((value, k) => expect(value).toBeCloseTo(expected[k]!, 12));
    expect(firstFromImage[23]).toBeLessThan(0);
  });
});

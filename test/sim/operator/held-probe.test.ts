import { describe, expect, test } from "vitest";
import { determinant3x4, orthonormalityError, rotationAngle } from "../../../src/core/rigid.ts";
import { createRng } from "../../../src/core/rng.ts";
import { holdProbe, tissueForceN, type HeldOptions, type PressedLeg } from "../../../src/sim/operator/held-probe.ts";
import { frontStroke, leg, RADIUS_MM } from "./support.ts";

const calm: HeldOptions = {
  speedMmPerS: 20,
  tremorMm: 0,
  tremorRad: 0,
  pressN: 5,
  friction: 0,
  hesitationsPerMin: 0,
  liftOffsPerMin: 0,
  pauseS: 1,
};
/** Flat skin: y = 0, the body below, and bone under so much of it. */
const flat = (thicknessMm: number): PressedLeg => ({
  skin: { distanceMm: (_, y) => y },
  bone: { distanceMm: (_, y) => y + thicknessMm },
});
const THICK_MM = 25;
const table = flat(THICK_MM);
/** A leg with 25 mm of tissue all round its bone. */
const limb: PressedLeg = { skin: leg, bone: { distanceMm: (x, y) => Math.hypot(x, y) - 30 } };
const over = { ...frontStroke, targetsMm: [[0, -30, 50], [0, -30, -50]] as const }; // prettier-ignore

const make = (options: Partial<HeldOptions> = {}, skin = table, seed = "held") =>
  holdProbe([over], skin, { ...calm, ...options }, createRng(seed));

describe("a calm hand on flat skin", () => {
  const motion = make();

  test("sinks in until the tissue bears the press", () => {
    // The press wavers by 15 % (one SD), the depth with it, by the law that was put in.
    for (let t = 0.5; t < 4; t += 0.1) {
      const depth = -motion.kneeFromImage(t).m[7]!;
      /** The wavering press moves the face at some mm/s against tissue damping of 0.01 N s/mm. */
      const DAMPING_N = 0.1;
      expect(Math.abs(motion.contactForceN!(t) - tissueForceN(depth, THICK_MM))).toBeLessThan(DAMPING_N);
      expect(depth).toBeGreaterThan(1.5);
      expect(depth).toBeLessThan(5);
    }
  });

  test("takes about the planned time for the way, and arrives", () => {
    const { fromS, toS } = motion.sweeps[0]!;
    expect(toS - fromS).toBeGreaterThan(4);
    expect(toS - fromS).toBeLessThan(6.5);
    expect(Math.abs(motion.kneeFromImage(toS).m[11]! + 50)).toBeLessThan(3);
  });

  test("keeps the face flat on the skin, and every pose is a rotation", () => {
    for (let t = 0.5; t < 4; t += 0.05) {
      const { m } = motion.kneeFromImage(t);
      expect(orthonormalityError(m)).toBeLessThan(1e-9);
      expect(determinant3x4(m)).toBeCloseTo(1, 9);
      expect(m[5]!).toBeLessThan(-Math.cos(0.03));
    }
  });
});

test("tissue is a spring of 5 N at 3 mm where it is 25 mm thick, stiffer where it is thin, and ends at bone", () => {
  expect(tissueForceN(3, 25)).toBeCloseTo(5, 1);
  expect(tissueForceN(3, 6) / tissueForceN(3, 25)).toBeGreaterThan(4);
  expect(tissueForceN(6, 6)).toBeGreaterThan(500);
});

test("over 5 mm of tissue, as on the patella, the same press sinks in less, and 30 N do not reach bone", () => {
  const depths = (pressN: number): number[] => {
    const motion = make({ pressN }, flat(5));
    return Array.from({ length: 60 }, (_, i) => -motion.kneeFromImage(0.5 + i / 20).m[7]!);
  };
  expect(Math.max(...depths(5))).toBeLessThan(1.5);
  expect(Math.max(...depths(30))).toBeLessThan(4);
});

test("friction holds the probe back and tips it against the way", () => {
  const rough = make({ friction: 0.6 }),
    smooth = make();
  const lag = (motion: ReturnType<typeof make>) => motion.kneeFromImage(2).m[11]!;
  // The stroke runs towards −z: held back means a larger z. 0.6 · 5 N against a grip of 0.76 N/mm: some millimetres.
  expect(lag(rough) - lag(smooth)).toBeGreaterThan(1);
  expect(lag(rough) - lag(smooth)).toBeLessThan(12);
});

test("a lift-off loses contact, and the probe comes back to it", () => {
  const motion = make({ liftOffsPerMin: 40, speedMmPerS: 5 });
  const { fromS, toS } = motion.sweeps[0]!;
  const forces = Array.from({ length: 800 }, (_, i) => motion.contactForceN!(fromS + ((toS - fromS) * i) / 800));
  expect(Math.min(...forces)).toBe(0);
  expect(forces.filter((f) => f > 2).length).toBeGreaterThan(200);
  const gaps = Array.from({ length: 800 }, (_, i) => motion.kneeFromImage(fromS + ((toS - fromS) * i) / 800).m[7]!);
  expect(Math.max(...gaps)).toBeGreaterThan(0.5);
});

test("hesitations make a stroke longer by about their number times their length", () => {
  const plain = make().sweeps[0]!.toS,
    halting = make({ hesitationsPerMin: 60 }).sweeps[0]!.toS;
  expect(halting - plain).toBeGreaterThan(0.3);
});

test("on a leg the probe follows the skin around it; tremor turns and shifts it by its size", () => {
  const motion = holdProbe([frontStroke], limb, { ...calm, tremorMm: 0.3, tremorRad: 0.01 }, createRng("leg"));
  const still = holdProbe([frontStroke], limb, calm, createRng("leg"));
  const angles: number[] = [];
  for (let t = 0.5; t < 4.5; t += 0.02) {
    const { m } = motion.kneeFromImage(t);
    expect(RADIUS_MM - m[7]!).toBeGreaterThan(1);
    expect(RADIUS_MM - m[7]!).toBeLessThan(7);
    const other = still.kneeFromImage(t).m;
    const between = Float64Array.from(m);
    for (let r = 0; r < 3; r++) for (let c = 0; c < 3; c++) between[r * 4 + c] = [0, 1, 2].reduce((s, k) => s + m[k * 4 + r]! * other[k * 4 + c]!, 0); // prettier-ignore
    angles.push(rotationAngle(between));
  }
  const rms = Math.sqrt(angles.reduce((s, a) => s + a * a, 0) / angles.length);
  // Three axes of 0.01 rad, low-passed by a grip of some Hz and by the skin.
  expect(rms).toBeGreaterThan(0.003);
  expect(rms).toBeLessThan(0.03);
});

test("same seed, same motion, bit for bit; another seed, another", () => {
  const at = (seed: string) => make({ tremorMm: 0.3, tremorRad: 0.01 }, table, seed).kneeFromImage(1.234).m;
  expect(at("a")).toEqual(at("a"));
  expect(at("a")).not.toEqual(at("b"));
});

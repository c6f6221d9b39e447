import { expect, test } from "vitest";
import { keepKnees } from "../../src/scenario/built-knees.ts";
import { cachedCalibration, decode, encode } from "../../src/scenario/cached-calibration.ts";
import type { PhantomConfig } from "../../src/scenario/schema.ts";

const found = {
  calibration: {
    probeFromPixel: Float64Array.from({ length: 12 }, (_, i) => Math.PI * 10 ** (i - 6)),
    imageLagS: 0.1 + 0.2,
  },
  lagSdS: 1 / 3,
  likely: [new Float64Array(12).fill(1e-17), new Float64Array(12).fill(-7.25)],
};

test("a calibration comes back with every digit, and what is none is none", () => {
  expect(decode(encode(found))).toEqual(found);
  expect(decode(encode({ ...found, likely: undefined } as never))).toEqual({
    calibration: found.calibration,
    lagSdS: found.lagSdS,
  });
  expect(decode(undefined)).toBeUndefined();
  expect(decode(new TextEncoder().encode('{"calibration": 3}'))).toBeUndefined();
});

test("sessions are held once for the same rig and seed, and a refusal is not kept", async () => {
  const kept = new Map<string, Uint8Array>();
  const sessions = cachedCalibration(
    { read: async (key) => kept.get(key), write: async (key, bytes) => void kept.set(key, bytes) },
    "code",
  );
  let held = 0;
  const hold = async () => (held++, found);
  await expect(sessions(["rig", "seed"], () => Promise.reject(new Error("refused")))).rejects.toThrow("refused");
  for (const seed of ["seed", "seed", "other"]) expect(await sessions(["rig", seed], hold)).toEqual(found);
  expect(held).toBe(2);
});

test("the last knees are built once; one that could not be built is tried again", async () => {
  let built = 0;
  const knees = keepKnees(2, async (_, seed) => {
    built++;
    if (seed === "broken") throw new Error("broken");
    return { phantom: seed, scene: seed } as never;
  });
  const config = { kind: "parametric" } as unknown as PhantomConfig;
  for (const seed of ["a", "b", "a", "b"]) await knees(config, seed);
  expect(built).toBe(2);
  await knees(config, "c");
  await knees(config, "b");
  expect(built).toBe(3);
  await knees(config, "a");
  expect(built).toBe(4);
  for (let i = 0; i < 2; i++) await expect(knees(config, "broken")).rejects.toThrow("broken");
  expect(built).toBe(6);
});

import { expect, test } from "vitest";
import { fromAxisAngle } from "../../../src/core/rigid.ts";
import { createRng } from "../../../src/core/rng.ts";
import { fourMarkerBody, markerLayouts } from "../../../src/sim/tracker/marker-body.ts";
import { duoClass, trioClass, unbiased, vegaClass } from "../../../src/sim/tracker/presets.ts";
import { facing, watch, type Pose } from "./support.ts";

const noiseless = (tracker: typeof duoClass) => {
  const { centroiding, ...rest } = unbiased(tracker);
  return { ...rest, centroiding: { ...centroiding, noisePx: 0 } };
};
const body = fourMarkerBody("Probe");

test.each([
  ["duo", duoClass, 1000],
  ["trio", trioClass, 1000],
  ["vega", vegaClass, 1600],
] as const)(
  "%s: without noise and bias every pose is exact, wherever the body is and however it is turned",
  (_, tracker, z) => {
    /** Triangulation by normal equations squares the condition of two rays, 1e3, at 1 m in doubles. */
    const ROUNDING_MM = 1e-6;
    const rng = createRng("exact");
    for (let i = 0; i < 100; i++) {
      const angle = 0.9 * (rng.uniform() - 0.5);
      const place = [150 * (rng.uniform() - 0.5), 150 * (rng.uniform() - 0.5), z + 200 * rng.uniform()] as const;
      const pose = fromAxisAngle<"tracker", "body">([rng.normal(), rng.normal(), rng.normal()], angle, place).m;
      const [reading] = watch(noiseless(tracker), [body], 1, () => pose)[0]!;
      expect(reading!.status, `case ${i}`).toBe("tracked");
      if (reading!.status !== "tracked") continue;
      reading!.trackerFromTool.forEach((x, k) => expect(Math.abs(x - pose[k]!), `case ${i}`).toBeLessThan(ROUNDING_MM));
      expect(reading!.fitRmsMm).toBeLessThan(ROUNDING_MM);
    }
  },
);

test("outside the field of view a body is out of volume, turned away or covered it is occluded; none has a pose", () => {
  const turned = fromAxisAngle<"tracker", "body">([1, 0, 0], Math.PI, [0, 0, 1000]).m;
  const statusOf = (pose: Pose, sight?: { at: () => () => boolean }) =>
    watch(duoClass, [body], 2, () => pose, sight ? { sight } : {})[1]![0];
  expect(statusOf(facing(1000, 900))).toEqual({ tool: "Probe", status: "out-of-volume" });
  expect(statusOf(turned)).toEqual({ tool: "Probe", status: "occluded" });
  expect(statusOf(facing(1000), { at: () => () => true })).toEqual({ tool: "Probe", status: "occluded" });
});

test("markers that run into one another in a picture cost the body, though each of them is in view", () => {
  const [x, y, z] = body.markersMm;
  // A second body whose first marker touches this one's first in both pictures: a long spot is no marker.
  const other = { ...fourMarkerBody("Other", "second"), tool: "Other" };
  const [ox, oy, oz] = other.markersMm;
  const pose = (_: number, i: number): Pose =>
    i === 0 ? facing(1000) : facing(999 + z! - oz!, x! - ox! + 7.5, y! - oy!);
  const [first] = watch(noiseless(duoClass), [body, other], 1, pose)[0]!;
  expect(first).toEqual({ tool: "Probe", status: "missing" });
});

test("a marker seen past its mount's edge pulls the pose along by some tenths of a millimetre", () => {
  const { warmUp, solver } = unbiased(duoClass);
  const biased = {
    ...duoClass,
    warmUp,
    solver,
    centroiding: { ...duoClass.centroiding, noisePx: 0, pixelLockingPx: 0, edgePx: 0 },
  };
  const off = (leanRad: number): number => {
    const pose = fromAxisAngle<"tracker", "body">([1, 0, 0], leanRad, [0, 0, 1000]).m;
    const [reading] = watch(biased, [body], 1, () => pose)[0]!;
    if (reading?.status !== "tracked") throw new Error(reading!.status);
    return Math.hypot(...[3, 7, 11].map((k) => reading.trackerFromTool[k]! - pose[k]!));
  };
  expect(off(0.6)).toBeLessThan(1e-6);
  expect(off(1.75)).toBeGreaterThan(0.05); // 100°: 25° past the angle from which it counts, of 55°
  expect(off(1.75)).toBeLessThan(0.5);
});

test("two markers hidden of four: no pose; one hidden: a pose from three", () => {
  const hide = (count: number) => {
    const pose = facing(1000);
    const covered = Array.from({ length: count }, (_, i) =>
      [0, 1, 2].map((k) => body.markersMm[3 * i + k]! + pose[4 * k + 3]!),
    );
    const sight = {
      at: (timeS: number) => (from: readonly number[]) =>
        timeS > 0.1 && covered.some((m) => Math.hypot(...m.map((v, k) => v - from[k]!)) < 1),
    };
    return watch(noiseless(duoClass), [body], 60, () => pose, { sight })[59]![0]!.status;
  };
  expect(hide(1)).toBe("tracked");
  expect(hide(2)).toBe("occluded");
});

test("the noise of one body is the same whether another is in view or not", () => {
  const alone = watch(duoClass, [body], 20, () => facing(1000, -100));
  const pair = watch(duoClass, [body, fourMarkerBody("Femur", "second")], 20, (_, i) => facing(1000, i ? 120 : -100));
  expect(pair.map(([first]) => first)).toEqual(alone.map(([first]) => first));
});

test("in no body are two distances alike, nor any triangle of one like one of another", () => {
  /** Depth noise at 1.5 m is 1 mm a marker. */
  const LEAST_MM = 2;
  const distances = markerLayouts.map((layout) => {
    const p = fourMarkerBody("x", layout).markersMm;
    const d: number[] = [];
    for (let i = 0; i < 4; i++)
      for (let j = 0; j < i; j++) d.push(Math.hypot(...[0, 1, 2].map((k) => p[3 * i + k]! - p[3 * j + k]!)));
    return d.sort((a, b) => a - b);
  });
  for (const d of distances) d.forEach((x, i) => i > 0 && expect(x - d[i - 1]!).toBeGreaterThan(LEAST_MM));
  const worst = (a: readonly number[], b: readonly number[]) => Math.max(...a.map((x, i) => Math.abs(x - b[i]!)));
  expect(worst(distances[0]!, distances[1]!)).toBeGreaterThan(2 * LEAST_MM);
  expect(worst(distances[0]!, distances[2]!)).toBeGreaterThan(2 * LEAST_MM);
  expect(worst(distances[1]!, distances[2]!)).toBeGreaterThan(2 * LEAST_MM);
});

test("same seed, same readings; another seed, others", () => {
  const read = (seed: string) => watch(duoClass, [body], 5, () => facing(1000), { seed });
  expect(read("a")).toEqual(read("a"));
  expect(read("a")).not.toEqual(read("b"));
});

import { expect, test } from "vitest";
import { createRng } from "../../../src/core/rng.ts";
import { viewMarkers } from "../../../src/sim/tracker/blobs.ts";
import { cameraBar, cameraCentre, project } from "../../../src/sim/tracker/camera.ts";
import { lineOfSight, type Point } from "../../../src/sim/tracker/line-of-sight.ts";
import { duoClass } from "../../../src/sim/tracker/presets.ts";
import { triangulate } from "../../../src/sim/tracker/triangulate.ts";

const quiet = { noisePx: 0, pixelLockingPx: 0, edgePx: 0, grazingMm: 0, minCircularity: 0.6 };
const ROUNDING = 1e-9;

test("two parallel cameras see disparity f b/z, and rays meet where the point is", () => {
  const cameras = cameraBar(duoClass);
  const point: Point = [80, -40, 900];
  const [left, right] = cameras.map((camera) => project(camera, point));
  expect(left![0] - right![0]).toBeCloseTo((736 * 220) / 900, 9);
  expect(left![1]).toBeCloseTo(right![1], 9);
  const met = triangulate(cameras, [left!.slice(0, 2) as [number, number], right!.slice(0, 2) as [number, number]]);
  met!.forEach((x, k) => expect(Math.abs(x - point[k]!)).toBeLessThan(1e-6));
});

test("toed-in cameras look at the point where their axes cross", () => {
  const toeInRad = Math.atan(250 / 1500);
  for (const camera of cameraBar({ ...duoClass, baselineMm: 500, toeInRad })) {
    const [u, v, depth] = project(camera, [0, 0, 1500]);
    expect(Math.abs(u)).toBeLessThan(ROUNDING);
    expect(Math.abs(v)).toBeLessThan(ROUNDING);
    expect(depth).toBeCloseTo(Math.hypot(250, 1500), 9);
    expect(Math.abs(cameraCentre(camera)[0])).toBeCloseTo(250, 9);
  }
});

test("a disc cut by the sensor's border has the centre of what is left of it", () => {
  const [camera] = cameraBar({ ...duoClass, cameraCount: 1 });
  const z = 1000, radiusMm = 20; // prettier-ignore
  const radiusPx = (736 * radiusMm) / z;
  const at = (u: number): Point => [(u * z) / 736, 0, z];
  const see = (u: number) =>
    viewMarkers(
      camera!,
      [0, 0, 0],
      [{ at: at(u), facing: [0, 0, -1] }],
      { centroiding: quiet, optics: { ...duoClass.optics, radiusMm }, flaws: { edgeTurnRad: 0, phase: [0, 0] } },
      () => false,
      [0, 0],
    );
  const u = 320 - 0.3 * radiusPx;
  // By counting: the mean of the points of the disc that lie on the sensor.
  let sum = 0, count = 0; // prettier-ignore
  for (let i = -400; i <= 400; i++) {
    for (let j = -400; j <= 400; j++) {
      const x = u + (radiusPx * i) / 400;
      if (i * i + j * j > 400 * 400 || x > 320) continue;
      sum += x;
      count++;
    }
  }
  /** A lattice of 400 points to the radius. */
  const LATTICE_PX = 0.02;
  expect(Math.abs(see(u).blobs[0]!.u - sum / count)).toBeLessThan(LATTICE_PX);
  expect(see(u).blobs[0]!.u).toBeLessThan(u - 10 * LATTICE_PX);
  expect(see(325)).toEqual({ blobs: [], sightings: ["outside"] });
});

test("a capsule hides what lies within its radius of the line, and nothing else: against points along the line", () => {
  const rng = createRng("capsule");
  const random = (): Point => [100 * rng.normal(), 100 * rng.normal(), 100 * rng.normal()];
  let hits = 0;
  for (let i = 0; i < 200; i++) {
    const [from, to, a, b] = [random(), random(), random(), random()];
    const radiusMm = 40;
    let least = Infinity;
    for (let s = 0; s <= 1; s += 0.01) {
      const p = from.map((x, k) => x + s * (to[k]! - x));
      for (let t = 0; t <= 1; t += 0.01) {
        least = Math.min(least, Math.hypot(...p.map((x, k) => x - a[k]! - t * (b[k]! - a[k]!))));
      }
    }
    if (Math.abs(least - radiusMm) < 3) continue; // the sampling cannot tell
    const blocked = lineOfSight([{ kind: "capsule", radiusMm, ends: () => [a, b] }]).at(0)(from, to);
    expect(blocked, `case ${i}`).toBe(least < radiusMm);
    if (blocked) hits++;
  }
  expect(hits).toBeGreaterThan(20);
});

test("a ball known by its distance field throws a shadow, and a marker on its own surface sees past it", () => {
  const sight = lineOfSight([
    {
      kind: "field",
      distance: { distanceMm: (x, y, z) => Math.hypot(x, y, z) - 50 },
      centreMm: [0, 0, 0],
      radiusMm: 80,
      solidFromTracker: () => Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, -500),
    },
  ]).at(0);
  expect(sight([0, 0, 700], [0, 0, 0])).toBe(true);
  expect(sight([0, 0, 445], [0, 0, 0])).toBe(false);
  expect(sight([0, 55, 500], [0, 60, 0])).toBe(false);
  expect(sight([45, 0, 700], [45, 0, 0])).toBe(true);
});

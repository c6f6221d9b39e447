import { afterAll, expect, test } from "vitest";
import { UnsuitableInputError } from "../../../src/core/errors.ts";
import { silentLog } from "../../../src/core/log.ts";
import { createRng } from "../../../src/core/rng.ts";
import { createWorkerPool } from "../../../src/core/worker-pool.ts";
import type { Surface } from "../../../src/data/surface.ts";
import {
  connectedComponents,
  edgeDefects,
  surfaceArea,
  triangleCentre,
  triangleCount,
  triangleNormal,
  vertexCount,
} from "../../../src/geometry/mesh.ts";
import { extractSurface, type SurfaceInput, type SurfaceOptions } from "../../../src/pipeline/surface/extract.ts";
import { lookingDown, scanOf, sphereSlices, type Slice } from "./scan.ts";

const workers = createWorkerPool(1);
afterAll(() => workers.close());
const rng = createRng("surface");
const extract = (input: SurfaceInput, options: Partial<SurfaceOptions> = {}): Promise<Surface> =>
  extractSurface.run(input, { ...extractSurface.defaults, ...options }, { workers, log: silentLog, rng });

const RADIUS_MM = 20;
/** The brief's bound for perfect ridges at 0.5 mm spacing; half a voxel is 0.25 mm. */
const PERFECT_MM = 0.1;

/** Distances of the vertices to the sphere about the origin, signed, mm. */
function errors({ mesh }: Surface): Float64Array {
  return Float64Array.from(
    { length: vertexCount(mesh) },
    (_, v) => Math.hypot(...mesh.positions.subarray(3 * v, 3 * v + 3)) - RADIUS_MM,
  );
}
const meanAbs = (values: Float64Array): number => values.reduce((sum, x) => sum + Math.abs(x), 0) / values.length;
const meanOf = (values: Float64Array): number => values.reduce((sum, x) => sum + x, 0) / values.length;

test("perfect ridges every half millimetre give the sphere they came from, without bias", async () => {
  const surface = await extract(scanOf(sphereSlices(RADIUS_MM, 0.5), 0, rng.fork("perfect")));
  expect(meanAbs(errors(surface))).toBeLessThan(PERFECT_MM);
  expect(Math.abs(meanOf(errors(surface)))).toBeLessThan(0.1 * PERFECT_MM);
  expect(Math.max(...errors(surface).map(Math.abs))).toBeLessThan(2 * PERFECT_MM);
});

test("the result is one open sheet that faces the probe, not a shell", async () => {
  const { mesh } = await extract(scanOf(sphereSlices(RADIUS_MM, 0.5), 0, rng.fork("open")));
  const { open, nonManifold } = edgeDefects(mesh);
  expect(nonManifold).toBe(0);
  expect(open).toBeGreaterThan(100);
  expect(connectedComponents(mesh).count).toBe(1);
  // The cap that was scanned: above 0.4 R within ± 0.8 R of elevation. By numbers, its area:
  let cap = 0;
  for (let e = -0.8 * RADIUS_MM; e <= 0.8 * RADIUS_MM; e += 0.01) {
    const ring = Math.sqrt(RADIUS_MM ** 2 - e * e), half = Math.acos(Math.min(1, (0.4 * RADIUS_MM) / ring)); // prettier-ignore
    cap += 2 * half * RADIUS_MM * 0.01; // Archimedes: an area element of a sphere is R · dφ · de
  }
  const RIM_MM = 0.5 * 2 * Math.PI * RADIUS_MM; // half a voxel more or less along the whole rim
  expect(Math.abs(surfaceArea(mesh) - cap)).toBeLessThan(RIM_MM);
  let away = 0;
  for (let i = 0; i < triangleCount(mesh); i++) {
    const { x, y, z } = triangleCentre(mesh, i), n = triangleNormal(mesh, i); // prettier-ignore
    if (x * n[0] + y * n[1] + z * n[2] <= 0) away++;
  }
  expect(away / triangleCount(mesh)).toBeLessThan(0.005); // slivers on the rim
});

test("slices 1.5 and 2 mm apart leave no gaps, also where the bone turns away by 50 degrees", async () => {
  for (const stepMm of [1.5, 2]) {
    const surface = await extract(scanOf(sphereSlices(RADIUS_MM, stepMm), 0, rng.fork(`step ${stepMm}`)));
    expect(connectedComponents(surface.mesh).count).toBe(1);
    expect(surfaceArea(surface.mesh)).toBeGreaterThan(1200); // 1350 mm² are scanned
    expect(meanAbs(errors(surface))).toBeLessThan(0.2);
  }
});

test("noise of 0.3 mm in every column averages out", async () => {
  const surface = await extract(scanOf(sphereSlices(RADIUS_MM, 0.5), 0.3, rng.fork("noise")));
  expect(meanAbs(errors(surface))).toBeLessThan(PERFECT_MM);
});

test("four sweeps that disagree by a millimetre give one layer in the middle, not four", async () => {
  const offsets = [[1, 0, 0.5], [-1, 0.5, -0.5], [0, -1, 0.5], [0, 0.5, -0.5]]; // prettier-ignore
  const slices = offsets.flatMap((offMm, i) => sphereSlices(RADIUS_MM, 0.8, { turnRad: (i * Math.PI) / 4, offMm }));
  const surface = await extract(scanOf(slices, 0.1, rng.fork("sweeps")));
  expect(meanAbs(errors(surface))).toBeLessThan(0.3); // the offsets cancel; what is left is where few sweeps overlap
  expect(surfaceArea(surface.mesh)).toBeLessThan(1.2 * 1560); // a little over one sheet that joins all four caps
});

test("a plane stays a plane up to its border", async () => {
  const slices: Slice[] = Array.from({ length: 41 }, (_, i) => ({
    pose: lookingDown(30, i * 0.5 - 10),
    depthMm: (x) => (Math.abs(x) < 10 ? 20 + 0.3 * x : undefined),
  }));
  const { mesh } = await extract(scanOf(slices, 0, rng.fork("plane")));
  for (let v = 0; v < vertexCount(mesh); v++) {
    const [x, y, z] = mesh.positions.subarray(3 * v, 3 * v + 3) as unknown as [number, number, number];
    expect(Math.abs(z - (10 - 0.3 * x)) / Math.hypot(1, 0.3)).toBeLessThan(0.01);
    expect(Math.max(Math.abs(x), Math.abs(y))).toBeLessThan(10.75); // half a slice, half a voxel
  }
  expect(surfaceArea(mesh)).toBeGreaterThan(0.9 * 400 * Math.hypot(1, 0.3));
});

test("two bones that face each other across 3 mm are not bridged", async () => {
  const planes = (gapMm: number): Slice[] =>
    Array.from({ length: 41 }, (_, i): Slice[] => [
      { pose: lookingDown(20, i * 0.5 - 10), depthMm: (x) => (Math.abs(x) < 10 ? 20 : undefined) },
      {
        pose: lookingDown(-20, i * 0.5 - 10, { up: true }),
        depthMm: (x) => (Math.abs(x) < 10 ? 20 + gapMm : undefined),
      },
    ]).flat();
  const { mesh } = await extract(scanOf(planes(3), 0, rng.fork("facing")), { maxFillMm: 1.25 });
  expect(connectedComponents(mesh).count).toBe(2);
  for (let v = 0; v < vertexCount(mesh); v++) {
    const z = mesh.positions[3 * v + 2]!;
    expect(Math.min(Math.abs(z), Math.abs(z - 3))).toBeLessThan(PERFECT_MM);
  }
});

test("a hole of 8 mm stays open", async () => {
  const slices: Slice[] = Array.from({ length: 41 }, (_, i) => ({
    pose: lookingDown(30, i * 0.5 - 10),
    depthMm: (x) => (Math.abs(x) < 10 && Math.hypot(x, i * 0.5 - 10) > 4 ? 20 : undefined),
  }));
  const { mesh } = await extract(scanOf(slices, 0, rng.fork("hole")));
  for (let v = 0; v < vertexCount(mesh); v++) {
    expect(Math.hypot(mesh.positions[3 * v]!, mesh.positions[3 * v + 1]!)).toBeGreaterThan(4 - 1);
  }
});

test("a small island is removed, and its area is told", async () => {
  const slices = sphereSlices(RADIUS_MM, 0.5);
  for (let i = 0; i < 5; i++)
    slices.push({ pose: lookingDown(60, i * 0.5), depthMm: (x) => (Math.abs(x) < 2 ? 20 : undefined) });
  const { mesh, removed } = await extract(scanOf(slices, 0, rng.fork("island")));
  expect(connectedComponents(mesh).count).toBe(1);
  expect(removed.length).toBe(1);
  expect(removed[0]!.areaMm2).toBeGreaterThan(4);
  expect(removed[0]!.areaMm2).toBeLessThan(20); // 4 mm × 2 mm and the rim
});

test("every vertex inside the sheet says how many columns saw it", async () => {
  const { mesh, observations } = await extract(scanOf(sphereSlices(RADIUS_MM, 0.5), 0, rng.fork("seen")));
  expect(observations.length).toBe(vertexCount(mesh));
  let apex = 0;
  for (let v = 0; v < vertexCount(mesh); v++) if (mesh.positions[3 * v + 2]! > mesh.positions[3 * apex + 2]!) apex = v;
  // π · 0.8² mm² at 10 columns a mm and 2 slices a mm: 40, counted in merged points of 0.8 mm
  expect(observations[apex]).toBeGreaterThan(12);
  expect(observations[apex]).toBeLessThan(80);
});

test("no bone gives an empty surface, and a pose that is far off is refused by the memory it would take", async () => {
  const none: Slice[] = [{ pose: lookingDown(30, 0), depthMm: () => undefined }];
  expect(vertexCount((await extract(scanOf(none, 0, rng.fork("none")))).mesh)).toBe(0);
  const far = [...sphereSlices(RADIUS_MM, 2), ...sphereSlices(RADIUS_MM, 2, { offMm: [5000, 5000, 5000] })];
  await expect(extract(scanOf(far, 0, rng.fork("far")))).rejects.toThrow(UnsuitableInputError);
});

test("the same input gives the same bytes", async () => {
  const input = scanOf(sphereSlices(RADIUS_MM, 1), 0.2, rng.fork("same"));
  expect(await extract(input)).toEqual(await extract(input));
});

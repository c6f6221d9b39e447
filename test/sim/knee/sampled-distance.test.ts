import { expect, test } from "vitest";
import { createRng } from "../../../src/core/rng.ts";
import { edgeDefects, signedVolume, surfaceArea } from "../../../src/geometry/mesh.ts";
import { meshSolid } from "../../../src/sim/knee/mesh-solid.ts";
import { redistance, sampleDistance } from "../../../src/sim/knee/sampled-distance.ts";

/** A ball whose function is steeper than a distance on one side and flatter on the other, as smooth unions are. */
const RADIUS_MM = 12;
const ball = (x: number, y: number, z: number): number => (Math.hypot(x, y, z) - RADIUS_MM) * (1 + 0.03 * x);
const bounds = { min: [-18, -18, -18], max: [18, 18, 18] } as const;

/** Projection settles within 2 µm; tricubic over 1 mm on a radius of 12 mm is better than that again. */
const NEAR_MM = 0.01;
/** First-order sweeping overestimates by a share of the way from the known band, and by a lattice step's share. */
const FAR_SHARE = 0.08,
  FAR_MM = 0.1;

test("a function that is no distance becomes one near the surface and far from it", () => {
  const field = sampleDistance(ball, bounds, 1);
  const rng = createRng("ball");
  for (let i = 0; i < 3000; i++) {
    const [x, y, z] = [16, 16, 16].map((r) => r * (2 * rng.uniform() - 1)) as [number, number, number];
    const exact = Math.hypot(x, y, z) - RADIUS_MM;
    if (exact < -10) continue; // the centre of the ball, where no distance is smooth
    const error = Math.abs(field.distanceMm(x, y, z) - exact);
    expect(error).toBeLessThan(Math.abs(exact) < 1.2 ? NEAR_MM : FAR_MM + FAR_SHARE * Math.abs(exact));
  }
});

test("outside its lattice a field is the value at the border plus the way there", () => {
  const field = sampleDistance(ball, bounds, 1);
  expect(Math.abs(field.distanceMm(40, 0, 0) - (40 - RADIUS_MM))).toBeLessThan(FAR_MM + FAR_SHARE * 6);
});

test("samples of a scaled distance are brought back to slope 1", () => {
  const shape = [31, 31, 31] as const;
  const grid = { shape, spacingMm: [2.5, 2.5, 2.5], originMm: [-37.5, -37.5, -37.5] } as const;
  const samples = new Float32Array(31 ** 3),
    exact = new Float32Array(31 ** 3);
  for (let k = 0, at = 0; k < 31; k++)
    for (let j = 0; j < 31; j++)
      for (let i = 0; i < 31; i++, at++) {
        exact[at] = Math.hypot(i * 2.5 - 37.5, j * 2.5 - 37.5, k * 2.5 - 37.5) - 25;
        samples[at] = 1.4 * exact[at]!;
      }
  const values = redistance(grid, samples);
  for (let at = 0; at < values.length; at++) {
    if (exact[at]! < -20) continue;
    // Second order in 2.5 mm over a radius of 25 mm near the surface, first-order sweeping beyond.
    expect(Math.abs(values[at]! - exact[at]!)).toBeLessThan(
      Math.abs(exact[at]!) < 3 ? 0.15 : FAR_MM + FAR_SHARE * Math.abs(exact[at]!),
    );
  }
});

test("the mesh of a ball is closed, outward, on the field, and has its volume and area", async () => {
  const field = sampleDistance(ball, bounds, 1);
  const mesh = await meshSolid(field, bounds, 1);
  expect(edgeDefects(mesh)).toEqual({ open: 0, nonManifold: 0 });
  // An inscribed polyhedron with 1 mm edges lacks about edge²/(8 R) = 0.01 mm of radius: 0.3 % of the volume.
  expect(signedVolume(mesh) / ((4 / 3) * Math.PI * RADIUS_MM ** 3)).toBeCloseTo(1, 2);
  expect(surfaceArea(mesh) / (4 * Math.PI * RADIUS_MM ** 2)).toBeCloseTo(1, 2);
  for (let i = 0; i < mesh.positions.length; i += 3) {
    const [x, y, z] = mesh.positions.subarray(i, i + 3) as unknown as [number, number, number];
    expect(Math.abs(field.distanceMm(x, y, z))).toBeLessThan(NEAR_MM);
  }
});

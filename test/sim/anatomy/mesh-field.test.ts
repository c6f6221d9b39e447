import { expect, test } from "vitest";
import { createRng } from "../../../src/core/rng.ts";
import { meshDistanceField } from "../../../src/geometry/mesh-distance.ts";
import { meshSolid } from "../../../src/sim/knee/mesh-solid.ts";
import { ellipsoid } from "../../../src/sim/knee/implicit.ts";
import { sampleMeshDistance, sampleMeshInside } from "../../../src/sim/anatomy/mesh-field.ts";

/** Facets of 1 mm on a bend of 8 mm lie 0.016 mm off the arc; a lattice of 1 mm rounds their edges by about as much. */
const NEAR_MM = 0.03;
/** First-order sweep over the 2 mm from the exact band to the border of the lattice. */
const FAR_MM = 0.3;

const mesh = await meshSolid(
  { distanceMm: (x, y, z) => ellipsoid(x - 3, y, z, 18, 12, 14) },
  { min: [-20, -16, -18], max: [26, 16, 18] },
  1,
);

test("the sampled field is the exact distance to the mesh near it, and close to it far away", () => {
  const exact = meshDistanceField(mesh),
    sampled = sampleMeshDistance(mesh, 1);
  const rng = createRng("mesh-field");
  let near = 0,
    far = 0,
    wrongSide = 0;
  for (let i = 0; i < 3000; i++) {
    const at = [28 * (rng.uniform() - 0.5) * 1.6 + 3, 36 * (rng.uniform() - 0.5), 40 * (rng.uniform() - 0.5)] as const;
    const d = exact.distanceMm(...at),
      error = Math.abs(sampled.distanceMm(...at) - d);
    if (Math.abs(d) < 1.5) near = Math.max(near, error);
    // Beyond the lattice the reading is an upper bound; deep inside there is a crease, where nobody looks.
    else if (d > 0 && d < 4.5) far = Math.max(far, error);
    if (Math.abs(d) > 0.05 && sampled.distanceMm(...at) * d < 0) wrongSide++;
  }
  expect(near).toBeLessThan(NEAR_MM);
  expect(far).toBeLessThan(FAR_MM);
  expect(wrongSide).toBe(0);
});

test("the cheap field knows inside from outside everywhere", () => {
  const exact = meshDistanceField(mesh),
    inside = sampleMeshInside(mesh, 0.8);
  const rng = createRng("mesh-inside");
  for (let i = 0; i < 2000; i++) {
    const at = [50 * (rng.uniform() - 0.5), 40 * (rng.uniform() - 0.5), 44 * (rng.uniform() - 0.5)] as const;
    const d = exact.distanceMm(...at);
    if (Math.abs(d) > 0.05) expect(Math.sign(inside.distanceMm(...at)), at.join(" ")).toBe(Math.sign(d));
  }
});

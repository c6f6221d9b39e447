import { expect, test } from "vitest";
import type { Grid } from "../../src/geometry/grid.ts";
import { cellTriangles, isosurface } from "../../src/geometry/isosurface.ts";
import {
  connectedComponents,
  edgeDefects,
  signedVolume,
  surfaceArea,
  triangleCentre,
  triangleCount,
  triangleNormal,
  vertexCount,
  type Mesh,
} from "../../src/geometry/mesh.ts";
import { taubinSmooth } from "../../src/geometry/smooth.ts";
import { forCases } from "../support/cases.ts";

const RADIUS_MM = 8;
/** Chords of 0.5 mm edges on R = 8 mm: area and volume fall short by about edge² / (8 R²) and three times that. */
const DISCRETISATION_SHARE = 0.003;

function sample(grid: Grid, value: (x: number, y: number, z: number) => number): Float32Array {
  const [nx, ny, nz] = grid.shape;
  const values = new Float32Array(nx * ny * nz);
  for (let k = 0, at = 0; k < nz; k++) {
    for (let j = 0; j < ny; j++) {
      for (let i = 0; i < nx; i++, at++) {
        const [sx, sy, sz] = grid.spacingMm, [ox, oy, oz] = grid.originMm; // prettier-ignore
        values[at] = value(ox + i * sx, oy + j * sy, oz + k * sz);
      }
    }
  }
  return values;
}

const grid: Grid = { shape: [41, 40, 46], spacingMm: [0.5, 0.55, 0.45], originMm: [-10, -10.6, -10.1] };
const distance = sample(grid, (x, y, z) => Math.hypot(x, y, z) - RADIUS_MM);
const eulerCharacteristic = (mesh: Mesh): number => vertexCount(mesh) - triangleCount(mesh) / 2; // closed: E = 3F/2

test("a sphere's isosurface has the sphere's area and volume", () => {
  const sphere = isosurface(grid, distance, 0, { inside: "below" });
  const area = 4 * Math.PI * RADIUS_MM ** 2, volume = (4 / 3) * Math.PI * RADIUS_MM ** 3; // prettier-ignore
  expect(Math.abs(surfaceArea(sphere) / area - 1)).toBeLessThan(DISCRETISATION_SHARE);
  expect(Math.abs(signedVolume(sphere) / volume - 1)).toBeLessThan(DISCRETISATION_SHARE);
});

test("a sphere's isosurface is closed, manifold, in one piece and of Euler characteristic 2", () => {
  const sphere = isosurface(grid, distance, 0, { inside: "below" });
  expect(edgeDefects(sphere)).toEqual({ open: 0, nonManifold: 0 });
  expect(connectedComponents(sphere).count).toBe(1);
  expect(eulerCharacteristic(sphere)).toBe(2);
});

test("triangles face away from the inside, whichever side that is", () => {
  for (const inside of ["above", "below"] as const) {
    const mesh = isosurface(grid, distance, 0, { inside });
    for (let i = 0; i < triangleCount(mesh); i++) {
      const { x, y, z } = triangleCentre(mesh, i), n = triangleNormal(mesh, i); // prettier-ignore
      expect((x * n[0] + y * n[1] + z * n[2]) * (inside === "below" ? 1 : -1)).toBeGreaterThan(0);
    }
  }
});

test("a torus has Euler characteristic 0", () => {
  const torus = isosurface(
    grid,
    sample(grid, (x, y, z) => Math.hypot(Math.hypot(x, y) - 5.5, z) - 2.2),
    0,
    { inside: "below" },
  );
  expect(eulerCharacteristic(torus)).toBe(0);
});

test("random fields give closed manifold surfaces, so no pattern of corners is ambiguous between cells", () => {
  forCases(20, "isosurface/random", (rng) => {
    const noise: Grid = { shape: [10, 9, 8], spacingMm: [1, 1, 1], originMm: [0, 0, 0] };
    // A quarter of the values lie on the level itself, where a vertex falls on a corner.
    const values = sample(noise, (x, y, z) =>
      x > 0 && y > 0 && z > 0 && x < 9 && y < 8 && z < 7 ? Math.round(2 * rng.normal()) : -1,
    );
    for (const inside of ["above", "below"] as const) {
      expect(edgeDefects(isosurface(noise, values, 0, { inside }))).toEqual({ open: 0, nonManifold: 0 });
    }
  });
});

test("every pattern of corners is cut on exactly the edges whose ends differ", () => {
  cellTriangles.forEach((triangles, pattern) => {
    const crossed = [0, 1, 2].flatMap((axis) =>
      [0, 1, 2, 3, 4, 5, 6, 7]
        .filter((c) => !(c & (1 << axis)))
        .map((c) => ((pattern >> c) & 1) !== ((pattern >> (c | (1 << axis))) & 1)),
    );
    expect(crossed.map((_, edge) => triangles.includes(edge))).toEqual(crossed);
  });
});

test("masked voxels leave the surface open there and nowhere else", () => {
  const mask = Uint8Array.from(sample(grid, (_x, _y, z) => (z > 2.3 ? 0 : 1)));
  const open = isosurface(grid, distance, 0, { inside: "below", mask });
  const { open: openEdges, nonManifold } = edgeDefects(open);
  expect(nonManifold).toBe(0);
  expect(openEdges).toBeGreaterThan(20);
  const lowestMasked = grid.originMm[2] + Math.ceil((2.3 - grid.originMm[2]) / 0.45) * 0.45;
  const counts = new Map<string, number>();
  const t = open.triangles;
  for (let i = 0; i < t.length; i++) {
    const a = t[i]!, b = t[i % 3 === 2 ? i - 2 : i + 1]!; // prettier-ignore
    const key = `${Math.min(a, b)} ${Math.max(a, b)}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  for (const [key, uses] of counts) {
    if (uses === 2) continue;
    for (const v of key.split(" ")) {
      // The last cells with four unmasked corners above them end one spacing below the first masked layer.
      expect(Math.abs(open.positions[3 * Number(v) + 2]! - (lowestMasked - 0.45))).toBeLessThan(1e-4);
    }
  }
});

test("a field that never crosses the level gives an empty mesh", () => {
  const nothing = isosurface(grid, distance, 100);
  expect(vertexCount(nothing)).toBe(0);
  expect(triangleCount(nothing)).toBe(0);
});

/** The brief's bound: a smoother that shrinks loses more than this in one pass. */
const VOLUME_SHARE = 0.005;

test("smoothing keeps a sphere's volume and takes noise off it", () => {
  const sphere = isosurface(grid, distance, 0, { inside: "below" });
  const smooth = taubinSmooth(sphere);
  expect(Math.abs(signedVolume(smooth) / signedVolume(sphere) - 1)).toBeLessThan(VOLUME_SHARE);
  forCases(3, "smooth/noise", (rng) => {
    const noisy = { ...sphere, positions: sphere.positions.map((x) => x + 0.1 * rng.normal()) };
    const spread = (mesh: Mesh): number => {
      let sum = 0;
      for (let v = 0; v < vertexCount(mesh); v++) {
        sum += (Math.hypot(...mesh.positions.subarray(3 * v, 3 * v + 3)) - RADIUS_MM) ** 2;
      }
      return Math.sqrt(sum / vertexCount(mesh));
    };
    expect(spread(taubinSmooth(noisy))).toBeLessThan(0.5 * spread(noisy));
  });
});

/** The rim's four corners are rounded like anything else; a tenth of the edge length of 1 mm. */
const CORNER_MM = 0.1;

test("smoothing keeps the rim of an open sheet where it is", () => {
  const plane: Grid = { shape: [21, 21, 3], spacingMm: [1, 1, 1], originMm: [0, 0, 0] };
  const sheet = isosurface(
    plane,
    sample(plane, (_x, _y, z) => z - 1.2),
    0,
    { inside: "below" },
  );
  const smooth = taubinSmooth(sheet);
  const xs = smooth.positions.filter((_, i) => i % 3 === 0);
  expect(Math.abs(Math.min(...xs))).toBeLessThan(CORNER_MM);
  expect(Math.abs(Math.max(...xs) - 20)).toBeLessThan(CORNER_MM);
});

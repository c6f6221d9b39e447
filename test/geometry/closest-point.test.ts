import { expect, test } from "vitest";
import { UnsuitableInputError } from "../../src/core/errors.ts";
import { closestPointOf, createClosestPoint } from "../../src/geometry/closest-point.ts";
import { meshDistanceField } from "../../src/geometry/mesh-distance.ts";
import { mergeMeshes, triangleCount, type Mesh } from "../../src/geometry/mesh.ts";
import type { Rng } from "../../src/core/rng.ts";
import { boxMesh, icosphere, squareSheet } from "../../src/verify/shapes.ts";
import { forCases } from "../support/cases.ts";

/** Doubles on coordinates of about 100 mm; a square root near zero loses half the digits. */
const ROUNDING_MM = 1e-9;
/** Corners of boxes away from the origin are floats of 24 bits. */
const FLOAT32_MM = 1e-5;

/** Shares nothing with the kernel: the foot on the plane where it lies inside all sides, else the nearest side. */
function bruteTriangle(p: Float32Array, corners: readonly number[], q: readonly number[]): number {
  const [a, b, c] = corners.map((v) => [p[3 * v]!, p[3 * v + 1]!, p[3 * v + 2]!]) as [number[], number[], number[]];
  const sub = (u: number[], v: number[]): number[] => u.map((x, i) => x - v[i]!),
    dot = (u: number[], v: number[]): number => u.reduce((s, x, i) => s + x * v[i]!, 0),
    cross = (u: number[], v: number[]): number[] => [
      u[1]! * v[2]! - u[2]! * v[1]!,
      u[2]! * v[0]! - u[0]! * v[2]!,
      u[0]! * v[1]! - u[1]! * v[0]!,
    ],
    length = (u: number[]): number => Math.sqrt(dot(u, u));
  const side = (u: number[], v: number[]): number => {
    const e = sub(v, u),
      s = dot(e, e) > 0 ? Math.min(1, Math.max(0, dot(sub([...q], u), e) / dot(e, e))) : 0;
    return length(
      sub(
        [...q],
        u.map((x, i) => x + s * e[i]!),
      ),
    );
  };
  let best = Math.min(side(a, b), side(b, c), side(c, a));
  const n = cross(sub(b, a), sub(c, a)),
    nn = dot(n, n);
  if (nn > 1e-20) {
    const height = dot(sub([...q], a), n) / Math.sqrt(nn);
    const foot = q.map((x, i) => x - (height * n[i]!) / Math.sqrt(nn));
    const inside = [
      [a, b],
      [b, c],
      [c, a],
    ].every(([u, v]) => dot(cross(sub(v!, u!), sub(foot, u!)), n) >= 0);
    if (inside) best = Math.min(best, Math.abs(height));
  }
  return best;
}

function bruteDistance({ positions, triangles }: Mesh, q: readonly number[]): number {
  let best = Infinity;
  for (let i = 0; i < triangles.length; i += 3)
    best = Math.min(best, bruteTriangle(positions, [...triangles.subarray(i, i + 3)], q));
  return best;
}

/** Solid angle of the mesh over 4π (Van Oosterom & Strackee 1983): 1 inside a closed mesh, 0 outside. */
function windingNumber({ positions: p, triangles }: Mesh, q: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < triangles.length; i += 3) {
    const [a, b, c] = [0, 1, 2].map((k) => [0, 1, 2].map((axis) => p[3 * triangles[i + k]! + axis]! - q[axis]!)) as [
      number[],
      number[],
      number[],
    ];
    const la = Math.hypot(...a), lb = Math.hypot(...b), lc = Math.hypot(...c); // prettier-ignore
    const dot = (u: number[], v: number[]): number => u[0]! * v[0]! + u[1]! * v[1]! + u[2]! * v[2]!;
    const triple =
      a[0]! * (b[1]! * c[2]! - b[2]! * c[1]!) -
      a[1]! * (b[0]! * c[2]! - b[2]! * c[0]!) +
      a[2]! * (b[0]! * c[1]! - b[1]! * c[0]!);
    sum += 2 * Math.atan2(triple, la * lb * lc + dot(a, b) * lc + dot(b, c) * la + dot(c, a) * lb);
  }
  return sum / (4 * Math.PI);
}

/** A closed star-shaped body with sharp dents and ridges: an icosphere whose vertices are pulled in and out. */
function spikyBody(rng: Rng, subdivisions = 2): Mesh {
  const { positions, triangles } = icosphere(1, subdivisions);
  const pulled = positions.slice();
  for (let v = 0; v < pulled.length; v += 3) {
    const radius = 10 + 15 * rng.uniform();
    for (let axis = 0; axis < 3; axis++) pulled[v + axis]! *= radius;
  }
  return { positions: pulled, triangles };
}

test("the closest point agrees with trying every triangle", () => {
  forCases(40, "closest/brute", (rng) => {
    const mesh: Mesh = {
      positions: Float32Array.from({ length: 90 }, () => 20 * rng.normal()),
      triangles: Uint32Array.from({ length: 120 }, () => rng.integer(30)), // some without area
    };
    const surface = createClosestPoint(mesh);
    for (let i = 0; i < 25; i++) {
      const q = [30 * rng.normal(), 30 * rng.normal(), 30 * rng.normal()] as const;
      const hit = surface.nearest(...q)!;
      expect(Math.abs(hit.distanceMm - bruteDistance(mesh, q))).toBeLessThan(ROUNDING_MM);
      expect(Math.abs(Math.hypot(q[0] - hit.x, q[1] - hit.y, q[2] - hit.z) - hit.distanceMm)).toBeLessThan(ROUNDING_MM);
      // the triangle that is named holds the point
      const corners = [...mesh.triangles.subarray(3 * hit.triangle, 3 * hit.triangle + 3)];
      expect(bruteTriangle(mesh.positions, corners, [hit.x, hit.y, hit.z])).toBeLessThan(ROUNDING_MM);
    }
  });
});

test("the sign agrees with the winding number, near spikes, dents and edges too", () => {
  forCases(20, "closest/sign", (rng) => {
    const body = spikyBody(rng),
      field = meshDistanceField(body);
    for (let i = 0; i < 50; i++) {
      // half of the points close to a vertex, where a face's own normal is often wrong
      const v = rng.integer(body.positions.length / 3),
        near = rng.uniform() < 0.5;
      const q = [0, 1, 2].map((axis) => (near ? body.positions[3 * v + axis]! + rng.normal() : 12 * rng.normal()));
      const signed = field.distanceMm(q[0]!, q[1]!, q[2]!);
      if (Math.abs(signed) < 1e-6) continue; // on the surface to rounding: either sign is right
      expect(signed < 0).toBe(windingNumber(body, q) > 0.5);
      expect(Math.abs(Math.abs(signed) - bruteDistance(body, q))).toBeLessThan(ROUNDING_MM);
    }
  });
});

test("triangles that share positions but no vertex numbers have the same signs as a welded mesh", () => {
  forCases(10, "closest/soup", (rng) => {
    const body = spikyBody(rng, 1);
    const soup: Mesh = {
      positions: Float32Array.from([...body.triangles].flatMap((v) => [...body.positions.subarray(3 * v, 3 * v + 3)])),
      triangles: Uint32Array.from(body.triangles, (_, i) => i),
    };
    const welded = meshDistanceField(body),
      loose = meshDistanceField(soup);
    for (let i = 0; i < 50; i++) {
      const q = [15 * rng.normal(), 15 * rng.normal(), 15 * rng.normal()] as const;
      expect(Math.abs(loose.distanceMm(...q) - welded.distanceMm(...q))).toBeLessThan(ROUNDING_MM);
    }
  });
});

test("the signed distance to a box is the closed form", () => {
  const half = [2, 3, 4] as const,
    field = meshDistanceField(boxMesh([4, 6, 8], [50, -60, 70]));
  forCases(300, "closest/box", (rng) => {
    const r = [8 * rng.uniform() - 4, 10 * rng.uniform() - 5, 12 * rng.uniform() - 6] as const;
    const d = r.map((x, axis) => Math.abs(x) - half[axis]!);
    const expected = Math.hypot(...d.map((x) => Math.max(x, 0))) + Math.min(0, Math.max(...d));
    expect(Math.abs(field.distanceMm(50 + r[0], -60 + r[1], 70 + r[2]) - expected)).toBeLessThan(FLOAT32_MM);
  });
});

test("a flat, needle-thin or point-like triangle counts as its sides", () => {
  const surface = createClosestPoint({
    positions: Float32Array.of(0, 0, 0, 10, 0, 0, 5, 0, 0, 0, 9, 0),
    triangles: Uint32Array.of(0, 1, 2, 3, 3, 3),
  });
  expect(surface.distanceMm(5, 2, 0)).toBeCloseTo(2, 12);
  expect(surface.distanceMm(13, 4, 0)).toBeCloseTo(5, 12);
  expect(surface.distanceMm(0, 12, 4)).toBeCloseTo(5, 12);
  expect(surface.nearest(5, 2, 0)?.triangle).toBe(0);
});

test("the closed sign survives triangles without area between good ones", () => {
  const box = boxMesh([2, 2, 2]);
  const withFlat: Mesh = {
    positions: box.positions,
    triangles: Uint32Array.of(...box.triangles, 0, 0, 1, 3, 7, 7),
  };
  const field = meshDistanceField(withFlat);
  expect(field.distanceMm(0, 0, 0)).toBeCloseTo(-1, 6);
  expect(field.distanceMm(2, 2, 2)).toBeCloseTo(Math.sqrt(3), 6);
  expect(field.distanceMm(0, -2, -2)).toBeCloseTo(Math.sqrt(2), 6);
});

test("beside a sheet the sign says which side of it", () => {
  const field = meshDistanceField(squareSheet(10, 4, [0, 0], 5));
  expect(field.distanceMm(3.3, 4.1, 7)).toBeCloseTo(2, 9);
  expect(field.distanceMm(3.3, 4.1, 4)).toBeCloseTo(-1, 9);
});

test("a limit hides what lies beyond it and changes nothing within", () => {
  const surface = createClosestPoint(icosphere(20, 3));
  expect(surface.nearest(30, 0, 0, 5)).toBeUndefined();
  expect(surface.distanceMm(30, 0, 0, 5)).toBe(Infinity);
  expect(surface.nearest(30, 1, 2, 12)).toEqual(surface.nearest(30, 1, 2));
});

test("a ray through a sphere enters and leaves it", () => {
  const sphere = icosphere(20, 5, [100, 0, 0]),
    { rayHits } = createClosestPoint(sphere);
  const hits = rayHits([0, 1, 2], [3, 0, 0]);
  expect(hits.map((hit) => hit.entering)).toEqual([true, false]);
  const half = Math.sqrt(400 - 5);
  // the facets lie up to edge²/(8R) = 0.003 mm inside the sphere
  expect(Math.abs(hits[0]!.distanceMm - (100 - half))).toBeLessThan(0.005);
  expect(Math.abs(hits[1]!.distanceMm - (100 + half))).toBeLessThan(0.005);
  expect(rayHits([0, 1, 2], [3, 0, 0], 90)).toHaveLength(1);
  expect(rayHits([0, 1, 2], [-1, 0, 0])).toEqual([]);
});

test("what a query answers does not depend on the queries before it", () => {
  const mesh = mergeMeshes([icosphere(20, 3), icosphere(10, 3, [40, 0, 0])]);
  const points = Array.from({ length: 50 }, (_, i) => [i, (7 * i) % 13, (5 * i) % 11] as const);
  const surface = createClosestPoint(mesh);
  const forward = points.map((p) => surface.nearestSigned(...p));
  expect(
    points
      .toReversed()
      .map((p) => surface.nearestSigned(...p))
      .toReversed(),
  ).toEqual(forward);
  expect(triangleCount(mesh)).toBe(2560);
});

test("meshes that no distance can be measured to are refused", () => {
  const bad: readonly Mesh[] = [
    { positions: new Float32Array(9), triangles: new Uint32Array(0) },
    { positions: Float32Array.of(0, 0, 0, 1, 0, 0, 0, NaN, 0), triangles: Uint32Array.of(0, 1, 2) },
    { positions: new Float32Array(9), triangles: Uint32Array.of(0, 1, 7) },
  ];
  for (const mesh of bad) expect(() => createClosestPoint(mesh)).toThrow(UnsuitableInputError);
  expect(() => meshDistanceField(boxMesh([1, 1, 1])).distanceMm(NaN, 0, 0)).toThrow(RangeError);
});

test("who asks twice of one mesh gets one structure, and another mesh its own", () => {
  const mesh = icosphere(10, 2),
    other = { ...mesh };
  expect(closestPointOf(mesh)).toBe(closestPointOf(mesh));
  expect(closestPointOf(other)).not.toBe(closestPointOf(mesh));
  expect(closestPointOf(mesh).signedDistanceMm(0, 0, 14)).toBe(createClosestPoint(mesh).signedDistanceMm(0, 0, 14));
});

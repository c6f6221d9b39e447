import { expect, test } from "vitest";
import type { Mesh } from "../../src/geometry/mesh.ts";
import { packMesh, packValues, unpackMesh, unpackValues } from "../../src/geometry/packed-mesh.ts";
import { forCases } from "../support/cases.ts";

/** Half a step of 1/65535 of the extent, and the rounding of a coordinate up to 500 mm to single precision. */
const halfStepMm = (extentMm: number): number => extentMm / 65_535 / 2 + 500 * 2 ** -23;
/** Half a step of 1/32766 of the largest value, and its rounding to single precision. */
const halfValueStep = (largest: number): number => (largest / 32_766) * 0.5001 + largest * 2 ** -23;

test("a packed mesh comes back with the same triangles and every vertex within half a step", () => {
  forCases(60, "packed-mesh", (rng) => {
    const vertices = 1 + rng.integer(400),
      sizeMm = 10 ** (3 * rng.uniform() - 1);
    const mesh: Mesh = {
      positions: Float32Array.from({ length: vertices * 3 }, () => sizeMm * (rng.uniform() - 0.3)),
      triangles: Uint32Array.from({ length: 3 * rng.integer(500) }, () => rng.integer(vertices)),
    };
    const { header, bytes } = packMesh(mesh);
    const back = unpackMesh(header, bytes);
    expect(back.triangles).toEqual(mesh.triangles);
    for (let i = 0; i < mesh.positions.length; i++) {
      const axis = (i % 3) as 0 | 1 | 2;
      const off = Math.abs(back.positions[i]! - mesh.positions[i]!);
      expect(off).toBeLessThanOrEqual(halfStepMm(header.maxMm[axis] - header.minMm[axis]));
    }
  });
});

test("indices beyond 16 bits, flat meshes and empty meshes survive packing", () => {
  const far: Mesh = {
    positions: new Float32Array(3 * 200_001).fill(7),
    triangles: Uint32Array.of(0, 200_000, 1, 199_999, 2, 70_000),
  };
  const { header, bytes } = packMesh(far);
  expect(unpackMesh(header, bytes).triangles).toEqual(far.triangles);
  expect(unpackMesh(header, bytes).positions.every((mm) => mm === 7)).toBe(true);
  const none = packMesh({ positions: new Float32Array(0), triangles: new Uint32Array(0) });
  expect(unpackMesh(none.header, none.bytes).positions).toHaveLength(0);
});

test("bytes that do not belong to the header are refused", () => {
  const { header, bytes } = packMesh({ positions: new Float32Array(9), triangles: Uint32Array.of(0, 1, 2) });
  expect(() => unpackMesh(header, bytes.subarray(1))).toThrow(RangeError);
});

test("values come back within half a step; what is not finite comes back as it was", () => {
  forCases(60, "packed-values", (rng) => {
    const scale = 10 ** (6 * rng.uniform() - 3);
    const values = Float32Array.from({ length: 1 + rng.integer(300) }, () => {
      const kind = rng.uniform();
      return kind < 0.1 ? NaN : kind < 0.15 ? Infinity : kind < 0.2 ? -Infinity : scale * rng.normal();
    });
    const { step, bytes } = packValues(values);
    const back = unpackValues(step, bytes);
    const largest = values.filter((value) => Number.isFinite(value)).reduce((m, v) => Math.max(m, Math.abs(v)), 0);
    values.forEach((value, i) => {
      if (Number.isFinite(value)) expect(Math.abs(back[i]! - value)).toBeLessThanOrEqual(halfValueStep(largest));
      else expect(back[i]).toBe(value);
    });
  });
});

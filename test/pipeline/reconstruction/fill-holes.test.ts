import { describe, expect, test } from "vitest";
import { createRng, type Rng } from "../../../src/core/rng.ts";
import { fillHoles } from "../../../src/pipeline/reconstruction/fill-holes.kernel.ts";
import type { HoleFilling } from "../../../src/pipeline/reconstruction/options.ts";
import { worstDifference } from "./support.ts";

type Shape = readonly [number, number, number];

/** Sums of some hundred doubles in another order, then one rounding to a float of up to 255. */
const ROUNDING = 2e-5;

const stick: HoleFilling = { kind: "stick", lengthLimit: 9, sticks: 1 };
const cubes: readonly HoleFilling[] = [
  { kind: "nearest", size: 5, minKnownShare: 0 },
  { kind: "inverse-distance", size: 5, minKnownShare: 0.1 },
  { kind: "gaussian", size: 5, stdevVoxels: 1.2, minKnownShare: 0.1 },
  { kind: "gaussian-accumulation", size: 3, stdevVoxels: 0.8, minKnownShare: 0.2 },
];

function run(
  shape: Shape,
  values: Float32Array,
  weight: Float32Array,
  steps: readonly HoleFilling[],
  likePlus = false,
) {
  const filled = new Float32Array(values.length);
  fillHoles({ shape, zBegin: 0, zEnd: shape[2], values, weight, steps, likePlus, filled });
  return filled;
}

/** `value(x, y, z)` where `seen(x, y, z)`. */
function volume(shape: Shape, value: (x: number, y: number, z: number) => number, seen: typeof value) {
  const [nx, ny, nz] = shape;
  const values = new Float32Array(nx * ny * nz),
    weight = new Float32Array(nx * ny * nz);
  for (let z = 0, i = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++, i++) {
        weight[i] = seen(x, y, z);
        values[i] = weight[i]! > 0 ? value(x, y, z) : 0;
      }
    }
  }
  return { values, weight };
}

function random(rng: Rng, shape: Shape, share: number) {
  return volume(
    shape,
    () => rng.integer(256),
    () => (rng.uniform() < share ? 0.25 + 3 * rng.uniform() : 0),
  );
}

describe("sticks", () => {
  test("fill a gap between two parallel sheets with the line between them", () => {
    const shape = [12, 12, 12] as const;
    const { values, weight } = volume(
      shape,
      (_x, _y, z) => 10 * z,
      (_x, _y, z) => (z === 2 || z === 7 ? 1 : 0),
    );
    const filled = run(shape, values, weight, [stick]);
    for (let z = 3; z < 7; z++) expect(filled[(z * 12 + 6) * 12 + 6]).toBeCloseTo(10 * z, 4);
    // Outside of the two sheets no stick has both ends.
    for (const z of [0, 1, 8, 11]) expect(filled[(z * 12 + 6) * 12 + 6]).toBe(0);
  });

  test("are no longer than their limit, ends included", () => {
    const shape = [1, 1, 20] as const;
    const { values, weight } = volume(
      shape,
      () => 5,
      (_x, _y, z) => (z === 4 || z === 12 ? 1 : 0),
    );
    // Nine voxels from end to end; the limit counts the hole and the steps to both ends.
    expect(run(shape, values, weight, [{ kind: "stick", lengthLimit: 9, sticks: 1 }])[8]).toBe(5);
    expect(run(shape, values, weight, [{ kind: "stick", lengthLimit: 8, sticks: 1 }])[8]).toBe(0);
  });

  test("the shortest one counts, and equal ones are averaged", () => {
    const shape = [5, 5, 1] as const;
    const ends = new Map([["1,2", 10], ["3,2", 20], ["2,1", 40], ["2,3", 50], ["1,1", 200], ["3,3", 200]]); // prettier-ignore
    const { values, weight } = volume(
      shape,
      (x, y) => ends.get(`${x},${y}`)!,
      (x, y) => (ends.has(`${x},${y}`) ? 1 : 0),
    );
    expect(run(shape, values, weight, [stick])[12]).toBeCloseTo((15 + 45) / 2, 4);
  });

  test("as PLUS: cut to integers, and two thirds from ahead in the middle of a gap of one", () => {
    const shape = [3, 1, 1] as const;
    const { values, weight } = volume(
      shape,
      (x) => (x === 0 ? 10 : 14),
      (x) => (x === 1 ? 0 : 1),
    );
    expect(run(shape, values, weight, [stick])[1]).toBe(12);
    expect(run(shape, values, weight, [stick], true)[1]).toBe(12);
  });
});

describe("cubes", () => {
  test.each(cubes)("$kind: a constant is continued", (step) => {
    const rng = createRng(`constant/${step.kind}`);
    const shape = [9, 8, 7] as const;
    const { values, weight } = volume(
      shape,
      () => 77,
      () => (rng.uniform() < 0.5 ? 1 : 0),
    );
    const filled = run(shape, values, weight, [step]).filter((value) => value !== 0);
    for (const value of filled) expect(Math.abs(value - 77)).toBeLessThan(ROUNDING);
    // In the corners of the volume the known share may be too small.
    expect(filled.length).toBeGreaterThan(0.9 * values.length);
  });

  test("nearest takes the mean of the first shell that has anything", () => {
    const shape = [5, 5, 5] as const;
    const known = new Map([["2,2,1", 30], ["1,1,1", 60], ["0,2,2", 240]]); // prettier-ignore
    const { values, weight } = volume(
      shape,
      (x, y, z) => known.get(`${x},${y},${z}`)!,
      (x, y, z) => (known.has(`${x},${y},${z}`) ? 1 : 0),
    );
    const middle = (2 * 5 + 2) * 5 + 2;
    expect(run(shape, values, weight, [{ kind: "nearest", size: 5, minKnownShare: 0 }])[middle]).toBe(45);
    expect(run(shape, values, weight, [{ kind: "nearest", size: 5, minKnownShare: 0.02 }])[middle]).toBe(0);
  });

  test("inverse distance and the Gaussians weigh a near and a far voxel as their formulas say", () => {
    const shape = [5, 1, 1] as const;
    const { values, weight } = volume(
      shape,
      (x) => (x === 1 ? 0 : 100),
      (x) => (x === 1 ? 4 : x === 4 ? 1 : 0),
    );
    const at2 = (step: HoleFilling): number => run(shape, values, weight, [step])[2]!;
    const gauss = (d: number): number => Math.exp(-(d * d) / (2 * 1.5 ** 2));
    expect(at2({ kind: "inverse-distance", size: 5, minKnownShare: 0 })).toBeCloseTo(100 * (0.5 / 1.5), 4);
    expect(at2({ kind: "gaussian", size: 5, stdevVoxels: 1.5, minKnownShare: 0 })).toBeCloseTo(
      (100 * gauss(2)) / (gauss(1) + gauss(2)),
      4,
    );
    expect(at2({ kind: "gaussian-accumulation", size: 5, stdevVoxels: 1.5, minKnownShare: 0 })).toBeCloseTo(
      (100 * gauss(2)) / (4 * gauss(1) + gauss(2)),
      4,
    );
  });

  test("apply only where more than the given share of the cube is known", () => {
    const shape = [3, 3, 3] as const;
    const step = (minKnownShare: number): HoleFilling => ({ kind: "inverse-distance", size: 3, minKnownShare });
    const { values, weight } = volume(
      shape,
      () => 9,
      (_x, _y, z) => (z === 0 ? 1 : 0),
    );
    expect(run(shape, values, weight, [step(8.9 / 27)])[13]).toBeCloseTo(9, 4);
    expect(run(shape, values, weight, [step(9.1 / 27)])[13]).toBe(0);
  });
});

describe("filling", () => {
  test("tries the steps in order and reads only what was seen, never what was filled", () => {
    const shape = [40, 1, 1] as const;
    const { values, weight } = volume(
      shape,
      () => 50,
      (x) => (x === 0 || x === 4 ? 1 : 0),
    );
    const both = run(shape, values, weight, [stick, { kind: "nearest", size: 3, minKnownShare: 0 }]);
    expect([...both.subarray(0, 8)]).toEqual([50, 50, 50, 50, 50, 50, 0, 0]);
  });

  test.each([stick, ...cubes])("$kind agrees with its definition at every voxel", (step) => {
    for (const [i, share] of [0.02, 0.1, 0.4].entries()) {
      const rng = createRng(`fill/${step.kind}/${i}`);
      const shape = [19, 13, 11] as const;
      const { values, weight } = random(rng, shape, share);
      const twin = new Float32Array(values.length);
      for (let v = 0; v < twin.length; v++)
        twin[v] = weight[v]! > 0 ? values[v]! : definition(step, shape, values, weight, v);
      expect(worstDifference(run(shape, values, weight, [step]), twin)).toBeLessThan(ROUNDING);
    }
  });

  test("a volume that is filled in slabs has the same bytes", () => {
    const shape = [14, 15, 16] as const;
    const { values, weight } = random(createRng("slabs"), shape, 0.1);
    const whole = run(shape, values, weight, [stick, ...cubes]);
    const filled = new Float32Array(values.length);
    for (const [zBegin, zEnd] of [[0, 1], [1, 9], [9, 16]] as const) {
      fillHoles({ shape, zBegin, zEnd, values, weight, steps: [stick, ...cubes], likePlus: false, filled });
    } // prettier-ignore
    expect(Buffer.from(filled.buffer).equals(Buffer.from(whole.buffer))).toBe(true);
  });
});

/** The rules of PLUS in plain words: bounds tests everywhere, nothing shared. 0 where the step does not apply. */
function definition(step: HoleFilling, [nx, ny, nz]: Shape, values: Float32Array, weight: Float32Array, voxel: number) {
  const x = voxel % nx,
    y = Math.floor(voxel / nx) % ny,
    z = Math.floor(voxel / (nx * ny));
  const known = (dx: number, dy: number, dz: number): number => {
    const [a, b, c] = [x + dx, y + dy, z + dz];
    if (a < 0 || b < 0 || c < 0 || a >= nx || b >= ny || c >= nz) return -1;
    const i = (c * ny + b) * nx + a;
    return weight[i]! > 0 ? i : -1;
  };
  if (step.kind === "stick") {
    const found: { length: number; value: number }[] = [];
    for (let d = 14; d < 27; d++) {
      const [dx, dy, dz] = [(d % 3) - 1, (Math.floor(d / 3) % 3) - 1, Math.floor(d / 9) - 1];
      const reach = (sign: number): number => {
        for (let j = 1; j < step.lengthLimit; j++)
          if (known(sign * j * dx, sign * j * dy, sign * j * dz) >= 0) return j;
        return Infinity;
      };
      const [a, b] = [reach(1), reach(-1)];
      if (a + b + 1 > step.lengthLimit) continue;
      const [ahead, behind] = [values[known(a * dx, a * dy, a * dz)]!, values[known(-b * dx, -b * dy, -b * dz)]!];
      const [share, length] = [b / (a + b), a + b];
      found.push({ length: length * Math.hypot(dx, dy, dz), value: share * ahead + (1 - share) * behind });
    }
    const shortest = Math.min(...found.map((s) => s.length));
    const best = found.filter((s) => s.length < shortest * (1 + 1e-9));
    return best.length === 0 ? 0 : best.reduce((sum, s) => sum + s.value, 0) / best.length;
  }
  const range = (step.size - 1) / 2;
  const all: { i: number; d: number; shell: number }[] = [];
  for (let dx = -range; dx <= range; dx++) {
    for (let dy = -range; dy <= range; dy++) {
      for (let dz = -range; dz <= range; dz++) {
        const i = known(dx, dy, dz);
        const shell = Math.max(Math.abs(dx), Math.abs(dy), Math.abs(dz));
        if (i >= 0) all.push({ i, d: Math.hypot(dx, dy, dz), shell });
      }
    }
  }
  const first = Math.min(...all.map((k) => k.shell));
  const used = step.kind === "nearest" ? all.filter((k) => k.shell === first) : all;
  if (!(used.length / step.size ** 3 > step.minKnownShare)) return 0;
  const w = used.map(({ i, d }) => {
    if (step.kind === "nearest") return 1;
    if (step.kind === "inverse-distance") return 1 / d;
    return Math.exp(-(d * d) / (2 * step.stdevVoxels ** 2)) * (step.kind === "gaussian" ? 1 : weight[i]!);
  });
  return used.reduce((sum, { i }, k) => sum + values[i]! * w[k]!, 0) / w.reduce((a, b) => a + b, 0);
}

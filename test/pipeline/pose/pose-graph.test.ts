import { describe, expect, test } from "vitest";
import { fromAxisAngle, invert3x4, multiply3x4, transformPoint } from "../../../src/core/rigid.ts";
import { createRng } from "../../../src/core/rng.ts";
import type { ImageGeometry } from "../../../src/data/image.ts";
import { findCrossings, linePicture } from "../../../src/pipeline/pose/graph/crossings.ts";
import { solveGraph, type GraphSweep, type SamePoint } from "../../../src/pipeline/pose/graph/pose-graph.ts";
import { latticeOf } from "../../../src/pipeline/pose/lattice.ts";

const geometry: ImageGeometry = {
  width: 400,
  height: 480,
  spacingMm: [0.1, 0.1],
  faceCentrePx: [199.5, 0],
  fieldOfView: { kind: "rectangle", widthMm: 38, depthMm: 48 },
};
const sdPerMm: GraphSweep["sdPerMm"] = [0.08, 0.05, 0.12, 0.006, 0.004, 0.004];
const COUNT = 61;

/** A stroke along z of 60 mm · `scale`, from its middle at 0. */
const along = (scale: number): Float64Array =>
  Float64Array.from(
    Array.from({ length: COUNT }, (_, i) => [...fromAxisAngle([1, 0, 0], 0, [0, 0, scale * i - 30]).m]).flat(),
  );
/** One across it: its image spans z, and it moves along x. */
const across = Float64Array.from(
  Array.from({ length: 25 }, (_, i) => [...fromAxisAngle([0, 1, 0], -Math.PI / 2, [i - 12, 0, 0]).m]).flat(),
);
const frame = (all: Float64Array, i: number): Float64Array => all.slice(12 * i, 12 * i + 12);

describe("the pose graph", () => {
  const truth = along(1),
    short = along(0.85);
  /** What a perfect match would give: frame i of the first lies at column z_i of the crossing frame at x = 0. */
  const same = (i: number): SamePoint => {
    const m = multiply3x4(invert3x4(frame(across, 12)), frame(truth, i));
    const [x, y] = transformPoint(m, 0, 20, 0);
    return {
      kind: "same-point",
      a: { sweep: 0, frame: i },
      b: { sweep: 1, frame: 12 },
      aMm: [0, 20],
      bMm: [x, y],
      sdMm: [0.2, 0.2, 0.2],
    };
  };
  const sweeps: GraphSweep[] = [short, across].map((fromImage) => ({ fromImage, centreMm: [0, 24], sdPerMm }));

  test("a stroke that is 15 % too short gets its length from frames that cross it, also beyond them", () => {
    const solved = solveGraph(sweeps, [15, 20, 25, 30, 35, 40, 45].map(same));
    const before = Math.abs(short[12 * 60 + 11]! - truth[12 * 60 + 11]!),
      z = solved.fromImage[0]!;
    expect(before).toBeCloseTo(9, 6);
    // Within the crossing picture's width nearly all is cured, and most of it 15 mm beyond.
    expect(Math.abs(z[12 * 45 + 11]! - truth[12 * 45 + 11]!)).toBeLessThan(0.5);
    expect(Math.abs(z[12 * 60 + 11]! - truth[12 * 60 + 11]!)).toBeLessThan(3);
    expect(solved.lastSdMm[0]![2]).toBeLessThan(0.12 * 60);
  });

  test("the first frame of each sweep stays where it was measured, and without observations all do", () => {
    const solved = solveGraph(sweeps, [20, 40].map(same));
    solved.fromImage.forEach((all, s) =>
      all.slice(0, 12).forEach((value, k) => expect(value).toBeCloseTo(sweeps[s]!.fromImage[k]!, 9)),
    );
    const alone = solveGraph(sweeps, []);
    alone.fromImage[0]!.forEach((value, k) => expect(value).toBeCloseTo(short[k]!, 9));
  });

  test("one wrong match among seven does not carry the stroke away", () => {
    const wrong: SamePoint = { ...same(30), bMm: [15, 20] };
    const solved = solveGraph(sweeps, [...[15, 20, 25, 35, 40, 45].map(same), wrong]);
    expect(Math.abs(solved.fromImage[0]![12 * 45 + 11]! - truth[12 * 45 + 11]!)).toBeLessThan(1.5);
  });

  test("what no observation says of a sweep is without information", () => {
    const { seen } = solveGraph(sweeps, [20, 40].map(same));
    // Two points on the axis through (0, 20): a turn about that axis moves neither.
    expect(Math.max(...seen[1]!.map(Math.abs))).toBe(0);
    expect(seen[0]![14]).toBeGreaterThan(1);
  });
});

describe("crossings", () => {
  /** Layers whose depth changes along both ways, as anatomy's do. */
  const rng = createRng("crossing");
  const waves = Array.from({ length: 8 }, () => [0.5 * rng.normal(), 0.9 * rng.normal(), 0.25 * rng.normal(), 6.28 * rng.uniform()] as const); // prettier-ignore
  const tissue = (x: number, y: number, z: number): number =>
    128 + 12 * waves.reduce((sum, [a, b, c, phase]) => sum + Math.sin(a * x + b * y + c * z + phase), 0);
  const lattice = latticeOf(geometry, 0.4);
  const stackOf = (truth: Float64Array, told: Float64Array, sweep: number) => ({
    sweep,
    lattice,
    fromImage: told,
    pictures: Array.from({ length: truth.length / 12 }, (_, i) => {
      const cells = Uint8Array.from({ length: lattice.columns * lattice.rows }, (__, at) => {
        const x = lattice.originMm[0] + (at % lattice.columns) * lattice.cellMm,
          y = lattice.originMm[1] + Math.floor(at / lattice.columns) * lattice.cellMm;
        return Math.min(255, Math.max(0, tissue(...transformPoint(frame(truth, i), x, y, 0))));
      });
      return linePicture(cells, lattice);
    }),
  });

  test("find where frames lie that odometry has 3 mm off, to a millimetre", () => {
    const told = along(0.9);
    const found = findCrossings(stackOf(along(1), told, 0), stackOf(across, across, 1));
    expect(found.length).toBeGreaterThan(50);
    const off = found.map(({ a, b, aMm, bMm }) => {
      const m = multiply3x4(invert3x4(frame(across, b.frame)), frame(along(1), a.frame));
      return Math.abs(transformPoint(m, aMm[0], aMm[1], 0)[0] - bMm[0]);
    });
    off.sort((p, q) => p - q);
    expect(off[off.length >> 1]).toBeLessThan(1);
  });

  test("sweeps that lie beside one another have none", () => {
    const stack = (sweep: number) => ({ ...stackOf(along(1).subarray(0, 36), along(1).subarray(0, 36), sweep) });
    expect(findCrossings(stack(0), stack(1))).toEqual([]);
  });
});

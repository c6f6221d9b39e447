import type { Mesh } from "../geometry/mesh.ts";

type Point = readonly [number, number, number];

/** A closed sphere of 20 · 4^subdivisions triangles, outward, its vertices on the radius. */
export function icosphere(radiusMm: number, subdivisions: number, centreMm: Point = [0, 0, 0]): Mesh {
  const g = (1 + Math.sqrt(5)) / 2;
  // prettier-ignore
  const corners: number[][] = [
    [-1, g, 0], [1, g, 0], [-1, -g, 0], [1, -g, 0], [0, -1, g], [0, 1, g],
    [0, -1, -g], [0, 1, -g], [g, 0, -1], [g, 0, 1], [-g, 0, -1], [-g, 0, 1],
  ];
  // prettier-ignore
  let faces: number[] = [
    0, 11, 5, 0, 5, 1, 0, 1, 7, 0, 7, 10, 0, 10, 11, 1, 5, 9, 5, 11, 4, 11, 10, 2, 10, 7, 6, 7, 1, 8,
    3, 9, 4, 3, 4, 2, 3, 2, 6, 3, 6, 8, 3, 8, 9, 4, 9, 5, 2, 4, 11, 6, 2, 10, 8, 6, 7, 9, 8, 1,
  ];
  const unit = corners.map((c) => c.map((x) => x / Math.hypot(...c)));
  for (let level = 0; level < subdivisions; level++) {
    const middle = new Map<number, number>();
    const between = (a: number, b: number): number => {
      const key = Math.min(a, b) * 2 ** 26 + Math.max(a, b);
      let v = middle.get(key);
      if (v === undefined) {
        const sum = unit[a]!.map((x, i) => x + unit[b]![i]!),
          length = Math.hypot(...sum);
        middle.set(key, (v = unit.push(sum.map((x) => x / length)) - 1));
      }
      return v;
    };
    const finer: number[] = [];
    for (let i = 0; i < faces.length; i += 3) {
      const a = faces[i]!, b = faces[i + 1]!, c = faces[i + 2]!; // prettier-ignore
      const ab = between(a, b), bc = between(b, c), ca = between(c, a); // prettier-ignore
      finer.push(a, ab, ca, b, bc, ab, c, ca, bc, ab, bc, ca);
    }
    faces = finer;
  }
  const positions = Float32Array.from(unit.flatMap((p) => p.map((x, axis) => centreMm[axis]! + radiusMm * x)));
  return { positions, triangles: Uint32Array.from(faces) };
}

/** A flat square sheet in the plane z = `zMm`, corner at (x, y), its normal towards +z; 2 · cells² triangles. */
export function squareSheet(sideMm: number, cells: number, cornerMm: readonly [number, number], zMm: number): Mesh {
  const positions: number[] = [],
    triangles: number[] = [],
    row = cells + 1;
  for (let j = 0; j < row; j++)
    for (let i = 0; i < row; i++)
      positions.push(cornerMm[0] + (sideMm * i) / cells, cornerMm[1] + (sideMm * j) / cells, zMm);
  for (let j = 0; j < cells; j++) {
    for (let i = 0; i < cells; i++) {
      const v = j * row + i;
      triangles.push(v, v + 1, v + row + 1, v, v + row + 1, v + row);
    }
  }
  return { positions: Float32Array.from(positions), triangles: Uint32Array.from(triangles) };
}

/** A closed box with outward triangles, corners at ±half the size about `centreMm`. */
export function boxMesh([sx, sy, sz]: Point, [cx, cy, cz]: Point = [0, 0, 0]): Mesh {
  const positions: number[] = [];
  for (let i = 0; i < 8; i++)
    positions.push(cx + (i & 1 ? sx : -sx) / 2, cy + (i & 2 ? sy : -sy) / 2, cz + (i & 4 ? sz : -sz) / 2);
  // prettier-ignore
  const triangles = Uint32Array.of(
    0, 2, 1, 1, 2, 3, 4, 5, 6, 5, 7, 6, 0, 1, 4, 1, 5, 4, 2, 6, 3, 3, 6, 7, 0, 4, 2, 2, 4, 6, 1, 3, 5, 3, 7, 5,
  );
  return { positions: Float32Array.from(positions), triangles };
}

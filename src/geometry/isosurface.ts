import type { Grid } from "./grid.ts";
import type { Mesh } from "./mesh.ts";

export interface IsosurfaceOptions {
  /** Which values lie inside, so that triangles face away from them. Default "above". */
  readonly inside?: "above" | "below";
  /** One number a voxel; a cell with a corner where this is 0 yields nothing, which leaves the surface open there. */
  readonly mask?: Uint8Array;
}

/** Corner c of a cell lies at (c & 1, c >> 1 & 1, c >> 2). Edge e joins corner `base` to the next along `axis`. */
const edges = [0, 1, 2].flatMap((axis) =>
  [0, 1, 2, 3, 4, 5, 6, 7].filter((c) => !(c & (1 << axis))).map((base) => ({ base, axis })),
);
const edgeBetween = (a: number, b: number): number =>
  edges.findIndex(({ base, axis }) => base === Math.min(a, b) && (base | (1 << axis)) === Math.max(a, b));

/** Corners of each face, counter-clockwise seen from outside the cell. */
const faces = [
  [0, 4, 6, 2], [1, 3, 7, 5], [0, 1, 5, 4], [2, 6, 7, 3], [0, 2, 3, 1], [4, 5, 7, 6],
] as const; // prettier-ignore

/**
 * The closed curves in which the surface meets a cell's faces, as edge numbers, for one of the 256 patterns of inside
 * corners. On a face with two opposite corners inside these stay apart. The choice depends on the face alone, so
 * neighbouring cells agree and the surface has no holes (the flaw of the table of Lorensen and Cline 1987).
 */
function loopsOf(pattern: number): number[][] {
  const follows = new Map<number, number>();
  for (const face of faces) {
    const inside = face.map((corner) => (pattern >> corner) & 1);
    for (let k = 0; k < 4; k++) {
      if (inside[k] || !inside[(k + 1) % 4]) continue;
      let end = (k + 1) % 4;
      while (inside[(end + 1) % 4]) end = (end + 1) % 4;
      follows.set(edgeBetween(face[k]!, face[(k + 1) % 4]!), edgeBetween(face[end]!, face[(end + 1) % 4]!));
    }
  }
  const loops: number[][] = [];
  while (follows.size > 0) {
    const loop: number[] = [];
    for (let edge = follows.keys().next().value; edge !== undefined;) {
      loop.push(edge);
      const next: number | undefined = follows.get(edge);
      follows.delete(edge);
      edge = next !== undefined && follows.has(next) ? next : undefined;
    }
    loops.push(loop);
  }
  return loops;
}

const facesOf = edges.map(({ base, axis }) =>
  faces.flatMap((face, f) => (face.includes(base as never) && face.includes((base | (1 << axis)) as never) ? [f] : [])),
);

/**
 * Cuts a loop into triangles. No cut may lie in a face of the cell: the neighbour could make the same cut, and the
 * edge would belong to four triangles.
 */
function triangulate(loop: readonly number[]): number[] | undefined {
  if (loop.length === 3) return [...loop];
  const n = loop.length;
  const allowed = (a: number, b: number): boolean => !facesOf[a]!.some((f) => facesOf[b]!.includes(f));
  for (let apex = 2; apex < n; apex++) {
    // The triangle on the edge 0-1 with its third corner at `apex`; what is left falls into two smaller loops.
    if (apex > 2 && !allowed(loop[1]!, loop[apex]!)) continue;
    if (apex < n - 1 && !allowed(loop[0]!, loop[apex]!)) continue;
    const left = apex > 2 ? triangulate(loop.slice(1, apex + 1)) : [];
    const right = apex < n - 1 ? triangulate([loop[0]!, ...loop.slice(apex)]) : [];
    if (left && right) return [loop[0]!, loop[1]!, loop[apex]!, ...left, ...right];
  }
  return undefined;
}

/** Edge numbers of the triangles of each pattern, three a triangle. Exported for its test. */
export const cellTriangles: readonly (readonly number[])[] = Array.from({ length: 256 }, (_, pattern) =>
  loopsOf(pattern).flatMap((loop) => {
    const triangles = triangulate(loop);
    if (!triangles) throw new Error(`pattern ${pattern} cannot be cut into triangles`);
    return triangles;
  }),
);

/** A vertex keeps this share of the edge's length from both ends, so that no two vertices coincide. */
const CLEARANCE = 1e-3;

/** Numbers that grow: a typed array that doubles. */
function growing<A extends Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>>(make: (length: number) => A) {
  let items = make(1024),
    length = 0;
  return {
    push(value: number): void {
      if (length === items.length) {
        const larger = make(2 * length);
        larger.set(items);
        items = larger;
      }
      items[length++] = value;
    },
    get length() {
      return length;
    },
    done: (): A => items.slice(0, length) as A,
  };
}

/**
 * Marching cubes with shared vertices on the edges of the grid, by linear interpolation between `values`. The surface
 * is manifold, and closed except where it meets the border of the grid or a masked cell.
 */
export function isosurface(
  grid: Grid,
  values: Readonly<Float32Array>,
  level: number,
  { inside = "above", mask }: IsosurfaceOptions = {},
): Mesh {
  const { shape, spacingMm, originMm } = grid;
  const [nx, ny, nz] = shape;
  const slab = nx * ny;
  const cornerAt = [0, 1, 2, 3, 4, 5, 6, 7].map((c) => (c & 1) + ((c >> 1) & 1) * nx + (c >> 2) * slab);
  const stride = [1, nx, slab] as const;
  const sign = inside === "above" ? 1 : -1;
  // Vertex numbers of the three edges that start at each voxel, for the two layers that a layer of cells touches.
  const layers = [new Int32Array(3 * slab).fill(-1), new Int32Array(3 * slab).fill(-1)] as const;
  const positions = growing((n) => new Float32Array(n)),
    triangles = growing((n) => new Uint32Array(n));
  const corner = new Float64Array(8);

  function vertexOn(i: number, j: number, k: number, edge: number): number {
    const { base, axis } = edges[edge]!;
    const x = i + (base & 1), y = j + ((base >> 1) & 1), z = k + (base >> 2); // prettier-ignore
    const layer = layers[(z & 1) as 0 | 1],
      slot = 3 * (y * nx + x) + axis;
    const known = layer[slot]!;
    if (known >= 0) return known;
    const at = z * slab + y * nx + x;
    const a = values[at]!, b = values[at + stride[axis as 0 | 1 | 2]]!; // prettier-ignore
    const t = Math.max(CLEARANCE, Math.min(1 - CLEARANCE, (level - a) / (b - a)));
    const number = positions.length / 3;
    positions.push(originMm[0] + (x + (axis === 0 ? t : 0)) * spacingMm[0]);
    positions.push(originMm[1] + (y + (axis === 1 ? t : 0)) * spacingMm[1]);
    positions.push(originMm[2] + (z + (axis === 2 ? t : 0)) * spacingMm[2]);
    return (layer[slot] = number);
  }

  for (let k = 0; k < nz - 1; k++) {
    layers[((k + 1) & 1) as 0 | 1].fill(-1);
    for (let j = 0; j < ny - 1; j++) {
      cells: for (let i = 0, at = k * slab + j * nx; i < nx - 1; i++, at++) {
        let pattern = 0;
        for (let c = 0; c < 8; c++) {
          const value = sign * (values[at + cornerAt[c]!]! - level);
          corner[c] = value;
          if (value > 0) pattern |= 1 << c;
        }
        if (pattern === 0 || pattern === 255) continue;
        for (let c = 0; c < 8; c++) {
          if (Number.isNaN(corner[c]!) || (mask && mask[at + cornerAt[c]!] === 0)) continue cells;
        }
        for (const edge of cellTriangles[pattern]!) triangles.push(vertexOn(i, j, k, edge));
      }
    }
  }
  return { positions: positions.done(), triangles: triangles.done() };
}

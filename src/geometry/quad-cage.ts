import type { Grid } from "./grid.ts";
import { type Mesh, meshBounds, vertexCount } from "./mesh.ts";
import { voxelise } from "./voxelise.ts";

/** A closed manifold of four-sided faces. */
export interface QuadMesh {
  /** Interleaved xyz, mm. */
  readonly positions: Float64Array;
  /** Four vertices a face, counter-clockwise from outside. */
  readonly quads: Uint32Array;
}

/**
 * The boundary of the cubes of edge `cellMm` whose centres lie inside a closed mesh: coarse, of right angles, but a
 * manifold of squares. Undefined where the cubes are too coarse to keep the mesh's pieces and handles.
 */
export function quadCage(mesh: Mesh, cellMm: number): QuadMesh | undefined {
  const { min, max } = meshBounds(mesh);
  // A rim of two empty cells, and the grid centred on the mesh so that thin ends are met alike on both sides.
  const shape = [0, 1, 2].map((a) => Math.ceil((max[a as 0 | 1 | 2] - min[a as 0 | 1 | 2]) / cellMm) + 5) as [
    number,
    number,
    number,
  ];
  const originMm = [0, 1, 2].map((a) => {
    const axis = a as 0 | 1 | 2;
    return (min[axis] + max[axis]) / 2 - ((shape[axis] - 1) / 2) * cellMm;
  }) as [number, number, number];
  const grid: Grid = { shape, spacingMm: [cellMm, cellMm, cellMm], originMm };
  const cells = voxelise(mesh, grid);
  if (!makeManifold(cells, shape)) return undefined;
  const cage = boundaryOf(cells, grid);
  const quads = cage.quads.length / 4;
  // Every quad has two edges of its own: V − E + F with E = 2F.
  const euler = cage.positions.length / 3 - quads;
  const edges = mesh.triangles.length / 2;
  return quads > 0 && euler === usedVertices(mesh) - edges + mesh.triangles.length / 3 ? cage : undefined;
}

function usedVertices(mesh: Mesh): number {
  const used = new Uint8Array(vertexCount(mesh));
  for (const v of mesh.triangles) used[v] = 1;
  return used.reduce((n, u) => n + u, 0);
}

/** More rounds than this mean that filling one place opens another without end. */
const MAX_ROUNDS = 30;

/**
 * Fills cells until the boundary is a manifold: around every corner the full cells, and the empty ones, hang together
 * by faces. False where that does not come to an end.
 */
function makeManifold(cells: Uint8Array, [nx, ny, nz]: readonly [number, number, number]): boolean {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    let filled = 0;
    for (let k = 0; k + 1 < nz; k++) {
      for (let j = 0; j + 1 < ny; j++) {
        for (let i = 0; i + 1 < nx; i++) {
          const corner = (c: number): number => ((k + (c >> 2)) * ny + j + ((c >> 1) & 1)) * nx + i + (c & 1);
          let pattern = 0;
          for (let c = 0; c < 8; c++) pattern |= cells[corner(c)]! << c;
          if (hangsTogether(pattern) && hangsTogether(~pattern & 255)) continue;
          for (let c = 0; c < 8; c++) {
            // The first empty cell that has a full neighbour here.
            if ((pattern >> c) & 1) continue;
            if ([1, 2, 4].some((axis) => (pattern >> (c ^ axis)) & 1)) {
              cells[corner(c)] = 1;
              filled++;
              break;
            }
          }
        }
      }
    }
    if (filled === 0) return true;
  }
  return false;
}

/** Whether the cells set in an eight-bit pattern of 2×2×2 are connected by faces. */
const hangsTogether = ((): ((pattern: number) => boolean) => {
  const table = Array.from({ length: 256 }, (_, pattern) => {
    const first = [0, 1, 2, 3, 4, 5, 6, 7].find((c) => (pattern >> c) & 1);
    if (first === undefined) return true;
    let reached = 1 << first;
    for (let step = 0; step < 8; step++) {
      for (let c = 0; c < 8; c++) {
        if (!((reached >> c) & 1)) continue;
        for (const axis of [1, 2, 4]) if ((pattern >> (c ^ axis)) & 1) reached |= 1 << (c ^ axis);
      }
    }
    return reached === pattern;
  });
  return (pattern) => table[pattern]!;
})();

function boundaryOf(cells: Readonly<Uint8Array>, { shape, spacingMm, originMm }: Grid): QuadMesh {
  const [nx, ny, nz] = shape;
  const names = new Map<number, number>();
  const positions: number[] = [],
    quads: number[] = [];
  // Corner (i, j, k) is the low corner of cell (i, j, k).
  const vertex = (i: number, j: number, k: number): number => {
    const key = (k * (ny + 1) + j) * (nx + 1) + i;
    let name = names.get(key);
    if (name === undefined) {
      name = names.size;
      names.set(key, name);
      [i, j, k].forEach((c, axis) => positions.push(originMm[axis as 0 | 1 | 2] + (c - 0.5) * spacingMm[0]));
    }
    return name;
  };
  const full = (i: number, j: number, k: number): number => cells[(k * ny + j) * nx + i]!;
  for (let k = 1; k < nz; k++) {
    for (let j = 1; j < ny; j++) {
      for (let i = 1; i < nx; i++) {
        const here = full(i, j, k);
        for (let axis = 0; axis < 3; axis++) {
          const [di, dj, dk] = [axis === 0 ? 1 : 0, axis === 1 ? 1 : 0, axis === 2 ? 1 : 0];
          const before = full(i - di!, j - dj!, k - dk!);
          if (here === before) continue;
          // Corners of the face between the two cells, counter-clockwise seen from +axis.
          const [u, v] = [(axis + 1) % 3, (axis + 2) % 3];
          const corner = (a: number, b: number): number => {
            const at: [number, number, number] = [i, j, k];
            at[u]! += a;
            at[v]! += b;
            return vertex(...at);
          };
          const face = [corner(0, 0), corner(1, 0), corner(1, 1), corner(0, 1)];
          quads.push(...(before ? face : face.reverse()));
        }
      }
    }
  }
  return { positions: Float64Array.from(positions), quads: Uint32Array.from(quads) };
}

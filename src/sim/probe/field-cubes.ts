import type { Scene } from "../scene.ts";

/**
 * The fields of a scene as the WebAssembly kernel reads them: cubes of voxels, each whole in one place of its memory, that
 * are copied there when a frame first meets them. Flat fields would be a copy of some 140 MB a worker, and a walk through
 * them meets a new page of memory every other step. Layout as in assembly/field.ts.
 */

/** Cells along an edge; a cube holds the nodes around them, one more, so that no cell needs two cubes. */
const CELLS = 8,
  NODES = CELLS + 1;
/** Bytes from the start of a cube: distance to bone, to the skin, labels of the 8³ voxels that begin its cells. */
const SKIN_BYTES = 2944,
  TISSUE_BYTES = 5888;
export const CUBE_BYTES = 6400;
/** What a sweep or a dozen poses around the knee meet, 26 MB; memory that is not touched costs nothing. */
const MOST_CUBES = 4096;

export interface CubeGrid {
  readonly cubesX: number;
  readonly cubesY: number;
  /** In the whole grid, and places for them in the kernel's memory. */
  readonly count: number;
  readonly places: number;
}

export function cubeGrid({ grid }: Scene): CubeGrid {
  const [cubesX, cubesY, cubesZ] = grid.shape.map((n) => ((n - 1) >> 3) + 1) as [number, number, number];
  const count = cubesX * cubesY * cubesZ;
  return { cubesX, cubesY, count, places: Math.min(count, MOST_CUBES) };
}

/** Copies a cube to its place and enters its address in `cubeAt`; takes the place of the one that came first when all are full. */
export function cubeFetcher(
  scene: Scene,
  buffer: ArrayBuffer,
  cubeAt: Uint32Array,
  placesAddress: number,
): (cube: number) => void {
  const { cubesX, cubesY, places } = cubeGrid(scene);
  const [nx, ny, nz] = scene.grid.shape;
  const { boneDistanceMm, skinDistanceMm, tissue } = scene;
  const held = new Int32Array(places).fill(-1);
  let next = 0;
  return (cube) => {
    const x0 = (cube % cubesX) * CELLS,
      y0 = (Math.floor(cube / cubesX) % cubesY) * CELLS,
      z0 = Math.floor(cube / (cubesX * cubesY)) * CELLS;
    const address = placesAddress + next * CUBE_BYTES;
    const bone = new Float32Array(buffer, address, NODES ** 3),
      skin = new Float32Array(buffer, address + SKIN_BYTES, NODES ** 3),
      labels = new Uint8Array(buffer, address + TISSUE_BYTES, CELLS ** 3);
    const width = Math.min(NODES, nx - x0),
      labelled = Math.min(CELLS, width);
    for (let k = 0; k < Math.min(NODES, nz - z0); k++) {
      for (let j = 0; j < Math.min(NODES, ny - y0); j++) {
        const from = ((z0 + k) * ny + y0 + j) * nx + x0,
          to = (k * NODES + j) * NODES;
        for (let i = 0; i < width; i++) {
          bone[to + i] = boneDistanceMm[from + i]!;
          skin[to + i] = skinDistanceMm[from + i]!;
        }
        if (j === CELLS || k === CELLS) continue;
        for (let i = 0; i < labelled; i++) labels[(k * CELLS + j) * CELLS + i] = tissue[from + i]!;
      }
    }
    if (held[next]! >= 0) cubeAt[held[next]!] = 0;
    held[next] = cube;
    cubeAt[cube] = address;
    next = (next + 1) % places;
  };
}

// Fields of the scene, read from cubes of voxels that are fetched when they are first met: ../field-cubes.ts.
import { MapFrame } from "./map-frame.ts";

/** Asks for a cube of the scene; its address is then in the table. */
declare function fetchCube(cube: i32): void;

/** As in ../field-cubes.ts: nodes along an edge and in a slab, and where the skin and the tissue of a cube begin. */
const EDGE: i32 = 9;
const SLAB: i32 = 81;
const SKIN: usize = 2944;
const TISSUE: usize = 5888;

/** Address of the cube that holds the cell (i, j, k). @inline */
function cubeOf(q: MapFrame, i: i32, j: i32, k: i32): usize {
  const cube = ((k >> 3) * q.cubesY + (j >> 3)) * q.cubesX + (i >> 3);
  const entry = q.cubeAt + ((<usize>cube) << 2);
  let at = <usize>load<u32>(entry);
  if (at == 0) {
    fetchCube(cube);
    at = <usize>load<u32>(entry);
  }
  return at;
}

/** Four neighbours in a plane between their rows along x, in the lanes the rows of y. @inline */
function alongX(at: usize, u: v128): v128 {
  const p = f64x2.promote_low_f32x4(v128.load64_zero(at)),
    q = f64x2.promote_low_f32x4(v128.load64_zero(at, 36));
  const low = v128.shuffle<f64>(p, q, 0, 2);
  return f64x2.add(low, f64x2.mul(u, f64x2.sub(v128.shuffle<f64>(p, q, 1, 3), low)));
}

/** `fieldSampler` of ../field-sampler.ts, bit for bit, of the part of each cube that begins at `part`. */
function trilinear(q: MapFrame, part: usize, xMm: f64, yMm: f64, zMm: f64, outside: f64): f64 {
  const x = (xMm - q.gridOriginX) * q.gridScaleX,
    y = (yMm - q.gridOriginY) * q.gridScaleY,
    z = (zMm - q.gridOriginZ) * q.gridScaleZ;
  const nx = q.gridX,
    ny = q.gridY,
    nz = q.gridZ;
  if (!(x >= 0 && y >= 0 && z >= 0 && x <= <f64>(nx - 1) && y <= <f64>(ny - 1) && z <= <f64>(nz - 1))) return outside;
  const i = min(<i32>x, nx - 2),
    j = min(<i32>y, ny - 2),
    k = min(<i32>z, nz - 2);
  const u = f64x2.splat(x - <f64>i),
    v = f64x2.splat(y - <f64>j),
    w = z - <f64>k;
  const at = cubeOf(q, i, j, k) + part + ((<usize>((k & 7) * SLAB + (j & 7) * EDGE + (i & 7))) << 2);
  const near = alongX(at, u),
    far = alongX(at + 4 * SLAB, u);
  const low = v128.shuffle<f64>(near, far, 0, 2);
  const planes = f64x2.add(low, f64x2.mul(v, f64x2.sub(v128.shuffle<f64>(near, far, 1, 3), low)));
  const e = f64x2.extract_lane(planes, 0);
  return e + w * (f64x2.extract_lane(planes, 1) - e);
}

/** Signed distance to bone at a point of the knee frame, mm; `outside` beyond the grid. */
export function boneAt(q: MapFrame, x: f64, y: f64, z: f64, outside: f64): f64 {
  return trilinear(q, 0, x, y, z, outside);
}

/** Signed distance to the skin, mm. */
export function skinAt(q: MapFrame, x: f64, y: f64, z: f64): f64 {
  return trilinear(q, SKIN, x, y, z, 5);
}

/** Label of the nearest voxel; -1 beyond the grid. */
export function labelAt(q: MapFrame, x: f64, y: f64, z: f64): i32 {
  const i = <i32>Math.floor((x - q.gridOriginX) * q.gridScaleX + 0.5),
    j = <i32>Math.floor((y - q.gridOriginY) * q.gridScaleY + 0.5),
    k = <i32>Math.floor((z - q.gridOriginZ) * q.gridScaleZ + 0.5);
  if (i < 0 || j < 0 || k < 0 || i >= q.gridX || j >= q.gridY || k >= q.gridZ) return -1;
  return <i32>load<u8>(cubeOf(q, i, j, k) + TISSUE + <usize>(((k & 7) << 6) | ((j & 7) << 3) | (i & 7)));
}

const SMALLEST_STEP_MM: f64 = 0.06;
const PRECISION_MM: f64 = 0.002;

/** `firstHit` of ../field-sampler.ts on bone; nothing is bone beyond the grid. */
export function firstBone(
  q: MapFrame,
  ox: f64, oy: f64, oz: f64,
  dx: f64, dy: f64, dz: f64,
  reachMm: f64,
): f64 {
  let near: f64 = 0,
    gap = boneAt(q, ox, oy, oz, 2);
  if (gap < 0) return NaN;
  while (near < reachMm) {
    const far = near + max(SMALLEST_STEP_MM, 0.9 * gap);
    gap = boneAt(q, ox + far * dx, oy + far * dy, oz + far * dz, 2);
    if (gap >= 0) {
      near = far;
      continue;
    }
    let low = near,
      high = far;
    while (high - low > PRECISION_MM) {
      const middle = (low + high) / 2;
      if (boneAt(q, ox + middle * dx, oy + middle * dy, oz + middle * dz, 2) < 0) high = middle;
      else low = middle;
    }
    const hit = (low + high) / 2;
    return hit <= reachMm ? hit : NaN;
  }
  return NaN;
} // prettier-ignore

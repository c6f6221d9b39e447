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

/** 1.5 · 2⁵²: a whole number below 2³¹ that is added to it is then its lower 32 bits. */
const WHOLE: f64 = 6755399441055744;

/** Math.floor as an integer, for |x| < 2³¹; the conversion of WebAssembly first asks whether the number is that small. @inline */
export function floorOf(x: f64): i32 {
  return <i32>reinterpret<i64>(Math.floor(x) + WHOLE);
}

/** x and y of a point in the steps of the grid from its first node on. @inline */
function gridPlace(q: MapFrame, xMm: f64, yMm: f64): v128 {
  const at = changetype<usize>(q),
    mm = f64x2.replace_lane(f64x2.splat(xMm), 1, yMm);
  return f64x2.mul(
    f64x2.sub(mm, v128.load(at + offsetof<MapFrame>("gridOriginX"))),
    v128.load(at + offsetof<MapFrame>("gridScaleX")),
  );
}

/** `fieldSampler` of ../field-sampler.ts, bit for bit, of the part of each cube that begins at `part`. */
function trilinear(q: MapFrame, part: usize, xMm: f64, yMm: f64, zMm: f64, outside: f64): f64 {
  const xy = gridPlace(q, xMm, yMm),
    z = f64x2.splat((zMm - q.gridOriginZ) * q.gridScaleZ);
  // x and y, and z twice.
  const none = f64x2.splat(0),
    one = f64x2.splat(1),
    last = f64x2.sub(f64x2.convert_low_i32x4_s(v128.load(changetype<usize>(q) + offsetof<MapFrame>("gridX"))), one),
    lastZ = f64x2.splat(<f64>(q.gridZ - 1));
  const within = v128.and(
    v128.and(f64x2.ge(xy, none), f64x2.le(xy, last)),
    v128.and(f64x2.ge(z, none), f64x2.le(z, lastZ)),
  );
  if (i64x2.bitmask(within) != 3) return outside;
  const node = f64x2.pmin(f64x2.floor(xy), f64x2.sub(last, one)),
    nodeZ = f64x2.pmin(f64x2.floor(z), f64x2.sub(lastZ, one));
  const whole = f64x2.splat(WHOLE),
    ij = f64x2.add(node, whole),
    i = i32x4.extract_lane(ij, 0),
    j = i32x4.extract_lane(ij, 2),
    k = i32x4.extract_lane(f64x2.add(nodeZ, whole), 0);
  const uv = f64x2.sub(xy, node),
    u = v128.shuffle<f64>(uv, uv, 0, 0),
    v = v128.shuffle<f64>(uv, uv, 1, 1),
    w = f64x2.extract_lane(f64x2.sub(z, nodeZ), 0);
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
  const ij = f64x2.add(f64x2.floor(f64x2.add(gridPlace(q, x, y), f64x2.splat(0.5))), f64x2.splat(WHOLE)),
    i = i32x4.extract_lane(ij, 0),
    j = i32x4.extract_lane(ij, 2),
    k = floorOf((z - q.gridOriginZ) * q.gridScaleZ + 0.5);
  if (<u32>i >= <u32>q.gridX || <u32>j >= <u32>q.gridY || <u32>k >= <u32>q.gridZ) return -1;
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

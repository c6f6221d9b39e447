// Smooth noise over space: `valueNoise` of ../hash.ts, to 1e-6, with the hashes of four corners in the lanes of a vector.

/** 1.5 · 2⁵²: see field.ts. */
const WHOLE: f64 = 6755399441055744;

const PRIME_X: i32 = 0x9e3779b1;
const PRIME_Y: i32 = 0x85ebca77;
const PRIME_Z: i32 = 0xc2b2ae3d;

/** Four hashes at once. @inline */
export function mix4(value: v128): v128 {
  let h = v128.xor(value, i32x4.shr_u(value, 16));
  h = i32x4.mul(h, i32x4.splat(0x7feb352d));
  h = v128.xor(h, i32x4.shr_u(h, 15));
  h = i32x4.mul(h, i32x4.splat(0x846ca68b));
  return v128.xor(h, i32x4.shr_u(h, 16));
}

/** The upper 24 bits of four hashes, which a 32-bit float holds. @inline */
function corners(base: i32): v128 {
  const hash = mix4(i32x4.add(i32x4.splat(base), i32x4(0, PRIME_X, PRIME_Y, PRIME_X + PRIME_Y)));
  return f32x4.convert_i32x4_s(i32x4.shr_u(hash, 8));
}

/** Where a point lies in its cell of the lattice, each share smoothed, and what the cell's corners are hashed from. */
class Place {
  static u: f32 = 0;
  static v: f32 = 0;
  static w: f32 = 0;
}

/** @inline */
function smooth(share: f32): f32 {
  return share * share * (3 - 2 * share);
}

/** A whole number's lower 32 bits. @inline */
function bitsOf(whole: f64): i32 {
  return <i32>reinterpret<i64>(whole + WHOLE);
}

/** Sets `Place` and returns the bits of the cell. @inline */
function cellAt(x: f64, y: f64, z: f64, seed: i32): i32 {
  const ix = Math.floor(x),
    iy = Math.floor(y),
    iz = Math.floor(z);
  Place.u = smooth(<f32>(x - ix));
  Place.v = smooth(<f32>(y - iy));
  Place.w = smooth(<f32>(z - iz));
  return bitsOf(ix) * PRIME_X + bitsOf(iy) * PRIME_Y + bitsOf(iz) * PRIME_Z + seed;
}

/** Noise at `Place`, from the corners at the lower z and the way to those at the higher. @inline */
function noiseBetween(near: v128, across: v128): f64 {
  const slab = f32x4.add(near, f32x4.mul(f32x4.splat(Place.w), across));
  const row = f32x4.add(
    slab,
    f32x4.mul(f32x4.splat(Place.v), f32x4.sub(v128.shuffle<f32>(slab, slab, 2, 3, 2, 3), slab)),
  );
  const low = f32x4.extract_lane(row, 0),
    value = low + Place.u * (f32x4.extract_lane(row, 1) - low);
  return (<f64>value + 0.5) * (2.0 / 16777216) - 1;
}

/** In [-1, 1]. */
export function noiseAt(x: f64, y: f64, z: f64, seed: i32): f64 {
  const bits = cellAt(x, y, z, seed),
    near = corners(bits);
  return noiseBetween(near, f32x4.sub(corners(bits + PRIME_Z), near));
}

/**
 * `noiseAt` for points that mostly lie in the cell of the last one: its corners are kept at the address `cell`, two vectors
 * and the bits they are hashed from, in NOISE_CELL_BYTES of ../map-memory.ts. Begins with `openCell`.
 */
export function noiseIn(cell: usize, x: f64, y: f64, z: f64, seed: i32): f64 {
  const bits = cellAt(x, y, z, seed);
  if (load<i32>(cell, 32) != bits) openCell(cell, bits);
  return noiseBetween(v128.load(cell), v128.load(cell, 16));
}

export function openCell(cell: usize, bits: i32): void {
  const near = corners(bits);
  v128.store(cell, near);
  v128.store(cell, f32x4.sub(corners(bits + PRIME_Z), near), 16);
  store<i32>(cell, bits, 32);
}

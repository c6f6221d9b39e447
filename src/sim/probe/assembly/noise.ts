// Smooth noise over space: `valueNoise` of ../hash.ts, to 1e-6, with the hashes of four corners in the lanes of a vector.

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

/** In [-1, 1]. */
export function noiseAt(x: f64, y: f64, z: f64, seed: i32): f64 {
  const ix = Math.floor(x),
    iy = Math.floor(y),
    iz = Math.floor(z);
  const u = <f32>(x - ix),
    v = <f32>(y - iy),
    w = <f32>(z - iz);
  const a = u * u * (3 - 2 * u),
    b = v * v * (3 - 2 * v),
    c = w * w * (3 - 2 * w);
  const base = <i32>ix * PRIME_X + <i32>iy * PRIME_Y + <i32>iz * PRIME_Z + seed;
  const near = corners(base),
    slab = f32x4.add(near, f32x4.mul(f32x4.splat(c), f32x4.sub(corners(base + PRIME_Z), near)));
  const row = f32x4.add(slab, f32x4.mul(f32x4.splat(b), f32x4.sub(v128.shuffle<f32>(slab, slab, 2, 3, 2, 3), slab)));
  const low = f32x4.extract_lane(row, 0),
    value = low + a * (f32x4.extract_lane(row, 1) - low);
  return (<f64>value + 0.5) * (2.0 / 16777216) - 1;
}

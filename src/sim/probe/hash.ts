/** A 32-bit avalanche of an integer ("lowbias32", C. Wellons 2018): every input bit moves every output bit. */
export function mix32(value: number): number {
  let h = value;
  h ^= h >>> 16;
  h = Math.imul(h, 0x7feb352d);
  h ^= h >>> 15;
  h = Math.imul(h, 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

/** 32 random bits of the cell (ix, iy, iz) of an endless lattice: the same for every pose, and nothing is stored. */
export function cellHash(ix: number, iy: number, iz: number, seed: number): number {
  return mix32(Math.imul(ix, 0x9e3779b1) + Math.imul(iy, 0x85ebca77) + Math.imul(iz, 0xc2b2ae3d) + seed);
}

const TO_SIGNED_UNIT = 2 / 0xffffffff;

/** Smooth noise in [-1, 1] over space: hashed values at whole coordinates, blended by a smoothstep. */
export function valueNoise(x: number, y: number, z: number, seed: number): number {
  const i = Math.floor(x), j = Math.floor(y), k = Math.floor(z); // prettier-ignore
  const u = x - i, v = y - j, w = z - k; // prettier-ignore
  const a = u * u * (3 - 2 * u), b = v * v * (3 - 2 * v), c = w * w * (3 - 2 * w); // prettier-ignore
  const n000 = cellHash(i, j, k, seed), n100 = cellHash(i + 1, j, k, seed); // prettier-ignore
  const n010 = cellHash(i, j + 1, k, seed), n110 = cellHash(i + 1, j + 1, k, seed); // prettier-ignore
  const n001 = cellHash(i, j, k + 1, seed), n101 = cellHash(i + 1, j, k + 1, seed); // prettier-ignore
  const n011 = cellHash(i, j + 1, k + 1, seed), n111 = cellHash(i + 1, j + 1, k + 1, seed); // prettier-ignore
  const near = n000 + a * (n100 - n000) + b * (n010 + a * (n110 - n010) - n000 - a * (n100 - n000));
  const far = n001 + a * (n101 - n001) + b * (n011 + a * (n111 - n011) - n001 - a * (n101 - n001));
  return (near + c * (far - near)) * TO_SIGNED_UNIT - 1;
}

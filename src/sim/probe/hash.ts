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

/**
 * `valueNoise` for a walk in small steps: the hashes of the last cell are kept. The same values, and no state that a
 * caller could tell.
 */
export function createNoise(): typeof valueNoise {
  let i = NaN, j = NaN, k = NaN, seed = 0; // prettier-ignore
  let n000 = 0, n100 = 0, n010 = 0, n110 = 0, n001 = 0, n101 = 0, n011 = 0, n111 = 0; // prettier-ignore
  return (x, y, z, seedHere) => {
    const ix = Math.floor(x), iy = Math.floor(y), iz = Math.floor(z); // prettier-ignore
    if (ix !== i || iy !== j || iz !== k || seedHere !== seed) {
      i = ix;
      j = iy;
      k = iz;
      seed = seedHere;
      n000 = cellHash(i, j, k, seed);
      n100 = cellHash(i + 1, j, k, seed);
      n010 = cellHash(i, j + 1, k, seed);
      n110 = cellHash(i + 1, j + 1, k, seed);
      n001 = cellHash(i, j, k + 1, seed);
      n101 = cellHash(i + 1, j, k + 1, seed);
      n011 = cellHash(i, j + 1, k + 1, seed);
      n111 = cellHash(i + 1, j + 1, k + 1, seed);
    }
    const u = x - ix, v = y - iy, w = z - iz; // prettier-ignore
    const a = u * u * (3 - 2 * u), b = v * v * (3 - 2 * v), c = w * w * (3 - 2 * w); // prettier-ignore
    const near = n000 + a * (n100 - n000) + b * (n010 + a * (n110 - n010) - n000 - a * (n100 - n000));
    const far = n001 + a * (n101 - n001) + b * (n011 + a * (n111 - n011) - n001 - a * (n101 - n001));
    return (near + c * (far - near)) * TO_SIGNED_UNIT - 1;
  };
}

/** Smooth noise in [-1, 1] over space: hashed values at whole coordinates, blended by a smoothstep. */
export function valueNoise(x: number, y: number, z: number, seed: number): number {
  return createNoise()(x, y, z, seed);
}

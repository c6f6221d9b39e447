/** A copy of "seen or not" around the slab with a margin of unseen voxels, so that no search needs a bounds test. */
export interface SeenMask {
  readonly seen: Uint8Array;
  readonly margin: number;
  readonly strideY: number;
  readonly strideZ: number;
  /** Of the mask, margins included. */
  readonly layers: number;
  /** Volume layer of the mask's first layer. */
  readonly zFirst: number;
}

/** `weight` covers the whole volume; the mask covers layers zBegin … zEnd − 1 and the margin around them. */
export function seenMask(
  [nx, ny, nz]: readonly [number, number, number],
  weight: Float32Array,
  zBegin: number,
  zEnd: number,
  margin: number,
): SeenMask {
  const strideY = nx + 2 * margin,
    strideZ = strideY * (ny + 2 * margin);
  const zFirst = zBegin - margin,
    layers = zEnd - zBegin + 2 * margin;
  const seen = new Uint8Array(strideZ * layers);
  for (let z = Math.max(0, zFirst); z < Math.min(nz, zFirst + layers); z++) {
    for (let y = 0; y < ny; y++) {
      const row = (z * ny + y) * nx,
        at = (z - zFirst) * strideZ + (y + margin) * strideY + margin;
      for (let x = 0; x < nx; x++) if (weight[row + x]! > 0) seen[at + x] = 1;
    }
  }
  return { seen, margin, strideY, strideZ, layers, zFirst };
}

/**
 * Each call gives, for the next of the slab's own layers, how many voxels are seen in the cube of the radius around
 * every voxel of that layer of the mask (0 near the mask's edge, which is never a voxel of the volume). Sliding sums
 * along x, y and z: the cost does not depend on the radius.
 */
export function boxCounter({ seen, margin, strideY, strideZ, layers }: SeenMask, radius: number): () => Uint16Array {
  const flat = new Uint16Array(seen.length);
  const alongX = new Uint8Array(strideZ);
  for (let z = 0; z < layers; z++) {
    const layer = z * strideZ;
    for (let row = 0; row < strideZ; row += strideY) {
      let run = 0;
      for (let x = 0; x < 2 * radius; x++) run += seen[layer + row + x]!;
      for (let x = radius; x < strideY - radius; x++) {
        run += seen[layer + row + x + radius]!;
        alongX[row + x] = run;
        run -= seen[layer + row + x - radius]!;
      }
    }
    for (let x = radius; x < strideY - radius; x++) {
      let run = 0;
      for (let at = x; at < x + 2 * radius * strideY; at += strideY) run += alongX[at]!;
      for (let at = x + radius * strideY; at < strideZ - radius * strideY; at += strideY) {
        run += alongX[at + radius * strideY]!;
        flat[layer + at] = run;
        run -= alongX[at - radius * strideY]!;
      }
    }
  }
  const counts = new Uint16Array(strideZ);
  const add = (layer: number, sign: number): void => {
    for (let i = 0, at = layer * strideZ; i < strideZ; i++, at++) counts[i] = counts[i]! + sign * flat[at]!;
  };
  for (let z = margin - radius; z < margin + radius; z++) add(z, 1);
  let z = margin;
  return () => {
    if (z > margin) add(z - radius - 1, -1);
    add(z + radius, 1);
    z++;
    return counts;
  };
}

/** For each column of the mask, which of the voxels up to `radius` above and below the current layer are seen. */
export interface SeenColumns {
  /** One layer of the mask; bit k: the voxel k − radius layers from the current one. */
  readonly bits: Uint32Array;
  /** Goes to the slab's first own layer, then to the next one each time. */
  next(): void;
}

/** Radius at most 15, so that a column fits into 31 bits. */
export function seenColumns({ seen, margin, strideZ }: SeenMask, radius: number): SeenColumns {
  const bits = new Uint32Array(strideZ);
  const push = (layer: number): void => {
    for (let i = 0, at = layer * strideZ; i < strideZ; i++, at++)
      bits[i] = (bits[i]! >>> 1) | (seen[at]! << (2 * radius));
  };
  for (let z = margin - radius; z < margin + radius; z++) push(z);
  let z = margin;
  return { bits, next: () => push(z++ + radius) };
}

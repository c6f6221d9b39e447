import type { GrayImage } from "../src/data/image.ts";

/** The plain way, as one would first write it: every pixel is transformed and tested, sums and counts are apart. */
export function naiveNearest(
  { pixels, width, height }: GrayImage,
  m: Float64Array,
  [nx, ny, nz]: readonly [number, number, number],
  sum: Float32Array,
  count: Uint32Array,
): void {
  for (let v = 0; v < height; v++) {
    for (let u = 0; u < width; u++) {
      const x = Math.round(m[0]! * u + m[1]! * v + m[3]!);
      const y = Math.round(m[4]! * u + m[5]! * v + m[7]!);
      const z = Math.round(m[8]! * u + m[9]! * v + m[11]!);
      if (x < 0 || y < 0 || z < 0 || x >= nx || y >= ny || z >= nz) continue;
      const voxel = (z * ny + y) * nx + x;
      sum[voxel]! += pixels[v * width + u]!;
      count[voxel]! += 1;
    }
  }
}

export function naiveLinear(
  { pixels, width, height }: GrayImage,
  m: Float64Array,
  [nx, ny, nz]: readonly [number, number, number],
  sum: Float32Array,
  weight: Float32Array,
): void {
  for (let v = 0; v < height; v++) {
    for (let u = 0; u < width; u++) {
      const x = m[0]! * u + m[1]! * v + m[3]!;
      const y = m[4]! * u + m[5]! * v + m[7]!;
      const z = m[8]! * u + m[9]! * v + m[11]!;
      const i = Math.floor(x),
        j = Math.floor(y),
        k = Math.floor(z);
      if (i < 0 || j < 0 || k < 0 || i >= nx - 1 || j >= ny - 1 || k >= nz - 1) continue;
      for (let corner = 0; corner < 8; corner++) {
        const a = corner & 1,
          b = (corner >> 1) & 1,
          c = corner >> 2;
        const w = (1 - Math.abs(x - i - a)) * (1 - Math.abs(y - j - b)) * (1 - Math.abs(z - k - c));
        const voxel = ((k + c) * ny + j + b) * nx + i + a;
        sum[voxel]! += w * pixels[v * width + u]!;
        weight[voxel]! += w;
      }
    }
  }
}

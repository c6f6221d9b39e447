import type { Mesh } from "../../geometry/mesh.ts";

/**
 * Four little-endian 32-bit counts (vertices, triangles, arrays of scalars, 0), then positions and scalars as floats and
 * triangles as unsigned integers, all of 32 bits. Its reader is viewer/view-data.ts.
 */
export function meshBytes({ positions, triangles }: Mesh, scalars: readonly Float32Array[] = []): Uint8Array {
  const counts = Uint32Array.of(positions.length / 3, triangles.length / 3, scalars.length, 0);
  const parts = [counts, positions, ...scalars, triangles];
  const bytes = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at);
    at += part.byteLength;
  }
  return bytes;
}

import type { Mesh } from "../../geometry/mesh.ts";

/**
 * Joins corners of loose triangles (nine floats each) that have exactly the same coordinates, so that a closed STL
 * becomes a closed indexed mesh. Nothing is moved and there is no tolerance. Triangles of which two corners coincide
 * are left out: the neighbours then share the joined edge. Vertices are numbered as they are met.
 */
export function weldTriangles(corners: Float32Array): { readonly mesh: Mesh; readonly dropped: number } {
  const count = corners.length / 3;
  const bits = new Uint32Array(corners.buffer, corners.byteOffset, corners.length);
  let slots = 16;
  while (slots < 2 * count) slots *= 2;
  const table = new Int32Array(slots).fill(-1); // vertex number by hash, open addressing
  const vertexOf = new Uint32Array(count),
    source = new Uint32Array(count);
  let vertices = 0;
  for (let i = 0; i < count; i++) {
    const x = withoutSign(bits[3 * i]!),
      y = withoutSign(bits[3 * i + 1]!),
      z = withoutSign(bits[3 * i + 2]!);
    let slot = hash(x, y, z) & (slots - 1);
    for (;;) {
      const v = table[slot]!;
      if (v < 0) {
        table[slot] = vertices;
        source[vertices] = i;
        vertexOf[i] = vertices++;
        break;
      }
      const at = 3 * source[v]!;
      if (withoutSign(bits[at]!) === x && withoutSign(bits[at + 1]!) === y && withoutSign(bits[at + 2]!) === z) {
        vertexOf[i] = v;
        break;
      }
      slot = (slot + 1) & (slots - 1);
    }
  }
  const positions = new Float32Array(3 * vertices);
  for (let v = 0; v < vertices; v++) {
    const at = 3 * source[v]!;
    for (let axis = 0; axis < 3; axis++) positions[3 * v + axis] = corners[at + axis]! + 0; // −0 becomes 0
  }
  let kept = 0;
  for (let i = 0; i < count; i += 3) {
    const a = vertexOf[i]!,
      b = vertexOf[i + 1]!,
      c = vertexOf[i + 2]!;
    if (a === b || b === c || c === a) continue;
    vertexOf[kept++] = a;
    vertexOf[kept++] = b;
    vertexOf[kept++] = c;
  }
  return { mesh: { positions, triangles: vertexOf.slice(0, kept) }, dropped: (count - kept) / 3 };
}

/** The two zeros are one coordinate. */
function withoutSign(bits: number): number {
  return bits === 0x80000000 ? 0 : bits;
}

/** Mixes three words (the multipliers are those of MurmurHash3's 32-bit variant, by Austin Appleby). */
function hash(x: number, y: number, z: number): number {
  let h = Math.imul(x, 0xcc9e2d51);
  h = Math.imul(((h << 13) | (h >>> 19)) ^ y, 0x1b873593);
  h = Math.imul(((h << 13) | (h >>> 19)) ^ z, 0xcc9e2d51);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

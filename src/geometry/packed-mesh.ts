import { meshBounds, triangleCount, vertexCount, type Mesh } from "./mesh.ts";

/** What is needed beside the bytes to get a mesh back. */
export interface PackedMeshHeader {
  readonly vertices: number;
  readonly triangles: number;
  /** Zeros for an empty mesh. */
  readonly minMm: readonly [number, number, number];
  readonly maxMm: readonly [number, number, number];
}

type Axis = 0 | 1 | 2;
/** Vertex coordinates become one of this many steps between the bounds: 2 µm on a bone 130 mm long. */
const STEPS = 65_535;
/** The largest step of a value; the three codes beyond it stand for what is not finite. */
const LARGEST = 32_766;
const INFINITE = 32_767;
const NOT_A_NUMBER = -32_768;

/** Small numbers of either sign become small non-negative ones: 0, −1, 1, −2 → 0, 1, 2, 3. Its inverse is `unfold`. */
const fold = (difference: number): number => (difference << 1) ^ (difference >> 31);
const unfold = (folded: number): number => (folded >>> 1) ^ -(folded & 1);

/**
 * A mesh as bytes that compress well: coordinates rounded to 16 bits between the bounds, every number as the
 * difference from the one before it (modulo its size), equal bytes of all numbers side by side. Triangles are exact.
 */
export function packMesh(mesh: Mesh): { readonly header: PackedMeshHeader; readonly bytes: Uint8Array } {
  const vertices = vertexCount(mesh),
    triangles = triangleCount(mesh);
  const { min, max } = vertices ? meshBounds(mesh) : { min: [0, 0, 0] as const, max: [0, 0, 0] as const };
  const bytes = new Uint8Array(vertices * 6 + triangles * 12);
  for (let axis = 0; axis < 3; axis++) {
    const low = min[axis as Axis],
      stepsPerMm = STEPS / (max[axis as Axis] - low || 1);
    let before = 0;
    for (let v = 0; v < vertices; v++) {
      const step = Math.round((mesh.positions[v * 3 + axis]! - low) * stepsPerMm);
      const difference = fold(((step - before) << 16) >> 16);
      before = step;
      bytes[axis * 2 * vertices + v] = difference;
      bytes[(axis * 2 + 1) * vertices + v] = difference >>> 8;
    }
  }
  const count = triangles * 3;
  let before = 0;
  for (let i = 0; i < count; i++) {
    const difference = fold(mesh.triangles[i]! - before);
    before = mesh.triangles[i]!;
    for (let byte = 0; byte < 4; byte++) bytes[vertices * 6 + byte * count + i] = difference >>> (8 * byte);
  }
  return { header: { vertices, triangles, minMm: min, maxMm: max }, bytes };
}

/** Inverse of `packMesh`, up to half a step of each coordinate. */
export function unpackMesh({ vertices, triangles, minMm, maxMm }: PackedMeshHeader, bytes: Uint8Array): Mesh {
  const count = triangles * 3;
  if (bytes.length !== vertices * 6 + count * 4) throw new RangeError("packed mesh: wrong number of bytes");
  const positions = new Float32Array(vertices * 3);
  for (let axis = 0; axis < 3; axis++) {
    const low = minMm[axis as Axis],
      mmPerStep = (maxMm[axis as Axis] - low) / STEPS;
    let step = 0;
    for (let v = 0; v < vertices; v++) {
      const difference = bytes[axis * 2 * vertices + v]! | (bytes[(axis * 2 + 1) * vertices + v]! << 8);
      step = (step + unfold(difference)) & 0xffff;
      positions[v * 3 + axis] = low + step * mmPerStep;
    }
  }
  const indices = new Uint32Array(count);
  let index = 0;
  for (let i = 0; i < count; i++) {
    let difference = 0;
    for (let byte = 0; byte < 4; byte++) difference |= bytes[vertices * 6 + byte * count + i]! << (8 * byte);
    index = (index + unfold(difference)) | 0;
    indices[i] = index;
  }
  return { positions, triangles: indices };
}

/** One number a vertex in 16 bits: multiples of `step`, the largest finite magnitude in 32766 steps. NaN and ±∞ stay. */
export function packValues(values: Readonly<Float32Array>): { readonly step: number; readonly bytes: Uint8Array } {
  let largest = 0;
  for (const value of values) if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
  const step = largest / LARGEST || 1;
  const bytes = new Uint8Array(values.length * 2);
  values.forEach((value, i) => {
    const rounded = Number.isNaN(value)
      ? NOT_A_NUMBER
      : Math.max(-INFINITE, Math.min(INFINITE, Math.round(value / step)));
    bytes[i] = rounded;
    bytes[values.length + i] = rounded >> 8;
  });
  return { step, bytes };
}

/** Inverse of `packValues`, up to half a step. */
export function unpackValues(step: number, bytes: Uint8Array): Float32Array {
  const count = bytes.length / 2;
  return Float32Array.from({ length: count }, (_, i) => {
    const rounded = ((bytes[i]! | (bytes[count + i]! << 8)) << 16) >> 16;
    if (rounded === NOT_A_NUMBER) return NaN;
    return Math.abs(rounded) === INFINITE ? Math.sign(rounded) * Infinity : rounded * step;
  });
}

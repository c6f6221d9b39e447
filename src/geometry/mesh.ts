/** Triangles in mm, in one frame that the holder names. Counter-clockwise seen from outside. */
export interface Mesh {
  /** Interleaved xyz, mm. */
  readonly positions: Float32Array;
  /** Three vertex indices a triangle. */
  readonly triangles: Uint32Array;
}

export interface Bounds {
  readonly min: readonly [number, number, number];
  readonly max: readonly [number, number, number];
}

export const triangleCount = ({ triangles }: Mesh): number => triangles.length / 3;
export const vertexCount = ({ positions }: Mesh): number => positions.length / 3;

export interface TriangleCentre {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly areaMm2: number;
}

/** Twice the area vector (not normalised) of triangle `i`: its direction is the outward normal. */
export function triangleNormal({ positions: p, triangles: t }: Mesh, i: number): [number, number, number] {
  const a = t[3 * i]! * 3,
    b = t[3 * i + 1]! * 3,
    c = t[3 * i + 2]! * 3;
  const ux = p[b]! - p[a]!, uy = p[b + 1]! - p[a + 1]!, uz = p[b + 2]! - p[a + 2]!; // prettier-ignore
  const vx = p[c]! - p[a]!, vy = p[c + 1]! - p[a + 1]!, vz = p[c + 2]! - p[a + 2]!; // prettier-ignore
  return [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
}

export function triangleArea(mesh: Mesh, i: number): number {
  return 0.5 * Math.hypot(...triangleNormal(mesh, i));
}

export function triangleCentre(mesh: Mesh, i: number): TriangleCentre {
  const { positions: p, triangles: t } = mesh;
  const a = t[3 * i]! * 3,
    b = t[3 * i + 1]! * 3,
    c = t[3 * i + 2]! * 3;
  return {
    x: (p[a]! + p[b]! + p[c]!) / 3,
    y: (p[a + 1]! + p[b + 1]! + p[c + 1]!) / 3,
    z: (p[a + 2]! + p[b + 2]! + p[c + 2]!) / 3,
    areaMm2: triangleArea(mesh, i),
  };
}

export function surfaceArea(mesh: Mesh): number {
  let area = 0;
  for (let i = 0; i < triangleCount(mesh); i++) area += triangleArea(mesh, i);
  return area;
}

/** Signed by orientation: positive for a closed mesh whose triangles face outward. Meaningless for an open one. */
export function signedVolume({ positions: p, triangles: t }: Mesh): number {
  let six = 0;
  for (let i = 0; i < t.length; i += 3) {
    const a = t[i]! * 3,
      b = t[i + 1]! * 3,
      c = t[i + 2]! * 3;
    six +=
      p[a]! * (p[b + 1]! * p[c + 2]! - p[b + 2]! * p[c + 1]!) +
      p[a + 1]! * (p[b + 2]! * p[c]! - p[b]! * p[c + 2]!) +
      p[a + 2]! * (p[b]! * p[c + 1]! - p[b + 1]! * p[c]!);
  }
  return six / 6;
}

/** Of the vertices; min > max for an empty mesh. */
export function meshBounds({ positions }: Mesh): Bounds {
  const min: [number, number, number] = [Infinity, Infinity, Infinity];
  const max: [number, number, number] = [-Infinity, -Infinity, -Infinity];
  for (let i = 0; i < positions.length; i++) {
    const axis = (i % 3) as 0 | 1 | 2,
      value = positions[i]!;
    if (value < min[axis]) min[axis] = value;
    if (value > max[axis]) max[axis] = value;
  }
  return { min, max };
}

/** A copy with every vertex moved by the row-major 3×4 `m` (winding kept: `m` must not mirror). */
export function transformMesh({ positions, triangles }: Mesh, m: Readonly<Float64Array>): Mesh {
  const moved = new Float32Array(positions.length);
  for (let i = 0; i < positions.length; i += 3) {
    const x = positions[i]!,
      y = positions[i + 1]!,
      z = positions[i + 2]!;
    for (let r = 0; r < 3; r++) moved[i + r] = m[r * 4]! * x + m[r * 4 + 1]! * y + m[r * 4 + 2]! * z + m[r * 4 + 3]!;
  }
  return { positions: moved, triangles };
}

/** Area-weighted unit normals, interleaved xyz; zero where a vertex has no triangle. */
export function vertexNormals(mesh: Mesh): Float32Array {
  const normals = new Float32Array(mesh.positions.length);
  for (let i = 0; i < triangleCount(mesh); i++) {
    const n = triangleNormal(mesh, i);
    for (let corner = 0; corner < 3; corner++) {
      const v = mesh.triangles[3 * i + corner]! * 3;
      for (let axis = 0; axis < 3; axis++) normals[v + axis]! += n[axis as 0 | 1 | 2];
    }
  }
  for (let v = 0; v < normals.length; v += 3) {
    const length = Math.hypot(normals[v]!, normals[v + 1]!, normals[v + 2]!);
    if (length > 0) for (let axis = 0; axis < 3; axis++) normals[v + axis]! /= length;
  }
  return normals;
}

/** Edges used by one triangle only, and edges used by more than two or twice in the same direction. */
export function edgeDefects({ triangles }: Mesh): { readonly open: number; readonly nonManifold: number } {
  const uses = new Map<bigint, { forward: number; backward: number }>();
  for (let i = 0; i < triangles.length; i += 3) {
    for (let e = 0; e < 3; e++) {
      const a = triangles[i + e]!,
        b = triangles[i + ((e + 1) % 3)]!;
      const key = (BigInt(Math.min(a, b)) << 32n) | BigInt(Math.max(a, b));
      let use = uses.get(key);
      if (!use) uses.set(key, (use = { forward: 0, backward: 0 }));
      if (a < b) use.forward++;
      else use.backward++;
    }
  }
  let open = 0,
    nonManifold = 0;
  for (const { forward, backward } of uses.values()) {
    if (forward + backward === 1) open++;
    else if (forward !== 1 || backward !== 1) nonManifold++;
  }
  return { open, nonManifold };
}

/** Only the triangles that `keep` says; vertices that none of them uses are dropped. */
export function selectTriangles(
  mesh: Mesh,
  keep: (triangle: number) => boolean,
): { readonly mesh: Mesh; readonly vertexSource: Uint32Array } {
  const renamed = new Int32Array(vertexCount(mesh)).fill(-1);
  const source: number[] = [],
    triangles: number[] = [];
  for (let i = 0; i < triangleCount(mesh); i++) {
    if (!keep(i)) continue;
    for (let corner = 0; corner < 3; corner++) {
      const v = mesh.triangles[3 * i + corner]!;
      if (renamed[v]! < 0) renamed[v] = source.push(v) - 1;
      triangles.push(renamed[v]!);
    }
  }
  const positions = new Float32Array(source.length * 3);
  source.forEach((v, at) => positions.set(mesh.positions.subarray(v * 3, v * 3 + 3), at * 3));
  return { mesh: { positions, triangles: Uint32Array.from(triangles) }, vertexSource: Uint32Array.from(source) };
}

/** One mesh with the vertices and triangles of all, in order. */
export function mergeMeshes(meshes: readonly Mesh[]): Mesh {
  const positions = new Float32Array(meshes.reduce((n, m) => n + m.positions.length, 0));
  const triangles = new Uint32Array(meshes.reduce((n, m) => n + m.triangles.length, 0));
  let p = 0,
    t = 0;
  for (const mesh of meshes) {
    positions.set(mesh.positions, p);
    for (let i = 0; i < mesh.triangles.length; i++) triangles[t + i] = mesh.triangles[i]! + p / 3;
    p += mesh.positions.length;
    t += mesh.triangles.length;
  }
  return { positions, triangles };
}

/** Component number per triangle (0 is the one met first), joined over shared vertices. */
export function connectedComponents(mesh: Mesh): { readonly label: Uint32Array; readonly count: number } {
  const parent = Uint32Array.from({ length: vertexCount(mesh) }, (_, i) => i);
  const root = (v: number): number => {
    while (parent[v] !== v) {
      parent[v] = parent[parent[v]!]!;
      v = parent[v]!;
    }
    return v;
  };
  for (let i = 0; i < mesh.triangles.length; i += 3) {
    const a = root(mesh.triangles[i]!);
    parent[root(mesh.triangles[i + 1]!)] = a;
    parent[root(mesh.triangles[i + 2]!)] = root(a);
  }
  const names = new Map<number, number>();
  const label = new Uint32Array(triangleCount(mesh));
  for (let i = 0; i < label.length; i++) {
    const r = root(mesh.triangles[3 * i]!);
    let name = names.get(r);
    if (name === undefined) names.set(r, (name = names.size));
    label[i] = name;
  }
  return { label, count: names.size };
}

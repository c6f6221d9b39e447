import {
  BufferAttribute,
  BufferGeometry,
  Color,
  DoubleSide,
  Group,
  Mesh,
  MeshLambertMaterial,
  Sphere,
  Vector3,
} from "three";
import type { LiveSurfaceUpdate } from "../data/live-wire.ts";

/** The bone so far, part by part. */
export interface LiveSurface {
  readonly group: Group;
  update(update: LiveSurfaceUpdate): void;
  /** About everything there is; undefined when there is nothing. */
  bounds(): Sphere | undefined;
}

const WELL = new Color(0xe9dfc9);
const THIN = new Color(0x8fa9c4);
/** Seen by so many columns a vertex counts as well seen: two or three frames. */
const WELL_SEEN = 12;

export function createLiveSurface(): LiveSurface {
  const group = new Group();
  const material = new MeshLambertMaterial({ side: DoubleSide, vertexColors: true });
  const parts = new Map<number, Mesh>();
  const normals = createSharedNormals();

  function remove(block: number): void {
    const part = parts.get(block);
    if (!part) return;
    normals.take(block);
    group.remove(part);
    part.geometry.dispose();
    parts.delete(block);
  }

  return {
    group,
    update({ reset, blocks, positions, triangles, observations }) {
      if (reset) parts.forEach((_, block) => remove(block));
      let v = 0,
        t = 0;
      for (const [block, vertices, faces] of blocks) {
        remove(block);
        if (faces > 0) {
          const geometry = new BufferGeometry();
          const own = positions.slice(3 * v, 3 * (v + vertices)),
            index = triangles.slice(3 * t, 3 * (t + faces));
          geometry.setAttribute("position", new BufferAttribute(own, 3));
          geometry.setIndex(new BufferAttribute(index, 1));
          geometry.setAttribute("normal", new BufferAttribute(normals.add(block, own, index), 3));
          geometry.setAttribute("color", new BufferAttribute(coloursOf(observations.subarray(v, v + vertices)), 3));
          const part = new Mesh(geometry, material);
          part.matrixAutoUpdate = false;
          parts.set(block, part);
          group.add(part);
        }
        v += vertices;
        t += faces;
      }
    },
    bounds() {
      if (parts.size === 0) return undefined;
      const middle = new Vector3(),
        at = new Vector3();
      for (const { geometry } of parts.values()) middle.add(sphereOf(geometry).center);
      middle.divideScalar(parts.size);
      let radius = 0;
      for (const { geometry } of parts.values()) {
        radius = Math.max(radius, at.copy(sphereOf(geometry).center).distanceTo(middle));
      }
      return new Sphere(middle, radius + 5);
    },
  };
}

function sphereOf(geometry: BufferGeometry): Sphere {
  if (!geometry.boundingSphere) geometry.computeBoundingSphere();
  return geometry.boundingSphere!;
}

function coloursOf(observations: Uint8Array): Float32Array {
  const colours = new Float32Array(3 * observations.length),
    colour = new Color();
  observations.forEach((seen, v) => {
    colour.lerpColors(THIN, WELL, Math.min(1, seen / WELL_SEEN));
    colours.set([colour.r, colour.g, colour.b], 3 * v);
  });
  return colours;
}

/**
 * Normals of vertices that several parts share: those agree bit for bit, so that each finds what the others say of its
 * place, and no seam is seen. A part that is older than its neighbour has that one's normals when it changes next.
 */
function createSharedNormals() {
  const sums = new Map<string, Vector3>();
  const said = new Map<number, { readonly keys: readonly string[]; readonly own: Float32Array }>();
  return {
    add(block: number, positions: Float32Array, triangles: Uint16Array): Float32Array {
      const own = faceNormals(positions, triangles);
      const keys = Array.from({ length: positions.length / 3 }, (_, v) => positions.subarray(3 * v, 3 * v + 3).join());
      keys.forEach((key, v) => {
        const sum = sums.get(key) ?? new Vector3();
        sums.set(key, sum.add(new Vector3().fromArray(own, 3 * v)));
      });
      said.set(block, { keys, own });
      const shared = new Float32Array(positions.length);
      keys.forEach((key, v) =>
        sums
          .get(key)!
          .clone()
          .normalize()
          .toArray(shared, 3 * v),
      );
      return shared;
    },
    take(block: number): void {
      const mine = said.get(block);
      said.delete(block);
      mine?.keys.forEach((key, v) => {
        const sum = sums.get(key)?.sub(new Vector3().fromArray(mine.own, 3 * v));
        if (sum && sum.lengthSq() < 1e-12) sums.delete(key);
      });
    },
  };
}

/** Sums of the normals of the triangles at each vertex, by area. */
function faceNormals(positions: Float32Array, triangles: Uint16Array): Float32Array {
  const normals = new Float32Array(positions.length);
  const a = new Vector3(),
    b = new Vector3(),
    c = new Vector3();
  for (let i = 0; i < triangles.length; i += 3) {
    const corners = [triangles[i]!, triangles[i + 1]!, triangles[i + 2]!] as const;
    a.fromArray(positions, 3 * corners[0]);
    b.fromArray(positions, 3 * corners[1]).sub(a);
    c.fromArray(positions, 3 * corners[2]).sub(a);
    b.cross(c);
    for (const corner of corners) {
      normals[3 * corner]! += b.x;
      normals[3 * corner + 1]! += b.y;
      normals[3 * corner + 2]! += b.z;
    }
  }
  return normals;
}

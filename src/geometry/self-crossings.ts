import { Box3, BufferAttribute, BufferGeometry } from "three";
import { MeshBVH } from "three-mesh-bvh";
import { triangleCount, type Mesh } from "./mesh.ts";

/**
 * How many pairs of triangles pass through each other: an edge of one goes through the inside of the other. Neighbours
 * at a corner count when they do so away from it; what only touches, or lies in one plane, does not. A shape that is
 * bent (a warp, a morph) may be closed and cross itself all the same, and then has no inside.
 */
export function selfCrossings(mesh: Mesh): number {
  const { positions: p, triangles: t } = mesh;
  const count = triangleCount(mesh);
  if (count < 2) return 0;
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(p, 3));
  geometry.setIndex(new BufferAttribute(t, 1));
  const bvh = new MeshBVH(geometry, { indirect: true });
  const box = new Box3();
  let pairs = 0;
  for (let a = 0; a < count; a++) {
    box.makeEmpty();
    for (let corner = 3 * a; corner < 3 * a + 3; corner++) {
      const at = 3 * t[corner]!;
      for (const [axis, name] of AXES) {
        box.min[name] = Math.min(box.min[name], p[at + axis]!);
        box.max[name] = Math.max(box.max[name], p[at + axis]!);
      }
    }
    bvh.shapecast({
      intersectsBounds: (bounds) => bounds.intersectsBox(box),
      intersectsTriangle: (_, b) => {
        if (b > a && trianglesCross(mesh, a, b)) pairs++;
        return false;
      },
    });
  }
  return pairs;
}

const AXES = [
  [0, "x"],
  [1, "y"],
  [2, "z"],
] as const;

function trianglesCross({ positions, triangles: t }: Mesh, a: number, b: number): boolean {
  return edgesThrough(positions, t, a, b) || edgesThrough(positions, t, b, a);
}

/** Whether an edge of `a` that does not touch `b` at a shared corner goes through `b`. Neighbours along an edge cannot. */
function edgesThrough(p: Readonly<Float32Array>, t: Readonly<Uint32Array>, a: number, b: number): boolean {
  const isShared = (vertex: number): boolean => t[3 * b] === vertex || t[3 * b + 1] === vertex || t[3 * b + 2] === vertex; // prettier-ignore
  for (let corner = 0; corner < 3; corner++) {
    const from = t[3 * a + corner]!, to = t[3 * a + ((corner + 1) % 3)]!; // prettier-ignore
    if (!isShared(from) && !isShared(to) && segmentThrough(p, from, to, t[3 * b]!, t[3 * b + 1]!, t[3 * b + 2]!)) return true; // prettier-ignore
  }
  return false;
}

/** Möller and Trumbore 1997, bounds excluded. Arguments are vertices. */
function segmentThrough(p: Readonly<Float32Array>, from: number, to: number, a: number, b: number, c: number): boolean {
  const ax = p[3 * a]!, ay = p[3 * a + 1]!, az = p[3 * a + 2]!; // prettier-ignore
  const ux = p[3 * b]! - ax, uy = p[3 * b + 1]! - ay, uz = p[3 * b + 2]! - az; // prettier-ignore
  const vx = p[3 * c]! - ax, vy = p[3 * c + 1]! - ay, vz = p[3 * c + 2]! - az; // prettier-ignore
  const ox = p[3 * from]!, oy = p[3 * from + 1]!, oz = p[3 * from + 2]!; // prettier-ignore
  const dx = p[3 * to]! - ox, dy = p[3 * to + 1]! - oy, dz = p[3 * to + 2]! - oz; // prettier-ignore
  const hx = dy * vz - dz * vy, hy = dz * vx - dx * vz, hz = dx * vy - dy * vx; // prettier-ignore
  const det = ux * hx + uy * hy + uz * hz;
  if (det === 0) return false;
  const sx = ox - ax, sy = oy - ay, sz = oz - az; // prettier-ignore
  const u = (sx * hx + sy * hy + sz * hz) / det;
  if (!(u > 0 && u < 1)) return false;
  const qx = sy * uz - sz * uy, qy = sz * ux - sx * uz, qz = sx * uy - sy * ux; // prettier-ignore
  const v = (dx * qx + dy * qy + dz * qz) / det;
  if (!(v > 0 && u + v < 1)) return false;
  const along = (vx * qx + vy * qy + vz * qz) / det;
  return along > 0 && along < 1;
}

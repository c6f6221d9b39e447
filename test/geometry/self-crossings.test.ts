import { expect, test } from "vitest";
import { createRng } from "../../src/core/rng.ts";
import { fromAxisAngle } from "../../src/core/rigid.ts";
import { mergeMeshes, transformMesh } from "../../src/geometry/mesh.ts";
import { selfCrossings } from "../../src/geometry/self-crossings.ts";
import { boxMesh, icosphere } from "../../src/verify/shapes.ts";

const moved = (x: number, y = 0, z = 0): Float64Array => Float64Array.of(1, 0, 0, x, 0, 1, 0, y, 0, 0, 1, z);

test("a ball does not cross itself, and two balls apart do not either", () => {
  const ball = icosphere(10, 3);
  expect(selfCrossings(ball)).toBe(0);
  expect(selfCrossings(mergeMeshes([ball, transformMesh(ball, moved(20.5))]))).toBe(0);
});

test("two boxes that overlap at a corner cross along the outline of the overlap", () => {
  const box = boxMesh([10, 10, 10]);
  // Turned a little, so that no edge lies in a face of the other.
  const turned = transformMesh(box, fromAxisAngle([0.3, 0.5, 0.8], 0.2, [6.1, 5.3, 4.7]).m);
  expect(selfCrossings(mergeMeshes([box, turned]))).toBeGreaterThanOrEqual(6);
});

test("a ball whose pole was pulled out through the other side crosses itself", () => {
  const { positions, triangles } = icosphere(10, 3);
  const pulled = positions.slice();
  let pole = 0;
  for (let v = 0; 3 * v < positions.length; v++) if (positions[3 * v + 2]! > positions[3 * pole + 2]!) pole = v;
  // Beside the opposite pole: exactly through it everything would only touch.
  pulled.set([1.3, 0.7, -15], 3 * pole);
  expect(selfCrossings({ positions: pulled, triangles })).toBeGreaterThan(0);
});

test("it counts what comparing all pairs by brute force counts", () => {
  const rng = createRng("crossings");
  for (let round = 0; round < 5; round++) {
    const n = 60;
    const positions = Float32Array.from({ length: 9 * n }, (_, i) => 10 * rng.uniform() + (Math.floor(i / 9) % 3));
    const triangles = Uint32Array.from({ length: 3 * n }, (_, i) => i);
    let pairs = 0;
    for (let a = 0; a < n; a++) {
      for (let b = a + 1; b < n; b++) {
        const two = { positions: Float32Array.from([...positions.subarray(9 * a, 9 * a + 9), ...positions.subarray(9 * b, 9 * b + 9)]), triangles: Uint32Array.of(0, 1, 2, 3, 4, 5) }; // prettier-ignore
        pairs += crossesByPlanes(two.positions) ? 1 : 0;
      }
    }
    expect(selfCrossings({ positions, triangles })).toBe(pairs);
  }
});

/** Edges of either triangle against the other's plane and sides, by signs of volumes. */
function crossesByPlanes(p: Float32Array): boolean {
  const at = (v: number): number[] => [p[3 * v]!, p[3 * v + 1]!, p[3 * v + 2]!];
  const volume = (a: number[], b: number[], c: number[], d: number[]): number => {
    const [u, v, w] = [b, c, d].map((q) => q.map((x, i) => x - a[i]!)) as [number[], number[], number[]];
    return (
      u[0]! * (v[1]! * w[2]! - v[2]! * w[1]!) -
      u[1]! * (v[0]! * w[2]! - v[2]! * w[0]!) +
      u[2]! * (v[0]! * w[1]! - v[1]! * w[0]!)
    );
  };
  const through = (s: number[], e: number[], t: number[][]): boolean => {
    const [a, b, c] = t as [number[], number[], number[]];
    if (volume(a, b, c, s) * volume(a, b, c, e) >= 0) return false;
    const sides = [volume(s, e, a, b), volume(s, e, b, c), volume(s, e, c, a)];
    return sides.every((x) => x > 0) || sides.every((x) => x < 0);
  };
  const one = [0, 1, 2].map(at),
    two = [3, 4, 5].map(at);
  const edges = (t: number[][], other: number[][]): boolean =>
    [0, 1, 2].some((i) => through(t[i]!, t[(i + 1) % 3]!, other));
  return edges(one, two) || edges(two, one);
}

import type { BufferGeometry, Mesh as ThreeMesh } from "three";
import { GLTFLoader } from "three/examples/jsm/loaders/GLTFLoader.js";
import { expect, test } from "vitest";
import { encodeGlb, parseGlb } from "../../../src/io/mesh/glb.ts";
import { parseMesh } from "../../../src/io/mesh/read-mesh.ts";
import { icosphere } from "../../../src/verify/shapes.ts";

const ball = icosphere(20, 2, [5, -6, 7]);
/** Single precision of a metre. */
const ROUNDING_M = 1e-7;

test("three's loader finds the same triangles, in metres and upright once the node has moved them", async () => {
  Object.assign(globalThis, { self: globalThis }); // the loader was made for pages
  const bytes = encodeGlb(ball);
  const { scene } = await new GLTFLoader().parseAsync(Uint8Array.from(bytes).buffer, "");
  let found: ThreeMesh | undefined;
  scene.traverse((node) => {
    if ((node as ThreeMesh).isMesh) found = node as ThreeMesh;
  });
  const geometry = found!.geometry as BufferGeometry;
  expect(geometry.getAttribute("position").array).toEqual(ball.positions);
  expect(Uint32Array.from(geometry.index!.array)).toEqual(ball.triangles);
  scene.updateMatrixWorld(true);
  geometry.computeBoundingBox();
  const box = geometry.boundingBox!.clone().applyMatrix4(found!.matrixWorld);
  // Head (S) to y, back (P) to −z.
  expect(Math.abs((box.min.y + box.max.y) / 2 - 0.007)).toBeLessThan(ROUNDING_M);
  expect(Math.abs((box.min.z + box.max.z) / 2 - 0.006)).toBeLessThan(ROUNDING_M);
  expect(found!.matrixWorld.determinant()).toBeGreaterThan(0);
});

test("our reader gives back the same floats and indices, and knows the axes", () => {
  const { mesh, space, warnings } = parseMesh(encodeGlb(ball), "ball.glb");
  expect(mesh.positions).toEqual(ball.positions);
  expect(mesh.triangles).toEqual(ball.triangles);
  expect(space).toBe("LPS");
  expect(warnings).toEqual([]);
});

test("a file that is cut off or changed anywhere is read or refused with words, never with another error", () => {
  const bytes = encodeGlb(icosphere(20, 1));
  for (let at = 0; at < bytes.length; at += 7) {
    for (const changed of [bytes.slice(0, at), bytes.map((b, i) => (i === at ? b ^ 0x55 : b))]) {
      try {
        parseGlb(changed, "x.glb");
      } catch (error) {
        expect((error as Error).name).toBe("FormatError");
      }
    }
  }
});

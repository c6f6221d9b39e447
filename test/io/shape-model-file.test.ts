import { expect, test } from "vitest";
import type { ShapeModel } from "../../src/data/shape-model.ts";
import { decodeShapeModels, encodeShapeModels } from "../../src/io/shape-model-file.ts";
import { loadShapeModels } from "../../src/scenario/shape-models.ts";
import { edgeDefects, signedVolume } from "../../src/geometry/mesh.ts";
import { shapeInstance } from "../../src/pipeline/completion/shape-instance.ts";
import { createRng } from "../../src/core/rng.ts";
import { icosphere } from "../../src/verify/shapes.ts";

const ball = icosphere(20, 1);
const vertices = ball.positions.length / 3;
const model: ShapeModel = {
  body: "patella",
  bones: [{ name: "patella", vertices, triangles: ball.triangles.length / 3 }],
  mean: ball,
  landmarks: [{ name: "top", meanMm: [0, 0, 20] }],
  modes: [Float32Array.from({ length: 3 * (vertices + 1) }, (_, i) => Math.sin(i))],
  residualSdMm: 0.1,
  cap: new Uint8Array(ball.triangles.length / 3),
};
/** A mode is kept in steps of its largest value over 32767. */
const STEP = 0.5 / 32_767 + 1e-7;

test("a shape model comes back from its bytes, modes to half a step", () => {
  const [back] = decodeShapeModels(encodeShapeModels([model]), "a.shape");
  expect(back!.mean.positions).toEqual(model.mean.positions);
  expect(back!.mean.triangles).toEqual(model.mean.triangles);
  expect(back!.landmarks).toEqual(model.landmarks);
  back!.modes[0]!.forEach((value, i) => expect(Math.abs(value - model.modes[0]![i]!)).toBeLessThan(STEP));
});

test("what is cut off, or no shape model at all, is refused with the file's name", () => {
  expect(() => decodeShapeModels(new Uint8Array([1, 2, 3]), "b.shape")).toThrow(/b\.shape.*no shape model/);
  const bytes = encodeShapeModels([{ ...model, cap: new Uint8Array(3) }]);
  expect(() => decodeShapeModels(bytes, "c.shape")).toThrow(/c\.shape.*cut off/);
});

test("the shapes that ship are closed bones at their mean and at random coefficients", async () => {
  const rng = createRng("shapes");
  for (const shipped of await loadShapeModels()) {
    for (const scale of [0, 1]) {
      const mesh = shapeInstance(
        shipped,
        shipped.modes.map(() => scale * rng.normal()),
      );
      expect(edgeDefects(mesh)).toEqual({ open: 0, nonManifold: 0 });
      expect(signedVolume(mesh)).toBeGreaterThan(5_000);
    }
  }
});

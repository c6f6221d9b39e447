import { expect, test } from "vitest";
import { FormatError } from "../../../src/core/errors.ts";
import { vertexCount } from "../../../src/geometry/mesh.ts";
import { parseMesh } from "../../../src/io/mesh/read-mesh.ts";
import { forCases } from "../../support/cases.ts";
import { mutate } from "./support.ts";

test("60,000 mutated mesh files give a sound mesh or a FormatError", () => {
  let read = 0;
  forCases(60_000, "mesh/mutation/slow", (rng) => {
    const { bytes, fileName } = mutate(rng);
    try {
      const { mesh } = parseMesh(bytes, fileName);
      read++;
      if (!mesh.positions.every(Number.isFinite)) throw new Error("a coordinate is not finite");
      if (mesh.triangles.some((v) => v >= vertexCount(mesh))) throw new Error("an index is out of range");
      // Nothing in a file stands for more than twelve bytes of mesh a byte.
      if (mesh.positions.byteLength + mesh.triangles.byteLength > 12 * bytes.length) throw new Error("too much memory");
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
    }
  });
  expect(read).toBeGreaterThan(1000); // or the mutations are too coarse to reach past the header
});

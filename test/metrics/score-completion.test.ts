import { expect, test } from "vitest";
import { createRng } from "../../src/core/rng.ts";
import { transformMesh, triangleCentre } from "../../src/geometry/mesh.ts";
import { completionFigures, scoreCompletion } from "../../src/metrics/score-completion.ts";
import { icosphere } from "../../src/verify/shapes.ts";

const ball = icosphere(20, 4);
const shifted = transformMesh(ball, Float64Array.of(1, 0, 0, 2, 0, 1, 0, 0, 0, 0, 1, 0));
const result = { mesh: shifted, uncertaintyMm: new Float32Array(shifted.positions.length / 3).fill(1) };
/** Of the triangles and of the samples. */
const SAMPLING_MM = 0.02;

test("two balls 2 mm apart differ by 2/√3 mm RMS, and a stated SD of 1 mm holds 98 % of that", () => {
  const { samples, withinStated } = scoreCompletion(result, { mesh: ball });
  const { rmsMm, interval } = completionFigures(samples, "whole", createRng("a"));
  expect(Math.abs(rmsMm! - 2 / Math.sqrt(3))).toBeLessThan(SAMPLING_MM);
  expect(interval![0]).toBeLessThan(rmsMm!);
  expect(interval![1]).toBeGreaterThan(rmsMm!);
  // The signed distance is uniform between −2 and 2 mm (Archimedes).
  expect(Math.abs(withinStated! - 0.98)).toBeLessThan(0.01);
});

test("seen and unseen are told apart by the beams that met the truth, and add up to the whole", () => {
  const insonified = Uint16Array.from({ length: ball.triangles.length / 3 }, (_, t) =>
    triangleCentre(ball, t).x > 10 ? 1 : 0,
  );
  const { samples } = scoreCompletion(result, { mesh: ball, insonified });
  const [seen, unseen, whole] = (["seen", "unseen", "whole"] as const).map((part) =>
    completionFigures(samples, part, createRng("b")),
  );
  // A cap of height 10 has a quarter of the area; there the mean square of 2x/R is 4/R² · (R² + 10R + 100)/3.
  expect(Math.abs(seen!.areaMm2 / whole!.areaMm2 - 0.25)).toBeLessThan(0.01);
  expect(Math.abs(seen!.rmsMm! - Math.sqrt((4 / 400) * (700 / 3)))).toBeLessThan(0.04);
  expect(unseen!.rmsMm!).toBeLessThan(whole!.rmsMm!);
});

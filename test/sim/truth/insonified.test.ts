import { expect, test } from "vitest";
import { countInsonified } from "../../../src/sim/truth/insonified.ts";

const plate = {
  positions: Float32Array.of(0, 0, 0, 1, 0, 0, 0, 1, 0, 50, 0, 0, 51, 0, 0, 50, 1, 0),
  triangles: Uint32Array.of(0, 1, 2, 3, 4, 5),
};
const options = { reachMm: 1, maxIncidenceRad: Math.PI / 3 };

test("a triangle counts the beams that met bone near it, steep enough; NaN meets nothing", () => {
  const hits = Float32Array.of(0.3, 0.3, 0.1, 1, 0.3, 0.3, 0, 0.4, NaN, NaN, NaN, NaN, 0.4, 0.3, 0, 0.6);
  expect([...countInsonified(plate, hits, options)]).toEqual([2, 0]);
});

test("reach is a ball about the centre, also across cell borders and at negative coordinates", () => {
  const shifted = { ...plate, positions: plate.positions.map((v) => v - 100) };
  const centre = 1 / 3 - 100;
  const hit = (d: number) => Float32Array.of(centre + d, centre, -100, 1);
  expect(countInsonified(shifted, hit(0.99), options)[0]).toBe(1);
  expect(countInsonified(shifted, hit(-0.99), options)[0]).toBe(1);
  expect(countInsonified(shifted, hit(1.02), options)[0]).toBe(0);
});

import { expect, test } from "vitest";
import { createRng } from "../../../src/core/rng.ts";
import { anglesOf, axesThrough } from "../../../src/sim/knee/axes.ts";
import { buildBones } from "../../../src/sim/knee/bones.ts";
import { kneeLandmarks } from "../../../src/sim/knee/landmarks.ts";
import { poseKnee } from "../../../src/sim/knee/motion.ts";
import { typicalKnee } from "../../../src/sim/knee/parameters.ts";

const DEG = Math.PI / 180;
const parameters = typicalKnee(createRng("axes"), "female");
const set = await buildBones(parameters, { spacingMm: 2.5 });
const at = (flexionRad: number) => axesThrough(kneeLandmarks(set, poseKnee(set, flexionRad)));

function direction(flexionRad: number, name: string): number[] {
  const { fromMm, toMm } = at(flexionRad).find((axis) => axis.name === name)!;
  const d = toMm.map((value, i) => value - fromMm[i]!),
    length = Math.hypot(...d);
  return d.map((value) => value / length);
}
const dot = (a: number[], b: number[]): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

// Vertices 2.5 mm apart on a width of 72 mm tell a direction to about 2 degrees.
const MESH_DEG = 3;

test("the transepicondylar axis is the knee's X axis and Whiteside's line is upright on it, to 13 degrees", () => {
  const across = direction(0, "transepicondylar axis");
  expect(Math.acos(across[0]!) / DEG).toBeLessThan(MESH_DEG);
  const whiteside = direction(0, "Whiteside line");
  const inPlane = Math.hypot(whiteside[0]!, whiteside[1]!);
  expect(Math.abs(Math.atan2(whiteside[0]!, whiteside[1]!)) / DEG).toBeLessThan(13); // 3 SD of the family
  expect(inPlane).toBeGreaterThan(0.5);
});

test("the posterior condylar axis is turned against the epicondyles by the angle that is stated", () => {
  const [x, y] = direction(0, "posterior condylar axis");
  const stated = anglesOf(parameters, 0).find(({ name }) => name === "posterior condylar angle")!.deg;
  expect(stated).toBeGreaterThan(1);
  expect(Math.abs(Math.atan2(y!, x!) / DEG - stated)).toBeLessThan(MESH_DEG);
});

test("bending the knee by 60 degrees turns the tibial axis by 60 degrees and no axis of the femur", () => {
  const turned = Math.acos(dot(direction(0, "tibial axis"), direction(60 * DEG, "tibial axis"))) / DEG;
  expect(turned).toBeGreaterThan(57); // internal rotation about the shank does not tip it by more than 3 degrees
  expect(turned).toBeLessThan(63);
  expect(direction(60 * DEG, "Whiteside line")).toEqual(direction(0, "Whiteside line"));
});

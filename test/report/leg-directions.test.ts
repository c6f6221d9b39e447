import { expect, test } from "vitest";
import type { ReportMesh } from "../../src/report/assets.ts";
import { directionWords, legAxes } from "../../src/report/leg-directions.ts";
import { ball } from "./synthetic-report.ts";

const at = (bone: string, centre: readonly [number, number, number]): ReportMesh => ({
  bone,
  role: "truth",
  mesh: ball(5, 8, centre),
});
/** X to one side, Y to the front, Z up the leg; the fibula lies on the +X side. */
const leg = [at("femur", [0, 0, 60]), at("tibia", [0, 0, -60]), at("patella", [0, 40, 10]), at("fibula", [25, 0, -70])];

test("the axes of a leg come from where its bones lie", () => {
  const axes = legAxes(leg)!;
  [axes.up, axes.front, axes.lateral!].forEach((axis, i) => {
    const expected = [[0, 0, 1], [0, 1, 0], [1, 0, 0]][i]!; // prettier-ignore
    axis.forEach((part, k) => expect(part).toBeCloseTo(expected[k]!, 5));
  });
});

test("the other leg has its outer side on the other side", () => {
  const mirrored = leg.map((mesh) => (mesh.bone === "fibula" ? at("fibula", [-25, 0, -70]) : mesh));
  expect(legAxes(mirrored)!.lateral![0]).toBeCloseTo(-1, 5);
});

test("a leg without a patella has no front, one without a fibula no outer side", () => {
  expect(legAxes(leg.filter(({ bone }) => bone !== "patella"))).toBeUndefined();
  expect(legAxes(leg.filter(({ bone }) => bone !== "fibula"))!.lateral).toBeUndefined();
});

test("a direction is named by the nearest one or two sides", () => {
  const axes = legAxes(leg)!;
  expect(directionWords([0, 1, 0.2], axes)).toBe("the front");
  expect(directionWords([-1, 0, 0.8], axes)).toBe("the inner side and above");
  expect(directionWords([1, -1.2, 0], axes)).toBe("behind and the outer side");
  expect(directionWords([0, 0, -3], axes)).toBe("below");
});

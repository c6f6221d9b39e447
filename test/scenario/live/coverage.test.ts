import { expect, test } from "vitest";
import type { BoneMask } from "../../../src/data/bone-mask.ts";
import { createRng } from "../../../src/core/rng.ts";
import { buildPhantom } from "../../../src/scenario/build.ts";
import { createCoverage } from "../../../src/scenario/live/coverage.ts";
import { planWindows, type Station } from "../../../src/scenario/live/scan-windows.ts";
import { parseScenario } from "../../../src/scenario/schema.ts";
import { palpatedLandmarks } from "../../../src/scenario/simulate.ts";
import { clinicalSweeps } from "../../../src/sim/operator/sweep-plan.ts";
import { cross, minus, unit, type Vector } from "../../../src/core/vector.ts";

const WIDTH = 40;
const scenario = parseScenario({ name: "x", seed: "coverage", source: { kind: "simulated" } }, "x");
const phantom =
  scenario.source.kind === "simulated"
    ? await buildPhantom(scenario.source.phantom, createRng("coverage").fork("phantom"))
    : undefined;
const points = palpatedLandmarks(phantom!).map((point) => ({ ...point, body: "Femur" }));
const flexionRad = Math.PI / 6;
const plan = planWindows(points, flexionRad);

const maskOf = (bone: number): BoneMask => ({
  width: WIDTH,
  height: 10,
  probability: new Uint8Array(10 * WIDTH),
  ridgeRowPx: new Float32Array(WIDTH).fill(bone ? 5 : NaN),
  ridgeConfidence: new Float32Array(WIDTH).fill(bone),
  ridgeSdPx: new Float32Array(WIDTH).fill(1),
});
/** An image of 1 mm pixels whose beam aims at the station from 30 mm before it. */
function aimedAt({ targetMm: t, approach: a }: Station): Float64Array {
  const beam: Vector = [-a[0], -a[1], -a[2]];
  const x = unit(cross(beam, Math.abs(beam[2]) < 0.9 ? [0, 0, 1] : [1, 0, 0])),
    z = cross(x, beam);
  const o = [0, 1, 2].map((k) => t[k]! + 30 * a[k]! - (WIDTH / 2) * x[k]!);
  return Float64Array.of(x[0], beam[0], z[0], o[0]!, x[1], beam[1], z[1], o[1]!, x[2], beam[2], z[2], o[2]!);
}
const face = { width: WIDTH, faceCentrePx: [WIDTH / 2, 0] } as const;

/** Nobody sees femur's axis from without: the strokes' places differ from those of one who knows it by some mm. */
const PALPATED_MM = 12;

test("the strokes laid on a leg by its touched points are those that the operator of the simulation makes", () => {
  if (plan.status !== "planned") throw new Error(plan.reason);
  const told = clinicalSweeps(phantom!.guide());
  expect(plan.windows.map(({ name }) => name)).toEqual(told.map(({ name }) => name));
  told.forEach(({ targetsMm, name }, w) => {
    const { stations } = plan.windows[w]!;
    for (const [mine, theirs] of [
      [stations[0]!, targetsMm[0]!],
      [stations.at(-1)!, targetsMm.at(-1)!],
    ] as const)
      expect(Math.hypot(...minus(mine.targetMm, theirs as Vector)), name).toBeLessThan(PALPATED_MM);
  });
});

test("a mirrored leg is scanned by mirrored strokes", () => {
  const mirrored = points.map(({ positionMm: [x, y, z], ...point }) => ({
    ...point,
    positionMm: [-x, y, z] as [number, number, number],
  }));
  const other = planWindows(mirrored, flexionRad);
  if (plan.status !== "planned" || other.status !== "planned") throw new Error("not planned");
  expect(new Set([plan.axes.side, other.axes.side]).size).toBe(2);
  other.windows.forEach(({ stations }, w) => {
    const [x, y, z] = stations[0]!.targetMm,
      [a, b, c] = plan.windows[w]!.stations[0]!.targetMm;
    expect(Math.hypot(x + a, y - b, z - c)).toBeLessThan(1e-9);
  });
});

test("without the points nobody knows where to scan, and that is said", () => {
  const coverage = createCoverage();
  coverage.plan(planWindows(points.slice(0, 3), flexionRad));
  expect(coverage.status()).toMatchObject({ windows: [], next: null });
  expect(coverage.status().basis).toContain("not all touched");
});

test("a stroke counts where the beam passed it and bone was found; the next one is the one that was begun", () => {
  if (plan.status !== "planned") throw new Error(plan.reason);
  const coverage = createCoverage();
  coverage.plan(plan);
  const window = plan.windows[3]!;
  const shareOf = (): number => coverage.status().windows[3]!.seenShare;
  window.stations.slice(0, 5).forEach((station) => coverage.add(aimedAt(station), maskOf(0), face));
  expect(shareOf()).toBe(0);
  window.stations.slice(0, 5).forEach((station) => coverage.add(aimedAt(station), maskOf(1), face));
  expect(shareOf()).toBeGreaterThan(0);
  expect(coverage.status().next).toBe(window.name);
  window.stations.forEach((station) => coverage.add(aimedAt(station), maskOf(1), face));
  expect(shareOf()).toBe(1);
  expect(coverage.status().next).not.toBe(window.name);
  coverage.clear();
  expect(shareOf()).toBe(0);
  expect(coverage.swath).toEqual([]);
});

test("a beam from the other side of the leg does not count", () => {
  if (plan.status !== "planned") throw new Error(plan.reason);
  const coverage = createCoverage();
  coverage.plan(plan);
  for (const { targetMm, approach } of plan.windows[0]!.stations) {
    const behind: Vector = [-approach[0], -approach[1], -approach[2]];
    coverage.add(aimedAt({ targetMm, approach: behind }), maskOf(1), face);
  }
  expect(coverage.status().windows[0]!.seenShare).toBe(0);
});

test("what was scanned before the points were touched counts when they are", () => {
  if (plan.status !== "planned") throw new Error(plan.reason);
  const coverage = createCoverage();
  plan.windows[0]!.stations.forEach((station) => coverage.add(aimedAt(station), maskOf(1), face));
  coverage.plan(plan);
  expect(coverage.status().windows[0]!.seenShare).toBeGreaterThan(0.8);
});

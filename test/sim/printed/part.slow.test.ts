import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRng } from "../../../src/core/rng.ts";
import { fromAxisAngle, transformPoint } from "../../../src/core/rigid.ts";
import { createClosestPoint } from "../../../src/geometry/closest-point.ts";
import { vertexCount } from "../../../src/geometry/mesh.ts";
import { checkPrintable } from "../../../src/geometry/printable.ts";
import { readMesh } from "../../../src/io/mesh/read-mesh.ts";
import { readPlusConfig } from "../../../src/io/plus-config.ts";
import { nWirePhantom } from "../../../src/pipeline/calibration/spatial/nwire-phantom.ts";
import { buildPhantom } from "../../../src/scenario/build.ts";
import { readPrintedTruth, writePrintedPart } from "../../../src/scenario/printed-files.ts";
import { layPrint } from "../../../src/scenario/printed-truth.ts";
import { parseScenario, type SimulatedSource } from "../../../src/scenario/schema.ts";
import { printedPart, type PrintedPart } from "../../../src/sim/printed/part.ts";

let folder: string, part: PrintedPart;
/** Coordinates in files are single precision. */
const ROUNDING_MM = 1e-4;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "printed-"));
  const { source } = parseScenario({ name: "print", source: { kind: "simulated" } }, "print");
  const knee = await buildPhantom((source as SimulatedSource).phantom, createRng("print"));
  part = await printedPart(knee, { reachMm: 70 }, "print test");
  await writePrintedPart(folder, part);
}, 300_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

test("the part is one closed piece that a printer can take, and what was written is the same", async () => {
  const { mesh } = await readMesh(join(folder, "part.stl"));
  const check = checkPrintable(mesh);
  expect(check.closed).toBe(true);
  expect(Math.max(...check.sizeMm)).toBeLessThan(220);
  expect(Math.abs(check.volumeMm3 / checkPrintable(part.mesh).volumeMm3 - 1)).toBeLessThan(1e-4);
});

test("truth, part and PLUS definition have one geometry: bones lie on the part, divots are holes in it", async () => {
  const truth = await readPrintedTruth(join(folder, "truth.json"));
  const surface = createClosestPoint((await readMesh(join(folder, "part.stl"))).mesh);
  for (const { name, mesh } of truth.bones) {
    let outside = 0;
    for (let v = 0; v < vertexCount(mesh); v += 50) {
      const at = mesh.positions.subarray(3 * v, 3 * v + 3) as unknown as [number, number, number];
      if (surface.signedDistanceMm(...at) > ROUNDING_MM) outside++;
    }
    expect(outside, name).toBe(0);
  }
  for (const { positionMm } of truth.divots) expect(surface.distanceMm(...positionMm)).toBeLessThan(0.05);
  const { phantom } = await readPlusConfig(join(folder, "plus-phantom.xml"));
  expect(phantom!.landmarks.map(({ positionMm }) => positionMm)).toEqual(truth.divots.map((d) => d.positionMm));
});

test("our own calibration takes the PLUS definition as an N-wire phantom of three Ns", async () => {
  const { phantom } = await readPlusConfig(join(folder, "plus-phantom.xml"));
  expect(nWirePhantom(phantom!.patterns)).toMatchObject({ patterns: 3 });
});

test("touched divots lay the drawing where the part is, and too few are refused with the remedy", () => {
  const { truth } = part;
  const pose = fromAxisAngle<"reference", "phantom">([1, 2, -1], 1.1, [10, -500, 300]);
  const points = truth.divots.map(({ name, positionMm }) => ({
    name,
    body: "Reference",
    positionMm: transformPoint(pose.m, ...positionMm),
  }));
  const laid = layPrint(truth, points);
  expect(laid.rmsMm).toBeLessThan(1e-9);
  laid.referenceFromPhantom.forEach((value, i) => expect(value).toBeCloseTo(pose.m[i]!, 9));
  expect(() => layPrint(truth, points.slice(0, 2))).toThrow(/2 of the 6 divots/);
});

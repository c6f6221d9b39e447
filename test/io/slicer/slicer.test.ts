import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { silentLog } from "../../../src/core/log.ts";
import { selectTriangles } from "../../../src/geometry/mesh.ts";
import { decodeTransform } from "../../../src/io/slicer/itk-transform.ts";
import { decodeMarkups } from "../../../src/io/slicer/markups.ts";
import { writeSegmentation } from "../../../src/io/slicer/segmentation.ts";
import { exportSuite } from "../../../src/verify/export.ts";
import { icosphere } from "../../../src/verify/shapes.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const ITK = "#Insight Transform File V1.0\nTransform: ";

test("what is no list of points or no transform is refused by its field", () => {
  expect(() => decodeMarkups(bytes("{}"), "a.mrk.json")).toThrow(/a\.mrk\.json: markups/);
  expect(() => decodeMarkups(bytes("nonsense"), "a.mrk.json")).toThrow(/is no JSON/);
  expect(() => decodeTransform(bytes(`${ITK}BSplineTransform_double_3_3\n`), "b.tfm")).toThrow(/b\.tfm: Transform/);
  const short = bytes(`${ITK}AffineTransform_double_3_3\nParameters: 1 2\n`);
  expect(() => decodeTransform(short, "c.tfm")).toThrow(/Parameters: expected 12 numbers/);
});

test("an open sheet has no inside, so no labels are made of it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "labels-"));
  const open = selectTriangles(icosphere(10, 1), (i) => i > 0).mesh;
  const write = writeSegmentation(join(folder, "a.seg.nrrd"), [{ name: "sheet", mesh: open, colour: [1, 1, 1] }], 1);
  await expect(write).rejects.toThrow(/sheet is not closed/);
  await rm(folder, { recursive: true });
});

test.each(exportSuite.checks.map((check) => [check.id, check] as const))("verify %s holds", async (_, check) => {
  const { pass, measured } = await check.run({ log: silentLog, full: false, dataFolder: undefined });
  expect(pass, String(measured)).toBe(true);
});

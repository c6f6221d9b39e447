import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { silentLog } from "../../../src/core/log.ts";
import { selectTriangles } from "../../../src/geometry/mesh.ts";
import { decodeTransform } from "../../../src/io/slicer/itk-transform.ts";
import { decodeMarkups, encodeMarkups } from "../../../src/io/slicer/markups.ts";
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

/** What the published schema of a list of points asks (Slicer, markups-schema-v1.0.3.json), of the fields that we write. */
const publishedMarkups = z.object({
  "@schema": z.string(),
  markups: z.array(
    z.object({
      type: z.enum(["Fiducial", "Line", "Angle", "Curve", "ClosedCurve", "Plane", "ROI"]),
      coordinateSystem: z.enum(["LPS", "RAS"]),
      coordinateUnits: z.enum(["mm", "um"]),
      locked: z.boolean(),
      fixedNumberOfControlPoints: z.boolean(),
      labelFormat: z.string(),
      lastUsedControlPointNumber: z.number().int(),
      controlPoints: z.array(
        z.strictObject({
          id: z.string(),
          label: z.string(),
          description: z.string(),
          associatedNodeID: z.string(),
          position: z.array(z.number()).length(3),
          orientation: z.array(z.number()).length(9),
          selected: z.boolean(),
          locked: z.boolean(),
          visibility: z.boolean(),
          positionStatus: z.enum(["undefined", "preview", "defined"]),
        }),
      ),
    }),
  ),
});

test("a list of points keeps to the schema that 3D Slicer publishes and that the file names", () => {
  const points = [
    { name: 'a "b" <ü>', positionMm: [1.5, -2, 3] as const },
    { name: "", positionMm: [0, 0, 0] as const },
  ];
  const written = JSON.parse(new TextDecoder().decode(encodeMarkups(points)));
  const { "@schema": schema, markups } = publishedMarkups.parse(written);
  expect(schema).toMatch(/markups-schema-v1\.0\.3\.json#$/);
  expect(markups[0]!.controlPoints.map(({ label }) => label)).toEqual(points.map(({ name }) => name));
});

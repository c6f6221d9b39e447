import { expect, test } from "vitest";
import { FormatError } from "../../src/core/errors.ts";
import { parseReport, parseReportText, reportJsonSchema } from "../../src/report/validate.ts";
import { syntheticReport } from "./synthetic-report.ts";

type Loose = Record<string, unknown>;
const text = JSON.stringify(syntheticReport());

/** The field that is named when the text of a good report is changed so. */
function fieldOf(change: (report: Loose) => void): unknown {
  const report = JSON.parse(text) as Loose;
  change(report);
  try {
    parseReport(report, "report.json");
  } catch (error) {
    if (error instanceof FormatError && "field" in error.place) return error.place.field;
    throw error;
  }
  return undefined;
}
const at = (value: unknown, ...path: (string | number)[]): Loose =>
  path.reduce<unknown>((inner, key) => (inner as Loose)[key], value) as Loose;

test("a report that was written is read back unchanged", () => {
  expect(parseReportText(text, "report.json")).toEqual(JSON.parse(text));
});

test("an edited report is refused by the name of the field", () => {
  expect(fieldOf((r) => (at(r, "bones", 1, "scores", "whole")["assd"] = "0.8"))).toBe("bones[1].scores.whole.assd");
  expect(fieldOf((r) => (at(r, "bones", 0, "scores", "whole")["assd"] = -1))).toBe("bones[0].scores.whole.assd");
  expect(fieldOf((r) => delete r["title"])).toBe("title");
  expect(fieldOf((r) => delete r["configuration"])).toBe("configuration");
  expect(fieldOf((r) => (at(r, "frames")["extra"] = 1))).toBe("frames.extra");
  expect(fieldOf((r) => (at(r, "frames")["used"] = 9999))).toBe("frames.used");
  expect(
    fieldOf((r) => at(r, "frames", "samples", 0)["foundRow"] && (at(r, "frames", "samples", 0)["foundRow"] = [1])),
  ).toBe("frames.samples[0].foundRow");
  expect(fieldOf((r) => (at(r, "headline", "frames.count")["low"] = 400))).toBe('headline["frames.count"]');
  expect(fieldOf((r) => (r["probePathMm"] = [1, 2]))).toBe("probePathMm");
  expect(fieldOf((r) => (at(r, "bones", 0, "histogram")["share"] = [1]))).toBe("bones[0].histogram");
});

test("a file name that leaves the result folder is refused", () => {
  for (const path of ["../secret", "/etc/passwd", "a/../../b", "C:\\x", "\\\\host\\x", "a\0b", ""]) {
    expect(fieldOf((r) => (at(r, "meshes", 0)["file"] = path))).toBe("meshes[0].file");
    expect(fieldOf((r) => (at(r, "frames", "samples", 0)["file"] = path))).toBe("frames.samples[0].file");
  }
  expect(fieldOf((r) => (at(r, "meshes", 0)["file"] = "truth/a..b.stl"))).toBeUndefined();
});

test("another version is refused by its version, whatever else differs", () => {
  expect(() => parseReport({ schemaVersion: 2 }, "old.json")).toThrow("old.json: schemaVersion: expected 1, got 2");
  expect(() => parseReport({}, "old.json")).toThrow("schemaVersion: expected 1, got nothing");
});

test("a file that was cut off anywhere is refused with words, never with another error", () => {
  for (let length = 0; length < text.length; length += 97) {
    expect(() => parseReportText(text.slice(0, length), "report.json")).toThrow(FormatError);
  }
  expect(() => parseReportText(text.slice(0, 1000), "report.json")).toThrow("the file is cut off");
  expect(() => parseReportText("[1]", "report.json")).toThrow("this is no report");
});

test("the JSON Schema names the fields of a report and allows no other", () => {
  const schema = reportJsonSchema() as { properties: Loose; required: string[]; additionalProperties: boolean };
  expect(Object.keys(schema.properties)).toEqual(Object.keys(syntheticReport()));
  expect(schema.additionalProperties).toBe(false);
  expect(schema.required).toContain("headline");
});

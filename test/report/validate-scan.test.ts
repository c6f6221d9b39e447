import { expect, test } from "vitest";
import { parseScanTrack } from "../../src/report/validate-scan.ts";
import { syntheticScan } from "./synthetic-report.ts";

const text = (change: (scan: Record<string, unknown>) => void): string => {
  const scan = structuredClone(syntheticScan().track) as unknown as Record<string, unknown>;
  change(scan);
  return JSON.stringify(scan);
};

test("what a run writes is read back as it was", () => {
  const { track } = syntheticScan();
  expect(parseScanTrack(JSON.stringify(track), "scan.json")).toEqual(track);
});

test.each([
  ["another version", (scan: Record<string, unknown>) => (scan["schemaVersion"] = 2), /schemaVersion/],
  ["a film outside the folder", (scan: Record<string, unknown>) => ((scan["film"] as Record<string, unknown>)["file"] = "../x.png"), /film\.file/], // prettier-ignore
  ["a column beside the image", (scan: Record<string, unknown>) => (scan["widthPx"] = 10), /columns of the image/],
  ["a frame without its rows", (scan: Record<string, unknown>) => ((scan["frames"] as Record<string, unknown>[])[0]!["rows"] = []), /one row a column/], // prettier-ignore
  ["a stroke that is not listed", (scan: Record<string, unknown>) => (scan["strokes"] = []), /strokes that are listed/],
  ["a field that nobody knows", (scan: Record<string, unknown>) => (scan["more"] = 1), /scan\.json/],
])("%s is refused with the field", (_, change, message) => {
  expect(() => parseScanTrack(text(change), "scan.json")).toThrow(message);
});

test("a file that was cut off is told apart", () => {
  expect(() => parseScanTrack(text(() => {}).slice(0, 100), "scan.json")).toThrow(/no valid JSON/);
});

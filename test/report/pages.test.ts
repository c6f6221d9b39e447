import { describe, expect, test } from "vitest";
import { renderCalibrationPage } from "../../src/report/calibration-page.ts";
import { compareReports } from "../../src/report/compare.ts";
import { renderComparison } from "../../src/report/compare-page.ts";
import { renderDossier } from "../../src/report/dossier-page.ts";
import { renderReport } from "../../src/report/html.ts";
import { renderStudy } from "../../src/report/study-page.ts";
import { syntheticAssets, syntheticReport } from "./synthetic-report.ts";
import { syntheticCalibration } from "./synthetic-calibration.ts";
import { syntheticDossier, syntheticStudy } from "./synthetic-study.ts";

const report = syntheticReport();
const { made } = syntheticAssets();
const pages: Readonly<Record<string, string>> = {
  run: renderReport(report, syntheticAssets(), { plotly: "var Plotly = 1;", app: "var app = 1;" }),
  study: renderStudy(syntheticStudy(), made),
  calibration: renderCalibrationPage(syntheticCalibration({ software: report.software, seed: "s", made: made! })),
  comparison: renderComparison({
    first: { name: "a", report },
    others: [{ name: "b", report }],
    comparisons: [compareReports(report, report)],
  }),
  dossier: renderDossier(syntheticDossier()),
};

describe.each(Object.entries(pages))("the page of a %s", (kind, text) => {
  test("names no address outside itself and forbids the browser to fetch any", () => {
    expect(text.replace(/[\w+/]{100,}/g, "").match(/https?:|\/\/[a-z]|url\(|@import/gi)).toBeNull();
    for (const [, target] of text.matchAll(/\s(?:src|href)="([^"]*)"/g))
      expect(target).toMatch(/^(#|data:image\/png;)/);
    expect(text).toContain("default-src &#39;none&#39;");
  });

  test("has a language, one heading of the first level, no level left out, and landmarks", () => {
    expect(text).toContain('<html lang="en">');
    expect(text.match(/<h1/g)).toHaveLength(1);
    let before = 0;
    for (const [, level] of text.matchAll(/<h(\d)/g)) {
      expect(Number(level)).toBeLessThanOrEqual(before + 1);
      before = Number(level);
    }
    for (const landmark of ["<header", "<nav aria-label=", '<main id="main"', "<footer"])
      expect(text).toContain(landmark);
  });

  test("has a text for every picture and a caption for every table", () => {
    for (const [svg] of text.matchAll(/<svg[^>]*>/g)) expect(svg).toMatch(/role="img"[^>]* aria-label="[^"]{8}/);
    expect(text.match(/<caption>[^<]{12}/g) ?? []).toHaveLength((text.match(/<table>/g) ?? []).length);
  });

  test("has a list of contents whose every entry leads somewhere, and no two places of one name", () => {
    const ids = [...text.matchAll(/\sid="([\w-]+)"/g)].map(([, id]) => id!);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, id] of text.matchAll(/href="#([\w-]+)"/g)) expect(ids).toContain(id);
  });

  test("says how to read it, which program made it with which packages, and when and where", () => {
    expect(text).toMatch(kind === "dossier" ? /id="glossary"/ : /How to read this<\/h2>/);
    expect(text).toContain("0123456789abcdef0123456789abcdef01234567");
    expect(text).toContain("onnxruntime-node 1.30.0");
    if (kind !== "comparison") expect(text).toContain("2026-01-02 03:04 UTC");
    if (kind !== "comparison") expect(text).toContain("Some processor, 2 cores");
    if (kind !== "calibration") expect(text).toMatch(/clinical evidence/);
  });

  test("shows no number with more than four digits that are not those of a count, a hash or a position", () => {
    const cells = [...text.matchAll(/<td>([^<]*)/g)].map(([, cell]) => cell!);
    const figures = [...text.matchAll(/class="value">([^<]*)/g)].map(([, value]) => value!);
    for (const shown of [...cells, ...figures]) {
      const digits = /^[+\u2212]?(\d+)\.(\d+)/.exec(shown);
      if (digits) expect(`${digits[1]}${digits[2]}`.replace(/^0+/, "").length, shown).toBeLessThanOrEqual(5);
    }
  });
});

test("a date and a machine are on a page only when they are given: the rest of it is the same on every machine", () => {
  const without = renderReport(report, { meshes: [], frames: [] }, { plotly: "", app: "" });
  expect(without).not.toMatch(/UTC|Some processor/);
  expect(without).toContain("not recorded: there is no timing.json");
});

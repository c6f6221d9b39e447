import { expect, test } from "vitest";
import { NOT_CLINICAL, renderDossier } from "../../src/report/dossier-page.ts";
import { row, suite, syntheticDossier, syntheticStudy } from "./synthetic-study.ts";

test("it says before anything else that simulation is not clinical evidence", () => {
  const text = renderDossier(syntheticDossier());
  expect(text.indexOf(NOT_CLINICAL)).toBeLessThan(text.indexOf("At a glance</h2>"));
  expect(NOT_CLINICAL).toContain("simulation is not clinical evidence");
});

test("what fails stands in the text before the results, what holds in an appendix, and no check is left out", () => {
  const text = renderDossier(syntheticDossier());
  const at = (id: string): number => text.indexOf(`<code>${id}</code>`);
  const order = [
    "ultrasound.late",
    "ultrasound.absent",
    "ultrasound.new",
    "geometry.one",
    "geometry.two",
    "ultrasound.one",
  ];
  expect(order.map(at).every((place) => place > 0)).toBe(true);
  expect([...order].sort((a, b) => at(a) - at(b))).toEqual(order);
  expect(at("ultrasound.late")).toBeLessThan(text.indexOf('<section id="results"'));
  expect(text).toContain("3 of 6 checks hold, 1 fails, 1 was skipped, 1 was not run");
  expect(text.match(/class="verdict[^"]*">fails/g)).toHaveLength(1);
});

test("a measured value has the digits of its tolerance", () => {
  const text = renderDossier(syntheticDossier());
  expect(text).toContain("<td>1.2735</td>");
  expect(text).not.toMatch(/1\.2734[56]|1\.000113/);
  const tiny = row("geometry.tiny", true, { expected: 0, tolerance: 1e-10, measured: 3.217e-14 });
  expect(renderDossier(syntheticDossier({ suites: [suite("geometry", [tiny])] }))).toContain("3.2 × 10^-14");
});

test("without results, without a self-test and without a commit it still is a document, and says what is missing", () => {
  const { software, suites } = syntheticDossier();
  const text = renderDossier(
    syntheticDossier({
      study: null,
      software: { name: software.name, version: software.version },
      suites: suites.map((each) => ({ ...each, checks: each.checks.map((check) => ({ ...check, row: null })) })),
      missing: ["The results."],
    }),
  );
  for (const words of [
    "The study has not been run",
    "none of the 6 checks was run",
    "no commit is recorded",
    "The results.",
  ])
    expect(text).toContain(words);
});

test("a program with uncommitted changes is told to be one", () => {
  const { software } = syntheticDossier();
  const text = renderDossier(syntheticDossier({ software: { ...software, code: { ...software.code!, dirty: true } } }));
  expect(text).toContain("changes that are not committed");
});

test("rows of a file that this version has no check for are named", () => {
  expect(renderDossier(syntheticDossier({ unknownRows: [row("moved.away", false)] }))).toContain("moved.away (fails)");
});

test("the error budget stands where there is one", () => {
  const squared = (mean: number) => ({ mean, interval: [0.9 * mean, 1.1 * mean] as const });
  const budget = {
    all: squared(1.44),
    none: squared(0.09),
    sources: [{ name: "tracker", alone: squared(0.81), missing: null }],
    rest: squared(0.54),
    explainedShare: 0.63,
    published: null,
  };
  const text = renderDossier(syntheticDossier({ study: syntheticStudy({ budget }) }));
  expect(text).toMatch(/<h2>\d Error budget<\/h2>.*tracker/s);
  expect(text.match(/id="budget"/g)).toHaveLength(1);
  expect(renderDossier(syntheticDossier())).not.toContain("Error budget");
});

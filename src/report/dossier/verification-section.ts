import type { Dossier, DossierCheck, DossierSuite } from "../../data/dossier.ts";
import type { VerifyRow } from "../../data/verification.ts";
import { formatByTolerance } from "../format.ts";
import { markup, type Content, type Markup } from "../markup.ts";
import type { Section } from "../page.ts";
import { table } from "../tables.ts";

type Verdict = "holds" | "fails" | "skipped" | "not run";

export function verdictOf({ row }: DossierCheck): Verdict {
  if (row === null) return "not run";
  if (row.pass === "skipped") return "skipped";
  return row.pass ? "holds" : "fails";
}

export interface Tally {
  readonly all: number;
  readonly holds: number;
  readonly fails: number;
  readonly skipped: number;
  readonly notRun: number;
}

export function tally(checks: readonly DossierCheck[]): Tally {
  const count = (wanted: Verdict): number => checks.filter((check) => verdictOf(check) === wanted).length;
  return {
    all: checks.length,
    holds: count("holds"),
    fails: count("fails"),
    skipped: count("skipped"),
    notRun: count("not run"),
  };
}

/** "303 of 312 hold, 4 fail, 5 were skipped"; every verdict that occurs is named. */
export function tallySentence({ all, holds, fails, skipped, notRun }: Tally): string {
  if (notRun === all) return `none of the ${all} checks was run`;
  const were = (count: number): string => (count === 1 ? "was" : "were");
  return [
    `${holds} of ${all} checks hold`,
    fails > 0 ? `${fails} ${fails === 1 ? "fails" : "fail"}` : null,
    skipped > 0 ? `${skipped} ${were(skipped)} skipped` : null,
    notRun > 0 ? `${notRun} ${were(notRun)} not run` : null,
  ]
    .filter((part) => part !== null)
    .join(", ");
}

const show = (value: number | string, tolerance: number | string): string =>
  typeof value === "number" ? formatByTolerance(value, tolerance) : value;

const verdictClass: Readonly<Record<Verdict, string>> = {
  holds: "good",
  fails: "bad",
  skipped: "",
  "not run": "",
};

function row(check: DossierCheck): Markup {
  const { id, statement, source } = check;
  const verdict = verdictOf(check);
  const values = check.row ? valueCells(check.row) : markup`<td>–</td><td>–</td><td>–</td>`;
  return markup`<tr class="check"><th scope="row">${statement}<span class="note source">${source}</span><span class="note"><code>${id}</code></span></th>${values}<td class="text"><span class="verdict ${verdictClass[verdict]}">${verdict}</span></td></tr>`;
}

function valueCells({ expected, tolerance, measured }: VerifyRow): Markup {
  return markup`<td>${show(expected, tolerance)}</td><td>${show(tolerance, tolerance)}</td><td>${show(measured, tolerance)}</td>`;
}

function checkTable(caption: string, checks: readonly DossierCheck[]): Markup {
  return markup`<div class="checks">${table(
    caption,
    markup`<tr><th scope="col">Statement, its source, its name</th><th scope="col">Expected</th><th scope="col">Tolerance</th><th scope="col">Measured</th><th scope="col" class="text">Verdict</th></tr>`,
    markup`<tbody>${checks.map(row)}</tbody>`,
  )}</div>`;
}

/** In the order in which a reader has to see them. */
const shown: readonly { readonly verdict: Verdict; readonly heading: string; readonly note: string }[] = [
  {
    verdict: "fails",
    heading: "Checks that fail",
    note: "What they state does not hold for this version. A reader has to judge whether the study leans on it.",
  },
  {
    verdict: "skipped",
    heading: "Checks that were skipped",
    note: "They need something that was not there, mostly a public recording; the measured column says what.",
  },
  {
    verdict: "not run",
    heading: "Checks that were not run",
    note: "They belong to this version and nothing is known of them.",
  },
];

function suiteTable(suites: readonly DossierSuite[]): Markup {
  return table(
    "Verdicts by suite",
    markup`<tr><th scope="col">Suite</th><th scope="col" class="text">What it is about</th><th scope="col">Checks</th><th scope="col">Hold</th><th scope="col">Fail</th><th scope="col">Skipped</th><th scope="col">Not run</th></tr>`,
    markup`<tbody>${suites.map(({ name, about, from, checks }) => {
      const { all, holds, fails, skipped, notRun } = tally(checks);
      const cells = [all, holds, fails, skipped, notRun].map((n) => markup`<td>${n}</td>`);
      return markup`<tr><th scope="row">${name}</th><td class="text">${about}<span class="note from">${from}</span></td>${cells}</tr>`;
    })}</tbody>`,
  );
}

function unknown(rows: readonly VerifyRow[]): Content {
  if (!rows.length) return null;
  return markup`<h3>Results that this version has no check for</h3><p class="note">The file with the results was made by another
version: ${rows.map(({ id, pass }) => `${id} (${pass === "skipped" ? "skipped" : pass ? "holds" : "fails"})`).join(", ")}.</p>`;
}

/** So many that are alike (a self-test that was left out) are folded away on the screen. */
const MANY = 30;

const folded = (heading: string, checks: readonly DossierCheck[]): Markup =>
  checks.length <= MANY
    ? checkTable(heading, checks)
    : markup`<details><summary>All ${checks.length}</summary>${checkTable(heading, checks)}</details>`;

/** Verdicts by suite, then everything that does not hold, then what holds; nothing is left out. */
export function verificationSection({ suites, unknownRows }: Dossier, number: number): Section {
  const all = suites.flatMap(({ checks }) => checks);
  const of = (verdict: Verdict): readonly DossierCheck[] => all.filter((check) => verdictOf(check) === verdict);
  const trouble = shown.map(({ verdict, heading, note }) => {
    const checks = of(verdict);
    return (
      checks.length > 0 &&
      markup`<h3>${heading} (${checks.length})</h3><p class="note">${note}</p>${folded(heading, checks)}`
    );
  });
  const holding = suites.map(({ name, about, checks }) => {
    const held = checks.filter((check) => verdictOf(check) === "holds");
    return held.length > 0 && checkTable(`${name}: ${about} (${held.length} of ${checks.length} hold)`, held);
  });
  return {
    id: "verification",
    short: "Verification",
    content: markup`<section id="verification"><h2>${number} Verification of the bench</h2><p>Each check states something that the bench
claims, where the expected value comes from, and what was measured here. <strong>${tallySentence(tally(all))}.</strong></p>
${suiteTable(suites)}${trouble}${unknown(unknownRows)}${
      of("holds").length > 0 &&
      markup`<h3>Checks that hold</h3><details><summary>${of("holds").length} checks with statement, source, expected and measured value</summary>${holding}</details>`
    }</section>`,
  };
}

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

function suiteTable(suites: readonly DossierSuite[]): Markup {
  const origins = new Set(suites.map(({ from }) => from));
  const rows = table(
    "Verdicts by suite",
    markup`<tr><th scope="col">Suite</th><th scope="col" class="text">What it is about</th><th scope="col">Checks</th><th scope="col">Hold</th><th scope="col">Fail</th><th scope="col">Skipped</th><th scope="col">Not run</th></tr>`,
    markup`<tbody>${suites.map(({ name, about, from, checks }) => {
      const { all, holds, fails, skipped, notRun } = tally(checks);
      const cells = [all, holds, fails, skipped, notRun].map((n) => markup`<td>${n}</td>`);
      return markup`<tr><th scope="row">${name}</th><td class="text">${about}${origins.size > 1 && markup`<span class="note from">${from}</span>`}</td>${cells}</tr>`;
    })}</tbody>`,
  );
  return markup`${rows}${origins.size === 1 && markup`<p class="note">All verdicts: ${[...origins]}.</p>`}`;
}

function unknown(rows: readonly VerifyRow[]): Content {
  if (!rows.length) return null;
  return markup`<h3>Results that this version has no check for</h3><p class="note">The file with the results was made by another
version: ${rows.map(({ id, pass }) => `${id} (${pass === "skipped" ? "skipped" : pass ? "holds" : "fails"})`).join(", ")}.</p>`;
}

const withVerdict = (suites: readonly DossierSuite[], wanted: Verdict): readonly DossierCheck[] =>
  suites.flatMap(({ checks }) => checks.filter((check) => verdictOf(check) === wanted));

function trouble(heading: string, note: string, checks: readonly DossierCheck[]): Content {
  if (!checks.length) return null;
  return markup`<h3>${heading} (${checks.length})</h3><p class="note">${note}</p>${checkTable(heading, checks)}`;
}

/** Verdicts by suite, and everything that does not hold; what holds is in the appendix, check by check. */
export function verificationSection({ suites, unknownRows }: Dossier, number: number): Section {
  const notRun = withVerdict(suites, "not run");
  return {
    id: "verification",
    short: "Verification",
    content: markup`<section id="verification"><h2>${number} Verification of the bench</h2><p>Each check states something that the bench
claims, where the expected value comes from, and what was measured. <strong>${tallySentence(tally(suites.flatMap(({ checks }) => checks)))}.</strong>
Those that do not hold stand below; every check of all suites stands in <a href="#checks">appendix A</a>.</p>
${suiteTable(suites)}${trouble(
      "Checks that fail",
      "What they state does not hold for this version. A reader has to judge whether the study leans on it.",
      withVerdict(suites, "fails"),
    )}${trouble(
      "Checks that were skipped",
      "They need something that was not there, mostly a public recording; the measured column says what.",
      withVerdict(suites, "skipped"),
    )}${
      notRun.length > 0 &&
      markup`<h3>Checks that were not run (${notRun.length})</h3><p>They belong to this version and nothing is known of them; the appendix names each.</p>`
    }${unknown(unknownRows)}</section>`,
  };
}

/** Every check: what was not run first, then suite by suite what holds. */
export function checksAppendix({ suites }: Dossier): Section {
  const notRun = withVerdict(suites, "not run");
  const folded = (summary: string, content: Content): Content =>
    markup`<details><summary>${summary}</summary>${content}</details>`;
  return {
    id: "checks",
    short: "Every check",
    content: markup`<section id="checks" class="appendix"><h2>Appendix A: every check</h2><p>Checks that fail or were skipped stand in the section on
verification.</p>${notRun.length > 0 && folded(`${notRun.length} that were not run`, checkTable("Checks of this version that were not run", notRun))}${suites.map(
      ({ name, about, checks }) => {
        const held = checks.filter((check) => verdictOf(check) === "holds");
        const summary = `${name}: ${held.length} of ${checks.length} hold`;
        return held.length > 0 && folded(summary, checkTable(`${name}: ${about}`, held));
      },
    )}</section>`,
  };
}

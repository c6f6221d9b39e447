import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeMesh } from "../../src/io/mesh/write-mesh.ts";
import type { Report } from "../../src/data/report.ts";
import { syntheticAssets, syntheticReport } from "../report/synthetic-report.ts";
import { row } from "../report/synthetic-study.ts";
import { sonobench, type Outcome } from "../support/command.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "sonobench-reports-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** A result folder whose report.json holds `text`. */
async function folderWith(name: string, text: string): Promise<string> {
  const folder = join(root, name);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "report.json"), text);
  return folder;
}

function refused({ code, out, err }: Outcome, sentence: RegExp): void {
  expect(err).toMatch(sentence);
  expect(err).not.toMatch(/fault of SonoBench|\n\s+at /);
  expect({ code, out }).toEqual({ code: 2, out: "" });
}

const text = JSON.stringify(syntheticReport());

describe("a report.json that is none is refused with file, field and remedy, and no page is written", () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ["another-version", text.replace('"schemaVersion":1', '"schemaVersion":7'), /report\.json: schemaVersion: expected 1, got 7\. Open it with the version/], // prettier-ignore
    ["truncated", text.slice(0, 900), /report\.json: the file is cut off\. Make the report again/],
    ["edited", text.replace('"used":312', '"used":"312"'), /report\.json: frames\.used: .*expected number/],
  ];
  test.each(cases)("%s", async (name, content, sentence) => {
    const folder = await folderWith(name, content);
    refused(sonobench("report", folder), sentence);
    await expect(readFile(join(folder, "report.html"))).rejects.toThrow("ENOENT");
  });

  test("a folder without one", () => {
    refused(sonobench("report", root), /report\.json: there is no such file/);
  });

  test("in a comparison, too", async () => {
    const good = await folderWith("good", text),
      bad = await folderWith("bad", text.slice(0, 900));
    refused(sonobench("compare", good, bad, "--out", join(root, "x.html")), /bad\/report\.json: the file is cut off/);
  });
});

test("a folder with parts missing gives a page that names them and shows the rest", async () => {
  const folder = await folderWith("parts", text);
  const result = syntheticAssets().meshes[0]!.mesh;
  await writeMesh(join(folder, "femur.ply"), result);
  const { code, err } = sonobench("report", folder);
  expect({ code }).toEqual({ code: 0 });
  const page = await readFile(join(folder, "report.html"), "utf8");
  for (const missing of [
    "truth/femur.stl is not shown: it is not there",
    "frames/frame-12.png is not shown: it is not there",
  ]) {
    expect(err).toContain(missing);
    expect(page).toContain(missing);
  }
  expect(page).toContain("image file missing");
  expect(page).toContain("not recorded: there is no timing.json");
  expect(page).toContain('<section id="view"');
});

test("names with markup are shown as they are, in the page of a run and of a comparison", async () => {
  const evil = '<img src=x onerror="alert(1)"></script><script>alert(2)</script>';
  const hostile: Report = syntheticReport({ title: evil, warnings: [evil], configuration: { [evil]: evil } });
  const folder = await folderWith("hostile", JSON.stringify(hostile)),
    plain = await folderWith("plain", text);
  const page = join(root, "compared.html");
  expect(sonobench("report", folder, "-q").code).toBe(0);
  expect(sonobench("compare", plain, folder, "--out", page).code).toBe(0);
  for (const file of [join(folder, "report.html"), page]) {
    const html = await readFile(file, "utf8");
    expect(html).toContain("&lt;img src=x");
    expect(html).not.toMatch(/<img|<script>alert/);
  }
});

describe("a dossier", () => {
  let study: string;
  beforeAll(async () => {
    study = join(root, "tiny.yaml");
    const base = join(import.meta.dirname, "../../scenarios/knee-small.yaml");
    await writeFile(
      study,
      `name: tiny\nquestion: How many images do I need?\nbase: ${JSON.stringify(base)}\nseed: tiny\nsweep: { kind: list, variants: [{ name: as it is }] }\n`,
    );
  });
  const dossier = (...more: readonly string[]): Outcome =>
    sonobench("dossier", study, "--results", join(root, "none"), "--out", join(root, "dossier"), ...more);

  test("of a study that was not run, without the self-test, is written and says what is missing", async () => {
    const { code, out, err } = dossier("--no-verification", "--json");
    expect({ code, err: /missing: The results/.test(err) }).toEqual({ code: 0, err: true });
    const { page, missing } = JSON.parse(out) as { page: string; missing: string[] };
    expect(missing.length).toBeGreaterThanOrEqual(2);
    const html = await readFile(page, "utf8");
    for (const words of ["simulation is not clinical evidence", "The study has not been run", "checks was run"])
      expect(html).toContain(words);
  });

  test("takes the self-test from a file, failures and all, and refuses one that is cut off or is something else", async () => {
    const file = join(root, "verification.json");
    await writeFile(file, JSON.stringify([row("geometry.unknown-here", false), row("<b>", true)]));
    const { code } = dossier("--verification", file);
    expect(code).toBe(0);
    const html = await readFile(join(root, "dossier", "dossier.html"), "utf8");
    expect(html).toContain("geometry.unknown-here (fails)");
    expect(html).toContain("&lt;b&gt; (holds)");
    await writeFile(file, JSON.stringify([row("geometry.one", true)]).slice(0, 60));
    refused(
      dossier("--verification", file),
      /verification\.json: the file is cut off\. Make it with `sonobench verify --json/,
    );
    await writeFile(file, '[{"id":"geometry.one"}]');
    refused(dossier("--verification", file), /verification\.json: \[0\]\.statement: /);
  });

  test("of results of another study or of a broken report is refused", async () => {
    const results = join(root, "none");
    await mkdir(results, { recursive: true });
    await writeFile(join(results, "study-report.json"), '{"schemaVersion":1,');
    refused(dossier("--no-verification"), /study-report\.json: the file is cut off\. Make it again from its cases/);
    await rm(results, { recursive: true });
  });
});

import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { Report } from "../../src/data/report.ts";
import { pageDataId, type PageData } from "../../src/data/report-page.ts";
import { reachableVertices, type ReportAssets } from "../../src/report/assets.ts";
import { renderReport } from "../../src/report/html.ts";
import { ball, syntheticAssets, syntheticReport } from "./synthetic-report.ts";

const scripts = { plotly: "var Plotly = 1;", app: "var app = '</script>';" };
const none: ReportAssets = { meshes: [], frames: [] };
const page = (changes: Partial<Report> = {}, assets: ReportAssets = none): string =>
  renderReport(syntheticReport(changes), assets, scripts);
const pageDataOf = (text: string): PageData =>
  JSON.parse(new RegExp(`id="${pageDataId}">(.*?)</script>`, "s").exec(text)![1]!) as PageData;

test("the same report gives the same page, byte for byte", () => {
  const twice = [1, 2].map(() => renderReport(syntheticReport(), syntheticAssets(), scripts));
  expect(twice[0] === twice[1]).toBe(true);
});

test("markup in any string of the report is shown, not obeyed", () => {
  const evil = `"><script>alert(1)</script><img src=x onerror='alert(2)'>`;
  const report = syntheticReport();
  const spoil = (value: unknown): unknown => {
    if (typeof value === "string") return value + evil;
    if (Array.isArray(value)) return value.map(spoil);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, spoil(inner)]));
  };
  const spoiled = spoil(report) as Report;
  const hostile = {
    ...spoiled,
    kind: report.kind,
    headline: { ...report.headline, [evil]: { value: 1, low: 1, high: 1, unit: evil } },
    frames: { ...spoiled.frames, dropped: { [evil]: 3 } },
    configuration: { [evil]: evil },
  };
  const assets = syntheticAssets(hostile);
  const text = renderReport(
    hostile,
    { ...assets, meshes: assets.meshes.map((mesh) => ({ ...mesh, bone: evil })) },
    scripts,
  );
  expect(text.match(/<script/g)).toHaveLength(3);
  expect(text.includes("<img")).toBe(false);
  const outsideQuotes = text.replace(/="[^"]*"/g, "");
  expect(outsideQuotes.match(/<[^>]*\sonerror/g)).toBeNull();
});

test("the page names no address outside itself", () => {
  const text = renderReport(syntheticReport(), syntheticAssets(), scripts);
  const addresses = text.replace(/[\w+/]{100,}/g, "").match(/https?:|\/\/[a-z]|url\(|@import/gi);
  expect(addresses).toBeNull();
  for (const [, target] of text.matchAll(/\s(?:src|href)="([^"]*)"/g)) expect(target).toMatch(/^(#|data:image\/png;)/);
});

test("the policy lets run the two scripts that the page was made with, and nothing else", () => {
  const text = page();
  const policy = /Content-Security-Policy" content="([^"]*)"/.exec(text)![1]!;
  const running = [...text.matchAll(/<script>(.*?)<\/script>/gs)].map(([, code]) => code!);
  expect(running).toHaveLength(2);
  for (const code of running) {
    expect(policy).toContain(`sha256-${createHash("sha256").update(code).digest("base64")}`);
  }
  expect(policy).toContain("default-src &#39;none&#39;");
});

test("a reconstruction without truth shows no score and says why", () => {
  const text = page({ kind: "reconstruct", bones: [], segmentation: null, seed: null, headline: {}, notModelled: [] });
  expect(text).toContain("comes without the true bone");
  for (const absent of ["Headline figures", 'id="errors"', 'id="limits"', "after rigid ICP", "seed"]) {
    expect(text).not.toContain(absent);
  }
});

test("a section without data is neither on the page nor among its contents", () => {
  const empty = page({ warnings: [], frames: { total: 0, used: 0, dropped: {}, samples: [] }, segmentation: null });
  for (const id of ["warnings", "view", "frames"]) {
    expect(empty).not.toContain(`id="${id}"`);
    expect(empty).not.toContain(`href="#${id}"`);
  }
  const full = page({}, syntheticAssets());
  for (const [, id] of full.matchAll(/href="#([\w-]+)"/g)) expect(full).toContain(`id="${id}"`);
});

test("a bone that failed stays in the table with its reason", () => {
  expect(page()).toMatch(/Patella<\/th><\/tr><tr><td[^>]*>no surface was reconstructed/);
});

test("every table has a caption, every picture a text, every heading follows one of its own level or the next", () => {
  const text = page({}, syntheticAssets());
  expect(text.match(/<caption>[^<]{20}/g)).toHaveLength(text.match(/<table>/g)!.length);
  for (const [svg] of text.matchAll(/<svg[^>]*>/g)) expect(svg).toMatch(/role="img" aria-label="[^"]{20}/);
  let before = 0;
  for (const [, level] of text.matchAll(/<h(\d)/g)) {
    expect(Number(level)).toBeLessThanOrEqual(before + 1);
    before = Number(level);
  }
  expect(text.match(/<h1/g)).toHaveLength(1);
  expect(text).toContain('<html lang="en">');
});

test("a frame whose picture is missing says so and keeps its lines", () => {
  expect(page()).toContain("image file missing");
  expect(page({}, syntheticAssets())).not.toContain("image file missing");
});

test("no triangle is left out, and 200,000 triangles with their errors take less than 3 MB", () => {
  const meshes = syntheticAssets().meshes;
  const data = pageDataOf(page({}, { meshes, frames: [] }));
  expect(data.meshes.map(({ triangles }) => triangles)).toEqual(meshes.map(({ mesh }) => mesh.triangles.length / 3));
  const mesh = ball(40, 224);
  const errorMm = mesh.positions.filter((_, i) => i % 3 === 0).map((x) => Math.sin(x) + Math.sin(50 * x) / 10);
  expect(mesh.triangles.length / 3).toBeGreaterThan(200_000);
  const text = page({}, { meshes: [{ bone: "femur", role: "result", mesh, errorMm }], frames: [] });
  expect(text.length).toBeLessThan(3e6);
});

test("values that do not fit their mesh are refused; empty ones mean none", () => {
  const mesh = ball(1, 4);
  const show = (errorMm: Float32Array): string =>
    page({}, { meshes: [{ bone: "femur", role: "result", mesh, errorMm }], frames: [] });
  expect(() => show(new Float32Array(3))).toThrow("3 values of errorMm for 40 vertices");
  expect(pageDataOf(show(new Float32Array(0))).meshes[0]!.errorMm).toBeNull();
});

test("a vertex is reachable when a triangle of it was seen often enough", () => {
  const mesh = { positions: new Float32Array(15), triangles: Uint32Array.of(0, 1, 2, 2, 3, 4) };
  expect([...reachableVertices(mesh, [0, 3])]).toEqual([0, 0, 1, 1, 1]);
  expect([...reachableVertices(mesh, [1, 3], 4)]).toEqual([0, 0, 0, 0, 0]);
});

test("a stroke whose poses were recovered shows every method's drift, each axis, and the band that was stated", () => {
  const section = /<section id="motion">(.*?)<\/section>/s.exec(page())![1]!;
  expect(section).toContain("stand-still");
  expect(section).toContain("0.81");
  expect(section.match(/<svg/g)).toHaveLength(2);
  // One band an axis, in the colour of the axis's line, closed: there at +1.96 SD and back at −1.96 SD.
  const bands = [...section.matchAll(/<path class="band s(\d)" d="([^"]*)"/g)];
  expect(bands.map(([, colour]) => colour)).toEqual(["0", "1", "2"]);
  for (const [, , d] of bands) {
    expect(d!.endsWith("Z")).toBe(true);
    expect(d!.match(/[ML]/g)).toHaveLength(6);
  }
  const [first] = syntheticReport().motion!;
  const unstated = page({ motion: [{ ...first!, sdMm: null, withinStated: null }] });
  expect(unstated).not.toContain('class="band');
  const { motion: _, ...without } = syntheticReport();
  expect(renderReport(without, none, scripts)).not.toContain('id="motion"');
});

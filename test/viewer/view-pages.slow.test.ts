import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { viewPages, type ViewPages } from "../../src/cli/view-pages.ts";
import { writeRecording } from "../../src/io/mcap/writer.ts";
import { writeMesh } from "../../src/io/mesh/write-mesh.ts";
import { writeVolume } from "../../src/io/volume-file.ts";
import { startLocalServer, type LocalServer } from "../../src/web/local-server.ts";
import { ball, syntheticAssets, syntheticReport } from "../report/synthetic-report.ts";
import { startBrowser } from "../support/browser.ts";
import { poseTrack, tinyRecording } from "../support/recordings.ts";

const browser = await startBrowser();
const EVIL = `<img src=x onerror="document.title='taken'">`;

describe.skipIf(!browser)("the pages of `sonobench view` in a real browser", () => {
  let parent = "",
    folder = "";
  let pages: ViewPages, server: LocalServer;

  const serve = (answer: ViewPages): Promise<LocalServer> =>
    startLocalServer({ answer: (request) => answer.answer(request) });

  beforeAll(async () => {
    execFileSync(process.execPath, [resolve("src/viewer/build.js")]);
    parent = await mkdtemp(join(tmpdir(), "sonobench-view-pages-"));
    folder = join(parent, "result");
    await writeResult();
    pages = await viewPages({ kind: "folder", folder });
    server = await serve(pages);
  });
  afterAll(async () => {
    await server.close();
    await pages.close();
    await browser?.close();
    await rm(parent, { recursive: true, force: true });
  });

  /** A result folder with one of each kind, a file whose name is markup, a link that leads outside, a text. */
  async function writeResult(): Promise<void> {
    await mkdir(join(folder, "frames"), { recursive: true });
    const report = syntheticReport({ title: EVIL, warnings: [EVIL] });
    await writeFile(join(folder, "report.json"), JSON.stringify(report));
    for (const { file, pngBytes } of syntheticAssets(report).frames)
      await writeFile(join(folder, "frames", file), pngBytes);
    const mesh = ball(20, 16);
    const errorMm = Float32Array.from({ length: mesh.positions.length / 3 }, (_, i) => Math.sin(i / 30));
    await writeMesh(join(folder, "femur.ply"), mesh, { vertexScalars: [{ name: "error_mm", values: errorMm }] });
    await writeMesh(join(folder, "<b onclick=x>.stl"), mesh);
    const grid = { shape: [20, 24, 28], spacingMm: [1, 1, 1], originMm: [0, 0, 0] } as const;
    const values = Uint8Array.from({ length: 20 * 24 * 28 }, (_, i) => {
      const [x, y, z] = [i % 20, Math.floor(i / 20) % 24, Math.floor(i / 480)];
      return Math.max(0, 250 - 20 * Math.hypot(x - 10, y - 12, z - 14));
    });
    await writeVolume(join(folder, "volume.nrrd"), { grid, values });
    const at = (i: number): Float64Array => Float64Array.of(1, 0, 0, i, 0, 1, 0, 2 * i, 0, 0, 1, 500);
    const times = Array.from({ length: 40 }, (_, i) => i / 20);
    const probe = poseTrack(
      EVIL,
      "Tracker",
      times.map((_, i) => (i > 25 ? new Float64Array(12).fill(NaN) : at(i))),
      times,
    );
    const clip = tinyRecording(times, [probe], "by-time");
    const images = {
      ...clip.images!,
      read: async (i: number) => ({ width: 4, height: 3, pixels: new Uint8Array(12).fill(6 * i) }),
    };
    await writeRecording(join(folder, "recording.mcap"), {
      ...clip,
      images,
      sweeps: [{ name: EVIL, fromS: 0, toS: 1 }],
    });
    await writeFile(join(parent, "secret.stl"), "solid secret");
    await symlink(join(parent, "secret.stl"), join(folder, "link.stl"));
    await writeFile(join(folder, "notes.txt"), "nothing to see");
  }

  async function open(url: string, before: (page: Page) => Promise<unknown> = async () => {}) {
    const page = await browser!.newPage({ viewport: { width: 800, height: 500 } });
    page.setDefaultTimeout(120_000);
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") problems.push(message.text());
    });
    await before(page);
    await page.goto(server.url + url);
    return { page, problems };
  }

  async function ready(url: string, before?: (page: Page) => Promise<unknown>) {
    const opened = await open(url, before);
    await opened.page.waitForSelector("html[data-ready]");
    return opened;
  }

  const picture = async (page: Page): Promise<string> => {
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    return page.locator("[data-stage] canvas").evaluate((c) => (c as HTMLCanvasElement).toDataURL());
  };

  test("a folder shows its parts and what is missing; names with markup are text, and its report opens", async () => {
    const { page, problems } = await open("");
    expect(await page.locator("h1").textContent()).toBe(EVIL);
    expect(await page.locator(".parts a").allTextContents()).toEqual(
      expect.arrayContaining(["femur.ply", "<b onclick=x>.stl", "volume.nrrd", "recording.mcap"]),
    );
    expect(await page.locator(".parts").allTextContents()).not.toContain("link.stl");
    expect(await page.locator(".notice").textContent()).toContain("truth/femur.stl");
    expect(await page.locator("img").count()).toBe(0);
    await page.click("text=Open the report");
    await page.waitForSelector("html[data-ready]");
    expect(await page.locator("[data-stage] canvas").isVisible()).toBe(true);
    expect(await page.title()).toBe(`${EVIL} · SonoBench`);
    expect(problems).toEqual([]);
    await page.close();
  });

  test("a mesh is shown in the colours of its values, turned by the keyboard, read by a click and saved", async () => {
    const { page, problems } = await ready("item?path=femur.ply");
    expect(await page.locator("#colour").inputValue()).toBe("0");
    expect(await page.locator("[data-low]").textContent()).toBe("−1.00");
    const first = await picture(page);
    await page.locator("[data-stage] canvas").focus();
    await page.keyboard.press("ArrowLeft");
    expect((await picture(page)) === first).toBe(false);
    const box = (await page.locator("[data-stage] canvas").boundingBox())!;
    await page.locator("[data-stage] canvas").click({ position: { x: box.width / 2, y: box.height / 2 } });
    expect(await page.textContent("[data-readout]")).toMatch(/^error_mm −?\d\.\d\d, at \(/);
    const [download] = await Promise.all([page.waitForEvent("download"), page.click('[data-action="save"]')]);
    expect(download.suggestedFilename()).toBe("femur-ply.png");
    expect(problems).toEqual([]);
    await page.close();
  });

  test("a volume begins where most is bright; slider, crosshair, window and surface work together", async () => {
    const { page, problems } = await ready("item?path=volume.nrrd");
    const says = page.locator("[data-crosshair]");
    expect(await says.textContent()).toBe("Value 250 at (10.0, 12.0, 14.0) mm, voxel (10, 12, 14)");
    await page.locator("#slice-2").fill("20");
    await expect.poll(() => says.textContent()).toBe("Value 130 at (10.0, 12.0, 20.0) mm, voxel (10, 12, 20)");
    const slice = page.locator('[data-slice="2"]');
    const box = (await slice.boundingBox())!;
    // Voxel (5, 6) of 20 by 24, in the middle of its square.
    await slice.click({ position: { x: (5.5 / 20) * box.width, y: (6.5 / 24) * box.height } });
    await expect.poll(() => says.textContent()).toContain("voxel (5, 6, 20)");
    await expect.poll(() => page.textContent("[data-surface-says]")).toMatch(/^[\d,]+ triangles$/);
    const gray = (): Promise<number> =>
      slice.evaluate((c) => (c as HTMLCanvasElement).getContext("2d")!.getImageData(320, 384, 1, 1).data[0]!);
    const before = await gray();
    await page.locator("#window-high").fill("1000");
    await page.locator("#window-low").fill("900");
    await expect.poll(gray).toBeLessThan(before);
    expect(problems).toEqual([]);
    await page.close();
  });

  test("a recording plays to its end, tells where its tools are and when they were lost; a reload begins anew", async () => {
    const { page, problems } = await ready("item?path=recording.mcap");
    expect(await page.locator("[data-tools] th").allTextContents()).toEqual([EVIL]);
    const status = page.locator("[data-tools] td").nth(1);
    await expect.poll(() => page.textContent("[data-image-says]")).toBe("image 0 of 40, 0.00 s");
    expect(await status.textContent()).toBe("tracked");
    await page.selectOption("#speed", "4");
    await page.click('[data-action="play"]');
    await expect.poll(() => page.textContent("[data-image-says]"), { timeout: 60_000 }).toBe("image 39 of 40, 1.95 s");
    expect(await status.textContent()).not.toBe("tracked");
    await expect.poll(() => page.textContent('[data-action="play"]')).toBe("Play");
    const gray = await page.locator("[data-image]").evaluate((c) => (c as HTMLCanvasElement).getContext("2d")!.getImageData(1, 1, 1, 1).data[0]!); // prettier-ignore
    expect(gray).toBe(6 * 39);
    await page.reload();
    await page.waitForSelector("html[data-ready]");
    expect(await page.textContent("[data-time-says]")).toBe("0.00 s of 1.95 s");
    expect(await page.title()).not.toBe("taken");
    expect(problems).toEqual([]);
    await page.close();
  });

  test("without WebGL a message stands in place of the 3D view, and the slices still work", async () => {
    const { page } = await ready("item?path=volume.nrrd", (fresh) =>
      fresh.addInitScript(() => {
        const { getContext } = HTMLCanvasElement.prototype;
        const flat = function (this: HTMLCanvasElement, kind: string): unknown {
          return kind === "2d" ? getContext.call(this, kind) : null;
        };
        HTMLCanvasElement.prototype.getContext = flat as typeof getContext;
      }),
    );
    expect(await page.locator("[data-no-webgl]").isVisible()).toBe(true);
    expect(await page.textContent("[data-crosshair]")).toContain("Value 250");
    await page.close();
  });

  test("broken reports, unknown kinds, links and paths that lead outside get a clear page or nothing", async () => {
    const get = async (path: string): Promise<string> => (await fetch(server.url + path)).text();
    expect(await get("item?path=notes.txt")).toContain("this kind of file cannot be shown");
    for (const path of ["../secret.stl", "link.stl", "/etc/hostname", "frames"]) {
      expect(await get(`item?path=${encodeURIComponent(path)}`)).toContain("There is no such file in this folder");
      expect((await fetch(`${server.url}item.json?path=${encodeURIComponent(path)}`)).status).toBe(404);
    }
    await writeFile(join(folder, "cut.ply"), "ply\nformat ascii 1.0\nelement vertex 9\n");
    const { page } = await ready("item?path=cut.ply");
    expect(await page.locator("[data-problem]").textContent()).toMatch(/This cannot be shown.*cut\.ply/);
    await page.close();
    const good = JSON.stringify(syntheticReport());
    for (const [text, reason] of [
      [good.replace('"schemaVersion":1', '"schemaVersion":9'), "expected 1, got 9"],
      [good.slice(0, 400), "the file is cut off"],
      [good.replace('"seed":"knee-1"', '"seed":7'), "seed"],
    ] as const) {
      await writeFile(join(folder, "report.json"), text);
      expect(await get("")).toContain("The report cannot be shown");
      expect(await get("report")).toContain(reason);
      expect(await get("")).toContain("femur.ply");
    }
  });

  test("of a file that is viewed alone, no neighbour can be read", async () => {
    const alone = await viewPages({ kind: "file", path: join(folder, "femur.ply") });
    const own = await serve(alone);
    try {
      expect(await (await fetch(own.url)).text()).toContain('data-item="femur.ply"');
      expect((await fetch(`${own.url}item.json?path=femur.ply`)).status).toBe(200);
      expect((await fetch(`${own.url}item.json?path=volume.nrrd`)).status).toBe(404);
      expect((await fetch(`${own.url}report`)).status).toBe(404);
    } finally {
      await own.close();
      await alone.close();
    }
  });
});

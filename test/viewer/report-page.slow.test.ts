import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { PNG } from "pngjs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadReportScripts } from "../../src/cli/report-scripts.ts";
import type { Report } from "../../src/data/report.ts";
import type { ReportAssets } from "../../src/report/assets.ts";
import { renderReport, type ReportScripts } from "../../src/report/html.ts";
import { startBrowser } from "../support/browser.ts";
import { syntheticAssets, syntheticReport, syntheticScan } from "../report/synthetic-report.ts";

const browser = await startBrowser();

/** A pixel is coloured when its channels differ by more than shading of gray and the blending of edges leave. */
const COLOURED = 40;

/** Every pixel is drawn in software. */
const SMALL = { width: 900, height: 600 };

interface Opened {
  readonly page: Page;
  /** Errors of the page, and of its console. */
  readonly problems: string[];
  readonly requests: string[];
}

describe.skipIf(!browser)("the report page in a real browser", () => {
  let folder = "";
  let scripts: ReportScripts;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sonobench-report-"));
    execFileSync(process.execPath, [resolve("src/viewer/build.js")]);
    scripts = await loadReportScripts();
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function open(
    report: Report,
    assets: ReportAssets,
    options: Parameters<Browser["newPage"]>[0] = {},
    before: (page: Page) => Promise<unknown> = async () => {},
  ): Promise<Opened> {
    const file = join(folder, "report.html");
    await writeFile(file, renderReport(report, assets, scripts));
    const page = await browser!.newPage({ viewport: SMALL, ...options });
    const problems: string[] = [],
      requests: string[] = [];
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") problems.push(message.text());
    });
    page.on("request", (request) => requests.push(request.url()));
    // A machine that is busy is no fault of the page.
    page.setDefaultTimeout(120_000);
    await before(page);
    await page.goto(pathToFileURL(file).href);
    await page.waitForSelector("html[data-ready]");
    return { page, problems, requests };
  }

  /** Of the pixels of the 3D view: the share that is warm, cool, and teal, and the gray ones that are not background. */
  async function colours(page: Page) {
    const url = await picture(page);
    const { data } = PNG.sync.read(Buffer.from(url.split(",")[1]!, "base64"));
    let warm = 0, cool = 0, teal = 0, other = 0; // prettier-ignore
    for (let i = 0; i < data.length; i += 4) {
      const r = data[i]!,
        g = data[i + 1]!,
        b = data[i + 2]!;
      if (r - b > COLOURED) warm++;
      else if (b - r > COLOURED && b - g > COLOURED / 4) cool++;
      else if (g - r > COLOURED) teal++;
      else if (r !== data[0] || g !== data[1] || b !== data[2]) other++;
    }
    const share = (count: number): number => (4 * count) / data.length;
    return { warm: share(warm), cool: share(cool), teal: share(teal), other: share(other) };
  }

  async function picture(page: Page): Promise<string> {
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    return page.locator("[data-stage] canvas").evaluate((c) => (c as HTMLCanvasElement).toDataURL());
  }

  test("it opens from a file without an error and asks for nothing but itself", async () => {
    const { page, problems, requests } = await open(syntheticReport(), syntheticAssets());
    expect(requests.filter((url) => !url.startsWith("data:") && !url.startsWith("blob:"))).toEqual([page.url()]);
    expect(problems).toEqual([]);
    await page.close();
  });

  test("the 3D view shows errors of both signs, and its controls change what is drawn", async () => {
    const { page, problems } = await open(syntheticReport(), syntheticAssets());
    await page.uncheck('input[name="path"]');
    const error = await colours(page);
    expect(error.warm).toBeGreaterThan(0.02);
    expect(error.cool).toBeGreaterThan(0.02);

    await page.selectOption("#error-range", "5");
    const pale = await colours(page);
    expect(pale.warm + pale.cool).toBeLessThan(0.8 * (error.warm + error.cool));
    expect(await page.textContent("[data-high]")).toBe("+5 mm");

    await page.check('input[value="plain"]');
    const plain = await colours(page);
    expect(plain.cool).toBeLessThan(0.001);
    expect(await page.locator('[data-legend="error"]').isVisible()).toBe(false);

    await page.check('input[value="coverage"]');
    expect((await colours(page)).teal).toBeGreaterThan(0.05);
    expect(await page.locator('[data-legend="coverage"]').isVisible()).toBe(true);

    for (const box of await page.locator('input[name="bone"]').all()) await box.uncheck();
    const none = await colours(page);
    expect(none).toEqual({ warm: 0, cool: 0, teal: 0, other: 0 });
    expect(problems).toEqual([]);
    await page.close();
  });

  test("a transparent true bone leaves the error colours as they are, and a solid one is seen", async () => {
    const { page } = await open(syntheticReport(), syntheticAssets());
    await page.uncheck('input[name="path"]');
    const at = async (percent: number) => {
      await page.locator("#ghost").fill(String(percent));
      return colours(page);
    };
    const hidden = await at(0),
      ghost = await at(40),
      solid = await at(100);
    expect(ghost.warm).toBeCloseTo(hidden.warm, 2);
    expect(ghost.cool).toBeCloseTo(hidden.cool, 2);
    // The result is dented inward as far as outward, so about half of it disappears in the solid true bone.
    expect(solid.cool).toBeLessThan(0.5 * hidden.cool);
    await page.close();
  });

  test("a click on the surface tells its error; the keyboard turns, zooms and resets the view", async () => {
    const { page } = await open(syntheticReport(), syntheticAssets());
    const canvas = page.locator("[data-stage] canvas");
    const size = (await canvas.boundingBox())!;
    await canvas.click({ position: { x: size.width / 2, y: size.height * 0.3 } });
    expect(await page.textContent("[data-readout]")).toMatch(/^femur: [+−]\d\.\d\d mm, (in|out)side the true bone, at/);
    await canvas.click({ position: { x: 4, y: 4 } });
    expect(await page.textContent("[data-readout]")).toBe("");

    await page.click('[data-action="reset"]');
    const first = await picture(page);
    await canvas.focus();
    for (const keys of [["ArrowLeft"], ["ArrowUp", "ArrowUp"], ["+", "+"]]) {
      for (const key of keys) await page.keyboard.press(key);
      expect((await picture(page)) === first).toBe(false);
      await page.keyboard.press("0");
      expect((await picture(page)) === first).toBe(true);
    }
    await page.close();
  });

  test("the picture can be saved as a PNG under the title of the report", async () => {
    const { page } = await open(syntheticReport(), syntheticAssets(), { acceptDownloads: true });
    const [download] = await Promise.all([page.waitForEvent("download"), page.click('[data-action="save"]')]);
    expect(download.suggestedFilename()).toBe("Knee-tracked-sweep.png");
    await page.close();
  });

  test("the slider, the player and a click move through the images of the scan; a reload begins anew", async () => {
    const withScan = { ...syntheticAssets(), scan: syntheticScan() };
    const { page, problems } = await open(syntheticReport(), withScan, { acceptDownloads: true });
    const canvas = page.locator("[data-stage] canvas");
    const slider = page.locator("#scan-time"),
      name = page.locator("[data-frame-name]");
    expect(await name.textContent()).toBe("frame 172, 2.0 s, anterior <b>sweep</b>");
    expect(await slider.getAttribute("aria-valuetext")).toBe(await name.textContent());
    await page.uncheck('input[name="path"]');
    const at20 = await picture(page);
    await slider.focus();
    await page.keyboard.press("ArrowRight");
    expect(await name.textContent()).toContain("frame 180, 2.1 s");
    expect((await picture(page)) === at20).toBe(false);

    // Home of the slider, so that a click on the ball's front does not meet the plane of the image.
    await page.keyboard.press("Home");
    const size = (await canvas.boundingBox())!;
    await canvas.click({ position: { x: size.width / 2, y: size.height * 0.3 } });
    expect(await page.textContent("[data-point-says]")).toMatch(/^made by [2-9] frames/);
    const thumbs = page.locator("[data-point-frames] button");
    expect(await thumbs.count()).toBeGreaterThanOrEqual(2);
    const frame = await thumbs.last().textContent();
    await thumbs.last().click();
    expect(await name.textContent()).toContain(`frame ${frame},`);

    const [download] = await Promise.all([page.waitForEvent("download"), page.click('[data-action="save"]')]);
    const saved = PNG.sync.read(await readFile(await download.path()));
    const { width, height } = await canvas.evaluate((c) => ({
      width: (c as HTMLCanvasElement).width,
      height: (c as HTMLCanvasElement).height,
    }));
    // Under the scene stands a strip with the legend: its left end is the coolest colour, its right the warmest.
    expect([saved.width, saved.height > height]).toEqual([width, true]);
    const pixel = (x: number, y: number): number[] => [...saved.data.subarray((y * width + x) * 4).subarray(0, 3)];
    const inRamp = height + Math.round(0.024 * width);
    const [cool, warm] = [pixel(Math.round(0.533 * width), inRamp), pixel(Math.round(0.979 * width), inRamp)];
    expect([cool[2]! - cool[0]! > 100, warm[0]! - warm[2]! > 100]).toEqual([true, true]);

    await page.click('[data-action="play"]');
    const before = await name.textContent();
    await expect.poll(() => name.textContent()).not.toBe(before);
    await page.click('[data-action="play"]');
    const paused = await name.textContent();
    await page.waitForTimeout(200);
    expect(await name.textContent()).toBe(paused);

    await page.reload();
    await page.waitForSelector("html[data-ready]");
    expect(await name.textContent()).toContain("frame 172, 2.0 s");
    expect(problems).toEqual([]);
    await page.close();
  });

  test("the histograms have one row a bone and one bar a bin", async () => {
    const { page } = await open(syntheticReport(), syntheticAssets());
    expect(await page.locator("[data-histogram] .bars .points").count()).toBe(2);
    expect(await page.locator("[data-histogram] .bars .point").count()).toBe(80);
    await page.close();
  });

  test("the lines on the images can be taken away", async () => {
    const { page } = await open(syntheticReport(), syntheticAssets());
    const found = page.locator(".ridge.found").first(),
      truth = page.locator(".ridge.true").first();
    expect([await found.isVisible(), await truth.isVisible()]).toEqual([true, true]);
    await page.uncheck("#show-true");
    expect([await found.isVisible(), await truth.isVisible()]).toEqual([true, false]);
    await page.uncheck("#show-found");
    expect(await found.isVisible()).toBe(false);
    await page.close();
  });

  test("without WebGL the page says so and the tables and charts still stand", async () => {
    const { page, problems } = await open(
      syntheticReport(),
      { ...syntheticAssets(), scan: syntheticScan() },
      {},
      (fresh) =>
        fresh.addInitScript(() => {
          const { getContext } = HTMLCanvasElement.prototype;
          const flat = function (this: HTMLCanvasElement, kind: string): unknown {
            return kind === "2d" ? getContext.call(this, kind) : null;
          };
          HTMLCanvasElement.prototype.getContext = flat as typeof getContext;
        }),
    );
    expect(await page.locator("[data-no-webgl]").isVisible()).toBe(true);
    expect(await page.locator("[data-needs-script]").isVisible()).toBe(false);
    expect(await page.locator("#accuracy table").first().isVisible()).toBe(true);
    await page.locator("#scan-time").fill("0");
    expect(await page.locator("[data-frame-name]").textContent()).toContain("frame 12, 0.0 s");
    expect(await page.locator("[data-histogram] .bars .points").count()).toBe(2);
    expect(problems.filter((text) => !/WebGL/i.test(text))).toEqual([]);
    await page.close();
  });

  test("without JavaScript the figures, tables and images stand, and a line says what is missing", async () => {
    const file = join(folder, "plain.html");
    await writeFile(file, renderReport(syntheticReport(), syntheticAssets(), scripts));
    const page = await browser!.newPage({ javaScriptEnabled: false });
    await page.goto(pathToFileURL(file).href);
    expect(await page.locator("noscript p").isVisible()).toBe(true);
    expect(await page.locator(".tile").count()).toBe(5);
    expect(await page.locator(".frame").first().isVisible()).toBe(true);
    await page.close();
  });

  test("a script in a bone's name or in the page's data does not run", async () => {
    const evil = `</script><script>document.title="taken"</script><img src=x onerror="document.title='taken'">`;
    const report = syntheticReport({ title: evil, warnings: [evil] });
    const assets = syntheticAssets(report);
    const { page } = await open(report, { ...assets, meshes: assets.meshes.map((mesh) => ({ ...mesh, bone: evil })) });
    expect(await page.title()).toBe(`${evil} · SonoBench`);
    expect(await page.locator("img").count()).toBe(0);
    await page.close();
  });

  test("markup that slipped in all the same can neither run nor fetch", async () => {
    const slipped = `<script>document.title = "taken"</script><img src="http://127.0.0.1:9/x"><b onclick="document.title='taken'">b</b>`;
    const file = join(folder, "slipped.html");
    const text = renderReport(syntheticReport(), syntheticAssets(), scripts);
    await writeFile(
      file,
      text.replace("</main>", () => `${slipped}</main>`),
    );
    const page = await browser!.newPage();
    const refused: string[] = [];
    page.on("console", (message) => refused.push(message.text()));
    await page.goto(pathToFileURL(file).href);
    await page.waitForSelector("html[data-ready]");
    await page.locator("b[onclick]").click();
    expect(await page.title()).toBe("Knee, tracked sweep · SonoBench");
    expect(refused.filter((words) => words.includes("Content Security Policy")).length).toBeGreaterThanOrEqual(3);
    await page.close();
  });

  test("a reconstruction without truth shows its surface plainly", async () => {
    const report = syntheticReport({
      kind: "reconstruct",
      bones: [],
      headline: {},
      segmentation: null,
      probePathMm: [],
    });
    const { mesh } = syntheticAssets().meshes[0]!;
    const { page, problems } = await open(report, { meshes: [{ bone: "bone", role: "result", mesh }], frames: [] });
    const { warm, cool, other } = await colours(page);
    expect(warm + other).toBeGreaterThan(0.05);
    expect(cool).toBeLessThan(0.01);
    expect(await page.locator("#ghost, #error-range").count()).toBe(0);
    expect(problems).toEqual([]);
    await page.close();
  });

  test("nothing is wider than a telephone or a sheet of paper, light or dark", async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      const { page, problems } = await open(syntheticReport(), syntheticAssets(), {
        viewport: { width: 390, height: 844 },
        colorScheme,
      });
      const wider = (): Promise<number> =>
        page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      expect(await wider()).toBe(0);
      await page.emulateMedia({ media: "print", colorScheme });
      await page.setViewportSize({ width: 690, height: 1000 });
      expect(await wider()).toBe(0);
      expect(problems).toEqual([]);
      await page.close();
    }
  });
});

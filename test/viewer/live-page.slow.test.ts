import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { request } from "node:http";
import { resolve } from "node:path";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { MOST_PAGES, serveLive, type ServedLive } from "../../src/cli/serve-live.ts";
import { silentLog } from "../../src/core/log.ts";
import { createWorkerPool } from "../../src/core/worker-pool.ts";
import type { LiveSession } from "../../src/scenario/live/session.ts";
import { startBrowser } from "../support/browser.ts";
import { deviceOf, imageSample, scanSource, sessionOf } from "../support/live-scan.ts";

const browser = await startBrowser();
const exporting = createWorkerPool(1);
const sessions: LiveSession[] = [];
const served: ServedLive[] = [];

beforeAll(() => void execFileSync(process.execPath, [resolve("src/viewer/build.js")]));
afterEach(async () => {
  for (const page of served.splice(0)) await page.close();
  for (const session of sessions.splice(0)) await session.close();
});
afterAll(async () => {
  await browser?.close();
  await exporting.close();
});

/** Images for as long as anyone looks, 20 a second. */
const endless = () =>
  deviceOf("imager", async function* () {
    for (let i = 0; ; i++) {
      yield imageSample(i, 1 + 0.005 * i);
      await new Promise((next) => setTimeout(next, 50));
    }
  });

async function serve(options: Parameters<typeof scanSource>[0] = {}, port = 0) {
  const session = sessionOf({ ...scanSource({ frames: 2000, imager: endless(), ...options }) });
  sessions.push(session);
  const live = await serveLive(session, exporting, { port, log: silentLog });
  served.push(live);
  return { session, live };
}

interface Opened {
  readonly page: Page;
  readonly problems: string[];
  readonly requests: string[];
}

async function open(url: string, before: (page: Page) => Promise<unknown> = async () => {}): Promise<Opened> {
  const page = await browser!.newPage({ viewport: { width: 1000, height: 640 } });
  const problems: string[] = [],
    requests: string[] = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("request", (asked) => requests.push(asked.url()));
  await before(page);
  await page.goto(url);
  await page.waitForSelector("html[data-turn]");
  return { page, problems, requests };
}
const text = (page: Page, selector: string): Promise<string> => page.locator(selector).innerText();
const state = (page: Page, kind: string) => page.waitForSelector(`[data-state="${kind}"]`);

describe.skipIf(!browser)("the live page in a real browser", () => {
  test("shows the picture and the growing bone, turns it, pauses, saves, and comes back after a reload", async () => {
    const { session, live } = await serve();
    const { page, problems, requests } = await open(live.url);
    await state(page, "live");
    await page.waitForFunction(() => Number(document.querySelector("[data-rate]")?.textContent) > 0);

    const stage = page.locator("[data-stage]");
    const view = () => page.locator("[data-stage] canvas").evaluate((c) => (c as HTMLCanvasElement).toDataURL());
    await page.keyboard.press("p");
    await state(page, "paused");
    const paused = session.status().frames.updated;
    await page.waitForTimeout(300);
    expect(session.status().frames.updated).toBe(paused);
    const before = await view();
    await stage.focus();
    await page.keyboard.press("ArrowLeft");
    await page.waitForTimeout(200);
    expect((await view()) === before).toBe(false);

    await page.click("[data-export] summary");
    const [download] = await Promise.all([page.waitForEvent("download"), page.click('[href$="bone.stl"]')]);
    expect(download.suggestedFilename()).toBe("bone.stl");
    const bytes = await readFile(await download.path());
    expect(bytes.length).toBe(84 + 50 * bytes.readUInt32LE(80));
    expect(bytes.readUInt32LE(80)).toBeGreaterThan(50);

    await page.reload();
    await state(page, "paused");
    await page.waitForFunction(() => Number(document.querySelector("[data-counts] dd:last-of-type")?.textContent) > 0);
    await page.keyboard.press("p");
    await state(page, "live");
    await page.waitForFunction(() => !document.querySelector("[data-banner]:not([hidden])"));
    expect(problems).toEqual([]);
    const origin = new URL(live.url).origin;
    expect(requests.filter((url) => !url.startsWith(origin) && !/^(blob|data):/.test(url))).toEqual([]);
    await page.close();
  });

  test("says that the server is gone, and goes on by itself when it is back", async () => {
    const { live } = await serve();
    const { page } = await open(live.url);
    await state(page, "live");
    await served.pop()!.close();
    await state(page, "offline");
    expect(await text(page, "[data-banner]")).toContain("does not answer");
    const again = await serve({ label: "the second one" }, live.port);
    await state(page, "live");
    await page.waitForFunction(() => document.querySelector("[data-source]")?.textContent?.includes("the second one"));
    expect(again.session.status().state.kind).toBe("live");
    await page.close();
  });

  test("names with markup are text, and without a tracker it says why no bone grows", async () => {
    const evil = `<img src=x onerror="document.title='taken'"><script>document.title='taken'</script>`;
    const { live } = await serve({ label: evil, tracker: false });
    const { page, problems } = await open(live.url);
    await state(page, "live");
    await page.waitForFunction(() => document.querySelector("[data-source]")?.textContent?.includes("<img"));
    expect(await page.locator("main img, header img").count()).toBe(0);
    expect(await page.title()).toBe("Live scan · SonoBench");
    expect(await text(page, "[data-no-bone]")).toContain("no tracker");
    expect(await text(page, "[data-next]")).toContain("nobody knows");
    expect(problems).toEqual([]);
    await page.close();
  });

  test("axe-core finds nothing wrong with it, light and dark, and it is no wider than a telephone", async () => {
    const { live } = await serve({ label: "a device" });
    const { page } = await open(live.url);
    await state(page, "live");
    await page.click("[data-export] summary");
    await page.evaluate(axe.source);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      const found = await page.evaluate(async () => {
        const { violations } = await (window as unknown as { axe: typeof import("axe-core") }).axe.run();
        return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
      });
      expect(found).toEqual([]);
    }
    await page.setViewportSize({ width: 390, height: 844 });
    const wider = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(wider).toBe(0);
    await page.close();
  });

  test("without WebGL picture, numbers and buttons stay, and a line says what is missing", async () => {
    const { live, session } = await serve();
    const { page, problems } = await open(live.url, (fresh) =>
      fresh.addInitScript(() => {
        const original = HTMLCanvasElement.prototype.getContext;
        HTMLCanvasElement.prototype.getContext = function (this: HTMLCanvasElement, kind: string, ...rest: unknown[]) {
          return kind === "2d" ? Reflect.apply(original, this, [kind, ...rest]) : null;
        } as typeof original;
      }),
    );
    expect(await page.locator("[data-no-webgl]").isVisible()).toBe(true);
    await page.waitForFunction(() => Number(document.querySelector("[data-rate]")?.textContent) > 0);
    const lit = await page.locator("canvas[data-picture]").evaluate((c) => {
      const { width, height } = c as HTMLCanvasElement;
      const { data } = (c as HTMLCanvasElement).getContext("2d")!.getImageData(width / 2, height / 2, 1, 1);
      return data[0];
    });
    expect(lit).toBeGreaterThan(0);
    await page.click('[data-action="pause"]');
    await state(page, "paused");
    expect(session.status().state.kind).toBe("paused");
    expect(problems).toEqual([]);
    await page.close();
  });
});

/** What a program sends that is no browser, and says what it likes. */
function socketAnswer(port: number, headers: Record<string, string>, path = "/live"): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
    socket.on("open", () => {
      socket.terminate();
      resolve("open");
    });
    socket.on("unexpected-response", (_, response) => resolve(String(response.statusCode)));
    socket.on("error", () => resolve("error"));
  });
}
const status = (port: number, path: string, headers: Record<string, string> = {}): Promise<number> =>
  new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, path, headers }, (response) => {
      response.resume();
      resolve(response.statusCode!);
    });
    asked.on("error", reject).end();
  });

describe("the live server", () => {
  test("lets neither another page nor a foreign name in, and no path lead out", async () => {
    const { live } = await serve();
    const { port } = live;
    expect(await socketAnswer(port, { origin: `http://127.0.0.1:${port}` })).toBe("open");
    expect(await socketAnswer(port, {})).toBe("open");
    expect(await socketAnswer(port, { origin: "http://evil.example" })).toBe("403");
    expect(await socketAnswer(port, { host: `evil.example:${port}` })).toBe("403");
    expect(await socketAnswer(port, {}, "/other")).toBe("404");
    expect(await status(port, "/", { host: "evil.example" })).toBe(403);
    for (const path of ["/../package.json", "/%2e%2e/package.json", "/live-app.js/../../package.json"])
      expect(await status(port, path), path).toBe(400);
    for (const path of ["/package.json", "/export/bone.exe", "/export/bone.stl/x"])
      expect(await status(port, path), path).toBe(404);
  });

  test("a message that is too long ends the connection; pages beyond the limit are turned away with a word", async () => {
    const { live, session } = await serve();
    const opened = Array.from({ length: MOST_PAGES + 1 }, () => new WebSocket(`ws://127.0.0.1:${live.port}/live`));
    const closes = opened.map(
      (socket) =>
        new Promise<string>((resolve) => socket.on("close", (code, reason) => resolve(`${code} ${reason.toString()}`))),
    );
    await Promise.all(opened.map((socket) => new Promise((resolve) => socket.on("open", resolve))));
    expect(await Promise.race(closes)).toContain(`1013 ${MOST_PAGES} pages are open already`);
    const first = opened.find((socket) => socket.readyState === WebSocket.OPEN)!;
    first.send("x".repeat(5000));
    expect(await closes[opened.indexOf(first)]!).toContain("1009");
    for (const socket of opened) socket.terminate();
    expect(session.status().state.kind).toBe("live");
  });
});

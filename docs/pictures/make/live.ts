/**
 * Makes docs/pictures/live.png and live-dark.png: `npx tsx docs/pictures/make/live.ts`. The shipped live scenario at a
 * third of its rate, stopped after some strokes, as the page shows it. Needs `npm run build` and a Chromium.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveLive } from "../../../src/cli/serve-live.ts";
import { ownSoftware } from "../../../src/cli/software.ts";
import { silentLog } from "../../../src/core/log.ts";
import { createWorkerPool } from "../../../src/core/worker-pool.ts";
import { steadyClock } from "../../../src/hardware/natnet/host-clock.ts";
import { openSegmenter } from "../../../src/scenario/build.ts";
import { openSimulatedSource } from "../../../src/scenario/live/open-source.ts";
import { createLiveSession } from "../../../src/scenario/live/session.ts";
import { loadScenario } from "../../../src/scenario/load.ts";
import { startBrowser } from "../../../test/support/browser.ts";

const RATE_HZ = 8;
/** In the middle of a stroke. */
const STOP_AFTER = Number(process.argv[2] ?? 200);

async function main(): Promise<void> {
  const scenario = await loadScenario("scenarios/live.yaml");
  const simulated = scenario.source;
  if (simulated.kind !== "simulated") throw new Error("scenarios/live.yaml is simulated");
  const folder = await mkdtemp(join(tmpdir(), "live-picture-"));
  const pools = [0, 1, 2, 3].map(() => createWorkerPool(1));
  const [segmentation, boneWorker, workers, exporting] = pools;
  const source = await openSimulatedSource(
    scenario,
    { ...simulated, imaging: { ...simulated.imaging, rateHz: RATE_HZ } },
    folder,
    { pace: "when-ready", simulationWorkers: 1 },
    { log: silentLog, workers: workers!, signal: new AbortController().signal, software: await ownSoftware() },
  );
  const session = createLiveSession({
    source,
    segmenter: await openSegmenter(scenario.segmentation),
    segmentation: segmentation!,
    boneWorker: boneWorker!,
    folder,
    fileStamp: () => "picture",
    nowS: () => steadyClock.nowS(),
    log: silentLog,
  });
  const page = await serveLive(session, exporting!, { port: 0, log: silentLog });
  const browser = await startBrowser();
  if (!browser) return;
  const open = await browser.newPage({ viewport: { width: 1440, height: 860 } });
  open.on("pageerror", (error) => console.error(error));
  await open.goto(page.url);
  await open.waitForFunction(
    (wanted) =>
      Number(document.querySelector("[data-counts] dd:nth-of-type(4)")?.textContent?.replace(/\D/g, "")) >= wanted,
    STOP_AFTER,
    { timeout: 0 },
  );
  for (const scheme of ["light", "dark"] as const) {
    await open.emulateMedia({ colorScheme: scheme });
    await open.waitForTimeout(1500);
    await open.screenshot({ path: `docs/pictures/live${scheme === "dark" ? "-dark" : ""}.png`, timeout: 0 });
  }
  await browser.close();
  await page.close();
  await session.close();
  await source.close();
  await Promise.all(pools.map((pool) => pool.close()));
  await rm(folder, { recursive: true, force: true });
}

await main();

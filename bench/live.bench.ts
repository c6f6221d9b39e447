import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebSocket } from "ws";
import { serveLive } from "../src/cli/serve-live.ts";
import { ownSoftware } from "../src/cli/software.ts";
import { silentLog } from "../src/core/log.ts";
import { createWorkerPool, type WorkerPool } from "../src/core/worker-pool.ts";
import { decodeUpdate } from "../src/data/live-wire.ts";
import { steadyClock } from "../src/hardware/natnet/host-clock.ts";
import { openSegmenter, type Segmenter } from "../src/scenario/build.ts";
import type { LiveSource } from "../src/scenario/live/live-source.ts";
import { openRecordedSource, openSimulatedSource } from "../src/scenario/live/open-source.ts";
import { createLiveSession } from "../src/scenario/live/session.ts";
import { loadScenario } from "../src/scenario/load.ts";
import { writeCalibration } from "../src/scenario/result-folder.ts";
import type { Scenario, SimulatedSource } from "../src/scenario/schema.ts";
import { simulate } from "../src/scenario/simulate.ts";
import type { BenchSuite, Measured } from "./suite.ts";

/** DESIGN section 6. */
const WANTED_PER_S = 20,
  LIMIT_MS = 250;
const REPLAY_HZ = 30;
/**
 * One stroke over the front of the thigh, so slow that it lasts longer than the run: bone in nearly every image, and no
 * pause between strokes, in which no image comes and a rate would say nothing of the chain.
 */
const STROKE = { sweeps: ["suprapatellar transverse"], speedMmPerS: 5 } as const;
/** A scanner faster than it is polled: a picture that is polled twice is no new one. */
const SCANNER_HZ = 60;
const RUN_S = 12;

/** One page that keeps up, without a browser's own work. */
function watch(port: number): Promise<{ readonly updates: () => number; close(): void }> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/live`);
  socket.binaryType = "arraybuffer";
  let updates = 0;
  socket.on("message", (data: ArrayBuffer) => {
    updates++;
    socket.send(JSON.stringify({ type: "shown", turn: decodeUpdate(data).turn }));
  });
  return new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.on("open", () => resolve({ updates: () => updates, close: () => socket.terminate() }));
  });
}

interface Rig {
  readonly segmenter: Segmenter;
  readonly segmentation: WorkerPool;
  readonly boneWorker: WorkerPool;
  readonly exporting: WorkerPool;
  readonly folder: string;
}

/** Runs a source for a while, with a page open; what became of its images. */
async function run(source: LiveSource, rig: Rig, seconds: number, isWatched: boolean) {
  const session = createLiveSession({
    ...rig,
    source,
    fileStamp: () => "bench",
    nowS: () => steadyClock.nowS(),
    log: silentLog,
  });
  const page = await serveLive(session, rig.exporting, { port: 0, log: silentLog });
  const viewer = isWatched ? await watch(page.port) : undefined;
  // Threads are started and the first pictures rendered before the clock runs.
  await new Promise<void>((resolve) => {
    const stop = session.onChange(() => {
      if (session.status().frames.updated === 0) return;
      stop();
      resolve();
    });
  });
  const before = session.status(),
    startS = steadyClock.nowS(),
    cpu = process.cpuUsage();
  await Promise.race([session.ended, new Promise((resolve) => setTimeout(resolve, seconds * 1000))]);
  const elapsedS = steadyClock.nowS() - startS;
  const { user, system } = process.cpuUsage(cpu);
  const after = session.status();
  const latency = session.latencyMs();
  viewer?.close();
  await page.close();
  await session.close();
  await source.close();
  const updated = after.frames.updated - before.frames.updated;
  return {
    updated,
    perS: updated / elapsedS,
    skipped: after.frames.skipped - before.frames.skipped,
    images: (after.images?.samples ?? 0) - (before.images?.samples ?? 0),
    behindS: after.source.behindS - before.source.behindS,
    cpuMsPerFrame: (user + system) / 1000 / updated,
    latency,
    toPageMs: after.shownAfterMs,
    pageUpdates: viewer?.updates() ?? 0,
  };
}

type Ran = Awaited<ReturnType<typeof run>>;

function figuresOf(name: string, ran: Ran, slower: string): Measured[] {
  const { perS, skipped, images, latency, cpuMsPerFrame } = ran;
  const rest = `${skipped} of ${images} images skipped${slower}; ${cpuMsPerFrame.toFixed(1)} ms of CPU a frame, all of it`;
  const ms = (value: number | undefined, what: string): Measured => ({
    name: `${name}: from arrival to the updated surface, ${what}`,
    value: value ?? NaN,
    unit: "ms",
    note: `limit ${LIMIT_MS} ms`,
  });
  return [
    { name: `${name}: into the surface`, value: perS, unit: "frames/s", note: `${WANTED_PER_S} wanted; ${rest}` },
    ms(latency?.mean, "mean"),
    ms(latency?.p50, "50 %"),
    ms(latency?.p95, "95 %"),
  ];
}

async function prepare() {
  const folder = await mkdtemp(join(tmpdir(), "bench-live-"));
  const scenario = await loadScenario("scenarios/live.yaml");
  const source = simulatedOf(scenario);
  const [segmentation, boneWorker, exporting, workers] = [1, 1, 1, 2].map(createWorkerPool) as [
    WorkerPool,
    WorkerPool,
    WorkerPool,
    WorkerPool,
  ];
  const rig: Rig = {
    segmenter: await openSegmenter(scenario.segmentation),
    segmentation,
    boneWorker,
    exporting,
    folder,
  };
  const file = join(folder, "stroke.mcap"),
    config = join(folder, "calibration.json");
  const slow: SimulatedSource = {
    ...source,
    imaging: { ...source.imaging, scannerRateHz: SCANNER_HZ },
    operator: { ...source.operator, sweeps: [...STROKE.sweeps], speedMmPerS: STROKE.speedMmPerS },
  };
  const stroke = { ...slow, imaging: { ...slow.imaging, rateHz: REPLAY_HZ } };
  const context = { log: silentLog, workers, signal: new AbortController().signal };
  const { truth } = await simulate(scenario, stroke, file, { ...context, overwrite: true });
  await writeCalibration(config, truth.calibration);

  async function measured(): Promise<Measured[]> {
    const free = await run(await openRecordedSource(file, { config, pace: "when-ready" }), rig, RUN_S, false);
    const replay = await run(await openRecordedSource(file, { config, loop: true }), rig, RUN_S, true);
    const software = await ownSoftware();
    const simulated = await openSimulatedSource(
      scenario,
      slow,
      folder,
      { simulationWorkers: 1 },
      { ...context, software },
    );
    const simulation = await run(simulated, rig, RUN_S, true);
    const late = simulation.behindS;
    return [
      {
        name: "replay 256x256, the next image when the one before is in the surface",
        value: free.perS,
        unit: "frames/s",
        note: `${WANTED_PER_S} wanted; ${free.updated} frames; ${free.cpuMsPerFrame.toFixed(1)} ms of CPU a frame`,
      },
      ...figuresOf(`replay 256x256 at ${REPLAY_HZ} Hz, one page open`, replay, ""),
      ...figuresOf(
        `simulation 256x256 at ${source.imaging.rateHz} Hz, rendered meanwhile, one page open`,
        simulation,
        `, rendering ${late.toFixed(1)} s behind after ${RUN_S} s`,
      ),
    ];
  }
  return {
    cases: [],
    measured,
    async close() {
      await Promise.all([segmentation, boneWorker, exporting, workers].map((pool) => pool.close()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function simulatedOf({ source }: Scenario): SimulatedSource {
  if (source.kind !== "simulated") throw new Error("scenarios/live.yaml is simulated");
  return source;
}

export const liveBench: BenchSuite = {
  about: "from an image's arrival to the updated surface, rates and latencies by the clock (a quiet machine!)",
  prepare,
};

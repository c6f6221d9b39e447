import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { Interrupted } from "../core/errors.ts";
import { createWorkerPool } from "../core/worker-pool.ts";
import type { LiveStatus, Spread } from "../data/live.ts";
import type { Figure } from "../data/report.ts";
import { steadyClock } from "../hardware/natnet/host-clock.ts";
import { openSegmenter } from "../scenario/build.ts";
import { isAddress } from "../scenario/live-rig.ts";
import type { LiveSource } from "../scenario/live/live-source.ts";
import { openDeviceSource, openRecordedSource, openScenarioSource } from "../scenario/live/open-source.ts";
import { createLiveSession, type LiveSession } from "../scenario/live/session.ts";
import { defaultBone } from "../scenario/live/surface-keeper.ts";
import { isScenarioFile } from "../scenario/open-recording.ts";
import { type SegmentationConfig, usualSegmentation } from "../scenario/schema.ts";
import { interruptSignal, parseCount, terminalFor, UsageError, type CommonOptions } from "./command.ts";
import { serveLive } from "./serve-live.ts";
import { numberWithin } from "./numbers.ts";
import { addressesOf, type SourceOptions } from "./source-options.ts";
import type { Terminal } from "./terminal.ts";
import { ownSoftware } from "./software.ts";

interface LiveCommandOptions extends CommonOptions, SourceOptions {
  readonly config?: string;
  readonly lag?: string;
  readonly reference?: string;
  readonly flexion?: string;
  readonly depth?: string;
  readonly spacing?: string;
  readonly segmentation?: string;
  readonly host: string;
  readonly port?: string;
  readonly out: string;
  readonly record?: boolean;
  readonly loop?: boolean;
  readonly duration?: string;
  readonly untilEnd?: boolean;
  readonly workers?: number;
  readonly simWorkers?: number;
}

/** What `--source sim` plays. */
const shippedScenario = fileURLToPath(new URL("../../scenarios/live.yaml", import.meta.url));
const DEFAULT_PORT = 8580;

export function addLive(program: Command): void {
  program
    .command("live [scenario]")
    .summary("watch the bone grow in the browser while it is scanned")
    .description(
      "Takes images and poses as they come, finds the bone line in every image, lets the surface grow, and shows it on a " +
        "page on this computer: picture with bone line, 3D view with probe, what to scan next, tracker, lags, rates, " +
        "losses; to record, to pause, to save the bone. It never slows what it records: what is too much is left out of " +
        "the picture and counted.",
    )
    .option(
      "--source <what>",
      '"sim" (the scenario that is named, else scenarios/live.yaml), a scenario, a recording, plus://host:port; default sim',
    )
    .option("--images <address>", "plus://host:port")
    .option("--poses <address>", "natnet://host:port or plus://host:port")
    .option(
      "-c, --config <file>",
      "calibration of a recording or of devices: PLUS configuration, calibration.json of a result, calib_matrix.csv",
    )
    .option("--lag <s>", "by how much the images run behind the poses; default: as the calibration says")
    .option("--reference <body>", "the bone is told in its frame; default Femur, else Reference, else the tracker's")
    .option("--flexion <deg>", "how far the knee is bent, for the strokes to scan; default 30")
    .option(
      "--depth <mm>",
      "of the picture, where neither calibration nor device says how large a pixel is; default 50",
    )
    .option("--spacing <mm>", `of the volume; default ${defaultBone.spacingMm}`)
    .option("--segmentation <kind>", "neural, classical or brightest; default: as the scenario says, else neural")
    .option(
      "--host <address>",
      "to listen on; others than loopback only in a network you trust: whoever opens the page can pause and record",
      "127.0.0.1",
    )
    .option("--port <number>", `of the page; default ${DEFAULT_PORT}, 0 takes a free one`)
    .option("-o, --out <folder>", "where recordings go", "recordings")
    .option("--record", "record from the beginning")
    .option("--loop", "begin a scenario or a recording anew after its end")
    .option("--duration <s>", "end by itself, so long after the page can be opened; default: with Ctrl-C")
    .option("--until-end", "end with the source; else the page stays until Ctrl-C")
    .option("-j, --workers <n>", "threads that look for bone; default 1, enough for 30 images a second", parseCount)
    .option("--sim-workers <n>", "threads that render a scenario; default 1", parseCount)
    .option("--json", "at the end print one object with rates and latencies; all else goes to stderr")
    .option("-q, --quiet", "warnings and the address only")
    .addHelpText(
      "after",
      `
Examples:
  sonobench live                                      a simulated examination, rendered while you watch
  sonobench live --source scan.mcap --config calibration.json
  sonobench live --source sweep.igs.mha --config plus.xml --loop
  sonobench live --source plus://10.0.0.5:18944 --config plus.xml
  sonobench live --images plus://10.0.0.5 --poses natnet://10.0.0.5 --config calibration.json --lag 0.31

Without a tracker or a calibration there is the picture with its bone line, and the page says why no bone grows.
Exit codes: 0 ended by --duration or --until-end; 2 bad input; 130 Ctrl-C (an open recording is closed first).
More in docs/live.md.`,
    )
    .action(async (scenario: string | undefined, options: LiveCommandOptions) => {
      const terminal = terminalFor(options);
      const signal = interruptSignal("stopping; an open recording is closed");
      const folder = await mkdtemp(join(tmpdir(), "sonobench-live-"));
      const closing: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
      try {
        await live(scenario, options, { terminal, signal, folder, closing });
      } finally {
        for (const close of closing.toReversed()) await close();
      }
    });
}

interface LiveRun {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly folder: string;
  /** What is to be closed, the last first. */
  readonly closing: (() => Promise<unknown>)[];
}

async function live(scenario: string | undefined, options: LiveCommandOptions, run: LiveRun): Promise<void> {
  const { terminal, signal, closing } = run;
  const settings = settingsOf(options);
  const pool = (size: number) => {
    const workers = createWorkerPool(size);
    closing.push(() => workers.close());
    return workers;
  };
  const { source, segmentation } = await openSource(scenario, options, settings, run);
  closing.push(() => source.close());
  const session = createLiveSession({
    source,
    segmenter: await openSegmenter(settings.segmentation ?? segmentation),
    segmentation: pool(options.workers ?? 1),
    boneWorker: pool(1),
    bone: { ...defaultBone, ...(settings.spacingMm === undefined ? {} : { spacingMm: settings.spacingMm }) },
    ...(options.reference === undefined ? {} : { referenceName: options.reference }),
    ...(settings.depthMm === undefined ? {} : { depthMm: settings.depthMm }),
    folder: options.out,
    fileStamp,
    nowS: () => steadyClock.nowS(),
    log: terminal.log,
  });
  closing.push(() => session.close());
  const page = await serveLive(session, pool(1), {
    host: options.host,
    port: settings.port ?? DEFAULT_PORT,
    log: terminal.log,
  });
  closing.push(() => page.close());
  terminal.err(`live view of ${source.label}: open ${page.url} (Ctrl-C ends it)`);
  const outcome = await untilOver(session, options, settings.durationS, terminal, signal);
  await session.close();
  tell(session, page.url, outcome, options, terminal);
  if (outcome === "interrupt") throw new Interrupted(farewell(session.status().lastRecording));
}

function settingsOf(options: LiveCommandOptions) {
  return {
    lagS: numberWithin("--lag", options.lag, -5, 5),
    flexionDeg: numberWithin("--flexion", options.flexion, -20, 150),
    depthMm: numberWithin("--depth", options.depth, 1, 500),
    spacingMm: numberWithin("--spacing", options.spacing, 0.25, 3),
    port: numberWithin("--port", options.port, 0, 65535),
    durationS: numberWithin("--duration", options.duration, 0.1, 1e6),
    segmentation: segmentationOf(options.segmentation),
  };
}

function segmentationOf(kind: string | undefined): SegmentationConfig | undefined {
  switch (kind) {
    case undefined:
      return undefined;
    case "neural":
      return usualSegmentation;
    case "classical":
    case "brightest":
      return { kind };
    default:
      throw new UsageError(`--segmentation ${kind}: there are "neural", "classical" and "brightest"`);
  }
}

async function openSource(
  scenario: string | undefined,
  options: LiveCommandOptions,
  { lagS, flexionDeg }: ReturnType<typeof settingsOf>,
  { terminal, signal, folder, closing }: LiveRun,
): Promise<{ readonly source: LiveSource; readonly segmentation: SegmentationConfig }> {
  const { config, loop = false, simWorkers: simulationWorkers = 1 } = options;
  const said = {
    loop,
    ...(config === undefined ? {} : { config }),
    ...(lagS === undefined ? {} : { lagS }),
    ...(flexionDeg === undefined ? {} : { flexionDeg }),
  };
  const isDevice = options.images !== undefined || options.poses !== undefined;
  const named = options.source ?? (isDevice ? undefined : "sim");
  if (scenario !== undefined && named !== "sim")
    throw new UsageError(`${scenario}: a scenario stands behind --source sim, or is the --source itself`);
  const file = named === "sim" ? (scenario ?? shippedScenario) : named;
  if (file === undefined || isAddress(file)) {
    if (loop) throw new UsageError("--loop is for scenarios and recordings; devices go on by themselves");
    const source = await openDeviceSource(addressesOf(options), said, terminal.log);
    return { source, segmentation: usualSegmentation };
  }
  if (isDevice) addressesOf(options); // says what is wrong
  if (!isScenarioFile(file)) return { source: await openRecordedSource(file, said), segmentation: usualSegmentation };
  const workers = createWorkerPool(simulationWorkers);
  closing.push(() => workers.close());
  const context = { log: terminal.log, workers, signal, software: await ownSoftware() };
  const opened = await openScenarioSource(file, folder, { ...said, simulationWorkers }, context);
  return { source: opened.source, segmentation: opened.scenario.segmentation };
}

type Outcome = "duration" | "source" | "interrupt";

async function untilOver(
  session: LiveSession,
  { record = false, untilEnd = false }: LiveCommandOptions,
  durationS: number | undefined,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Outcome> {
  if (record) recordFromBeginning(session);
  const ticker = setInterval(() => terminal.status(statusText(session.status())), 1000);
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Outcome>((resolve, reject) => {
      signal.addEventListener("abort", () => resolve("interrupt"), { once: true });
      if (signal.aborted) resolve("interrupt");
      if (durationS !== undefined) timer = setTimeout(() => resolve("duration"), durationS * 1000);
      // A source that fails is told of on the page, and ends the command where it was to end by itself.
      session.ended.then(
        () => untilEnd && resolve("source"),
        (error: unknown) => untilEnd && reject(error),
      );
    });
  } finally {
    clearTimeout(timer);
    clearInterval(ticker);
  }
}

/** As soon as the devices are there. */
function recordFromBeginning(session: LiveSession): void {
  const stop = session.onChange(() => {
    if (session.status().state.kind !== "live") return;
    stop();
    session.record();
  });
}

function statusText({ state, images, frames, latencyMs, bone, recording }: LiveStatus): string {
  return [
    state.said ? `${state.kind}: ${state.said}` : state.kind,
    ...(images ? [`${images.samples} images (${images.rateHz.toFixed(1)}/s, ${images.lost} lost)`] : []),
    `${frames.updated} in the surface (${frames.updatedPerS.toFixed(1)}/s)`,
    ...(latencyMs ? [`${latencyMs.p50.toFixed(0)} ms after their arrival, 95 % ${latencyMs.p95.toFixed(0)}`] : []),
    ...(frames.skipped ? [`${frames.skipped} skipped`] : []),
    `${bone.areaCm2.toFixed(1)} cm² of bone`,
    ...(recording ? [`recording ${recording.images} images`] : []),
  ].join("; ");
}

function farewell(last: LiveStatus["lastRecording"]): string {
  return last ? `Interrupted: what was recorded until then is in ${last.file}` : "Interrupted: the live view has ended";
}

function tell(session: LiveSession, url: string, endedBy: Outcome, { json }: CommonOptions, terminal: Terminal): void {
  const status = session.status(),
    latency = session.latencyMs();
  if (json) terminal.out(JSON.stringify({ headline: headlineOf(status, latency), endedBy, url, status }, null, 2));
  else terminal.out(statusText(status));
}

function headlineOf({ frames, images, bone }: LiveStatus, latency: Spread | null): Record<string, Figure> {
  const exact = (value: number, unit: string): Figure => ({ value, low: value, high: value, unit });
  return {
    "live.images": exact(images?.samples ?? 0, "1"),
    "live.imagesLost": exact(images?.lost ?? 0, "1"),
    "live.updated": exact(frames.updated, "1"),
    "live.skipped": exact(frames.skipped, "1"),
    "live.boneArea": exact(bone.areaCm2, "cm²"),
    ...(latency
      ? {
          "live.latency.mean": exact(latency.mean, "ms"),
          "live.latency.p50": exact(latency.p50, "ms"),
          "live.latency.p95": exact(latency.p95, "ms"),
        }
      : {}),
  };
}

/** Local time, so that people find their file; to the millisecond, so that no two are alike. */
function fileStamp(): string {
  const now = new Date();
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  const time = `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
  return `${day}-${time}-${String(now.getMilliseconds()).padStart(3, "0")}`;
}

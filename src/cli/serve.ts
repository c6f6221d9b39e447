import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { Interrupted } from "../core/errors.ts";
import { createWorkerPool } from "../core/worker-pool.ts";
import type { Calibration } from "../data/calibration.ts";
import type { Recording } from "../data/recording.ts";
import { findGrowingBone, publishGrowing, type GrowingBone } from "../scenario/growing-bone.ts";
import { loadScenario } from "../scenario/load.ts";
import { isScenarioFile, openRecording } from "../scenario/open-recording.ts";
import { arrivalSpan, replayAcquisition } from "../scenario/replay.ts";
import { pipelineOptions } from "../scenario/run.ts";
import { readConfiguration } from "../scenario/run-recorded.ts";
import { parseScenario } from "../scenario/schema.ts";
import { serveScan, type Served } from "../scenario/serve.ts";
import { simulate } from "../scenario/simulate.ts";
import { defaultWorkers, interruptSignal, parseCount, terminalFor, UsageError, type CommonOptions } from "./command.ts";
import { numberWithin } from "./numbers.ts";
import type { Terminal } from "./terminal.ts";

interface ServeCommandOptions extends CommonOptions {
  readonly host: string;
  readonly port?: string;
  readonly motivePort?: string;
  readonly dataPort?: string;
  readonly unicast?: boolean;
  readonly poses: string;
  readonly midExposure: boolean;
  readonly speed?: string;
  readonly loop?: boolean;
  readonly plusOffset?: string;
  readonly plusSkew?: string;
  readonly motiveOffset?: string;
  readonly motiveSkew?: string;
  readonly wait?: string;
  readonly recording?: string;
  readonly bone?: boolean;
  readonly config?: string;
  readonly workers?: number;
}

export function addServe(program: Command): void {
  program
    .command("serve <scan>")
    .summary("play a scan on the wire as PlusServer and Motive would")
    .description(
      "Takes a scan: simulates a scenario, or opens a recording (.mcap, .igs.mha, .nrrd), and plays it in real time: images, poses " +
        "with their status and the operator's points by OpenIGTLink, as PlusServer on port 18944; poses by NatNet, as " +
        "Motive on 1510 and 1511. 3D Slicer, PLUS's clients and `sonobench record` can connect. Playing begins when " +
        "clients have connected to both, or to one and --wait has passed; it ends with the scan.",
    )
    .option(
      "--host <address>",
      "IPv4 address to listen on; others than loopback only in a network you trust",
      "127.0.0.1",
    )
    .option("--port <number>", "of OpenIGTLink; default 18944, 0 takes a free one")
    .option("--motive-port <number>", "of NatNet's commands; default 1510, 0 takes a free one")
    .option("--data-port <number>", "of NatNet's multicast frames; default 1511")
    .option("--unicast", "frames to each client alone, for networks without multicast")
    .option("--poses <who>", "plus, motive or both", "both")
    .option("--no-mid-exposure", "as USB cameras (V120:Duo), which do not say when their exposure was")
    .option("--speed <factor>", "2 plays twice as fast")
    .option("--loop", "begin anew after the end, times going on, until Ctrl-C")
    .option("--plus-offset <s>", "what PlusServer's clock shows when the scan's shows 0; default: now")
    .option("--plus-skew <ppm>", "by how much it runs fast")
    .option("--motive-offset <s>", "added to the tracker's clock")
    .option("--motive-skew <ppm>", "by how much that runs fast besides")
    .option("--wait <s>", "how long one port's client waits for one at the other; default 3")
    .option("--recording <file>", "keep the simulated scan here, too, a .mcap file")
    .option("--bone", "find bone in the images first, and publish it as POLYDATA while it grows")
    .option("-c, --config <file>", "with --bone, of a recording: PLUS configuration or calib_matrix.csv")
    .option("-j, --workers <n>", "worker threads of the simulation", parseCount)
    .option("--json", "print one object when it listens, and nothing else on stdout")
    .option("-q, --quiet", "warnings only")
    .action(async (file: string, options: ServeCommandOptions) => {
      const terminal = terminalFor(options);
      const signal = interruptSignal("stopping");
      const settings = settingsOf(options);
      const folder = await mkdtemp(join(tmpdir(), "sonobench-serve-"));
      try {
        const { path, calibration } = isScenarioFile(file)
          ? await simulated(file, folder, options, terminal, signal)
          : { path: file };
        const recording = await openRecording(path);
        try {
          const bone = options.bone ? await growingBone(file, recording, calibration, options, terminal) : undefined;
          const tools = [...new Set(recording.poses.map(({ tool }) => tool))];
          const scan = replayAcquisition(recording);
          const served = await serveScan(scan, {
            ...settings,
            tools,
            span: arrivalSpan(recording),
            log: terminal.log,
            ...(bone ? { onImage: publishGrowing(bone) } : {}),
          });
          announce(served, options, terminal);
          await untilOver(served, terminal, signal);
        } finally {
          await recording.close();
        }
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
}

/** Simulated before it is served: rendering may take longer than the scan. */
async function simulated(
  file: string,
  folder: string,
  options: ServeCommandOptions,
  { log }: Terminal,
  signal: AbortSignal,
): Promise<{ readonly path: string; readonly calibration?: Calibration }> {
  const scenario = await loadScenario(file);
  if (scenario.source.kind === "recording") return { path: scenario.source.file };
  if (scenario.source.kind !== "simulated")
    throw new UsageError(`${file}: source.kind is "${scenario.source.kind}"; serve its recording (sonobench simulate)`);
  const path = options.recording ?? join(folder, "scan.mcap");
  const workers = createWorkerPool(options.workers ?? defaultWorkers());
  try {
    const { truth } = await simulate(scenario, scenario.source, path, { log, workers, signal, overwrite: false });
    return { path, calibration: truth.calibration };
  } finally {
    await workers.close();
  }
}

/** With the calibration of the configuration, or the true one of a scenario that is simulated. */
async function growingBone(
  file: string,
  recording: Recording,
  calibration: Calibration | undefined,
  { config, workers: count }: ServeCommandOptions,
  { log }: Terminal,
): Promise<GrowingBone> {
  const scenario = isScenarioFile(file)
    ? await loadScenario(file)
    : parseScenario(
        { name: "served", source: { kind: "recording", file }, calibration: { kind: "configuration" } },
        file,
      );
  const source = config === undefined ? {} : { configuration: config };
  const { known } = await readConfiguration({ imageName: "Image", ...source });
  const fixed = known ?? (calibration && [{ from: "Image", to: "Probe", m: calibration.probeFromPixel }]);
  if (!fixed) throw new UsageError("--bone: nothing says how the image sits on the probe; name a --config");
  const tools = recording.poses.map(({ tool }) => tool);
  const referenceName = ["Femur", "Reference"].find((name) => tools.includes(name)) ?? "Tracker";
  const options = pipelineOptions(scenario, referenceName, calibration?.imageLagS ?? 0);
  const workers = createWorkerPool(count ?? defaultWorkers());
  try {
    log.info(`finding bone, in the frame of ${referenceName}`);
    return await findGrowingBone(recording, fixed, options, { log, workers });
  } finally {
    await workers.close();
  }
}

function settingsOf(options: ServeCommandOptions) {
  const { poses, host } = options;
  if (poses !== "plus" && poses !== "motive" && poses !== "both")
    throw new UsageError(`--poses ${poses}: there are "plus", "motive" and "both"`);
  const port = (name: string, text: string | undefined) => numberWithin(name, text, 0, 65535);
  const skew = (name: string, text: string | undefined) => (numberWithin(name, text, -10_000, 10_000) ?? 0) * 1e-6;
  const offset = (name: string, text: string | undefined) => numberWithin(name, text, -4e9, 4e9);
  const plusPort = port("--port", options.port),
    motivePort = port("--motive-port", options.motivePort),
    motiveDataPort = port("--data-port", options.dataPort),
    speed = numberWithin("--speed", options.speed, 0.01, 100),
    patienceS = numberWithin("--wait", options.wait, 0, 3600);
  return {
    host,
    posesFrom: poses,
    transport: options.unicast ? "unicast" : "multicast",
    midExposure: options.midExposure,
    loop: options.loop === true,
    plusClock: {
      offsetS: offset("--plus-offset", options.plusOffset) ?? Math.floor(Date.now() / 1000),
      skew: skew("--plus-skew", options.plusSkew),
    },
    motiveClock: {
      offsetS: offset("--motive-offset", options.motiveOffset) ?? 0,
      skew: skew("--motive-skew", options.motiveSkew),
    },
    ...(plusPort === undefined ? {} : { plusPort }),
    ...(motivePort === undefined ? {} : { motivePort }),
    ...(motiveDataPort === undefined ? {} : { motiveDataPort }),
    ...(speed === undefined ? {} : { speed }),
    ...(patienceS === undefined ? {} : { patienceS }),
  } as const;
}

function announce({ plus, motive }: Served, { json = false }: CommonOptions, terminal: Terminal): void {
  const plusAddress = `plus://${plus.host}:${plus.port}`,
    natnetAddress = motive && `natnet://${motive.host}:${motive.port}`;
  if (json) {
    terminal.out(JSON.stringify({ headline: {}, plus: plusAddress, motive: natnetAddress ?? null }, null, 2));
    return;
  }
  terminal.out(`PlusServer (OpenIGTLink) listens on ${plus.host}:${plus.port}`);
  if (motive) terminal.out(`Motive (NatNet) listens on ${motive.host}:${motive.port}`);
  terminal.out(
    `Record it:  sonobench record --images ${plusAddress} --poses ${natnetAddress ?? plusAddress} --out scan.mcap`,
  );
}

async function untilOver(served: Served, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const stop = (): void => void served.close();
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  const ticker = setInterval(() => terminal.status(countsText(served)), 1000);
  try {
    const how = await served.ended;
    terminal.log.info(countsText(served));
    if (how === "closed") throw new Interrupted("Interrupted: the clients were told");
  } finally {
    clearInterval(ticker);
    signal.removeEventListener("abort", stop);
    await served.close();
  }
}

function countsText({ counts: { clients, images, poseFrames, dropped } }: Served): string {
  const lost = dropped > 0 ? `, ${dropped} messages dropped for slow readers` : "";
  return `${clients} connected; ${images} images and ${poseFrames} tracker frames played${lost}`;
}

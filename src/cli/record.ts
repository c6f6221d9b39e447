import { mkdir } from "node:fs/promises";
import { dirname, extname } from "node:path";
import type { Command } from "commander";
import { Interrupted } from "../core/errors.ts";
import { createWorkerPool } from "../core/worker-pool.ts";
import type { Figure } from "../data/report.ts";
import { steadyClock } from "../hardware/natnet/host-clock.ts";
import { openMcap } from "../io/mcap/reader.ts";
import { recoverMcap } from "../io/mcap/recover.ts";
import { acquire, type Acquisition } from "../scenario/acquire.ts";
import { isAddress, liveRig, type RigAddresses } from "../scenario/live-rig.ts";
import { loadScenario } from "../scenario/load.ts";
import { isScenarioFile, openRecording } from "../scenario/open-recording.ts";
import { recordDevices } from "../scenario/record-devices.ts";
import type { RecordStatus } from "../scenario/record-tally.ts";
import { clocksOf, type DeviceClock } from "../scenario/recorded-clocks.ts";
import { replayAcquisition } from "../scenario/replay.ts";
import { planScan } from "../scenario/simulate.ts";
import { defaultWorkers, interruptSignal, parseCount, terminalFor, UsageError, type CommonOptions } from "./command.ts";
import { numberWithin } from "./numbers.ts";
import { addressesOf, type SourceOptions } from "./source-options.ts";
import type { Terminal } from "./terminal.ts";

interface RecordOptions extends CommonOptions, SourceOptions {
  readonly out?: string;
  readonly duration?: string;
  readonly force?: boolean;
  readonly workers?: number;
}

export function addRecord(program: Command): void {
  const record = program
    .command("record")
    .summary("record devices, real or served; or bring back what an interrupted recording holds")
    .description(
      "Records images and poses with the times of their devices and of their arrival, until --duration is over, the " +
        "server says goodbye, or Ctrl-C: what has arrived is kept in every case. --source stands for both devices: " +
        "plus://host:port, a scenario to simulate, or a recording to play. Options of an address follow a question " +
        'mark: "plus://10.0.0.5:18944?image=Image_Image", "natnet://10.0.0.5?local=10.0.0.7&tool=Probe:Body 1".',
    )
    .option("--source <address or file>", "both devices: plus://…, a scenario, a recording")
    .option("--images <address>", "plus://host:port")
    .option("--poses <address>", "natnet://host:port or plus://host:port")
    .option("-o, --out <file>", "the recording, a .mcap file")
    .option("--duration <s>", "from the first sample; default: until the source ends, or Ctrl-C")
    .option("-j, --workers <n>", "worker threads when a scenario is simulated", parseCount)
    .option("--force", "replace a recording that is there already")
    .option("--json", "print one object with counts, losses and clocks")
    .option("-q, --quiet", "no progress")
    .action(async (options: RecordOptions) => {
      const terminal = terminalFor(options);
      const out = outputOf(options);
      await mkdir(dirname(out), { recursive: true });
      if (options.source !== undefined && !isAddress(options.source)) {
        await recordFile(options.source, out, options, terminal);
        return;
      }
      await recordLive(addressesOf(options), out, options, terminal);
    });
  addRecover(record);
}

function outputOf({ out }: RecordOptions): string {
  if (out === undefined) throw new UsageError("--out <file> is needed: a name that ends in .mcap");
  if (extname(out) !== ".mcap") throw new UsageError(`--out ${out}: expected a name that ends in .mcap`);
  return out;
}

/** What waits to be read: a simulation or a recording. */
async function recordFile(source: string, out: string, options: RecordOptions, terminal: Terminal): Promise<void> {
  if (options.duration !== undefined) throw new UsageError("--duration is for devices; a file has its own end");
  const context = { log: terminal.log, signal: interruptSignal(), overwrite: options.force === true };
  const run = (acquisition: Acquisition): Promise<void> => acquire(out, acquisition, context);
  const scenario = isScenarioFile(source) ? await loadScenario(source) : undefined;
  if (scenario?.source.kind === "simulated") {
    const workers = createWorkerPool(options.workers ?? defaultWorkers());
    try {
      await run((await planScan(scenario, scenario.source, { log: terminal.log, workers })).acquisition);
    } finally {
      await workers.close();
    }
  } else {
    const recording = await openRecording(scenario?.source.kind === "recording" ? scenario.source.file : source);
    try {
      await run(replayAcquisition(recording));
    } finally {
      await recording.close();
    }
  }
  const copy = await openMcap(out);
  const images = copy.images?.count ?? 0;
  await copy.close();
  if (options.json) terminal.out(JSON.stringify({ headline: { "record.images": exact(images, "1") }, out }, null, 2));
  else terminal.out(`${images} images in ${out}`);
}

async function recordLive(
  addresses: RigAddresses,
  out: string,
  options: RecordOptions,
  terminal: Terminal,
): Promise<void> {
  const durationS = numberWithin("--duration", options.duration, 0.01, 1e6);
  const rig = liveRig(addresses, terminal.log);
  const places = Object.entries(addresses).map(([what, address]) => `${what} from ${address as string}`);
  terminal.log.info(`recording ${places.join(", ")}; Ctrl-C ends it`);
  const outcome = await recordDevices(out, rig, {
    log: terminal.log,
    signal: interruptSignal(),
    overwrite: options.force === true,
    nowS: () => steadyClock.nowS(),
    ...(durationS === undefined ? {} : { durationS }),
    fields: Object.fromEntries(Object.entries(addresses).map(([what, address]) => [`${what}From`, address as string])),
    onStatus: (status) => terminal.status(statusText(status)),
  });
  const recording = await openMcap(out);
  const clocks = clocksOf(recording);
  await recording.close();
  const counters = Object.fromEntries(Object.entries(rig.counters()).filter(([, count]) => count !== 0));
  if (options.json) {
    const headline = headlineOf(outcome, clocks);
    terminal.out(JSON.stringify({ headline, ...outcome, clocks, counters, notes: rig.notes(), out }, null, 2));
  } else {
    terminal.out(`${statusText(outcome)}\nin ${out}`);
    for (const clock of clocks) terminal.out(`  ${clockText(clock)}`);
    for (const note of rig.notes()) terminal.out(`  ${note}`);
    for (const [name, count] of Object.entries(counters)) terminal.out(`  ${name.padEnd(32)} ${count}`);
  }
  if (outcome.endedBy === "interrupt") throw new Interrupted(`Interrupted: what was recorded until then is in ${out}`);
}

function headlineOf({ images, poses, elapsedS }: RecordStatus, clocks: readonly DeviceClock[]): Record<string, Figure> {
  return {
    "record.duration": exact(elapsedS, "s"),
    "record.images": exact(images?.samples ?? 0, "1"),
    "record.imagesLost": exact(images?.lost ?? 0, "1"),
    "record.poseFrames": exact(poses?.samples ?? 0, "1"),
    "record.poseFramesLost": exact(poses?.lost ?? 0, "1"),
    ...Object.fromEntries(
      clocks.flatMap(({ device, aheadS, skew }) => [
        [`record.clock.${device}.ahead`, exact(aheadS, "s")],
        [`record.clock.${device}.skew`, exact(skew, "1")],
      ]),
    ),
  };
}

const exact = (value: number, unit: string): Figure => ({ value, low: value, high: value, unit });

function statusText({ elapsedS, images, poses, tools, points }: RecordStatus): string {
  const stream = (what: string, of: RecordStatus["images"]): string[] =>
    of ? [`${of.samples} ${what} (${of.rateHz.toFixed(1)}/s${of.lost ? `, ${of.lost} lost` : ""})`] : [];
  const seen = tools.map(({ tool, trackedShare, lost }) => {
    const reasons = Object.entries(lost).map(([reason, count]) => `${count} ${reason}`);
    return `${tool} ${(trackedShare * 100).toFixed(0)} %${reasons.length ? ` (${reasons.join(", ")})` : ""}`;
  });
  return [
    `${elapsedS.toFixed(1)} s`,
    ...stream("images", images),
    ...stream("tracker frames", poses),
    ...(seen.length ? [`seen: ${seen.join(", ")}`] : []),
    ...(points ? [`${points} points`] : []),
  ].join("; ");
}

function clockText({ device, aheadS, skew, by, jitterSdS }: DeviceClock): string {
  return (
    `clock of ${device}: ${Math.abs(aheadS).toFixed(4)} s ${aheadS < 0 ? "behind" : "ahead of"} this computer's, ` +
    `${(skew * 1e6).toFixed(1)} ppm fast (by ${by === "readings" ? "its own readings; arrivals spread" : "arrival, which spreads"} by ` +
    `${(jitterSdS * 1e3).toFixed(2)} ms)`
  );
}

function addRecover(record: Command): void {
  record
    .command("recover <file>")
    .summary("keep everything that is whole in a cut or damaged .mcap recording")
    .option("-o, --out <file>", "default <file>-recovered.mcap; the damaged file is not changed")
    .option("--json", "print one object")
    .action(async (file: string, _: unknown, command: Command) => {
      // The group has an --out and a --json of its own, which would take these.
      const options: CommonOptions & { out?: string } = command.optsWithGlobals();
      const terminal = terminalFor(options);
      const out = options.out ?? file.replace(/(\.mcap)?$/, "-recovered.mcap");
      const { messages, chunks, lostBytes, lost, topics, intact } = await recoverMcap(file, out);
      if (options.json) {
        const headline = { "recovered.messages": exact(messages, "1"), "recovered.lostBytes": exact(lostBytes, "1") };
        terminal.out(JSON.stringify({ headline, chunks, topics, lost, intact, out }, null, 2));
        return;
      }
      terminal.out(`${messages} messages in ${chunks} chunks are in ${out}`);
      for (const [topic, count] of Object.entries(topics)) terminal.out(`  ${topic}: ${count}`);
      for (const { fromByte, toByte, reason } of lost)
        terminal.out(`  lost: bytes ${fromByte} to ${toByte}: ${reason}`);
      terminal.out(intact ? "The recording was whole already." : `${lostBytes} bytes could not be used.`);
    });
}

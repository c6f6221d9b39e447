import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { softwareOf } from "../data/provenance.ts";
import { silentLog } from "../core/log.ts";
import { createRng } from "../core/rng.ts";
import { createWorkerPool } from "../core/worker-pool.ts";
import { type CachedStages, cachedStages } from "../scenario/cached-stages.ts";
import { runSimulated } from "../scenario/run.ts";
import { parseScenario } from "../scenario/schema.ts";
import type { Check, Suite } from "./check.ts";

/** Two short strokes, small images: the whole way in some seconds. */
const tiny = {
  name: "determinism",
  seed: "determinism",
  source: {
    kind: "simulated",
    phantom: { kind: "parametric", gridSpacingMm: 1.25 },
    imaging: { widthPx: 192, heightPx: 192, rateHz: 5 },
    operator: { sweeps: ["prepatellar transverse", "infrapatellar transverse"], speedMmPerS: 20 },
  },
  calibration: { kind: "sessions", images: 26 },
  report: { sampleFrames: 2 },
};

interface RunBytes {
  readonly report: Buffer;
  readonly recording: Buffer;
}

/** report.json and the recording of one run with so many workers. */
async function runOnce(workerCount: number, cached?: CachedStages): Promise<RunBytes> {
  const folder = await mkdtemp(join(tmpdir(), "sonobench-determinism-"));
  const workers = createWorkerPool(workerCount);
  try {
    const scenario = parseScenario(tiny, "verify determinism");
    if (scenario.source.kind !== "simulated") throw new Error("the scenario is a simulated one");
    const context = {
      log: silentLog,
      workers,
      signal: new AbortController().signal,
      software: softwareOf("verify"),
      ...cached,
    };
    await runSimulated(scenario, scenario.source, folder, context);
    return {
      report: await readFile(join(folder, "report.json")),
      recording: await readFile(join(folder, "recording.mcap")),
    };
  } finally {
    await workers.close();
    await rm(folder, { recursive: true, force: true });
  }
}

const differingBytes = (a: Buffer, b: Buffer): number => {
  let count = Math.abs(a.length - b.length);
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) count++;
  return count;
};

interface SharedRuns {
  readonly one: RunBytes;
  /** With two workers, filling a cache. */
  readonly two: RunBytes;
  /** With two workers, from that cache. */
  readonly warm: RunBytes;
  /** Entries that the last run found in the cache, and that it made anew. */
  readonly found: number;
  readonly made: number;
}

/** The runs that the checks share: made once, by the first check that asks. */
function sharedRuns(): () => Promise<SharedRuns> {
  let runs: Promise<SharedRuns> | undefined;
  return () => (runs ??= makeRuns());
}

async function makeRuns(): Promise<SharedRuns> {
  const kept = new Map<string, Uint8Array>();
  let found = 0,
    made = 0;
  const cache = {
    read: async (key: string) => {
      const bytes = kept.get(key);
      if (bytes) found++;
      return bytes;
    },
    write: async (key: string, bytes: Uint8Array) => {
      made++;
      kept.set(key, bytes);
    },
  };
  const cached = cachedStages(cache, cache, { simulator: "verify", figures: "verify" });
  const one = await runOnce(1),
    two = await runOnce(2, cached);
  found = made = 0;
  const warm = await runOnce(2, cached);
  return { one, two, warm, found, made };
}

const runs = sharedRuns();

const checks: readonly Check[] = [
  {
    id: "determinism.report",
    statement: "The same scenario and seed give the same report.json, byte for byte, with one worker and with two",
    source: "docs/pipeline.md",
    expected: 0,
    tolerance: 0,
    async run() {
      const { one, two } = await runs();
      const measured = differingBytes(one.report, two.report);
      return { measured, pass: measured === 0 && one.report.length > 1000 };
    },
  },
  {
    id: "determinism.recording",
    statement: "The simulated recording is the same, byte for byte, with one worker and with two",
    source: "docs/recording.md",
    expected: 0,
    tolerance: 0,
    async run() {
      const { one, two } = await runs();
      const measured = differingBytes(one.recording, two.recording);
      return { measured, pass: measured === 0 && one.recording.length > 100_000 };
    },
  },
  {
    id: "determinism.cache",
    statement:
      "Pictures, bone lines and calibrations that are read from the cache of an earlier run change no byte of report.json and recording",
    source: "docs/pipeline.md",
    expected: 0,
    tolerance: 0,
    async run() {
      const { one, warm, found, made } = await runs();
      const measured = differingBytes(one.report, warm.report) + differingBytes(one.recording, warm.recording);
      return { measured, pass: measured === 0 && found > 0 && made === 0 };
    },
  },
  {
    id: "determinism.streams",
    statement: "Drawing from one random stream leaves every other stream as it was",
    source: "core/rng.ts",
    expected: 0,
    tolerance: 0,
    run: async () => {
      const calm = createRng("s").fork("a"),
        busy = createRng("s");
      for (let i = 0; i < 1000; i++) busy.fork("b").normal();
      const other = busy.fork("a");
      let measured = 0;
      for (let i = 0; i < 1000; i++) if (calm.uniform() !== other.uniform()) measured++;
      return { measured, pass: measured === 0 };
    },
  },
];

export const determinismSuite: Suite = {
  name: "determinism",
  about: "same scenario, same seed, same bytes",
  checks,
};

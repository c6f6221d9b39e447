import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { softwareOf } from "../data/provenance.ts";
import { silentLog } from "../core/log.ts";
import { createWorkerPool } from "../core/worker-pool.ts";
import type { Report } from "../data/report.ts";
import { createClosestPoint } from "../geometry/closest-point.ts";
import { steadyClock } from "../hardware/natnet/host-clock.ts";
import { openMcap } from "../io/mcap/reader.ts";
import { readMesh } from "../io/mesh/read-mesh.ts";
import { acquire } from "../scenario/acquire.ts";
import { liveRig } from "../scenario/live-rig.ts";
import { recordDevices } from "../scenario/record-devices.ts";
import { clocksOf, type DeviceClock } from "../scenario/recorded-clocks.ts";
import { arrivalSpan, replayAcquisition } from "../scenario/replay.ts";
import { runJudged } from "../scenario/run.ts";
import type { RunContext } from "../scenario/run-context.ts";
import { parseScenario } from "../scenario/schema.ts";
import { serveScan } from "../scenario/serve.ts";
import { simulate } from "../scenario/simulate.ts";
import type { Check, CheckOutcome, Suite } from "./check.ts";

/** One stroke over the patella with the default rig: its tracker, operator, timing. Only the pictures are small. */
const oneStroke = {
  name: "three-ways",
  seed: "three ways",
  source: {
    kind: "simulated",
    phantom: { kind: "parametric", gridSpacingMm: 1.25 },
    imaging: { widthPx: 144, heightPx: 144 },
    operator: { sweeps: ["prepatellar transverse"] },
  },
  calibration: { kind: "truth" },
  segmentation: { kind: "classical" },
  report: { sampleFrames: 1 },
};

/** Hours apart, and drifting against each other by 200 ppm, to either side of the host's clock. */
export const servedClocks = {
  plus: { offsetS: 1.8e9, skew: 1e-4 },
  motive: { offsetS: 3 * 3600, skew: -1e-4 },
} as const;

export interface ThreeWays {
  readonly inProcess: Report;
  readonly replayed: Report;
  readonly overWire: Report;
  /** Bytes of the replay's recording and report that are not those of the first way. */
  readonly differingBytes: number;
  /** From each surface to the other, over the vertices of both, mm. */
  readonly meanMm: number;
  readonly p95Mm: number;
  readonly p99Mm: number;
  readonly clocks: readonly DeviceClock[];
  /** Images and tracker frames of the first way that are missing in the third, and images with other pixels. */
  readonly lost: number;
  readonly changed: number;
}

/**
 * One scenario, scored in process, from a replay of its recording, and over the wire: played by a PlusServer and a
 * Motive of our own on this machine, with clocks of their own, and recorded by the real drivers.
 */
export async function threeWays(version: string): Promise<ThreeWays> {
  const folder = await mkdtemp(join(tmpdir(), "sonobench-three-ways-"));
  const workers = createWorkerPool(2);
  const signal = new AbortController().signal;
  const context: RunContext = { log: silentLog, workers, signal, software: softwareOf(version) };
  const at = (way: string): string => join(folder, way, "recording.mcap");
  try {
    const scenario = parseScenario(oneStroke, "verify three-ways");
    if (scenario.source.kind !== "simulated") throw new Error("the scenario is a simulated one");
    for (const way of ["in-process", "replayed", "over-wire"]) await mkdir(join(folder, way));
    const acquiring = { log: silentLog, workers, signal, overwrite: false };
    const simulation = await simulate(scenario, scenario.source, at("in-process"), acquiring);
    const recording = await openMcap(at("in-process"));
    try {
      await acquire(at("replayed"), replayAcquisition(recording), acquiring);
      await overTheWire(recording, at("over-wire"));
    } finally {
      await recording.close();
    }
    const judge = async (way: string): Promise<Report> =>
      (await runJudged(scenario, at(way), simulation, join(folder, way), context)).report;
    const [inProcess, replayed, overWire] = [
      await judge("in-process"),
      await judge("replayed"),
      await judge("over-wire"),
    ];
    const distances = await distancesBetween(join(folder, "in-process"), join(folder, "over-wire"), [
      inProcess,
      overWire,
    ]);
    return {
      inProcess,
      replayed,
      overWire,
      differingBytes:
        differing(await readFile(at("in-process")), await readFile(at("replayed"))) +
        differing(
          await readFile(join(folder, "in-process", "report.json")),
          await readFile(join(folder, "replayed", "report.json")),
        ),
      meanMm: distances.reduce((sum, d) => sum + d, 0) / distances.length,
      p95Mm: distances[Math.floor(0.95 * distances.length)]!,
      p99Mm: distances[Math.floor(0.99 * distances.length)]!,
      ...(await compareRecordings(at("in-process"), at("over-wire"))),
    };
  } finally {
    await workers.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function overTheWire(recording: Awaited<ReturnType<typeof openMcap>>, path: string): Promise<void> {
  const served = await serveScan(replayAcquisition(recording), {
    tools: recording.poses.map(({ tool }) => tool),
    span: arrivalSpan(recording),
    plusPort: 0,
    motivePort: 0,
    motiveDataPort: 0,
    transport: "unicast",
    plusClock: servedClocks.plus,
    motiveClock: servedClocks.motive,
  });
  try {
    const { plus, motive } = served;
    const rig = liveRig(
      { images: `plus://${plus.host}:${plus.port}`, poses: `natnet://${motive!.host}:${motive!.port}?stale=0` },
      silentLog,
    );
    await recordDevices(path, rig, {
      log: silentLog,
      signal: new AbortController().signal,
      overwrite: false,
      nowS: () => steadyClock.nowS(),
    });
    await served.ended;
  } finally {
    await served.close();
  }
}

/** Sorted. A bone that only one of the ways found counts as far away. */
async function distancesBetween(a: string, b: string, reports: readonly Report[]): Promise<Float64Array> {
  const distances: number[] = [];
  const found = reports.map(({ meshes }) => meshes.flatMap(({ role, file }) => (role === "result" ? [file] : [])));
  for (const file of new Set(found.flat())) {
    const [first, second] = await Promise.all(
      [a, b].map(async (folder, i) => (found[i]!.includes(file) ? readMesh(join(folder, file)) : undefined)),
    );
    if (!first || !second) {
      for (let i = 0; i < ((first ?? second)?.mesh.positions.length ?? 0); i += 3) distances.push(Infinity);
      continue;
    }
    for (const [from, to] of [
      [first.mesh, second.mesh],
      [second.mesh, first.mesh],
    ] as const) {
      const surface = createClosestPoint(to);
      for (let i = 0; i < from.positions.length; i += 3)
        distances.push(surface.distanceMm(from.positions[i]!, from.positions[i + 1]!, from.positions[i + 2]!));
    }
  }
  return Float64Array.from(distances).sort();
}

async function compareRecordings(a: string, b: string): Promise<Pick<ThreeWays, "clocks" | "lost" | "changed">> {
  const first = await openMcap(a),
    second = await openMcap(b);
  try {
    const count = first.images?.count ?? 0,
      arrived = second.images?.count ?? 0;
    let changed = 0;
    for (let i = 0; i < Math.min(count, arrived); i++) {
      const [sent, got] = [await first.images!.read(i), await second.images!.read(i)];
      if (sent.pixels.length !== got.pixels.length || sent.pixels.some((value, k) => value !== got.pixels[k]))
        changed++;
    }
    const frames = (recording: typeof first): number => recording.poses[0]?.acquiredAtS.length ?? 0;
    return { clocks: clocksOf(second), changed, lost: count - arrived + frames(first) - frames(second) };
  } finally {
    await first.close();
    await second.close();
  }
}

function differing(a: Uint8Array, b: Uint8Array): number {
  let count = Math.abs(a.length - b.length);
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) count++;
  return count;
}

/** What the design asks for: the same surfaces, whichever way the scan came. */
const SAME_SURFACE_MM = 0.05;

let ways: Promise<ThreeWays> | undefined;
const shared = (): Promise<ThreeWays> => (ways ??= threeWays("verify"));

const source = "the same scenario in process; played and recorded on this machine by our servers and the real drivers";

/** The scan is played in real time, and scored three times: for --full. */
function check(about: Omit<Check, "run" | "source">, judge: (ways: ThreeWays) => CheckOutcome): Check {
  return {
    ...about,
    source,
    run: async ({ full }) => (full ? judge(await shared()) : { measured: "with --full", pass: "skipped" }),
  };
}

const surfaceCheck = (which: "meanMm" | "p95Mm", words: string): Check =>
  check(
    {
      id: `three-ways.wire.surface.${which === "meanMm" ? "mean" : "p95"}`,
      statement:
        "the surface that comes over the wire, by clocks that are hours apart and drift by 200 ppm, against that of the " +
        `same scenario in process: ${words} distance, mm`,
      expected: 0,
      tolerance: SAME_SURFACE_MM,
    },
    (found) => ({ measured: found[which], pass: found[which] <= SAME_SURFACE_MM }),
  );

const checks: readonly Check[] = [
  check(
    {
      id: "three-ways.replay",
      statement: "a scenario that is replayed from its recording gives the same recording and report: differing bytes",
      expected: 0,
      tolerance: 0,
    },
    ({ differingBytes: measured }) => ({ measured, pass: measured === 0 }),
  ),
  check(
    {
      id: "three-ways.wire.lossless",
      statement: "over OpenIGTLink and NatNet every image and tracker frame arrives, pixel for pixel",
      expected: "0 lost, 0 changed",
      tolerance: "exact",
    },
    ({ lost, changed }) => {
      const measured = `${lost} lost, ${changed} changed`;
      return { measured, pass: measured === "0 lost, 0 changed" };
    },
  ),
  surfaceCheck("meanMm", "mean"),
  surfaceCheck("p95Mm", "95th percentile of the"),
];

export const threeWaysSuite: Suite = {
  name: "three-ways",
  about: "one scenario in process, replayed, and over the wire with clocks that are hours apart: the same surfaces",
  checks,
};

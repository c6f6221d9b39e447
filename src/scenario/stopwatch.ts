import { arch, availableParallelism, cpus, platform, release, totalmem } from "node:os";
import { type Log, silentLog } from "../core/log.ts";
import type { Made } from "../data/provenance.ts";

/** Times of the stages; they go to timing.json, never to report.json. */
export interface Stopwatch {
  time<T>(stage: string, work: () => Promise<T> | T): Promise<T>;
  summary(frames: number): Made & Readonly<Record<string, unknown>>;
}

export function createStopwatch(log: Log = silentLog): Stopwatch {
  const stages: Record<string, number> = {},
    cpuStages: Record<string, number> = {},
    peaks: Record<string, number> = {};
  const started = performance.now();
  return {
    async time(stage, work) {
      const from = performance.now(),
        cpuFrom = cpuS();
      try {
        return await work();
      } finally {
        const wallS = (performance.now() - from) / 1000,
          spentS = cpuS() - cpuFrom;
        stages[stage] = (stages[stage] ?? 0) + wallS;
        cpuStages[stage] = (cpuStages[stage] ?? 0) + spentS;
        peaks[stage] = peakMb();
        log.debug(`time of ${stage}`, {
          wallS: Number(wallS.toFixed(2)),
          cpuS: Number(spentS.toFixed(2)),
          peakMb: peakMb(),
        });
      }
    },
    summary(frames) {
      const totalS = (performance.now() - started) / 1000;
      return {
        ...madeNow(),
        totalS,
        stagesS: stages,
        stagesCpuS: cpuStages,
        framesPerS: frames / totalS,
        peakMemoryMb: peakMb(),
        /** The most until the end of each stage: where it grows is where the memory goes. */
        peakMemoryMbUntil: peaks,
      };
    },
  };
}

/** The time, and this machine: for a timing.json. */
export const madeNow = (): Made => ({ finishedAt: new Date().toISOString(), host: hostFacts() });

/** The machine, without its name or its user's. */
function hostFacts(): Made["host"] {
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? "unknown",
    memoryGb: totalmem() / 2 ** 30,
    node: process.versions.node,
    system: `${platform()} ${release()}, ${arch()}`,
  };
}

const peakMb = (): number => Math.round(process.resourceUsage().maxRSS / 1024);

/** Of this process, all of its threads together. */
function cpuS(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

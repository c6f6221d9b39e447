import { arch, availableParallelism, cpus, platform, release, totalmem } from "node:os";
import type { Made } from "../data/provenance.ts";

/** Times of the stages; they go to timing.json, never to report.json. */
export interface Stopwatch {
  time<T>(stage: string, work: () => Promise<T> | T): Promise<T>;
  summary(frames: number): Made & Readonly<Record<string, unknown>>;
}

export function createStopwatch(): Stopwatch {
  const stages: Record<string, number> = {};
  const started = performance.now();
  return {
    async time(stage, work) {
      const from = performance.now();
      try {
        return await work();
      } finally {
        stages[stage] = (stages[stage] ?? 0) + (performance.now() - from) / 1000;
      }
    },
    summary(frames) {
      const totalS = (performance.now() - started) / 1000;
      return {
        ...madeNow(),
        totalS,
        stagesS: stages,
        framesPerS: frames / totalS,
        peakMemoryMb: process.resourceUsage().maxRSS / 1024,
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

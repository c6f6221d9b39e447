import { Bench } from "tinybench";

/** One thing to time. `units` of work are done by a call; what it returns is kept, so that it is not optimised away. */
export interface Case {
  readonly name: string;
  readonly units: number;
  readonly unit: "frames" | "messages" | "Mvoxel" | "MB" | "calls";
  readonly run: () => unknown;
  /** Cases of the same run, and published figures, that this one is set beside. */
  readonly beside?: readonly (string | Published)[];
}

/** A figure that somebody else printed, in units per second. */
export interface Published {
  readonly name: string;
  readonly perSecond: number;
  readonly source: string;
}

/** A figure that a suite took itself, where calling something again and again says nothing: latencies of a stream. */
export interface Measured {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly note: string;
}

export interface BenchSuite {
  readonly about: string;
  /** Builds the cases (inputs are seeded) and what has to be released afterwards. */
  prepare(): Promise<{
    readonly cases: readonly Case[];
    readonly measured?: () => Promise<readonly Measured[]>;
    close(): Promise<void>;
  }>;
}

export const formatMeasured = ({ name, value, unit, note }: Measured): string =>
  `${name}: ${value.toFixed(value >= 100 ? 0 : 1)} ${unit} (${note})`;

/**
 * Rates in units per second. `best` is from the fastest call. `perCpuSecond` counts the processor time of all threads
 * instead of the clock, over all calls: less disturbed when the machine is shared, though not undisturbed.
 */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly median: number;
  readonly best: number;
  readonly perCpuSecond: number;
  readonly calls: number;
  readonly beside: readonly { readonly name: string; readonly ratio: number; readonly source: string }[];
}

const THIS_RUN = "this run";

/** Warms up and times all cases one after the other; ratios compare the fastest calls of one and the same run. */
export async function measure(cases: readonly Case[], secondsPerCase: number): Promise<Figure[]> {
  const bench = new Bench({
    time: secondsPerCase * 1000,
    iterations: 5,
    warmupTime: 300,
    warmupIterations: 2,
    throws: true,
  });
  let sink: unknown;
  const cpuSeconds = new Map<string, number>();
  for (const { name, run } of cases) {
    let before = process.cpuUsage();
    const work = async (): Promise<void> => {
      sink = await run();
    };
    bench.add(name, work, {
      beforeAll: () => {
        before = process.cpuUsage();
      },
      afterAll: () => {
        const { user, system } = process.cpuUsage(before);
        cpuSeconds.set(name, (user + system) / 1e6);
      },
    });
  }
  await bench.run();
  if (sink === undefined) throw new Error("a case of the benchmark returned nothing");
  const rates = cases.map(({ name, units }) => {
    const result = bench.getTask(name)?.result;
    if (!result || result.state !== "completed") throw new Error(`${name}: the benchmark did not complete`);
    const { min, p50, samplesCount } = result.latency;
    const perCpuSecond = (units * samplesCount) / cpuSeconds.get(name)!;
    return { best: (units * 1000) / min, median: (units * 1000) / p50, calls: samplesCount, perCpuSecond };
  });
  return cases.map(({ name, unit, beside = [] }, i) => ({
    name,
    unit: `${unit}/s`,
    ...rates[i]!,
    beside: beside.map((other) => {
      if (typeof other !== "string") return { ...other, ratio: rates[i]!.best / other.perSecond };
      const at = cases.findIndex((c) => c.name === other);
      if (at < 0) throw new Error(`${name} is compared with ${other}, which is no case of this suite`);
      return { name: other, ratio: rates[i]!.best / rates[at]!.best, source: THIS_RUN };
    }),
  }));
}

export function formatFigure({ name, unit, best, perCpuSecond, beside }: Figure): string {
  const short = (rate: number): string => rate.toFixed(rate >= 100 ? 0 : rate >= 10 ? 1 : 2);
  const compared = beside.map(({ name, ratio, source }) =>
    source === THIS_RUN ? `${ratio.toFixed(1)}x of ${name}` : `${ratio.toFixed(1)}x of ${name}, ${source}`,
  );
  const notes = [...compared, `${short(perCpuSecond)} per CPU second`];
  return `${name}: ${short(best)} ${unit} (${notes.join("; ")})`;
}

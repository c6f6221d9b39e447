import type { LostStatus, Sample, TrackerFrame } from "../data/device.ts";
import type { Image } from "../data/image.ts";
import type { DigitisedPoint } from "../data/recording.ts";
import type { StreamStatus } from "../data/stream-status.ts";

export interface RecordStatus {
  readonly elapsedS: number;
  readonly images: StreamStatus | undefined;
  readonly poses: StreamStatus | undefined;
  /** Share of the tracker's frames in which the tool was seen, and how often it was not, by reason. */
  readonly tools: readonly {
    readonly tool: string;
    readonly trackedShare: number;
    readonly lost: Readonly<Partial<Record<LostStatus, number>>>;
  }[];
  readonly points: number;
}

/** Counts what is recorded, as it is recorded. */
export function createTally(
  nowS: () => number,
  imagerId: string | undefined,
  trackerId: string | undefined,
  points: readonly DigitisedPoint[],
) {
  const images = createCounter(imagerId),
    frames = createCounter(trackerId);
  const tools = new Map<string, Map<LostStatus | "tracked", number>>();
  let firstS = Infinity,
    lastS = -Infinity;
  const at = (receivedS: number): void => {
    firstS = Math.min(firstS, receivedS);
    lastS = Math.max(lastS, receivedS);
  };
  return {
    image(sample: Sample<Image>): void {
      at(sample.receivedAt);
      images.count(sample);
    },
    poses(sample: Sample<TrackerFrame>): void {
      at(sample.receivedAt);
      frames.count(sample);
      for (const { tool, status } of sample.value.tools) {
        const of = tools.get(tool) ?? new Map<LostStatus | "tracked", number>();
        tools.set(tool, of.set(status, (of.get(status) ?? 0) + 1));
      }
    },
    status(): RecordStatus {
      const now = nowS();
      return {
        elapsedS: Math.max(0, lastS - firstS),
        images: images.status(now),
        poses: frames.status(now),
        tools: [...tools].map(([tool, counts]) => {
          const { tracked = 0, ...lost } = Object.fromEntries(counts) as Partial<
            Record<LostStatus | "tracked", number>
          >;
          const all = [...counts.values()].reduce((sum, n) => sum + n, 0);
          return { tool, trackedShare: tracked / all, lost };
        }),
        points: points.length,
      };
    },
  };
}

/** Samples, gaps in their numbers, and the rate since it was asked last. */
function createCounter(id: string | undefined) {
  let samples = 0,
    lost = 0,
    last: number | undefined,
    askedS: number | undefined,
    askedSamples = 0,
    rateHz = 0;
  return {
    count({ sequence, receivedAt }: Sample<unknown>): void {
      askedS ??= receivedAt;
      if (last !== undefined) lost += Math.max(0, sequence - last - 1);
      last = sequence;
      samples++;
    },
    status(nowS: number): StreamStatus | undefined {
      if (id === undefined) return undefined;
      if (askedS !== undefined && nowS - askedS > 0.5) {
        rateHz = (samples - askedSamples) / (nowS - askedS);
        askedS = nowS;
        askedSamples = samples;
      }
      return { id, samples, lost, rateHz };
    },
  };
}

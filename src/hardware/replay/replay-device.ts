import type { Device, DeviceStream, Sample } from "../../data/device.ts";
import type { Pace } from "./pace.ts";

export interface RecordedSamples<T> {
  readonly id: string;
  readonly nominalRateHz: number;
  /** All samples in the order of arrival, from the beginning at every call. Those not `valid` are left out. */
  samples(): AsyncIterable<RecordedSample<T>> | Iterable<RecordedSample<T>>;
}

/** What recordings keep of images whose pixels cannot be used is that there was one. */
export interface RecordedSample<T> extends Sample<T> {
  readonly valid?: boolean;
}

/** What was recorded, as a device: the same samples with the same times, whatever the pace. */
export function replayDevice<T>(recorded: RecordedSamples<T>, pace: Pace = { kind: "full-speed" }): Device<T> {
  return {
    id: recorded.id,
    async open(signal): Promise<DeviceStream<T>> {
      const stop = new AbortController();
      const ends = AbortSignal.any([signal, stop.signal]);
      return {
        nominalRateHz: recorded.nominalRateHz,
        async close() {
          stop.abort();
        },
        [Symbol.asyncIterator]: () => play(recorded, pace, ends),
      };
    },
  };
}

async function* play<T>(recorded: RecordedSamples<T>, pace: Pace, signal: AbortSignal): AsyncGenerator<Sample<T>> {
  if (signal.aborted) return;
  const startS = pace.kind === "as-recorded" ? pace.clock.nowS() : 0;
  let fromS = pace.kind === "as-recorded" ? pace.fromS : undefined;
  for await (const sample of recorded.samples()) {
    if (pace.kind === "as-recorded") {
      fromS ??= sample.receivedAt;
      await pace.clock.sleepUntil(startS + (sample.receivedAt - fromS) / pace.speed, signal);
    }
    if (signal.aborted) return;
    if (sample.valid !== false) yield sample;
  }
}

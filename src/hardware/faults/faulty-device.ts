import type { Rng } from "../../core/rng.ts";
import {
  deviceSeconds,
  type ClockReading,
  type Device,
  type DeviceStream,
  type ImageDevice,
  type PoseDevice,
  type Sample,
  type ToolReading,
  type TrackerFrame,
} from "../../data/device.ts";
import type { Image } from "../../data/image.ts";
import { planFaults, type Fate, type Fault, type Line, type ToolFault } from "./script.ts";

/** What became of the samples of the source. */
export interface FaultCounters {
  delivered: number;
  /** On the way, for any reason: lost, damaged, too late, or the line was down. */
  lost: number;
  /** Not acquired: the source rested. */
  paused: number;
}

export interface FaultyDevice<D> {
  readonly device: D;
  /** Of the stream that was opened last. */
  readonly counters: Readonly<FaultCounters>;
}

export interface FaultyOptions<T> {
  /** Poses that do not change for so long are stale, as the drivers have it. */
  readonly staleAfterS?: number;
  /**
   * Told of every sample that is given out, in order: its own number in the source, and that of the sample whose value
   * it carries (an earlier one, where the source repeats an image).
   */
  readonly onDelivered?: (sample: Sample<T>, shows: number) => void;
}

/**
 * A tracker as its driver would give it out if the script happened to its line. Faults that a driver mends (repeated
 * and reordered datagrams, foreign ones, other versions) change nothing here.
 */
export function faultyPoses(
  device: PoseDevice,
  script: readonly Fault[],
  rng: Rng,
  options: FaultyOptions<TrackerFrame> = {},
): FaultyDevice<PoseDevice> {
  return faulty(device, script, "poses", rng, options, () => {
    const frozen = new Map<string, { readonly reading: ToolReading; readonly sinceS: number }>();
    return ({ value, acquiredAt }, { tools: faults }) => {
      const names = new Set(faults.flatMap((fault) => (fault.kind === "frozen" ? [fault.tool] : [])));
      for (const name of frozen.keys()) if (!names.has(name)) frozen.delete(name);
      const tools = value.tools.map((reading): ToolReading => {
        if (!names.has(reading.tool)) return reading;
        const held = frozen.get(reading.tool) ?? { reading, sinceS: acquiredAt };
        frozen.set(reading.tool, held);
        const stale = held.reading.status === "tracked" && acquiredAt - held.sinceS >= (options.staleAfterS ?? 0.5);
        return stale ? { tool: reading.tool, status: "stale" } : held.reading;
      });
      return { value: { tools: faults.reduce<readonly ToolReading[]>(applyToolFault, tools) } };
    };
  });
}

/** The same for a scanner. */
export function faultyImages(
  device: ImageDevice,
  script: readonly Fault[],
  rng: Rng,
  options: FaultyOptions<Image> = {},
): FaultyDevice<ImageDevice> {
  return faulty(device, script, "images", rng, options, () => {
    let last: Sample<Image> | undefined,
      lastSize = "",
      resizes = -1;
    return (sample, { repeatedImage, size, depthFactor }) => {
      const source = repeatedImage && last ? last : sample;
      last = source;
      const zoomed = zoom(source.value, depthFactor);
      const value = size ? resize(zoomed, size.widthPx, size.heightPx) : zoomed;
      const now = `${value.width} ${value.height} ${depthFactor}`;
      if (now !== lastSize) resizes++;
      lastSize = now;
      return { value, shows: source.sequence, epochs: resizes };
    };
  });
}

interface Change<T> {
  readonly value: T;
  readonly shows?: number;
  readonly epochs?: number;
}

function faulty<T>(
  device: Device<T>,
  script: readonly Fault[],
  line: Line,
  rng: Rng,
  { onDelivered }: FaultyOptions<T>,
  begin: () => (sample: Sample<T>, fate: Fate) => Change<T>,
): FaultyDevice<Device<T>> {
  let counters: FaultCounters = { delivered: 0, lost: 0, paused: 0 };

  async function* play(source: DeviceStream<T>): AsyncGenerator<Sample<T>> {
    const plan = planFaults(script, line, rng),
      change = begin();
    const own: FaultCounters = (counters = { delivered: 0, lost: 0, paused: 0 });
    let index = 0,
      firstS: number | undefined;
    for await (const sample of source) {
      firstS ??= sample.receivedAt;
      const fate = plan(index++, sample.receivedAt - firstS);
      if (fate.paused) {
        own.paused++;
        continue;
      }
      if (fate.lost || fate.damaged || fate.late || fate.outage) {
        own.lost++;
        continue;
      }
      const { value, shows = sample.sequence, epochs = 0 } = change(sample, fate);
      const given: Sample<T> = {
        ...sample,
        // A source that rests does not count.
        sequence: sample.sequence - own.paused,
        acquiredAt: deviceSeconds(sample.acquiredAt + fate.offsetS),
        timeSource:
          fate.noExposureTime && sample.timeSource === "mid-exposure" ? "transmit-minus-latency" : sample.timeSource,
        geometryEpoch: sample.geometryEpoch + fate.steps + fate.redefinitions + epochs,
        ...(sample.clockReading ? { clockReading: shifted(sample.clockReading, fate.offsetS) } : {}),
        value,
      };
      own.delivered++;
      onDelivered?.(given, shows);
      yield given;
    }
  }

  return {
    get counters() {
      return counters;
    },
    device: {
      id: device.id,
      async open(signal) {
        const source = await device.open(signal);
        return {
          nominalRateHz: source.nominalRateHz,
          close: () => source.close(),
          [Symbol.asyncIterator]: () => play(source),
        };
      },
    },
  };
}

/** It is the clock that is off, whoever asks it. */
const shifted = (reading: ClockReading, byS: number): ClockReading => ({
  ...reading,
  deviceS: deviceSeconds(reading.deviceS + byS),
});

function applyToolFault(tools: readonly ToolReading[], fault: ToolFault): readonly ToolReading[] {
  const only = (tool: string, change: (reading: ToolReading) => ToolReading): readonly ToolReading[] =>
    tools.map((reading) => (reading.tool === tool ? change(reading) : reading));
  switch (fault.kind) {
    case "occluded":
      return only(fault.tool, ({ tool }) => ({ tool, status: "occluded" }));
    case "missing":
      return only(fault.tool, ({ tool }) => ({ tool, status: "missing" }));
    case "invalid":
      return only(fault.tool, (reading) =>
        reading.status === "tracked" ? { tool: reading.tool, status: "invalid" } : reading,
      );
    case "swapped": {
      const [a, b] = fault.tools;
      const renamed = (tool: string): string => (tool === a ? b : tool === b ? a : tool);
      const swapped = tools.map((reading) => ({ ...reading, tool: renamed(reading.tool) }));
      // In the order in which the tracker names them.
      return tools.flatMap(({ tool }) => swapped.find((reading) => reading.tool === tool) ?? []);
    }
    case "jumped":
      return only(fault.tool, (reading) => {
        if (reading.status !== "tracked") return reading;
        return {
          ...reading,
          trackerFromTool: reading.trackerFromTool.with(3, reading.trackerFromTool[3]! + fault.byMm),
        };
      });
    case "frozen":
      return tools;
  }
}

/** Cut, or filled with black, at the right and below. */
export function resize({ width, height, pixels }: Image, toWidth: number, toHeight: number): Image {
  const out = blackLike(pixels, toWidth * toHeight);
  for (let v = 0; v < Math.min(height, toHeight); v++) {
    out.set(pixels.subarray(v * width, v * width + Math.min(width, toWidth)), v * toWidth);
  }
  return { width: toWidth, height: toHeight, pixels: out };
}

/** Not by slice(): a Buffer's is no copy. */
function blackLike(pixels: Image["pixels"], count: number): Image["pixels"] {
  if (pixels instanceof Uint8Array) return new Uint8Array(count);
  return pixels instanceof Int16Array ? new Int16Array(count) : new Float32Array(count);
}

/** The picture of a pixel that is `factor` times as long, about the middle of the first row; black where nothing is known. */
export function zoom(image: Image, factor: number): Image {
  if (factor === 1) return image;
  const { width, height, pixels } = image;
  const out = blackLike(pixels, width * height);
  const middle = (width - 1) / 2;
  for (let v = 0; v < height; v++) {
    const row = Math.round(v * factor);
    for (let u = 0; u < width; u++) {
      const column = Math.round(middle + (u - middle) * factor);
      if (row < height && column >= 0 && column < width) out[v * width + u] = pixels[row * width + column]!;
    }
  }
  return { width, height, pixels: out };
}

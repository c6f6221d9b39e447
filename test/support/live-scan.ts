import { createWorkerPool, type WorkerPool } from "../../src/core/worker-pool.ts";
import {
  deviceSeconds,
  hostSeconds,
  type Device,
  type Sample,
  type ToolReading,
  type TrackerFrame,
} from "../../src/data/device.ts";
import type { Image } from "../../src/data/image.ts";
import type { DigitisedPoint } from "../../src/data/recording.ts";
import { createLiveBone, type LiveBone, type LiveBoneAnswer, type LiveBoneJob } from "../../src/pipeline/live-bone.ts";
import { silentLog } from "../../src/core/log.ts";
import type { Segmenter } from "../../src/scenario/build.ts";
import type { LiveSource } from "../../src/scenario/live/live-source.ts";
import { createLiveSession, type LiveSession, type LiveSessionOptions } from "../../src/scenario/live/session.ts";

/** A scan without threads and without waiting: a flat bone 15 mm below a probe that goes along its normal. */
export const PX = 64,
  PIXEL_MM = 0.5,
  BONE_ROW = 30,
  STEP_MM = 0.4;

export const at = (timeS: number) => ({ acquiredAt: deviceSeconds(timeS), receivedAt: hostSeconds(timeS) });

export const imageSample = (sequence: number, timeS: number, epoch = 0): Sample<Image> => ({
  sequence,
  ...at(timeS),
  timeSource: "arrival",
  geometryEpoch: epoch,
  value: { width: PX, height: PX, pixels: new Uint8Array(PX * PX).fill(40 + (sequence % 100)) },
});

export const moved = (zMm: number): Float64Array => Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, zMm);

export function poseSample(
  sequence: number,
  timeS: number,
  tools: readonly ToolReading[],
  epoch = 0,
): Sample<TrackerFrame> {
  return { sequence, ...at(timeS), timeSource: "device", geometryEpoch: epoch, value: { tools } };
}

export const tracked = (tool: string, m: Float64Array): ToolReading => ({
  tool,
  status: "tracked",
  trackerFromTool: m,
  fitRmsMm: 0.1,
});

/** Gives what it is given, one a turn of the event loop. */
export const deviceOf = <T>(id: string, samples: () => Iterable<Sample<T>> | AsyncIterable<Sample<T>>): Device<T> => ({
  id,
  async open(signal) {
    let closed = false;
    return {
      nominalRateHz: 20,
      close: async () => void (closed = true),
      async *[Symbol.asyncIterator]() {
        for await (const sample of samples()) {
          if (closed || signal.aborted) return;
          yield sample;
        }
      },
    };
  },
});

export interface ScanOptions {
  readonly frames?: number;
  readonly tracker?: boolean;
  readonly calibrated?: boolean;
  readonly points?: readonly DigitisedPoint[];
  readonly label?: string;
  readonly toolName?: string;
  /** Another imager than the one that gives `frames` images. */
  readonly imager?: Device<Image>;
}

export function scanSource(options: ScanOptions = {}): LiveSource {
  const { frames = 40, tracker = true, calibrated = true, points = [], label = "a test", toolName = "Probe" } = options;
  const images = function* (): Generator<Sample<Image>> {
    for (let i = 0; i < frames; i++) yield imageSample(i, 1 + 0.05 * i);
  };
  const poses = function* (): Generator<Sample<TrackerFrame>> {
    // 8 mm/s
    for (let i = 0; i < frames * 5 + 200; i++) {
      const timeS = 0.5 + 0.01 * i;
      yield poseSample(i, timeS, [tracked(toolName, moved((STEP_MM / 0.05) * timeS))]);
    }
  };
  const m = Float64Array.of(PIXEL_MM, 0, 0, 0, 0, PIXEL_MM, 0, 0, 0, 0, PIXEL_MM, 0);
  return {
    kind: "recording",
    label,
    rig: {
      imager: options.imager ?? deviceOf("imager", images),
      ...(tracker ? { tracker: deviceOf("tracker", poses) } : {}),
      points,
      counters: () => ({}),
      notes: () => [],
    },
    calibration: calibrated
      ? { fixed: [{ from: "Image", to: toolName, m }], imageName: "Image", imageLagS: 0, about: "as the test says" }
      : { missing: "nothing says how the image sits on the probe" },
    flexionRad: Math.PI / 6,
    pace: "when-ready",
    arrivedS: () => performance.now() / 1000,
    returns: false,
    close: async () => undefined,
  };
}

/** Says that there is bone in every column of row BONE_ROW. */
export const flatBone: Segmenter = async ({ width, height }) => ({
  masks: [
    {
      width,
      height,
      probability: new Uint8Array(width * height),
      ridgeRowPx: new Float32Array(width).fill(BONE_ROW),
      ridgeConfidence: new Float32Array(width).fill(1),
      ridgeSdPx: new Float32Array(width).fill(0.5),
    },
  ],
});

/** The bone's thread, without a thread. */
export function boneWithoutThread(): WorkerPool {
  let growing: { readonly key: string; readonly bone: LiveBone } | undefined;
  return {
    ...createWorkerPool(1),
    async map<Answer>(_: URL, jobs: Iterable<{ readonly data: unknown }>) {
      return [...jobs].map(({ data }) => {
        const { key, options, frame, whole } = data as LiveBoneJob;
        if (growing?.key !== key) growing = { key, bone: createLiveBone(options) };
        if (frame) growing.bone.insert(frame);
        const changes = growing.bone.surfaceChanges();
        const answer: LiveBoneAnswer = { changes, ...(whole ? { whole: growing.bone.surface() } : {}) };
        return answer as Answer;
      });
    },
  };
}

export function sessionOf(source: LiveSource, options: Partial<LiveSessionOptions> = {}): LiveSession {
  return createLiveSession({
    source,
    segmenter: flatBone,
    segmentation: createWorkerPool(1),
    boneWorker: boneWithoutThread(),
    folder: "recordings",
    fileStamp: () => "test",
    nowS: () => performance.now() / 1000,
    log: silentLog,
    ...options,
  });
}

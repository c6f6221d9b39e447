import { Interrupted, UnsuitableInputError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type { DeviceStream, ImageDevice, PoseDevice, Sample, TrackerFrame } from "../data/device.ts";
import type { Image, ImageGeometry } from "../data/image.ts";
import type { DigitisedPoint } from "../data/recording.ts";
import { createRecordingWriter, type RecordingWriter } from "../io/mcap/writer.ts";
import { describeImages } from "./acquire.ts";
import { createTally, type RecordStatus } from "./record-tally.ts";

/** Devices that go on whether they are read or not, and what they tell of themselves. */
export interface LiveRig {
  readonly imager?: ImageDevice;
  readonly tracker?: PoseDevice;
  readonly geometry?: ImageGeometry;
  /** Points that came in until then, the first ones first; it grows. */
  readonly points: readonly DigitisedPoint[];
  /** Of the drivers: what was left out and why, by name. Those that are 0 too. */
  counters(): Readonly<Record<string, number>>;
  /** In words, for who records: states, odd things. */
  notes(): readonly string[];
}

export interface RecordContext {
  readonly log: Log;
  /** Ends the recording; what has arrived is kept. */
  readonly signal: AbortSignal;
  readonly overwrite: boolean;
  /** Host clock of the devices, seconds. */
  readonly nowS: () => number;
  /** From the first sample; as long as the devices give when absent. */
  readonly durationS?: number;
  /** Kept in the recording: where it comes from. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Called about once a second. */
  readonly onStatus?: (status: RecordStatus) => void;
}

export interface RecordOutcome extends RecordStatus {
  readonly endedBy: "duration" | "source" | "interrupt";
}

const STATUS_MS = 1000;
/** When the recording was ended and nothing has come for so long, nothing more is on its way. */
const LAST_SAMPLES_MS = 200;
/** After the images have ended, for so long the poses may go on to their end. */
const OTHER_END_MS = 2000;

/**
 * Records devices as their samples arrive, until they end, the time is up or `signal` aborts. Everything that arrived
 * whole is in the file then, also when a device fails: the error is thrown after the file is closed. Nothing is left
 * when a device cannot be opened.
 */
export async function recordDevices(path: string, rig: LiveRig, context: RecordContext): Promise<RecordOutcome> {
  const { imager, tracker, points } = rig;
  const { log, nowS, signal, overwrite, fields = {}, durationS = Infinity } = context;
  const { images, poses } = await openBoth(imager, tracker, signal);
  const stop = createStop(signal, nowS, durationS);
  const tally = createTally(nowS, imager?.id, tracker?.id, points);
  const ticker = setInterval(() => context.onStatus?.(tally.status()), STATUS_MS);
  let pointsWritten = 0;
  let writer: RecordingWriter | undefined;
  try {
    writer = await createRecordingWriter(path, { overwrite, fields });
    const ends = await Promise.allSettled([
      guarded(images && imager && drainImages(imager.id, images, writer).then(() => stop.soon(OTHER_END_MS))),
      guarded(poses && tracker && drainPoses(tracker.id, poses, writer)),
    ]);
    await writePoints(writer);
    const failed = ends.find((end) => end.status === "rejected");
    if (failed) throw failed.reason;
  } catch (error) {
    throw writer ? kept(error, path) : error;
  } finally {
    clearInterval(ticker);
    stop.clear();
    await writer?.close();
    await images?.close();
    await poses?.close();
  }
  return { ...tally.status(), endedBy: stop.reason() };

  /** A device that fails ends the recording of the other, too. */
  async function guarded(drained: Promise<void> | undefined): Promise<void> {
    try {
      await drained;
    } catch (error) {
      stop.now();
      throw error;
    }
  }
  async function drainImages(id: string, stream: DeviceStream<Image>, into: RecordingWriter): Promise<void> {
    const devices = new ImageIds(into, id, stream, rig.geometry, log);
    for await (const sample of untilStopped(stream, stop)) {
      tally.image(sample);
      await into.writeImage(devices.idFor(sample.value), sample);
      await writePoints(into);
    }
  }
  async function drainPoses(id: string, stream: DeviceStream<TrackerFrame>, into: RecordingWriter): Promise<void> {
    into.addPoseDevice(id, { nominalRateHz: stream.nominalRateHz });
    for await (const sample of untilStopped(stream, stop)) {
      tally.poses(sample);
      await into.writePoses(id, sample);
    }
  }
  async function writePoints(into: RecordingWriter): Promise<void> {
    while (pointsWritten < points.length) await into.writePoint(points[pointsWritten++]!);
  }
}

export interface OpenedDevices {
  readonly images: DeviceStream<Image> | undefined;
  readonly poses: DeviceStream<TrackerFrame> | undefined;
}

/**
 * Both or neither; at the same time, since a served scan begins when both are connected. `signal` ends the waiting for
 * devices, but not their streams, since that would throw away what they hold.
 */
export async function openBoth(
  imager: ImageDevice | undefined,
  tracker: PoseDevice | undefined,
  signal: AbortSignal,
): Promise<OpenedDevices> {
  const connecting = new AbortController();
  const give = (): void => connecting.abort();
  if (signal.aborted) give();
  signal.addEventListener("abort", give, { once: true });
  const [images, poses] = await Promise.allSettled([
    imager?.open(connecting.signal),
    tracker?.open(connecting.signal),
  ] as const);
  signal.removeEventListener("abort", give);
  if (images.status === "fulfilled" && poses.status === "fulfilled" && !signal.aborted)
    return { images: images.value, poses: poses.value };
  if (images.status === "fulfilled") await images.value?.close();
  if (poses.status === "fulfilled") await poses.value?.close();
  if (images.status === "rejected") throw images.reason;
  if (poses.status === "rejected") throw poses.reason;
  throw new Interrupted("Interrupted before the devices had answered: nothing was recorded");
}

function kept(error: unknown, path: string): unknown {
  if (!(error instanceof UnsuitableInputError)) return error;
  const problem = error.message.slice(0, -error.remedy.length).replace(/\.\s*$/, "");
  return new UnsuitableInputError(`${problem}; what had arrived is in ${path}`, error.remedy);
}

type Stop = ReturnType<typeof createStop>;

/** When the recording ends: at a time of the host's clock that is known from then on. */
function createStop(signal: AbortSignal, nowS: () => number, durationS: number) {
  let untilS = Infinity,
    endedBy: RecordOutcome["endedBy"] = "source",
    told: () => void = () => undefined,
    duration: NodeJS.Timeout | undefined,
    grace: NodeJS.Timeout | undefined;
  const happened = new Promise<void>((resolve) => (told = resolve));
  function end(by: RecordOutcome["endedBy"]): void {
    if (untilS < Infinity) return;
    untilS = nowS();
    endedBy = by;
    told();
  }
  const interrupt = (): void => end("interrupt");
  if (signal.aborted) interrupt();
  else signal.addEventListener("abort", interrupt, { once: true });
  return {
    happened,
    /** Samples that arrived later are not recorded. */
    get untilS() {
      return untilS;
    },
    reason: () => endedBy,
    soon(afterMs: number): void {
      grace ??= setTimeout(() => end("source"), afterMs);
    },
    now: () => end("source"),
    /** From the first sample the duration counts. */
    began(receivedS: number): void {
      if (durationS < Infinity) duration ??= setTimeout(() => end("duration"), (receivedS + durationS - nowS()) * 1000);
    },
    clear(): void {
      clearTimeout(duration);
      clearTimeout(grace);
      signal.removeEventListener("abort", interrupt);
    },
  };
}

/** What arrived before the stop: what is queued then is still read, and the stream closed when nothing more comes. */
async function* untilStopped<T>(stream: DeviceStream<T>, stop: Stop): AsyncGenerator<Sample<T>> {
  let taken = 0,
    seen = -1,
    quiet: NodeJS.Timeout | undefined;
  const closeWhenQuiet = (): void => {
    if (taken === seen) void stream.close();
    seen = taken;
  };
  void stop.happened.then(() => (quiet = setInterval(closeWhenQuiet, LAST_SAMPLES_MS)));
  try {
    for await (const sample of stream) {
      taken++;
      stop.began(sample.receivedAt);
      if (sample.receivedAt > stop.untilS) return;
      yield sample;
    }
  } finally {
    clearInterval(quiet);
  }
}

/** A recording's device has one size of image; a change of size begins another device. */
class ImageIds {
  private readonly ids = new Map<string, string>();
  private readonly writer: RecordingWriter;
  private readonly id: string;
  private readonly stream: DeviceStream<Image>;
  private readonly geometry: ImageGeometry | undefined;
  private readonly log: Log;

  constructor(
    writer: RecordingWriter,
    id: string,
    stream: DeviceStream<Image>,
    geometry: ImageGeometry | undefined,
    log: Log,
  ) {
    this.writer = writer;
    this.id = id;
    this.stream = stream;
    this.geometry = geometry;
    this.log = log;
  }

  idFor(image: Image): string {
    const kind = `${image.width} ${image.height} ${image.pixels.constructor.name}`;
    const known = this.ids.get(kind);
    if (known !== undefined) return known;
    const id = this.ids.size === 0 ? this.id : `${this.id}-${this.ids.size + 1}`;
    if (this.ids.size > 0)
      this.log.warn("the images have another size now; they are recorded as another device", { device: id });
    const { geometry } = this;
    const fits = geometry && geometry.width === image.width && geometry.height === image.height;
    describeImages(this.writer, id, this.stream, image, fits ? geometry : undefined);
    this.ids.set(kind, id);
    return id;
  }
}

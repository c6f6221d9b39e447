import { basename } from "node:path";
import { UnsuitableInputError } from "../../core/errors.ts";
import type { ImageTrack, PoseTrack, Recording } from "../../data/recording.ts";
import type { StatusChange, ViewedRecording, ViewedTrack } from "../../data/view-page.ts";
import { openRecording } from "../open-recording.ts";

export interface RecordingView {
  readonly item: ViewedRecording;
  /** Image `index` as gray values, rows of columns. Throws an UnsuitableInputError when there is no such image. */
  frame(index: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** More points of a tool's way, or times of images, than a screen has columns. */
const MAX_POSES = 2500;
const MAX_TIMES = 20_000;
/** Of one image: above it a browser is sent too much at once. */
const MAX_PIXELS = 1 << 24;
const MAX_CHANGES = 5000;

export async function openRecordingView(path: string): Promise<RecordingView> {
  const recording = await openRecording(path);
  const { images } = recording;
  if (images && images.width * images.height > MAX_PIXELS) {
    await recording.close();
    throw new UnsuitableInputError(
      `${path}: its images have ${images.width} × ${images.height} pixels; up to ${MAX_PIXELS} are shown`,
      "Make them smaller",
    );
  }
  return {
    item: describeRecording(basename(path), recording),
    async frame(index) {
      if (!images || !Number.isInteger(index) || index < 0 || index >= images.count)
        throw new UnsuitableInputError(`${path}: there is no image ${index}`, `It has ${images?.count ?? 0}`);
      return grayBytes(await images.read(index));
    },
    close: () => recording.close(),
  };
}

export function describeRecording(name: string, recording: Recording): ViewedRecording {
  const { images, poses, points, pairing, warnings } = recording;
  const startS = Math.min(
    images?.acquiredAtS[0] ?? Infinity,
    ...poses.map(({ receivedAtS }) => receivedAtS[0] ?? Infinity),
  );
  const since = (timeS: number): number => Number((timeS - (Number.isFinite(startS) ? startS : 0)).toFixed(4));
  return {
    kind: "recording",
    name,
    images: images ? describeImages(images, since) : null,
    tracks: poses.map((track) => describeTrack(track, pairing === "by-index" ? images : undefined, since)),
    sweeps: recording.sweeps.map((sweep) => ({ name: sweep.name, fromS: since(sweep.fromS), toS: since(sweep.toS) })),
    points: points.map(({ name: point, body }) => ({ name: point, body })),
    pairing,
    warnings: [...warnings],
  };
}

function describeImages(images: ImageTrack, since: (timeS: number) => number): ViewedRecording["images"] {
  const { count, width, height, pixelType, nominalGeometry, acquiredAtS } = images;
  const every = Math.max(1, Math.ceil(count / MAX_TIMES));
  return {
    count,
    width,
    height,
    pixelType,
    pixelMm: nominalGeometry?.spacingMm ?? null,
    timesS: thin(count, every).map((i) => since(acquiredAtS[i]!)),
    everyImages: every,
    rateHz: meanRate(acquiredAtS),
  };
}

function describeTrack(
  track: PoseTrack,
  pairedWith: ImageTrack | undefined,
  since: (timeS: number) => number,
): ViewedTrack {
  const { tool, parent, status, parentFromTool } = track;
  const timesS = pairedWith && pairedWith.count === status.length ? pairedWith.acquiredAtS : track.receivedAtS;
  const every = Math.max(1, Math.ceil(status.length / MAX_POSES));
  const shown = thin(status.length, every);
  const tracked = status.filter((entry) => entry === "tracked").length;
  return {
    tool,
    parent,
    samples: status.length,
    trackedShare: status.length ? tracked / status.length : 0,
    rateHz: meanRate(timesS),
    timesS: shown.map((i) => since(timesS[i]!)),
    poses: shown.map((i) =>
      status[i] === "tracked"
        ? Array.from(parentFromTool.subarray(i * 12, i * 12 + 12), (value) => Number(value.toFixed(3)))
        : null,
    ),
    status: changes(status, (i) => since(timesS[i]!)),
  };
}

/** When the status changed and what it became; the first entry is the beginning. */
export function changes(status: readonly string[], timeS: (sample: number) => number): StatusChange[] {
  const found: StatusChange[] = [];
  for (let i = 0; i < status.length && found.length < MAX_CHANGES; i++)
    if (i === 0 || status[i] !== status[i - 1]) found.push({ fromS: timeS(i), status: status[i]! });
  return found;
}

const thin = (count: number, every: number): number[] =>
  Array.from({ length: Math.ceil(count / every) }, (_, i) => i * every);

function meanRate(timesS: Readonly<Float64Array>): number | null {
  const span = (timesS.at(-1) ?? 0) - (timesS[0] ?? 0);
  return span > 0 ? Number(((timesS.length - 1) / span).toFixed(2)) : null;
}

/** 8 bits as they are; others from the darkest to the brightest of the image. */
export function grayBytes({ pixels }: { readonly pixels: Uint8Array | Int16Array | Float32Array }): Uint8Array {
  if (pixels instanceof Uint8Array) return pixels;
  let min = Infinity,
    max = -Infinity;
  for (const value of pixels) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const scale = max > min ? 255 / (max - min) : 0;
  return Uint8Array.from(pixels, (value) => Math.round((value - min) * scale));
}

import { basename } from "node:path";
import { UnsuitableInputError } from "../../core/errors.ts";
import type { ImageTrack } from "../../data/recording.ts";
import type { MemoryBudget, ReadLimits } from "./budget.ts";
import { interpretFrames } from "./frame-fields.ts";
import { DEFAULT_NOMINAL_RATE_HZ } from "./frame-times.ts";
import { openRaster } from "./open-raster.ts";
import { internalOrientation, orient, parseOrientation, type Orientation } from "./orientation.ts";
import { takeOwn } from "./own-fields.ts";
import { deinterleaved, type Payload } from "./payload.ts";
import { elementBytes, type ElementType, type RasterHeader } from "./raster-header.ts";
import { decodeSamples, inMemoryType, toGray } from "./samples.ts";
import type { SequenceRecording } from "./sequence-recording.ts";

export interface OpenSequenceOptions extends ReadLimits {
  /** Rate of the times that are made up when no frame has a timestamp, Hz. Default 30. */
  readonly nominalRateHz?: number;
}

/**
 * Opens a PLUS or Slicer sequence: MetaImage (.mha, .mhd with its data file) or NRRD (.nrrd, .nhdr), told apart by
 * content. Reads the header only; the samples are read frame by frame when asked for, from a file that may be larger
 * than memory. What was odd is said in `warnings`. Close the recording when done.
 */
export async function openSequence(path: string, options: OpenSequenceOptions = {}): Promise<SequenceRecording> {
  const raster = await openRaster(path, options);
  try {
    const { header, budget, warnings, warn } = raster;
    const layout = frameLayout(path, header, warn);
    const fields = spatialFields(header);
    const own = takeOwn(path, fields);
    const orientation = chooseOrientation(path, header, layout, fields, warn);
    const packed = await raster.payload();
    // What the writer writes anyway.
    if (fields["UltrasoundImageType"] === (packed.bytes > 0 ? "BRIGHTNESS" : "XX"))
      delete fields["UltrasoundImageType"];
    const payload =
      layout.interleaved && header.element && packed.bytes > 0
        ? deinterleaved(path, packed, layout.count, elementBytes[header.element] * layout.channels, budget)
        : packed;
    if (header.element !== undefined && packed.bytes > 0 && inMemoryType[header.element] !== header.element) {
      warn(`The pixels are ${header.element}; they are given as ${inMemoryType[header.element]}.`);
    }
    const count = frameCount(path, header, layout, warn);
    const rate = options.nominalRateHz ?? DEFAULT_NOMINAL_RATE_HZ;
    const frames = interpretFrames(path, header, count, rate, budget, warn);
    const images =
      packed.bytes > 0 && header.element !== undefined
        ? imageTrack(path, { ...layout, element: header.element, littleEndian: header.littleEndian }, orientation, {
            payload,
            budget,
            rest: {
              count,
              ...frames.times,
              valid: frames.imageValid,
              ...(own.nominalGeometry ? { nominalGeometry: own.nominalGeometry } : {}),
            },
          })
        : undefined;
    return {
      name: basename(path).replace(/(\.igs|\.seq)?\.(mha|mhd|nrrd|nhdr)$/i, ""),
      images,
      poses: frames.poses,
      pairing: "by-index",
      points: own.points,
      sweeps: own.sweeps,
      warnings,
      fields,
      storedOrientation: header.orientation ?? "",
      frameFields: frames.frameFields,
      close: () => payload.close(),
    };
  } catch (error) {
    await raster.close();
    throw error;
  }
}

interface FrameLayout {
  /** As stored. */
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** As the sizes say. */
  readonly count: number;
  readonly interleaved: boolean;
}

/** Which axis is which: [channels] width height [1] [frames], or frames first. */
function frameLayout(path: string, header: RasterHeader, warn: (sentence: string) => void): FrameLayout {
  const axes = [...header.axes];
  const refuse = (problem: string, remedy: string): UnsuitableInputError =>
    new UnsuitableInputError(`${path}: ${header.sizeField}: ${problem}`, remedy);
  if (header.kindsMissing) {
    const last = axes[axes.length - 1];
    const spaces = axes.filter(({ kind }) => kind === "space").length;
    if (last && spaces >= 3) {
      axes[axes.length - 1] = { size: last.size, kind: "list" };
      warn("The header has no Kinds: the last dimension is taken as time.");
    }
  }
  const lists = axes.flatMap(({ kind, size }, at) => (kind === "list" ? [{ size, at }] : []));
  const channelAxes = axes.flatMap(({ kind, size }, at) => (kind === "channel" ? [{ size, at }] : []));
  const space = axes.filter(({ kind }) => kind === "space").map(({ size }) => size);
  const list = lists[0],
    channel = channelAxes[0];
  if (lists.length > 1 || channelAxes.length > 1) throw refuse("two axes of one kind", "Give each axis its own kind");
  if (channel && channel.at !== 0) throw refuse("colours that are not interleaved are not read", "Save them as gray");
  if (list && list.at !== 0 && list.at !== axes.length - 1) {
    throw refuse("time is neither the first nor the last axis", "Put the list axis last");
  }
  if (list?.at === 0 && axes.length < 3) throw refuse("has no image axes", "Put the list axis last");
  const [width = 1, height = 1, depth = 1] = space;
  if (space.length < 2 || space.length > 3) {
    throw refuse(`has ${space.length} image axes, a sequence has 2`, "Give a sequence of 2D images");
  }
  if (space.length === 3 && depth !== 1) {
    const what = list ? "a sequence of volumes" : "one volume";
    throw refuse(`this is ${what}, not a sequence of 2D images`, "Read volumes with readVolume");
  }
  const channels = channel?.size ?? 1;
  if (channels !== 1 && channels !== 3 && channels !== 4) {
    throw refuse(`${channels} channels per pixel are not read`, "Give gray (1), RGB (3) or RGBA (4)");
  }
  if (channels > 1) warn(`The pixels have ${channels} colour channels; they are converted to gray (BT.601 luma).`);
  return { width, height, channels, count: list?.size ?? 1, interleaved: list?.at === 0 && list.size > 1 };
}

/** The number of frames there is anything of. */
function frameCount(
  path: string,
  header: RasterHeader,
  { width, height, channels, count }: FrameLayout,
  warn: (sentence: string) => void,
): number {
  if (header.element !== undefined && width * height * channels * count > 0) return count;
  const { frameCount: sets } = header.frames;
  if (sets === 0 && count === 0) {
    throw new UnsuitableInputError(`${path}: holds neither images nor frame fields`, "Record again");
  }
  if (count > sets) warn(`${count} frames are promised, but there are no images and ${sets} field sets; ${sets} used.`);
  return Math.min(count, sets) || sets;
}

function chooseOrientation(
  path: string,
  { orientation: word, element }: RasterHeader,
  { width, height }: FrameLayout,
  fields: Readonly<Record<string, string>>,
  warn: (sentence: string) => void,
): Orientation {
  if (element === undefined || width * height === 0) return internalOrientation;
  const type = fields["UltrasoundImageType"] ?? "BRIGHTNESS";
  if (type === "RF_IQ_LINE" || type === "RF_I_LINE_Q_LINE") {
    throw new UnsuitableInputError(
      `${path}: UltrasoundImageType: ${type} is no image yet`,
      "Demodulate it to BRIGHTNESS",
    );
  }
  if (type === "RF_REAL") warn("The images are radio-frequency lines (RF_REAL), not brightness.");
  const found = parseOrientation(word ?? "");
  if (found) return found;
  const unknown = word === undefined ? "There is no image orientation" : `The image orientation "${word}" is unknown`;
  warn(`${unknown}: the images are taken as MF (x to the marked side, y away from the transducer).`);
  return internalOrientation;
}

/** Header fields to keep; spacing and origin join them, in internal axes, where they say something. */
function spatialFields(header: RasterHeader): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const key of Object.keys(header.fields)) {
    Object.defineProperty(fields, key, Object.getOwnPropertyDescriptor(header.fields, key) ?? {});
  }
  const spacing = header.spacing.slice(0, 2),
    origin = header.origin.slice(0, 2);
  if (parseOrientation(header.orientation ?? "")?.transpose) spacing.reverse();
  if (spacing.some((s) => s !== 1)) fields["ElementSpacing"] = [...spacing, 1].join(" ");
  if (origin.some((o) => o !== 0)) fields["Offset"] = [...origin, 0].join(" ");
  return fields;
}

interface StoredFrame extends FrameLayout {
  readonly element: ElementType;
  readonly littleEndian: boolean;
}

function imageTrack(
  path: string,
  { width, height, channels, element, littleEndian }: StoredFrame,
  orientation: Orientation,
  {
    payload,
    budget,
    rest,
  }: {
    readonly payload: Payload;
    readonly budget: MemoryBudget;
    readonly rest: Omit<ImageTrack, "read" | "width" | "height" | "pixelType">;
  },
): ImageTrack {
  const frameBytes = width * height * channels * elementBytes[element];
  // As stored, converted, made gray, turned.
  const { transpose, mirrorU, mirrorV } = orientation;
  const converted = inMemoryType[element] !== element || !littleEndian ? channels : 0,
    copies = converted + (channels > 1 ? 1 : 0) + (transpose || mirrorU || mirrorV ? 1 : 0);
  budget.reserve(frameBytes + copies * width * height * elementBytes[inMemoryType[element]], "one frame");
  const outWidth = orientation.transpose ? height : width,
    outHeight = orientation.transpose ? width : height;
  return {
    ...rest,
    width: outWidth,
    height: outHeight,
    pixelType: inMemoryType[element],
    async read(index) {
      if (!Number.isInteger(index) || index < 0 || index >= rest.count) {
        throw new RangeError(`${path}: there is no frame ${index}, only 0 to ${rest.count - 1}`);
      }
      const stored = new Uint8Array(frameBytes);
      await payload.read(stored, index * frameBytes);
      const samples = decodeSamples(stored, element, littleEndian);
      const gray = channels > 1 ? toGray(samples, channels) : samples;
      return { width: outWidth, height: outHeight, pixels: orient(gray, width, height, orientation) };
    },
  };
}

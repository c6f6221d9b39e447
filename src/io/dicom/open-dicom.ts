import { basename } from "node:path";
import dicomParser, { type DataSet, type Element } from "dicom-parser";
import { FormatError, UnsuitableInputError } from "../../core/errors.ts";
import type { Image } from "../../data/image.ts";
import type { Recording } from "../../data/recording.ts";
import { createBudget, type ReadLimits } from "../sequence/budget.ts";
import { openFile } from "../sequence/byte-file.ts";
import { openJpegDecoder } from "./jpeg.ts";
import { imageRegion } from "./regions.ts";
import { decodeRle } from "./rle.ts";
import { frameTimes } from "./times.ts";

/** Where "DICM" stands. */
export const DICOM_MAGIC_AT = 128;

type Coding = "uncompressed" | "jpeg" | "rle";

const codings: Readonly<Record<string, Coding>> = {
  "1.2.840.10008.1.2": "uncompressed",
  "1.2.840.10008.1.2.1": "uncompressed",
  "1.2.840.10008.1.2.4.50": "jpeg",
  "1.2.840.10008.1.2.4.51": "jpeg",
  "1.2.840.10008.1.2.5": "rle",
};

const MAX_FRAMES = 1_000_000;

/**
 * An ultrasound clip of a hospital scanner as a recording without poses: cut to the ultrasound region, as gray values,
 * with the region's pixel size as nominal geometry. The file is held in memory; frames are decoded when read. Colour
 * becomes brightness. Throws a FormatError that names the tag, or an UnsuitableInputError for what cannot be used.
 */
export async function openDicom(path: string, limits: ReadLimits = {}): Promise<Recording> {
  const file = await openFile(path);
  let bytes: Uint8Array;
  try {
    createBudget(path, limits).reserve(file.size, "the clip");
    bytes = new Uint8Array(file.size);
    await file.read(bytes, 0);
  } finally {
    await file.close();
  }
  const dataSet = parse(path, bytes);
  const warnings: string[] = [];
  const warn = (sentence: string): void => void warnings.push(sentence);
  const shape = readShape(path, dataSet);
  const region = imageRegion(path, dataSet, shape.columns, shape.rows, warn);
  const timesS = frameTimes(path, dataSet, shape.frames, warn);
  const readGray = await grayReader(path, dataSet, shape);
  const { left, top, width, height, geometry } = region;
  return {
    name: basename(path).replace(/\.(dcm|dicom)$/i, ""),
    images: {
      width,
      height,
      pixelType: "u8",
      count: shape.frames,
      ...(geometry ? { nominalGeometry: geometry } : {}),
      acquiredAtS: timesS,
      receivedAtS: timesS,
      valid: new Uint8Array(shape.frames).fill(1),
      async read(index): Promise<Image> {
        if (!(Number.isInteger(index) && index >= 0 && index < shape.frames)) throw new RangeError(`image ${index}`);
        const whole = readGray(index),
          pixels = new Uint8Array(width * height);
        for (let v = 0; v < height; v++) {
          const from = (top + v) * shape.columns + left;
          pixels.set(whole.subarray(from, from + width), v * width);
        }
        return { width, height, pixels };
      },
    },
    poses: [],
    pairing: "by-time",
    points: [],
    sweeps: [],
    warnings,
    fields: {},
    close: () => Promise.resolve(),
  };
}

function parse(path: string, bytes: Uint8Array): DataSet {
  try {
    return dicomParser.parseDicom(bytes);
  } catch (error) {
    const reason = typeof error === "string" ? error : error instanceof Error ? error.message : "it cannot be parsed";
    throw new FormatError(path, { whole: true }, `is no readable DICOM file (${reason})`, "Export the clip again");
  }
}

interface Shape {
  readonly columns: number;
  readonly rows: number;
  readonly frames: number;
  readonly components: number;
  readonly photometric: string;
  readonly planar: boolean;
  readonly coding: Coding;
  readonly element: Element;
}

function readShape(path: string, dataSet: DataSet): Shape {
  const fail = (field: string, problem: string): FormatError =>
    new FormatError(path, { field }, problem, "Export the clip as an 8-bit ultrasound multi-frame image");
  const syntax = dataSet.string("x00020010") ?? "";
  const coding = codings[syntax];
  if (!coding) {
    throw new UnsuitableInputError(
      `${path}: (0002,0010) Transfer Syntax ${syntax || "missing"} is not read`,
      "Convert it to JPEG baseline, RLE or uncompressed, for instance with dcmdjpeg or gdcmconv --raw",
    );
  }
  const rows = dataSet.uint16("x00280010") ?? 0,
    columns = dataSet.uint16("x00280011") ?? 0,
    components = dataSet.uint16("x00280002") ?? 1,
    photometric = (dataSet.string("x00280004") ?? "").trim(),
    bits = dataSet.uint16("x00280100") ?? 0;
  if (rows === 0 || columns === 0) throw fail("(0028,0010) Rows, (0028,0011) Columns", `${columns} x ${rows} pixels`);
  if (bits !== 8) throw fail("(0028,0100) Bits Allocated", `${bits}, expected 8`);
  const isGray = /^MONOCHROME[12]$/.test(photometric),
    isColour = /^(RGB|YBR_FULL|YBR_FULL_422)$/.test(photometric);
  if (!isGray && !isColour) throw fail("(0028,0004) Photometric Interpretation", `"${photometric}" is not read`);
  if (components !== (isGray ? 1 : 3)) {
    throw fail("(0028,0002) Samples per Pixel", `${components} do not fit ${photometric}`);
  }
  const frames = Number(dataSet.string("x00280008") ?? "1");
  if (!(Number.isInteger(frames) && frames >= 1 && frames <= MAX_FRAMES)) {
    throw fail("(0028,0008) Number of Frames", `"${dataSet.string("x00280008") ?? ""}" is no number of frames`);
  }
  const element = dataSet.elements["x7fe00010"];
  if (!element) throw fail("(7fe0,0010) Pixel Data", "there is none");
  const planar = dataSet.uint16("x00280006") === 1;
  return { columns, rows, frames, components, photometric, planar, coding, element };
}

/** Frame by frame, the whole screen as gray values. */
async function grayReader(path: string, dataSet: DataSet, shape: Shape): Promise<(index: number) => Uint8Array> {
  const { columns, rows, frames, components, photometric, planar, coding, element } = shape;
  const pixels = columns * rows;
  const fail = (problem: string): FormatError =>
    new FormatError(path, { field: "(7fe0,0010) Pixel Data" }, problem, "Export the clip again");
  const bytes = dataSet.byteArray;
  const invert = (gray: Uint8Array): Uint8Array =>
    photometric === "MONOCHROME1" ? gray.map((value) => 255 - value) : gray;
  if (coding === "uncompressed") {
    const halved = photometric === "YBR_FULL_422";
    const frameBytes = halved ? 2 * pixels : components * pixels;
    if (halved && columns % 2 === 1) throw fail("YBR_FULL_422 needs an even number of columns");
    const available = Math.min(element.length, bytes.length - element.dataOffset);
    if (frames * frameBytes > available) throw fail(`${available} bytes, but ${frames} frames of ${frameBytes}`);
    return (index) => {
      const frame = bytes.subarray(
        element.dataOffset + index * frameBytes,
        element.dataOffset + (index + 1) * frameBytes,
      );
      // Two pixels are Y Y Cb Cr.
      if (halved) return Uint8Array.from({ length: pixels }, (_, i) => frame[2 * (i - (i % 2)) + (i % 2)]!);
      return invert(brightness(frame, pixels, components, photometric === "RGB", planar));
    };
  }
  const ranges = encapsulated(dataSet, element, frames, coding, fail);
  const join = (index: number): Uint8Array => {
    const parts = ranges(index);
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  };
  if (coding === "rle") {
    return (index) =>
      invert(
        brightness(decodeRle(path, join(index), components, pixels), pixels, components, photometric === "RGB", true),
      );
  }
  const decode = await openJpegDecoder(path, columns, rows);
  return (index) => {
    const frame = decode(join(index));
    return invert(brightness(frame.samples, pixels, frame.components, true, false));
  };
}

/** The bytes of one frame, as the pieces that hold it: by the offset table, else a fragment each, else by JPEG's ends. */
function encapsulated(
  dataSet: DataSet,
  element: Element,
  frames: number,
  coding: Coding,
  fail: (problem: string) => FormatError,
): (index: number) => Uint8Array[] {
  const { fragments } = element;
  if (!fragments || fragments.length === 0) throw fail("is not in fragments, though it is compressed");
  const inside = fragments.every(
    ({ position, length }) => position >= 0 && length >= 0 && position + length <= dataSet.byteArray.length,
  );
  if (!inside) throw fail("a fragment lies outside of the file");
  const piece = (i: number): Uint8Array => {
    const { position, length } = fragments[i]!;
    return dataSet.byteArray.subarray(position, position + length);
  };
  let first: number[];
  if (fragments.length === frames) first = fragments.map((_, i) => i);
  else if (element.basicOffsetTable?.length === frames) {
    first = element.basicOffsetTable.map((offset) => fragments.findIndex((fragment) => fragment.offset === offset));
  } else if (frames === 1) first = [0];
  else if (coding === "jpeg") {
    // Every JPEG frame begins with its own marker.
    first = fragments.flatMap((_, i) => {
      const head = piece(i);
      return head[0] === 0xff && head[1] === 0xd8 ? [i] : [];
    });
  } else first = [];
  if (first.length !== frames || first.some((at, i) => at < 0 || (i > 0 && at <= first[i - 1]!))) {
    throw fail(`${fragments.length} fragments cannot be told apart into ${frames} frames`);
  }
  return (index) => {
    const end = first[index + 1] ?? fragments.length;
    return Array.from({ length: end - first[index]! }, (_, i) => piece(first[index]! + i));
  };
}

/** Rec. 601; of YBR the first component is it already. */
function brightness(
  samples: Uint8Array,
  pixels: number,
  components: number,
  isRgb: boolean,
  planar: boolean,
): Uint8Array {
  if (components === 1) return samples.slice(0, pixels);
  const step = planar ? 1 : components,
    apart = planar ? pixels : 1;
  const out = new Uint8Array(pixels);
  for (let i = 0; i < pixels; i++) {
    const red = samples[i * step]!,
      green = samples[i * step + apart]!,
      blue = samples[i * step + 2 * apart]!;
    out[i] = isRgb ? Math.round(0.299 * red + 0.587 * green + 0.114 * blue) : red;
  }
  return out;
}

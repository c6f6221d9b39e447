import { basename } from "node:path";
import { UnsuitableInputError } from "../../core/errors.ts";
import type { ImageTrack, Recording } from "../../data/recording.ts";
import { compressedSizeLine, writePacked } from "./deflate.ts";
import { contentOf, frameLines, type SequenceContent } from "./frame-lines.ts";
import { formatOwn } from "./own-fields.ts";
import { parseNumbers } from "./raster-header.ts";
import { replaceFile, type FileWriter } from "./replace-file.ts";
import { encodeSamples } from "./samples.ts";
import { formatNumber } from "./transform-fields.ts";

export interface WriteSequenceOptions {
  /** Default true. */
  readonly compress?: boolean;
  /** Which half of a recording whose devices ran freely; default "all". */
  readonly part?: "all" | "images" | "poses";
}

type Format = "mha" | "mhd" | "nrrd" | "seq.nrrd";

/**
 * Writes a sequence, by the ending of `path`: .mha or .igs.mha (PLUS), .mhd with its .raw or .zraw beside it, .nrrd or
 * .igs.nrrd (PLUS), .seq.nrrd (plain Slicer). Frame by frame, under a temporary name until
 * complete. What is read back equals what was given: pixels and doubles bit by bit, statuses, times and fields.
 */
export async function writeSequence(
  path: string,
  recording: Recording,
  options: WriteSequenceOptions = {},
): Promise<void> {
  const format = formatOf(path);
  const content = contentOf(recording, options.part ?? "all", path);
  const compress = (options.compress ?? true) && content.images !== undefined;
  if (format === "mha" || format === "mhd") await writeMetaImage(path, recording, content, compress, format);
  else await writeNrrd(path, recording, content, compress, format);
}

function formatOf(path: string): Format {
  const ending = /\.(mha|mhd|seq\.nrrd|nrrd)$/i.exec(path)?.[1]?.toLowerCase();
  if (ending === "mha" || ending === "mhd" || ending === "nrrd" || ending === "seq.nrrd") return ending;
  throw new UnsuitableInputError(
    `${path}: its ending names no sequence format`,
    "Use .igs.mha, .igs.nrrd or .seq.nrrd",
  );
}

/** Names that the writer fills in itself. */
const spatialFields = new Set(["ElementSpacing", "Offset", "UltrasoundImageType"]);

async function writeMetaImage(
  path: string,
  recording: Recording,
  content: SequenceContent,
  compress: boolean,
  format: "mha" | "mhd",
): Promise<void> {
  const { images, count } = content;
  const dataPath = path.replace(/\.mhd$/i, compress ? ".zraw" : ".raw");
  const line = (key: string, value: string): string => {
    if (key.trim() !== key || key === "" || /[=\r\n]/.test(key) || /[\r\n]/.test(value) || value.trim() !== value) {
      throw new UnsuitableInputError(`the header field "${key}" cannot be written to MetaImage`, "Rename or drop it");
    }
    return `${key} = ${value}\n`;
  };
  const shape = shapeOf(recording, images);
  const compression = compress ? "zlib" : "none";
  let packedBytes = 0;
  if (format === "mhd" && images) {
    await replaceFile(dataPath, async (file) => {
      await writePacked(file, framesInOrder(images), compression);
      packedBytes = file.position;
    });
  }
  await replaceFile(path, async (file) => {
    await file.write(
      line("ObjectType", "Image") +
        line("NDims", "3") +
        line("AnatomicalOrientation", "RAI") +
        line("BinaryData", "True") +
        line("BinaryDataByteOrderMSB", "False") +
        line("CenterOfRotation", "0 0 0") +
        line("CompressedData", compress ? "True" : "False"),
    );
    const sizeAt = file.position;
    if (compress) await file.write(compressedSizeLine(packedBytes));
    await file.write(
      line("DimSize", `${images?.width ?? 0} ${images?.height ?? 0} ${count}`) +
        line("Kinds", "domain domain list") +
        line("ElementNumberOfChannels", "1") +
        line("ElementSpacing", shape.spacing.join(" ")) +
        line("ElementType", images ? metaTypes[images.pixelType] : "MET_OTHER") +
        line("Offset", shape.origin.join(" ")) +
        line("TransformMatrix", "1 0 0 0 1 0 0 0 1") +
        line("UltrasoundImageOrientation", images ? "MF" : "XX") +
        line("UltrasoundImageType", shape.imageType),
    );
    for (const [key, value] of shape.fields) await file.write(line(key, value));
    await writeFrameLines(file, recording, content, line);
    await file.write(line("ElementDataFile", format === "mhd" && images ? basename(dataPath) : "LOCAL"));
    if (format === "mha" && images) {
      const begin = file.position;
      await writePacked(file, framesInOrder(images), compression);
      if (compress) await file.overwrite(compressedSizeLine(file.position - begin), sizeAt);
    }
  });
}

const metaTypes: Readonly<Record<ImageTrack["pixelType"], string>> = {
  u8: "MET_UCHAR",
  i16: "MET_SHORT",
  f32: "MET_FLOAT",
};
const nrrdTypes: Readonly<Record<ImageTrack["pixelType"], string>> = { u8: "uint8", i16: "int16", f32: "float" };

async function writeNrrd(
  path: string,
  recording: Recording,
  content: SequenceContent,
  compress: boolean,
  format: "nrrd" | "seq.nrrd",
): Promise<void> {
  const { images, count, acquiredAtS } = content;
  if (!images) {
    throw new UnsuitableInputError(`${path}: NRRD has no room for poses without images`, "Write them to an .igs.mha");
  }
  const pair = (key: string, value: string): string => {
    if (key === "" || /^#|[:\r\n]/.test(key) || key.trim() !== key || value.trim() !== value || value.includes("\r")) {
      throw new UnsuitableInputError(`the header field "${key}" cannot be written to NRRD`, "Rename or drop it");
    }
    return `${key}:=${value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n`;
  };
  const shape = shapeOf(recording, images);
  const { width, height } = images;
  const [sx, sy] = shape.spacing,
    [ox, oy] = shape.origin;
  const forSlicer = format === "seq.nrrd";
  const times = Array.from(acquiredAtS, formatNumber).join(" ");
  await replaceFile(path, async (file) => {
    await file.write(
      "NRRD0005\n" +
        "# Complete NRRD file format specification at:\n# http://teem.sourceforge.net/nrrd/format.html\n" +
        `type: ${nrrdTypes[images.pixelType]}\n` +
        (forSlicer
          ? `dimension: 4\nspace: left-posterior-superior\nsizes: ${width} ${height} 1 ${count}\n` +
            `space directions: (${sx},0,0) (0,${sy},0) (0,0,1) none\nkinds: domain domain domain list\n` +
            `labels: "" "" "" "time"\nspace origin: (${ox},${oy},0)\n`
          : `dimension: 3\nspace dimension: 2\nsizes: ${width} ${height} ${count}\n` +
            `space directions: (${sx},0) (0,${sy}) none\nkinds: domain domain list\nspace origin: (${ox},${oy})\n`) +
        `endian: little\nencoding: ${compress ? "gzip" : "raw"}\n` +
        (forSlicer
          ? "DataNodeClassName:=vtkMRMLScalarVolumeNode\naxis 3 index type:=numeric\n" +
            `axis 3 index values:=${times}\n`
          : "") +
        pair("ultrasound image orientation", "MF") +
        pair("ultrasound image type", shape.imageType),
    );
    for (const [key, value] of shape.fields) await file.write(pair(key, value));
    await writeFrameLines(file, recording, content, pair);
    await file.write("\n");
    await writePacked(file, framesInOrder(images), compress ? "gzip" : "none");
  });
}

const HEADER_BLOCK = 256;

async function writeFrameLines(
  file: FileWriter,
  recording: Recording,
  content: SequenceContent,
  line: (key: string, value: string) => string,
): Promise<void> {
  const linesOf = frameLines(recording, content);
  let block: string[] = [];
  for (let frame = 0; frame < content.count; frame++) {
    for (const [key, value] of linesOf(frame)) block.push(line(key, value));
    if (block.length < HEADER_BLOCK && frame + 1 < content.count) continue;
    await file.write(block.join(""));
    block = [];
  }
}

interface Shape {
  readonly spacing: readonly number[];
  readonly origin: readonly number[];
  readonly imageType: string;
  readonly fields: readonly (readonly [string, string])[];
}

function shapeOf({ fields, points, sweeps }: Recording, images: ImageTrack | undefined): Shape {
  const own = formatOwn({ points, sweeps, nominalGeometry: images?.nominalGeometry });
  const triple = (text: string | undefined, otherwise: number): readonly number[] => {
    const numbers = parseNumbers(text ?? "");
    return numbers.length === 3 && numbers.every(Number.isFinite) ? numbers : [otherwise, otherwise, otherwise];
  };
  return {
    spacing: triple(fields["ElementSpacing"], 1),
    origin: triple(fields["Offset"], 0),
    imageType: fields["UltrasoundImageType"] ?? (images ? "BRIGHTNESS" : "XX"),
    fields: [...Object.entries(fields).filter(([key]) => !spatialFields.has(key)), ...Object.entries(own)],
  };
}

async function* framesInOrder(images: ImageTrack): AsyncGenerator<Uint8Array> {
  for (let frame = 0; frame < images.count; frame++) {
    const { pixels } = await images.read(frame);
    if (pixels.length !== images.width * images.height) {
      throw new Error(`image ${frame} has ${pixels.length} pixels instead of ${images.width} x ${images.height}`);
    }
    yield encodeSamples(pixels);
  }
}

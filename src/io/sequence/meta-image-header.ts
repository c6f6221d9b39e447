import { FormatError } from "../../core/errors.ts";
import type { MemoryBudget, ReadLimits } from "./budget.ts";
import type { ByteFile } from "./byte-file.ts";
import { readHeaderLines } from "./header-lines.ts";
import {
  createFrameTable,
  parseCounts,
  parseNumbers,
  shorten,
  splitWords,
  type Axis,
  type AxisKind,
  type ElementType,
  type RasterHeader,
} from "./raster-header.ts";

const elementTypes: Readonly<Record<string, ElementType>> = {
  MET_UCHAR: "u8", MET_CHAR: "i8", MET_USHORT: "u16", MET_SHORT: "i16", MET_UINT: "u32", MET_INT: "i32",
  MET_ULONG: "u32", MET_LONG: "i32", MET_FLOAT: "f32", MET_DOUBLE: "f64",
}; // prettier-ignore

/** Fields that say how the file is laid out: they are made anew when a recording is written. */
const structural = new Set([
  "ObjectType", "NDims", "BinaryData", "BinaryDataByteOrderMSB", "ElementByteOrderMSB", "CompressedData",
  "CompressedDataSize", "DimSize", "Kinds", "ElementType", "ElementNumberOfChannels", "ElementDataFile", "HeaderSize",
  "UltrasoundImageOrientation", "TransformMatrix", "Offset", "CenterOfRotation", "AnatomicalOrientation",
  "ElementSpacing", "Position", "Origin", "Orientation", "Rotation",
]); // prettier-ignore

/** Parses a MetaImage header (.mha, .mhd); returns it with the byte where local samples begin. */
export async function readMetaImageHeader(
  file: ByteFile,
  limits: ReadLimits,
  budget: MemoryBudget,
): Promise<{ readonly header: RasterHeader; readonly headerEnd: number }> {
  const all = new Map<string, string>();
  const frames = createFrameTable();
  const warnings: string[] = [];
  const { end, complete } = await readHeaderLines(file, limits, budget, (line, byteOffset) => {
    if (line.trim() === "") return "more";
    const equals = line.indexOf("=");
    if (equals < 0 || hasControl(line)) {
      const problem = `"${shorten(printable(line))}" is not a "Key = Value" line`;
      throw new FormatError(file.path, { byteOffset }, problem, "The header must end in an ElementDataFile line");
    }
    const key = line.slice(0, equals).trim(),
      value = line.slice(equals + 1).trim();
    if (frames.add(file.path, key, value)) return "more";
    const before = all.get(key);
    if (before !== undefined) {
      warnings.push(`The field ${key} is there twice${before === value ? "" : "; the later one is used"}.`);
    }
    all.set(key, value);
    return key === "ElementDataFile" ? "last" : "more";
  });
  if (!complete) {
    const problem = "the header has no ElementDataFile";
    throw new FormatError(file.path, { byteOffset: end }, problem, "The file is cut short: copy it again");
  }
  return { header: interpret(file.path, all, frames, warnings), headerEnd: end };
}

function interpret(
  file: string,
  all: ReadonlyMap<string, string>,
  frames: RasterHeader["frames"],
  warnings: string[],
): RasterHeader {
  const fail = (field: string, problem: string, remedy = "Correct the header"): FormatError =>
    new FormatError(file, { field }, problem, remedy);
  const flag = (field: string, otherwise: boolean): boolean => {
    const text = all.get(field);
    if (text === undefined) return otherwise;
    if (/^(true|1|yes|on)$/i.test(text)) return true;
    if (/^(false|0|no|off)$/i.test(text)) return false;
    throw fail(field, `expected True or False, got "${shorten(text)}"`);
  };

  const objectType = all.get("ObjectType");
  if (objectType !== undefined && objectType !== "Image") throw fail("ObjectType", `is "${shorten(objectType)}"`);
  const dimSize = all.get("DimSize");
  if (dimSize === undefined) throw fail("DimSize", "is missing");
  const sizes = parseCounts(file, "DimSize", dimSize, 0);
  const nDims = parseCounts(file, "NDims", all.get("NDims") ?? String(sizes.length), 1)[0];
  if (nDims !== sizes.length || sizes.length < 1 || sizes.length > 4) {
    throw fail("DimSize", `has ${sizes.length} numbers where NDims is ${nDims}; 1 to 4 dimensions are read`);
  }
  if (!flag("BinaryData", true)) {
    throw fail("BinaryData", "pixels written as text are not read", "Save the file with BinaryData = True");
  }
  const kindsText = all.get("Kinds");
  const kinds = kindsText === undefined ? undefined : splitWords(kindsText);
  if (kinds && kinds.length !== sizes.length) {
    throw fail("Kinds", `has ${kinds.length} words for ${sizes.length} dimensions`);
  }
  const channels = parseCounts(file, "ElementNumberOfChannels", all.get("ElementNumberOfChannels") ?? "1", 1)[0] ?? 1;
  const axes: Axis[] = channels > 1 ? [{ size: channels, kind: "channel" }] : [];
  sizes.forEach((size, i) => {
    const kind: AxisKind = kinds?.[i] === "list" || kinds?.[i] === "time" ? "list" : "space";
    axes.push({ size, kind });
  });

  const typeName = (all.get("ElementType") ?? "").replace(/_ARRAY$/, "");
  const element = elementTypes[typeName];
  const noPixels = typeName === "MET_OTHER" || typeName === "MET_NONE";
  if (element === undefined && !noPixels) {
    throw fail("ElementType", `"${shorten(typeName)}" is not read`, "Use MET_UCHAR, MET_SHORT or MET_FLOAT");
  }

  const dataFile = all.get("ElementDataFile") ?? "";
  if (/^LIST\b/i.test(dataFile) || dataFile.includes("%")) {
    throw fail("ElementDataFile", "samples spread over several files are not read", "Save them in one file");
  }
  const compressed = flag("CompressedData", false);
  const storedText = all.get("CompressedDataSize");
  const stored = storedText ? parseCounts(file, "CompressedDataSize", storedText, 0)[0] : undefined;
  const skipBytes = parseCounts(file, "HeaderSize", all.get("HeaderSize") ?? "0", -1)[0] ?? 0;

  const geometry = geometryOf(all, sizes.length, fail);
  const fields: Record<string, string> = {};
  for (const [key, value] of all) if (!structural.has(key)) Object.defineProperty(fields, key, keep(value));
  return {
    format: "MetaImage",
    sizeField: "DimSize",
    axes,
    kindsMissing: kinds === undefined,
    element,
    littleEndian: !(flag("BinaryDataByteOrderMSB", false) || flag("ElementByteOrderMSB", false)),
    payload: {
      fileName: /^LOCAL$/i.test(dataFile) ? undefined : dataFile,
      skipBytes,
      compression: compressed ? "zlib" : "none",
      storedBytes: compressed && stored ? stored : undefined,
      fileField: "ElementDataFile",
      storedBytesField: "CompressedDataSize",
    },
    ...geometry,
    orientation: all.get("UltrasoundImageOrientation"),
    indexValues: undefined,
    fields,
    frames,
    warnings,
  };
}

function geometryOf(
  all: ReadonlyMap<string, string>,
  dimensions: number,
  fail: (field: string, problem: string) => FormatError,
): Pick<RasterHeader, "spacing" | "origin" | "directions"> {
  const read = (names: readonly string[], count: number, otherwise: readonly number[]): readonly number[] => {
    const name = names.find((each) => all.has(each));
    if (name === undefined) return otherwise;
    const numbers = parseNumbers(all.get(name) ?? "");
    if (numbers.length !== count || !numbers.every(Number.isFinite)) throw fail(name, `expected ${count} numbers`);
    return numbers;
  };
  const each = (f: (i: number) => number): number[] => Array.from({ length: dimensions }, (_, i) => f(i));
  const spacing = read(["ElementSpacing", "ElementSize"], dimensions, each(() => 1)); // prettier-ignore
  const origin = read(["Offset", "Position", "Origin"], dimensions, each(() => 0)); // prettier-ignore
  const flat = read(["TransformMatrix", "Orientation", "Rotation"], dimensions * dimensions, []);
  // MetaImage gives axis directions one after the other, in LPS for every reader that matters (ITK).
  const directions = flat.length ? each((i) => i).map((i) => flat.slice(i * dimensions, (i + 1) * dimensions)) : [];
  return { spacing, origin, directions };
}

/** An own property even when the key is `__proto__`. */
export function keep(value: string): PropertyDescriptor {
  return { value, enumerable: true, writable: true, configurable: true };
}

export function hasControl(line: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return /[\x00-\x08\x0b\x0c\x0e-\x1f]/.test(line);
}

export function printable(line: string): string {
  // oxlint-disable-next-line no-control-regex
  return line.replace(/[\x00-\x1f\x7f-\x9f]/g, "?");
}

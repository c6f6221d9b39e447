import { FormatError } from "../../core/errors.ts";
import type { MemoryBudget, ReadLimits } from "./budget.ts";
import type { ByteFile } from "./byte-file.ts";
import { readHeaderLines } from "./header-lines.ts";
import { hasControl, keep, printable } from "./meta-image-header.ts";
import {
  createFrameTable,
  parseCounts,
  parseNumber,
  parseNumbers,
  shorten,
  splitWords,
  type Axis,
  type AxisKind,
  type ElementType,
  type RasterHeader,
} from "./raster-header.ts";

/** The spellings of teem.sourceforge.net/nrrd/format.html section 5. */
const elementTypes: Readonly<Record<string, ElementType>> = {
  "signed char": "i8", int8: "i8", int8_t: "i8", uchar: "u8", "unsigned char": "u8", uint8: "u8", uint8_t: "u8",
  short: "i16", "short int": "i16", "signed short": "i16", "signed short int": "i16", int16: "i16", int16_t: "i16",
  ushort: "u16", "unsigned short": "u16", "unsigned short int": "u16", uint16: "u16", uint16_t: "u16",
  int: "i32", "signed int": "i32", int32: "i32", int32_t: "i32",
  uint: "u32", "unsigned int": "u32", uint32: "u32", uint32_t: "u32", float: "f32", double: "f64",
}; // prettier-ignore

const axisKinds: Readonly<Record<string, AxisKind>> = {
  list: "list", time: "list", vector: "channel", "RGB-color": "channel", "RGBA-color": "channel",
  "3-color": "channel", "4-color": "channel", "2-vector": "channel", "3-vector": "channel",
  "covariant-vector": "channel",
}; // prettier-ignore

/** Keys that are made anew when a recording is written. Slicer's list axis was the first and is now the last. */
const structuralKeys: ReadonlySet<string> = new Set([
  "ultrasound image orientation",
  "DataNodeClassName",
  ...[0, 2, 3].flatMap((axis) => [`axis ${axis} index type`, `axis ${axis} index values`]),
]);

function indexValuesOf(pairs: ReadonlyMap<string, string>): string | undefined {
  for (const axis of [0, 2, 3]) {
    if (pairs.get(`axis ${axis} index type`) === "numeric") return pairs.get(`axis ${axis} index values`);
  }
  return undefined;
}

/** NRRD key/value pairs of IGSIO that MetaImage spells otherwise. */
const otherNames: Readonly<Record<string, string>> = { "ultrasound image type": "UltrasoundImageType" };

/** Which way is +x, +y, +z of a `space`, seen from LPS; only the first letters matter. */
function lpsSigns(space: string | undefined): readonly number[] | undefined {
  if (space === undefined || space === "LPS" || space === "left-posterior-superior") return [1, 1, 1];
  if (space === "RAS" || space === "right-anterior-superior") return [-1, -1, 1];
  if (space === "LAS" || space === "left-anterior-superior") return [1, -1, 1];
  return undefined;
}

/** Parses an attached (.nrrd) or detached (.nhdr) NRRD header; returns it with the byte where local samples begin. */
export async function readNrrdHeader(
  file: ByteFile,
  limits: ReadLimits,
  budget: MemoryBudget,
): Promise<{ readonly header: RasterHeader; readonly headerEnd: number }> {
  const fields = new Map<string, string>();
  const pairs = new Map<string, string>();
  const frames = createFrameTable();
  const warnings: string[] = [];
  let first = true;
  const { end, complete } = await readHeaderLines(file, limits, budget, (line, byteOffset) => {
    if (first) {
      first = false;
      if (/^NRRD000[1-5]\s*$/.test(line)) return "more";
      throw new FormatError(file.path, { byteOffset: 0 }, "NRRD0001 to NRRD0005 are read", "Save it as NRRD0005");
    }
    if (line === "") return "last";
    if (line.startsWith("#")) return "more";
    const match = /^([^:]+):(=| ?)(.*)$/s.exec(line);
    if (!match || hasControl(line)) {
      const problem = `"${shorten(printable(line))}" is no NRRD header line`;
      throw new FormatError(file.path, { byteOffset }, problem, 'Expected "field: value", "key:=value" or "# comment"');
    }
    const key = (match[1] ?? "").trim();
    if (match[2] === "=") {
      const value = unescape(match[3] ?? "").trim();
      if (frames.add(file.path, key, value)) return "more";
      if (pairs.has(key)) warnings.push(`The key ${key} is there twice; the later one is used.`);
      pairs.set(key, value);
    } else {
      const name = key.toLowerCase().replaceAll(" ", "");
      if (fields.has(name)) warnings.push(`The field "${key}" is there twice; the later one is used.`);
      fields.set(name, (match[3] ?? "").trim());
      if (name === "datafile" && /^LIST\b/.test((match[3] ?? "").trim())) return "last";
    }
    return "more";
  });
  const header = interpret(file.path, fields, pairs, frames, warnings);
  if (!complete && header.payload.fileName === undefined) {
    const problem = "no empty line ends the header";
    throw new FormatError(file.path, { byteOffset: end }, problem, "The file is cut short: copy it again");
  }
  return { header, headerEnd: end };
}

function interpret(
  file: string,
  all: ReadonlyMap<string, string>,
  pairs: ReadonlyMap<string, string>,
  frames: RasterHeader["frames"],
  warnings: string[],
): RasterHeader {
  const fail = (field: string, problem: string, remedy = "Correct the header"): FormatError =>
    new FormatError(file, { field }, problem, remedy);
  const sizes = parseCounts(file, "sizes", all.get("sizes") ?? "", 0);
  const dimension = parseCounts(file, "dimension", all.get("dimension") ?? "", 1)[0];
  if (dimension !== sizes.length || sizes.length < 1 || sizes.length > 5) {
    throw fail("sizes", `has ${sizes.length} numbers where dimension is ${dimension ?? "missing"}; 1 to 5 are read`);
  }
  const kindsText = all.get("kinds");
  const kinds = kindsText === undefined ? undefined : splitWords(kindsText);
  if (kinds && kinds.length !== sizes.length) throw fail("kinds", `has ${kinds.length} words for ${sizes.length} axes`);
  const axes: Axis[] = sizes.map((size, i) => ({ size, kind: axisKinds[kinds?.[i] ?? ""] ?? "space" }));

  const typeName = all.get("type") ?? "";
  const element = elementTypes[typeName];
  if (element === undefined) throw fail("type", `"${shorten(typeName)}" is not read`, "Use uint8, int16 or float");
  const encoding = (all.get("encoding") ?? "").toLowerCase();
  if (encoding !== "raw" && encoding !== "gz" && encoding !== "gzip") {
    throw fail("encoding", `"${shorten(encoding)}" is not read`, "Save the file with encoding raw or gzip");
  }
  const endian = all.get("endian") ?? "little";
  if (endian !== "little" && endian !== "big") throw fail("endian", `is "${shorten(endian)}"`);
  const dataFile = all.get("datafile");
  if (dataFile !== undefined && /^LIST\b|%/.test(dataFile)) {
    throw fail("data file", "samples spread over several files are not read", "Save them in one file");
  }
  const lineSkip = parseCounts(file, "line skip", all.get("lineskip") ?? "0", 0)[0] ?? 0;
  if (lineSkip !== 0) throw fail("line skip", "leaving out lines is not supported", "Use byte skip");
  const skipBytes = parseCounts(file, "byte skip", all.get("byteskip") ?? "0", -1)[0] ?? 0;
  if (skipBytes !== 0 && encoding !== "raw") throw fail("byte skip", "is only read for encoding raw");

  const fields: Record<string, string> = {};
  for (const [key, value] of pairs) {
    if (!structuralKeys.has(key)) Object.defineProperty(fields, otherNames[key] ?? key, keep(value));
  }
  return {
    format: "NRRD",
    sizeField: "sizes",
    axes,
    kindsMissing: kinds === undefined,
    element,
    littleEndian: endian === "little",
    payload: {
      fileName: dataFile,
      skipBytes,
      compression: encoding === "raw" ? "none" : "gzip",
      storedBytes: undefined,
      fileField: "data file",
      storedBytesField: "encoding",
    },
    ...geometryOf(all, axes, fail, warnings),
    orientation: pairs.get("ultrasound image orientation") ?? pairs.get("UltrasoundImageOrientation"),
    indexValues: indexValuesOf(pairs),
    fields,
    frames,
    warnings,
  };
}

function geometryOf(
  all: ReadonlyMap<string, string>,
  axes: readonly Axis[],
  fail: (field: string, problem: string, remedy?: string) => FormatError,
  warnings: string[],
): Pick<RasterHeader, "spacing" | "origin" | "directions"> {
  const spaceAxes = axes.flatMap(({ kind }, i) => (kind === "space" ? [i] : []));
  const dimension = Number(all.get("spacedimension") ?? (all.has("space") ? 3 : spaceAxes.length));
  const signs = dimension === 3 ? lpsSigns(all.get("space")) : [1, 1, 1];
  if (!signs) {
    throw fail("space", `"${shorten(all.get("space") ?? "")}" is not read`, "Use left-posterior-superior");
  }
  const flip = (v: readonly number[]): number[] => v.map((x, i) => (signs[i] === -1 ? -x : x));
  let origin = spaceAxes.map(() => 0);
  const originText = all.get("spaceorigin");
  if (originText !== undefined) {
    const point = parseVector(originText);
    if (!point) throw fail("space origin", `expected a vector of numbers, got "${shorten(originText)}"`);
    origin = flip(point);
  }
  const directionText = all.get("spacedirections");
  if (directionText !== undefined) {
    const words = directionText.match(/none|\([^()]*\)/g) ?? [];
    if (words.length !== axes.length) throw fail("space directions", `expected ${axes.length} vectors or "none"`);
    const vectors = spaceAxes.map((i) => parseVector(words[i] ?? ""));
    const known = vectors.flatMap((v) => (v && Math.hypot(...v) > 0 ? [flip(v)] : []));
    // A last axis without "kinds" may be time, which has no direction.
    if (known.length === vectors.length || !all.has("kinds")) {
      const spacing = known.map((v) => Math.hypot(...v));
      return { spacing, origin, directions: known.map((v, i) => v.map((x) => x / spacing[i]!)) };
    }
    throw fail("space directions", "a space axis has no direction");
  }
  const spacings = all.get("spacings");
  if (spacings === undefined) return { spacing: spaceAxes.map(() => 1), origin, directions: [] };
  const numbers = parseNumbers(spacings);
  const spacing = spaceAxes.map((i) => {
    const s = numbers[i] ?? NaN;
    if (Number.isFinite(s)) return s;
    warnings.push("Some spacings are not numbers; they are taken as 1.");
    return 1;
  });
  return { spacing, origin, directions: [] };
}

function parseVector(text: string): number[] | undefined {
  const inside = /^\(([^()]*)\)$/.exec(text.trim())?.[1];
  const numbers = inside?.split(",").map((word) => parseNumber(word.trim()));
  return numbers?.every(Number.isFinite) ? numbers : undefined;
}

function unescape(text: string): string {
  return text.includes("\\") ? text.replace(/\\(n|\\)/g, (_, c: string) => (c === "n" ? "\n" : "\\")) : text;
}

import { extname } from "node:path";
import { FormatError, UnsuitableInputError } from "../core/errors.ts";
import { type BlockVolume, layerValues } from "../data/block-volume.ts";
import { type Grid, voxelCount } from "../geometry/grid.ts";
import type { ReadLimits } from "./sequence/budget.ts";
import { compressedSizeLine, writePacked } from "./sequence/deflate.ts";
import { openRaster } from "./sequence/open-raster.ts";
import { elementBytes, type RasterHeader } from "./sequence/raster-header.ts";
import { replaceFile } from "./sequence/replace-file.ts";
import { allocateSamples, decodeSamples, encodeSamples, inMemoryType, type Samples } from "./sequence/samples.ts";
import { formatNumber } from "./sequence/transform-fields.ts";

/**
 * What the grid's x and y mean. Files are always LPS. "LPS": the grid's numbers are the file's (PLUS volumes, whose
 * reference frame has no anatomy). "RAS": x to the right, y anterior, as in the knee frame: x and y change sign.
 */
export type VolumeAxes = "LPS" | "RAS";

export interface VolumeFile {
  /** Spacing is positive: axes that run backwards in the file are turned, with their voxels. */
  readonly grid: Grid;
  readonly values: Samples;
  readonly fields: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
}

export interface ReadVolumeOptions extends ReadLimits {
  /** Default "LPS". */
  readonly axes?: VolumeAxes;
}

/** Reads a 3D image of one channel: .mha, .mhd with its data file, .nrrd, .nhdr. Told apart by content. */
export async function readVolume(path: string, options: ReadVolumeOptions = {}): Promise<VolumeFile> {
  const raster = await openRaster(path, options);
  try {
    const { header, budget, warnings } = raster;
    const shape = shapeOf(path, header);
    const { element } = header;
    if (element === undefined) throw new FormatError(path, { field: "ElementType" }, "says nothing of voxels", "");
    const voxels = shape[0] * shape[1] * shape[2];
    const map = axisMap(path, header, options.axes ?? "LPS");
    const payload = await raster.payload();
    const type = inMemoryType[element];
    if (type !== element) {
      const rounded = element === "f64" || element === "i32" || element === "u32" ? ", rounded" : "";
      warnings.push(`The voxels are ${element}; they were read as ${type}${rounded}.`);
    }
    // As stored, converted, turned.
    const copies = (type !== element || !header.littleEndian ? 1 : 0) + (isStraight(map) ? 0 : 1);
    budget.reserve(payload.bytes + copies * voxels * elementBytes[type], "the voxels");
    const stored = new Uint8Array(payload.bytes);
    await payload.read(stored, 0);
    const { grid, values } = turn(decodeSamples(stored, element, header.littleEndian), shape, header, map);
    return { grid, values, fields: header.fields, warnings };
  } finally {
    await raster.close();
  }
}

function shapeOf(path: string, { axes, kindsMissing, sizeField }: RasterHeader): readonly [number, number, number] {
  const refuse = (problem: string, remedy: string): UnsuitableInputError =>
    new UnsuitableInputError(`${path}: ${sizeField}: ${problem}`, remedy);
  if (axes.some(({ kind }) => kind === "channel")) throw refuse("the voxels are colours", "Save one channel");
  const space = axes.filter(({ kind }) => kind === "space");
  const frames = axes.find(({ kind }) => kind === "list")?.size ?? (kindsMissing ? (axes[3]?.size ?? 1) : 1);
  if (frames !== 1 || space.length < 3) {
    const what = space.length < 3 ? "this is a sequence of 2D images or one image" : `this is ${frames} volumes`;
    throw refuse(`${what}, not one volume`, "Read sequences with openSequence");
  }
  const [x, y, z] = space;
  if (!x || !y || !z || x.size * y.size * z.size === 0) throw refuse("there are no voxels", "Save the volume again");
  return [x.size, y.size, z.size];
}

/** For each axis of the grid: which stored axis runs along it, and whether backwards. */
type AxisMap = readonly { readonly stored: number; readonly backwards: boolean; readonly sign: number }[];

const isStraight = (map: AxisMap): boolean =>
  map.every(({ stored, backwards }, along) => stored === along && !backwards);

/** Directions written with few digits are still along an axis. */
const DIRECTION_ROUNDING = 1e-4;

function axisMap(path: string, { directions, format }: RasterHeader, axes: VolumeAxes): AxisMap {
  const map: { stored: number; backwards: boolean; sign: number }[] = [];
  for (let along = 0; along < 3; along++) {
    const sign = axes === "RAS" && along < 2 ? -1 : 1;
    const component = (stored: number): number =>
      sign * (directions.length ? (directions[stored]?.[along] ?? 0) : stored === along ? 1 : 0);
    const stored = [0, 1, 2].find((axis) => Math.abs(Math.abs(component(axis)) - 1) < DIRECTION_ROUNDING);
    if (stored === undefined) {
      throw new UnsuitableInputError(
        `${path}: ${format === "NRRD" ? "space directions" : "TransformMatrix"}: the voxels lie oblique to the axes`,
        "Resample the volume to axis-aligned voxels first (in Slicer: Resample Scalar Volume)",
      );
    }
    map.push({ stored, backwards: component(stored) < 0, sign });
  }
  return map;
}

function turn(
  stored: Samples,
  shape: readonly [number, number, number],
  { spacing, origin }: RasterHeader,
  map: AxisMap,
): Pick<VolumeFile, "grid" | "values"> {
  const steps = [1, shape[0], shape[0] * shape[1]];
  const axes = map.map(({ stored: from, backwards, sign }, along) => {
    const count = shape[from]!,
      spacingMm = Math.abs(spacing[from] ?? 1),
      first = sign * (origin[along] ?? 0);
    const originMm = (backwards ? first - (count - 1) * spacingMm : first) + 0; // + 0: never −0
    return { count, spacingMm, originMm, backwards, step: steps[from]! };
  });
  const [x, y, z] = axes;
  if (!x || !y || !z) throw new Error("a volume has three axes");
  const grid: Grid = {
    shape: [x.count, y.count, z.count],
    spacingMm: [x.spacingMm, y.spacingMm, z.spacingMm],
    originMm: [x.originMm, y.originMm, z.originMm],
  };
  if (isStraight(map)) return { grid, values: stored };
  const type = stored instanceof Uint8Array ? "u8" : stored instanceof Int16Array ? "i16" : "f32";
  const values = allocateSamples(type, stored.length);
  const at = ({ count, backwards, step }: typeof x, i: number): number => (backwards ? count - 1 - i : i) * step;
  let to = 0;
  for (let k = 0; k < z.count; k++) {
    for (let j = 0; j < y.count; j++) {
      const row = at(z, k) + at(y, j);
      for (let i = 0; i < x.count; i++) values[to++] = stored[row + at(x, i)]!;
    }
  }
  return { grid, values };
}

/** What `writeVolume` needs of a volume: all voxels, or those that are held in blocks. */
export type WritableVolume = { readonly grid: Grid; readonly values: Samples } | BlockVolume;

export interface WriteVolumeOptions {
  /** Default "LPS". */
  readonly axes?: VolumeAxes;
  /** Default true. */
  readonly compress?: boolean;
  /** Further header fields. */
  readonly fields?: Readonly<Record<string, string>>;
}

const nrrdTypes = { u8: "uint8", i16: "int16", f32: "float" } as const;
const metaTypes = { u8: "MET_UCHAR", i16: "MET_SHORT", f32: "MET_FLOAT" } as const;

/** Layer by layer where only blocks are held, so that the whole is never in memory. */
function* partsOf(volume: WritableVolume): Generator<Samples> {
  if (!("blockAt" in volume)) yield volume.values;
  else for (let z = 0; z < volume.grid.shape[2]; z++) yield layerValues(volume, z);
}

/** Writes .nrrd or .mha by the ending of `path`: LPS, mm, little-endian, packed. Complete or not at all. */
export async function writeVolume(
  path: string,
  volume: WritableVolume,
  options: WriteVolumeOptions = {},
): Promise<void> {
  const { grid, values } = volume;
  const ending = extname(path).toLowerCase();
  if (ending !== ".nrrd" && ending !== ".mha") {
    throw new UnsuitableInputError(`${path}: volumes are written as .nrrd or .mha`, "Change the ending");
  }
  if (!("blockAt" in volume) && values.length !== voxelCount(grid)) {
    throw new Error(`a volume of ${grid.shape.join(" x ")} voxels came with ${values.length} values`);
  }
  const { shape, spacingMm: s, originMm } = grid;
  const sign = options.axes === "RAS" ? -1 : 1;
  const origin = [sign * originMm[0] + 0, sign * originMm[1] + 0, originMm[2]].map(formatNumber);
  const compress = options.compress ?? true;
  const type = values instanceof Uint8Array ? "u8" : values instanceof Int16Array ? "i16" : "f32";
  const extra = Object.entries(options.fields ?? {});
  for (const [key, value] of extra) {
    if (!/^[A-Za-z_][\w .-]*$/.test(key) || /[\r\n\\]/.test(value)) {
      throw new UnsuitableInputError(`the header field "${key}" cannot be written`, "Rename or drop it");
    }
  }
  async function* chunks(): AsyncGenerator<Uint8Array> {
    const chunk = 1 << 20;
    for (const samples of partsOf(volume)) {
      const bytes = encodeSamples(samples);
      for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
    }
  }
  if (ending === ".nrrd") {
    const header =
      "NRRD0005\n# Complete NRRD file format specification at:\n# http://teem.sourceforge.net/nrrd/format.html\n" +
      `type: ${nrrdTypes[type]}\ndimension: 3\nspace: left-posterior-superior\nsizes: ${shape.join(" ")}\n` +
      `space directions: (${sign * s[0]},0,0) (0,${sign * s[1]},0) (0,0,${s[2]})\n` +
      `kinds: domain domain domain\nendian: little\nencoding: ${compress ? "gzip" : "raw"}\n` +
      `space units: "mm" "mm" "mm"\nspace origin: (${origin.join(",")})\n` +
      extra.map(([key, value]) => `${key}:=${value}\n`).join("");
    await replaceFile(path, async (file) => {
      await file.write(`${header}\n`);
      await writePacked(file, chunks(), compress ? "gzip" : "none");
    });
    return;
  }
  const header =
    "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n" +
    `CompressedData = ${compress ? "True" : "False"}\n`;
  const rest =
    `TransformMatrix = ${sign} 0 0 0 ${sign} 0 0 0 1\nOffset = ${origin.join(" ")}\nCenterOfRotation = 0 0 0\n` +
    `AnatomicalOrientation = RAI\nElementSpacing = ${s.join(" ")}\nDimSize = ${shape.join(" ")}\n` +
    `Kinds = domain domain domain\n` +
    extra.map(([key, value]) => `${key} = ${value}\n`).join("") +
    `ElementType = ${metaTypes[type]}\nElementDataFile = LOCAL\n`;
  await replaceFile(path, async (file) => {
    await file.write(header);
    const sizeAt = file.position;
    if (compress) await file.write(compressedSizeLine(0));
    await file.write(rest);
    const begin = file.position;
    await writePacked(file, chunks(), compress ? "zlib" : "none");
    if (compress) await file.overwrite(compressedSizeLine(file.position - begin), sizeAt);
  });
}

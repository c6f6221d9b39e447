import { fieldReader, RADIANS_PER_DEGREE, type FieldReader, type Vector2, type Vector3 } from "./plus-fields.ts";
import type { XmlElement } from "./plus-xml.ts";

/** How one kind of hole is filled; `sizePx` is the edge of the cube that is looked at, in voxels. */
export type HoleFillingElement =
  | {
      readonly kind: "gaussian" | "gaussian-accumulation";
      readonly sizePx: number;
      readonly stdevPx: number;
      /** Known voxels / size³ must exceed this. */
      readonly minimumKnownVoxelsRatio: number;
    }
  | {
      readonly kind: "distance-weight-inverse" | "nearest-neighbor";
      readonly sizePx: number;
      readonly minimumKnownVoxelsRatio: number;
    }
  | { readonly kind: "stick"; readonly stickLengthLimitPx: number; readonly numberOfSticksToUse: number };

/** The attributes of <VolumeReconstruction>; undefined where the file is silent, so that the defaults stay PLUS's. */
export interface VolumeReconstructionConfig {
  readonly imageFrame: string | undefined;
  readonly referenceFrame: string | undefined;
  readonly outputSpacingMm: Vector3 | undefined;
  readonly outputOriginMm: Vector3 | undefined;
  /** First and last voxel index along x, y, z. */
  readonly outputExtent: readonly number[] | undefined;
  readonly clipOriginPx: Vector2 | undefined;
  readonly clipSizePx: Vector2 | undefined;
  /** 0 0: no fan. */
  readonly fanAnglesRad: Vector2 | undefined;
  readonly fanOriginPx: Vector2 | undefined;
  readonly fanRadiusStartPx: number | undefined;
  readonly fanRadiusStopPx: number | undefined;
  readonly fanAutoDetect: boolean | undefined;
  readonly fanAutoDetectThreshold: number | undefined;
  readonly fanAutoDetectFilterRadiusPx: number | undefined;
  readonly pixelRejectionThreshold: number | undefined;
  readonly skipInterval: number | undefined;
  readonly interpolation: "nearest" | "linear" | undefined;
  readonly optimization: "full" | "partial" | "none" | "gpu" | undefined;
  readonly compoundingMode: CompoundingMode | undefined;
  /** As written: relative to the configuration's folder. Not opened here. */
  readonly importanceMaskFile: string | undefined;
  /** 0: all processors. */
  readonly numberOfThreads: number | undefined;
  readonly fillHoles: boolean | undefined;
  readonly holeFilling: readonly HoleFillingElement[];
}

export type CompoundingMode = "latest" | "mean" | "maximum" | "importance-mask";

export function readVolumeReconstruction(
  file: string,
  element: XmlElement,
  warnings: string[],
): VolumeReconstructionConfig {
  const read = fieldReader(file, "VolumeReconstruction", element);
  const holeFilling = element.children
    .filter(({ name }) => name === "HoleFilling")
    .flatMap(({ children }) => children)
    .map((each) => holeFillingElement(file, each, warnings));
  for (const { name } of element.children) {
    if (name !== "HoleFilling") warnings.push(`<${name}> in VolumeReconstruction is unknown and has no effect.`);
  }
  const config: VolumeReconstructionConfig = {
    imageFrame: read.text("ImageCoordinateFrame"),
    referenceFrame: read.text("ReferenceCoordinateFrame"),
    outputSpacingMm: positive(read, "OutputSpacing"),
    outputOriginMm: read.vector3("OutputOrigin"),
    outputExtent: read.numbers("OutputExtent", 6),
    clipOriginPx: read.vector2("ClipRectangleOrigin"),
    clipSizePx: read.vector2("ClipRectangleSize"),
    ...fan(read, warnings),
    fanAutoDetect: read.flag("EnableFanAnglesAutoDetect"),
    fanAutoDetectThreshold: read.number("FanAnglesAutoDetectBrightnessThreshold"),
    fanAutoDetectFilterRadiusPx: read.integer("FanAnglesAutoDetectFilterRadiusPixel", 0),
    pixelRejectionThreshold: read.number("PixelRejectionThreshold"),
    skipInterval: read.integer("SkipInterval", 1),
    interpolation: read.word("Interpolation", { NEAREST_NEIGHBOR: "nearest", LINEAR: "linear" }),
    optimization: read.word("Optimization", {
      FULL: "full",
      PARTIAL: "partial",
      NONE: "none",
      GPU_ACCELERATION_OPENCL: "gpu",
    }),
    compoundingMode: compounding(read, warnings),
    importanceMaskFile: read.text("ImportanceMaskFilename"),
    numberOfThreads: read.integer("NumberOfThreads", 0),
    fillHoles: read.flag("FillHoles"),
    holeFilling,
  };
  for (const name of element.attributes.keys()) {
    if (!read.known.has(name)) warnings.push(unknownAttribute("VolumeReconstruction", name, read.known));
  }
  if (config.fillHoles && holeFilling.length === 0) {
    warnings.push("FillHoles is ON, but no HoleFillingElement says how: no hole is filled.");
  }
  if (!config.fillHoles && holeFilling.length > 0) {
    warnings.push("There are HoleFilling elements, but FillHoles is not ON: no hole is filled.");
  }
  return config;
}

function positive(read: FieldReader, field: string): Vector3 | undefined {
  const spacing = read.vector3(field);
  if (spacing?.some((s) => s <= 0)) throw read.fail(field, "must be positive", "Give three spacings in mm");
  return spacing;
}

/** With the names of older versions, which PLUS still reads. */
function fan(
  read: FieldReader,
  warnings: string[],
): Pick<VolumeReconstructionConfig, "fanAnglesRad" | "fanOriginPx" | "fanRadiusStartPx" | "fanRadiusStopPx"> {
  const renamed = <T>(now: string, before: string, get: (field: string) => T | undefined): T | undefined => {
    const old = get(before),
      value = get(now);
    if (old !== undefined) warnings.push(`${before} is an old name: write ${now}.`);
    return value ?? old;
  };
  const degrees = renamed("FanAnglesDeg", "FanAngles", read.vector2);
  return {
    fanAnglesRad: degrees && [degrees[0] * RADIANS_PER_DEGREE, degrees[1] * RADIANS_PER_DEGREE],
    fanOriginPx: renamed("FanOriginPixel", "FanOrigin", read.vector2),
    fanRadiusStartPx: read.number("FanRadiusStartPixel"),
    fanRadiusStopPx: renamed("FanRadiusStopPixel", "FanDepth", read.number),
  };
}

const modes: Readonly<Record<string, CompoundingMode | undefined>> = {
  LATEST: "latest",
  MEAN: "mean",
  MAXIMUM: "maximum",
  IMPORTANCE_MASK: "importance-mask",
  UNDEFINED: undefined,
};

/** Before CompoundingMode there were Compounding (off: the latest pixel stays) and Calculation. */
function compounding(read: FieldReader, warnings: string[]): CompoundingMode | undefined {
  const mode = read.word("CompoundingMode", modes);
  const on = read.flag("Compounding"),
    calculation = read.word("Calculation", { WEIGHTED_AVERAGE: "mean", MAXIMUM: "maximum" } as const);
  if (mode !== undefined || (on === undefined && calculation === undefined)) return mode;
  const guess: CompoundingMode = calculation === "maximum" ? "maximum" : on === false ? "latest" : "mean";
  warnings.push(
    `Compounding and Calculation are old options; they are read as CompoundingMode ${guess.toUpperCase()}: write that.`,
  );
  return guess;
}

function holeFillingElement(file: string, element: XmlElement, warnings: string[]): HoleFillingElement {
  const read = fieldReader(file, "HoleFilling/HoleFillingElement", element);
  if (element.name !== "HoleFillingElement") {
    throw read.fail(`<${element.name}>`, "is unknown", "Write <HoleFillingElement>");
  }
  const needed = (field: string, value: number | undefined): number => {
    if (value === undefined) throw read.fail(field, "is missing: PLUS has no default for it", "Give it");
    return value;
  };
  const size = (): number => needed("Size", read.integer("Size", 1));
  const ratio = (): number => needed("MinimumKnownVoxelsRatio", read.number("MinimumKnownVoxelsRatio"));
  const kind = read.word("Type", {
    GAUSSIAN: "gaussian",
    GAUSSIAN_ACCUMULATION: "gaussian-accumulation",
    DISTANCE_WEIGHT_INVERSE: "distance-weight-inverse",
    NEAREST_NEIGHBOR: "nearest-neighbor",
    STICK: "stick",
  } as const);
  let filling: HoleFillingElement;
  switch (kind) {
    case undefined:
      throw read.fail("Type", "is missing", "Say GAUSSIAN, STICK …");
    case "gaussian":
    case "gaussian-accumulation":
      filling = {
        kind,
        sizePx: size(),
        stdevPx: needed("Stdev", read.number("Stdev")),
        minimumKnownVoxelsRatio: ratio(),
      };
      break;
    case "stick":
      filling = {
        kind,
        stickLengthLimitPx: needed("StickLengthLimit", read.integer("StickLengthLimit", 1)),
        numberOfSticksToUse: needed("NumberOfSticksToUse", read.integer("NumberOfSticksToUse", 1)),
      };
      break;
    default:
      filling = { kind, sizePx: size(), minimumKnownVoxelsRatio: ratio() };
  }
  for (const name of element.attributes.keys()) {
    if (!read.known.has(name)) warnings.push(unknownAttribute("HoleFillingElement", name, read.known));
  }
  return filling;
}

/** Names the known attribute that is closest, for the misspelt ones. */
function unknownAttribute(element: string, name: string, known: ReadonlySet<string>): string {
  const short = name.slice(0, 60);
  const near = [...known].map((each) => ({ each, edits: editDistance(short.toLowerCase(), each.toLowerCase()) }));
  const best = near.reduce((a, b) => (b.edits < a.edits ? b : a), { each: "", edits: Infinity });
  const hint = best.edits <= 3 ? `; did you mean ${best.each}?` : ".";
  return `The attribute ${short} of ${element} is unknown and has no effect${hint}`;
}

/** Levenshtein's, row by row. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

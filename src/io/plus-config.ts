import { FormatError } from "../core/errors.ts";
import { readVolumeReconstruction, type VolumeReconstructionConfig } from "./plus-reconstruction.ts";
import { readXml, type XmlElement } from "./plus-xml.ts";
import { fieldReader, type Vector2, type Vector3 } from "./plus-fields.ts";
import { parseMatrix } from "./sequence/transform-fields.ts";

/** One link of the transform graph: PLUS's `<From>To<To>Transform`. */
export interface PlusTransform {
  readonly from: string;
  readonly to: string;
  /** Row-major 3×4, mm: a point in `from` goes in, a point in `to` comes out. From "Image": pixels go in. */
  readonly toFromFrom: Float64Array;
  /** As the calibration that made it reported, mm. */
  readonly errorMm: number | undefined;
  readonly date: string | undefined;
}

export interface PhantomWire {
  readonly name: string;
  /** In the phantom's frame, mm. */
  readonly frontMm: Vector3;
  readonly backMm: Vector3;
}

export interface PhantomPattern {
  /** "NWire", "CoplanarParallelWires" … */
  readonly type: string;
  /** In the file's order. Of an N: first side, diagonal, second side. */
  readonly wires: readonly PhantomWire[];
}

export interface NamedPoint {
  readonly name: string;
  readonly positionMm: Vector3;
}

export interface PhantomPlane {
  readonly name: string;
  readonly baseMm: Vector3;
  readonly end1Mm: Vector3;
  readonly end2Mm: Vector3;
}

export interface PhantomDefinition {
  readonly description: Readonly<Record<string, string>>;
  readonly patterns: readonly PhantomPattern[];
  readonly landmarks: readonly NamedPoint[];
  readonly references: readonly NamedPoint[];
  readonly planes: readonly PhantomPlane[];
}

/** How the scanner's lines become its picture, as declared. */
export interface ScanConversion {
  readonly transducerName: string | undefined;
  readonly geometry: "linear" | "curvilinear" | undefined;
  readonly depthMm: number | undefined;
  readonly widthMm: number | undefined;
  readonly imageSizePx: Vector2 | undefined;
  readonly transducerCentrePx: Vector2 | undefined;
  readonly spacingMm: Vector2 | undefined;
  readonly scanLines: number | undefined;
  readonly samplesPerLine: number | undefined;
  readonly radiusStartMm: number | undefined;
  readonly radiusStopMm: number | undefined;
  readonly thetaStartRad: number | undefined;
  readonly thetaStopRad: number | undefined;
}

export interface PlusConfig {
  readonly file: string;
  readonly transforms: readonly PlusTransform[];
  readonly reconstruction: VolumeReconstructionConfig | undefined;
  readonly phantom: PhantomDefinition | undefined;
  readonly scanConversion: ScanConversion | undefined;
  /** Attributes of every element right below the root, as text, by element name: "Segmentation", "fCal" … */
  readonly sections: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly warnings: readonly string[];
}

/** Reads a PLUS configuration. What is absent is undefined; a misspelt reconstruction option is a warning. */
export async function readPlusConfig(path: string): Promise<PlusConfig> {
  return interpretPlusConfig(path, await readXml(path));
}

export function interpretPlusConfig(path: string, root: XmlElement): PlusConfig {
  const warnings: string[] = [];
  if (root.name !== "PlusConfiguration") {
    const problem = `the root element is <${root.name.slice(0, 60)}>, not <PlusConfiguration>`;
    throw new FormatError(path, { field: root.name.slice(0, 60) }, problem, "Give a PLUS configuration");
  }
  const section = (name: string): XmlElement | undefined => {
    const found = root.children.filter((child) => child.name === name);
    if (found.length > 1) warnings.push(`There are ${found.length} <${name}> elements; the first is used.`);
    return found[0];
  };
  const reconstruction = section("VolumeReconstruction"),
    phantom = section("PhantomDefinition"),
    scan = findFirst(root, "ScanConversion");
  return {
    file: path,
    transforms: transformsOf(path, section("CoordinateDefinitions"), warnings),
    reconstruction: reconstruction && readVolumeReconstruction(path, reconstruction, warnings),
    phantom: phantom && phantomOf(path, phantom),
    scanConversion: scan && scanConversionOf(path, scan),
    sections: new Map(root.children.map(({ name, attributes }) => [name, Object.fromEntries(attributes)])),
    warnings,
  };
}

function transformsOf(path: string, section: XmlElement | undefined, warnings: string[]): PlusTransform[] {
  const seen = new Map<string, PlusTransform>();
  for (const element of section?.children ?? []) {
    if (element.name !== "Transform") {
      warnings.push(`<${element.name}> in CoordinateDefinitions is not read.`);
      continue;
    }
    const read = fieldReader(path, `CoordinateDefinitions/Transform`, element);
    const from = read.text("From"),
      to = read.text("To");
    if (!from || !to) throw read.fail(from ? "To" : "From", "is missing", "Name both frames");
    const where = `Matrix of ${from}To${to}`;
    const matrix = parseMatrix(read.text("Matrix") ?? "");
    if (!matrix.ok) throw read.fail(where, `the matrix ${matrix.reason}`, "Give 16 numbers, row by row");
    const errorMm = read.number("Error"),
      date = read.text("Date");
    if (seen.has(`${from}To${to}`)) warnings.push(`${from}To${to} is defined twice; the later one is used.`);
    seen.set(`${from}To${to}`, { from, to, toFromFrom: matrix.m, errorMm, date });
  }
  return [...seen.values()];
}

function phantomOf(path: string, phantom: XmlElement): PhantomDefinition {
  const geometry = phantom.children.find(({ name }) => name === "Geometry");
  const all = (parent: XmlElement | undefined, name: string): readonly XmlElement[] =>
    parent?.children.filter((child) => child.name === name) ?? [];
  const below = (group: string, name: string): readonly XmlElement[] =>
    all(geometry, group).flatMap((each) => all(each, name));
  const nameOf = (element: XmlElement): string => element.attributes.get("Name") ?? "";
  const vector = (element: XmlElement, field: string): Vector3 => {
    const label = `PhantomDefinition/${element.name} ${nameOf(element)}`;
    const read = fieldReader(path, label, element);
    const value = read.vector3(field);
    if (!value) throw read.fail(field, "is missing", "Give three numbers in mm");
    return value;
  };
  const points = (group: string, name: string): NamedPoint[] =>
    below(group, name).map((element) => ({ name: nameOf(element), positionMm: vector(element, "Position") }));
  return {
    description: Object.fromEntries(all(phantom, "Description")[0]?.attributes ?? []),
    patterns: all(geometry, "Pattern").map((pattern) => ({
      type: pattern.attributes.get("Type") ?? "",
      wires: all(pattern, "Wire").map((wire) => ({
        name: nameOf(wire),
        frontMm: vector(wire, "EndPointFront"),
        backMm: vector(wire, "EndPointBack"),
      })),
    })),
    landmarks: points("Landmarks", "Landmark"),
    references: points("References", "Reference"),
    planes: below("Planes", "Plane").map((plane) => ({
      name: nameOf(plane),
      baseMm: vector(plane, "BasePoint"),
      end1Mm: vector(plane, "EndPoint1"),
      end2Mm: vector(plane, "EndPoint2"),
    })),
  };
}

function scanConversionOf(path: string, element: XmlElement): ScanConversion {
  const read = fieldReader(path, "ScanConversion", element);
  return {
    transducerName: read.text("TransducerName"),
    geometry: read.word("TransducerGeometry", { LINEAR: "linear", CURVILINEAR: "curvilinear" }),
    depthMm: read.number("ImagingDepthMm"),
    widthMm: read.number("TransducerWidthMm"),
    imageSizePx: read.vector2("OutputImageSizePixel"),
    transducerCentrePx: read.vector2("TransducerCenterPixel"),
    spacingMm: read.vector2("OutputImageSpacingMmPerPixel"),
    scanLines: read.integer("NumberOfScanLines", 1),
    samplesPerLine: read.integer("NumberOfSamplesPerScanLine", 1),
    radiusStartMm: read.number("RadiusStartMm"),
    radiusStopMm: read.number("RadiusStopMm"),
    thetaStartRad: read.angleRad("ThetaStartDeg"),
    thetaStopRad: read.angleRad("ThetaStopDeg"),
  };
}

/** Depth first, in the order of the file. */
function findFirst(element: XmlElement, name: string): XmlElement | undefined {
  if (element.name === name) return element;
  for (const child of element.children) {
    const found = findFirst(child, name);
    if (found) return found;
  }
  return undefined;
}

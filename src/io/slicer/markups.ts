import { z } from "zod";
import { FormatError } from "../../core/errors.ts";

export interface NamedPosition {
  readonly name: string;
  /** LPS, mm. */
  readonly positionMm: readonly [number, number, number];
}

const SCHEMA =
  "https://raw.githubusercontent.com/slicer/slicer/master/Modules/Loadable/Markups/Resources/Schema/markups-schema-v1.0.3.json#";

/** A list of points as 3D Slicer's Markups module writes them (`.mrk.json`); LPS, mm. */
export function encodeMarkups(points: readonly NamedPosition[]): Uint8Array {
  const controlPoints = points.map(({ name, positionMm }, i) => ({
    id: String(i + 1),
    label: name,
    description: "",
    associatedNodeID: "",
    position: positionMm,
    orientation: [-1, 0, 0, 0, -1, 0, 0, 0, 1],
    selected: true,
    locked: false,
    visibility: true,
    positionStatus: "defined",
  }));
  const markup = {
    type: "Fiducial",
    coordinateSystem: "LPS",
    coordinateUnits: "mm",
    locked: false,
    fixedNumberOfControlPoints: false,
    labelFormat: "%N-%d",
    lastUsedControlPointNumber: points.length,
    controlPoints,
  };
  return new TextEncoder().encode(`${JSON.stringify({ "@schema": SCHEMA, markups: [markup] }, null, 2)}\n`);
}

const controlPoint = z.object({
  label: z.string().max(1000).default(""),
  position: z.tuple([z.number(), z.number(), z.number()]).nullish(),
  positionStatus: z.string().default("defined"),
});
const markupsFile = z.object({
  markups: z
    .array(
      z.object({
        coordinateSystem: z.union([z.enum(["LPS", "RAS"]), z.literal(0), z.literal(1)]).default("LPS"),
        coordinateUnits: z.unknown().optional(),
        controlPoints: z.array(controlPoint).max(100_000).default([]),
      }),
    )
    .min(1)
    .max(1000),
});

/** The defined points of all lists in the file, turned into LPS. `fileName` is for messages. */
export function decodeMarkups(bytes: Uint8Array, fileName: string): NamedPosition[] {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new FormatError(fileName, { whole: true }, "is no JSON", "Save the markups again");
  }
  const read = markupsFile.safeParse(json);
  if (!read.success) {
    const field = read.error.issues[0]?.path.join(".") || "markups";
    throw new FormatError(fileName, { field }, read.error.issues[0]?.message ?? "is wrong", "Save the markups again");
  }
  return read.data.markups.flatMap(({ coordinateSystem, coordinateUnits, controlPoints }) => {
    if (coordinateUnits !== undefined && coordinateUnits !== "mm" && !Array.isArray(coordinateUnits)) {
      throw new FormatError(fileName, { field: "coordinateUnits" }, "are not mm", "Save the markups in mm");
    }
    const sign = coordinateSystem === "RAS" || coordinateSystem === 0 ? -1 : 1;
    return controlPoints.flatMap(({ label, position, positionStatus }): NamedPosition[] =>
      position && positionStatus === "defined"
        ? [{ name: label, positionMm: [sign * position[0] + 0, sign * position[1] + 0, position[2]] }]
        : [],
    );
  });
}

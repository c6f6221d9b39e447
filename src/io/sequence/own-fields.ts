import { FormatError } from "../../core/errors.ts";
import { isFieldOfView, type ImageGeometry } from "../../data/image.ts";
import type { DigitisedPoint, Sweep } from "../../data/recording.ts";

/** Header fields in which this bench keeps, as JSON on one line, what the sequence formats have no place for. */
export const ownFields = {
  points: "SonoBenchPoints",
  sweeps: "SonoBenchSweeps",
  geometry: "SonoBenchNominalGeometry",
} as const;

export interface OwnData {
  readonly points: readonly DigitisedPoint[];
  readonly sweeps: readonly Sweep[];
  readonly nominalGeometry: ImageGeometry | undefined;
}

export function formatOwn({ points, sweeps, nominalGeometry }: OwnData): Record<string, string> {
  return {
    ...(points.length ? { [ownFields.points]: JSON.stringify(points) } : {}),
    ...(sweeps.length ? { [ownFields.sweeps]: JSON.stringify(sweeps) } : {}),
    ...(nominalGeometry ? { [ownFields.geometry]: JSON.stringify(nominalGeometry) } : {}),
  };
}

/** Takes its fields out of `fields`. */
export function takeOwn(file: string, fields: Record<string, string>): OwnData {
  const take = <T>(field: string, isRight: (value: unknown) => value is T): T | undefined => {
    const text = fields[field];
    if (text === undefined || !Object.hasOwn(fields, field)) return undefined;
    delete fields[field];
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      value = undefined;
    }
    if (!isRight(value)) {
      throw new FormatError(file, { field }, "is not what this bench writes there", "Remove the field");
    }
    return value;
  };
  return {
    points: take(ownFields.points, listOf(isPoint)) ?? [],
    sweeps: take(ownFields.sweeps, listOf(isSweep)) ?? [],
    nominalGeometry: take(ownFields.geometry, isGeometry),
  };
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
const isFinite = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
const isTuple = (value: unknown, length: number): boolean =>
  Array.isArray(value) && value.length === length && value.every(isFinite);
const listOf =
  <T>(isRight: (value: unknown) => value is T) =>
  (value: unknown): value is T[] =>
    Array.isArray(value) && value.every(isRight);

function isPoint(value: unknown): value is DigitisedPoint {
  return (
    isRecord(value) &&
    typeof value["name"] === "string" &&
    typeof value["body"] === "string" &&
    isTuple(value["positionMm"], 3)
  );
}

function isSweep(value: unknown): value is Sweep {
  return isRecord(value) && typeof value["name"] === "string" && isFinite(value["fromS"]) && isFinite(value["toS"]);
}

function isGeometry(value: unknown): value is ImageGeometry {
  return (
    isRecord(value) &&
    isFinite(value["width"]) &&
    isFinite(value["height"]) &&
    isTuple(value["spacingMm"], 2) &&
    isTuple(value["faceCentrePx"], 2) &&
    (value["fieldOfView"] === undefined || isFieldOfView(value["fieldOfView"]))
  );
}

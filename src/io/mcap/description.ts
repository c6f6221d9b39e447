import { crc32 } from "node:zlib";
import { isFieldOfView, type FieldOfView } from "../../data/image.ts";
import type { Recording } from "../../data/recording.ts";
import { FORMAT_VERSION, type ImageDeviceDescription } from "./devices.ts";
import type { ChannelKind } from "./schemas.ts";

/** What a recording says of itself besides its samples. */
export type RecordingDescription = Pick<Recording, "name" | "pairing" | "warnings" | "fields">;

/**
 * The description as the strings of an MCAP metadata record. MCAP has no checksum for these records that could be
 * tried without reading the whole file, so one is added.
 */
export function describeRecording({ name, pairing, warnings, fields }: RecordingDescription): Map<string, string> {
  const strings = new Map([
    ["version", FORMAT_VERSION],
    ["name", name],
    ["pairing", pairing],
  ]);
  warnings.forEach((warning, i) => strings.set(`warning:${i}`, warning));
  for (const [key, value] of Object.entries(fields)) strings.set(`field:${key}`, value);
  return strings.set("crc32", checksum(strings));
}

/** Undefined when the checksum does not hold. */
export function parseDescription(strings: ReadonlyMap<string, string>): RecordingDescription | undefined {
  const rest = new Map(strings);
  rest.delete("crc32");
  if (strings.get("crc32") !== checksum(rest)) return undefined;
  const startingWith = (prefix: string): [string, string][] =>
    [...rest].filter(([key]) => key.startsWith(prefix)).map(([key, value]) => [key.slice(prefix.length), value]);
  return {
    name: strings.get("name") ?? "",
    pairing: strings.get("pairing") === "by-index" ? "by-index" : "by-time",
    warnings: startingWith("warning:").map(([, warning]) => warning),
    fields: Object.fromEntries(startingWith("field:")),
  };
}

function checksum(strings: ReadonlyMap<string, string>): string {
  return crc32(JSON.stringify([...strings]))
    .toString(16)
    .padStart(8, "0");
}

/** A channel's metadata: MCAP repeats it wherever it repeats the channel. */
export function describeImageDevice(id: string, device: ImageDeviceDescription): Map<string, string> {
  const strings = new Map([
    ["kind", "image" satisfies ChannelKind],
    ["device", id],
    ["width", String(device.width)],
    ["height", String(device.height)],
    ["pixelType", device.pixelType],
    ["nominalRateHz", String(device.nominalRateHz)],
  ]);
  const geometry = device.nominalGeometry;
  if (geometry) {
    strings.set("geometrySizePx", `${geometry.width} ${geometry.height}`);
    strings.set("spacingMm", geometry.spacingMm.join(" "));
    strings.set("faceCentrePx", geometry.faceCentrePx.join(" "));
    if (geometry.fieldOfView) strings.set("fieldOfView", JSON.stringify(geometry.fieldOfView));
  }
  return strings;
}

/** Undefined when something is missing or out of range. */
export function parseImageDevice(strings: ReadonlyMap<string, string>): ImageDeviceDescription | undefined {
  const width = toCount(strings.get("width")),
    height = toCount(strings.get("height"));
  const pixelType = (["u8", "i16", "f32"] as const).find((type) => type === strings.get("pixelType"));
  const nominalRateHz = Number(strings.get("nominalRateHz"));
  if (!width || !height || !pixelType || !(nominalRateHz >= 0)) return undefined;
  const base = { width, height, pixelType, nominalRateHz };
  if (!strings.has("spacingMm")) return base;
  const size = toPair(strings.get("geometrySizePx")),
    spacingMm = toPair(strings.get("spacingMm")),
    faceCentrePx = toPair(strings.get("faceCentrePx"));
  if (!size || !spacingMm || !faceCentrePx || !(spacingMm[0] > 0 && spacingMm[1] > 0)) return undefined;
  const fieldOfView = toFieldOfView(strings.get("fieldOfView"));
  if (fieldOfView === null) return undefined;
  const geometry = { width: size[0], height: size[1], spacingMm, faceCentrePx };
  return { ...base, nominalGeometry: fieldOfView ? { ...geometry, fieldOfView } : geometry };
}

function toCount(text: string | undefined): number | undefined {
  const value = Number(text);
  return Number.isInteger(value) && value > 0 && value <= 0xffffffff ? value : undefined;
}

/** Undefined when there is none, null when it cannot be read. */
function toFieldOfView(text: string | undefined): FieldOfView | null | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isFieldOfView(value) ? value : null;
  } catch {
    return null;
  }
}

function toPair(text: string | undefined): [number, number] | undefined {
  const values = (text ?? "").split(" ").map(Number);
  const [a, b] = values;
  return values.length === 2 && values.every(Number.isFinite) ? [a!, b!] : undefined;
}

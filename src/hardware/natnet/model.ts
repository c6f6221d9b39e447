import { FormatError } from "../../core/errors.ts";
import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import type { Vector } from "./frame.ts";
import { since, versionText, type NatNetVersion } from "./version.ts";

export interface BodyDefinition {
  readonly kind: "rigid-body";
  readonly name: string;
  readonly id: number;
  /** −1 without a parent. */
  readonly parent: number;
  readonly offset: Vector;
  /** Where the markers sit on the body; empty before 3.0. */
  readonly markers: readonly BodyMarkerDefinition[];
}

export interface BodyMarkerDefinition {
  readonly position: Vector;
  readonly activeLabel: number;
  /** Empty before 4.0. */
  readonly name: string;
}

export interface AssetMarkerDefinition {
  readonly name: string;
  readonly id: number;
  readonly position: Vector;
  readonly size: number;
  readonly params: number;
}

export type ModelDefinition =
  | { readonly kind: "marker-set"; readonly name: string; readonly markers: readonly string[] }
  | BodyDefinition
  | {
      readonly kind: "skeleton";
      readonly name: string;
      readonly id: number;
      readonly bones: readonly BodyDefinition[];
    }
  | {
      readonly kind: "force-plate";
      readonly id: number;
      readonly serial: string;
      readonly width: number;
      readonly length: number;
      readonly origin: Vector;
      /** 12 × 12, row after row. */
      readonly calibration: readonly number[];
      /** 4 × 3. */
      readonly corners: readonly number[];
      readonly plateType: number;
      readonly dataType: number;
      readonly channels: readonly string[];
    }
  | {
      readonly kind: "device";
      readonly id: number;
      readonly name: string;
      readonly serial: string;
      readonly deviceType: number;
      readonly dataType: number;
      readonly channels: readonly string[];
    }
  | {
      readonly kind: "camera";
      readonly name: string;
      readonly position: Vector;
      readonly quaternion: readonly [number, number, number, number];
    }
  | {
      readonly kind: "asset";
      readonly name: string;
      readonly assetType: number;
      readonly id: number;
      readonly bodies: readonly BodyDefinition[];
      readonly markers: readonly AssetMarkerDefinition[];
    }
  /** Stepped over by its size (4.1 and newer). `problem` says why, for a type that is known. */
  | { readonly kind: "unread"; readonly type: number; readonly bytes: Uint8Array; readonly problem: string };

export interface ModelList {
  readonly definitions: readonly ModelDefinition[];
  /** False when a type that is not known ended the reading: before 4.1 nothing says where it ends. */
  readonly complete: boolean;
}

const TYPES = ["marker-set", "rigid-body", "skeleton", "force-plate", "device", "camera", "asset"] as const;

/**
 * The payload of a MODELDEF. A definition that cannot be read does not cost the others where sizes are given (4.1);
 * before that it costs those after it. Throws only FormatError.
 */
export function decodeModels(payload: Uint8Array, version: NatNetVersion): ModelList {
  const r = new ByteReader(`NatNet ${versionText(version)} model definitions`, payload);
  const sized = since(version, 4, 1);
  const count = r.count(sized ? 8 : 5, "definitions");
  const definitions: ModelDefinition[] = [];
  for (let i = 0; i < count; i++) {
    const type = r.i32();
    if (!sized) {
      if (TYPES[type] === undefined) return { definitions, complete: false };
      definitions.push(readDefinition(r, type, version));
      continue;
    }
    const size = r.i32(),
      begin = r.offset;
    r.skip(size);
    const part = new ByteReader(r.what, payload, begin, begin + size);
    definitions.push(readSized(part, type, version));
  }
  if (r.remaining !== 0) throw r.refuse(`${r.remaining} bytes follow the last definition`);
  return { definitions, complete: true };
}

function readSized(part: ByteReader, type: number, version: NatNetVersion): ModelDefinition {
  const bytes = part.bytes.slice(part.offset, part.end);
  if (TYPES[type] === undefined) return { kind: "unread", type, bytes, problem: `type ${type} is not known` };
  try {
    const definition = readDefinition(part, type, version);
    if (part.remaining === 0) return definition;
    // What a newer version appends to a definition is not known and not needed.
    if (since(version, 4, 2)) return definition;
    return { kind: "unread", type, bytes, problem: `it is ${part.remaining} bytes longer than its fields` };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { kind: "unread", type, bytes, problem: error.message };
  }
}

function readDefinition(r: ByteReader, type: number, version: NatNetVersion): ModelDefinition {
  const texts = (of: string): string[] => r.list(r.count(1, of), () => r.text());
  switch (TYPES[type]) {
    case "marker-set":
      return { kind: "marker-set", name: r.text(), markers: texts("markers") };
    case "rigid-body":
      return readBody(r, version);
    case "skeleton":
      return {
        kind: "skeleton",
        name: r.text(),
        id: r.i32(),
        bones: r.list(r.count(21, "bones"), () => readBody(r, version)),
      };
    case "force-plate":
      return {
        kind: "force-plate",
        id: r.i32(),
        serial: r.text(),
        width: r.f32(),
        length: r.f32(),
        origin: r.vector(),
        calibration: r.list(144, r.f32),
        corners: r.list(12, r.f32),
        plateType: r.i32(),
        dataType: r.i32(),
        channels: texts("channels"),
      };
    case "device":
      return {
        kind: "device",
        id: r.i32(),
        name: r.text(),
        serial: r.text(),
        deviceType: r.i32(),
        dataType: r.i32(),
        channels: texts("channels"),
      };
    case "camera":
      return { kind: "camera", name: r.text(), position: r.vector(), quaternion: r.quaternion() };
    case "asset":
      return {
        kind: "asset",
        name: r.text(),
        assetType: r.i32(),
        id: r.i32(),
        bodies: r.list(r.count(21, "bodies"), () => readBody(r, version)),
        markers: r.list(r.count(23, "markers"), () => ({
          name: r.text(),
          id: r.i32(),
          position: r.vector(),
          size: r.f32(),
          params: r.i16(),
        })),
      };
    default:
      throw r.refuse(`definitions of type ${type} are not known`);
  }
}

function readBody(r: ByteReader, version: NatNetVersion): BodyDefinition {
  const name = r.text(),
    id = r.i32(),
    parent = r.i32(),
    offset = r.vector();
  if (!since(version, 3, 0)) return { kind: "rigid-body", name, id, parent, offset, markers: [] };
  // Three lists one behind the other, not one list of markers.
  const count = r.count(since(version, 4, 0) ? 17 : 16, "markers");
  const positions = r.list(count, r.vector),
    labels = r.list(count, r.i32),
    names = since(version, 4, 0) ? r.list(count, () => r.text()) : [];
  const markers = positions.map((position, i) => ({ position, activeLabel: labels[i]!, name: names[i] ?? "" }));
  return { kind: "rigid-body", name, id, parent, offset, markers };
}

/** The payload of a MODELDEF in the layout of `version`. */
export function encodeModels(definitions: readonly ModelDefinition[], version: NatNetVersion): Uint8Array {
  const w = new ByteWriter();
  w.i32(definitions.length);
  for (const definition of definitions) {
    w.i32(definition.kind === "unread" ? definition.type : TYPES.indexOf(definition.kind));
    if (since(version, 4, 1)) w.sized(() => writeDefinition(w, definition, version));
    else writeDefinition(w, definition, version);
  }
  return w.finish();
}

function writeDefinition(w: ByteWriter, definition: ModelDefinition, version: NatNetVersion): void {
  const texts = (values: readonly string[]): void => {
    w.i32(values.length);
    for (const value of values) w.text(value);
  };
  switch (definition.kind) {
    case "marker-set":
      w.text(definition.name);
      return texts(definition.markers);
    case "rigid-body":
      return writeBody(w, definition, version);
    case "skeleton":
      w.text(definition.name);
      w.i32(definition.id);
      w.i32(definition.bones.length);
      return definition.bones.forEach((bone) => writeBody(w, bone, version));
    case "force-plate":
      w.i32(definition.id);
      w.text(definition.serial);
      w.f32s([definition.width, definition.length, ...definition.origin]);
      w.f32s(definition.calibration);
      w.f32s(definition.corners);
      w.i32(definition.plateType);
      w.i32(definition.dataType);
      return texts(definition.channels);
    case "device":
      w.i32(definition.id);
      w.text(definition.name);
      w.text(definition.serial);
      w.i32(definition.deviceType);
      w.i32(definition.dataType);
      return texts(definition.channels);
    case "camera":
      w.text(definition.name);
      return w.f32s([...definition.position, ...definition.quaternion]);
    case "asset":
      w.text(definition.name);
      w.i32(definition.assetType);
      w.i32(definition.id);
      w.i32(definition.bodies.length);
      for (const body of definition.bodies) writeBody(w, body, version);
      w.i32(definition.markers.length);
      for (const marker of definition.markers) {
        w.text(marker.name);
        w.i32(marker.id);
        w.f32s([...marker.position, marker.size]);
        w.i16(marker.params);
      }
      return;
    case "unread":
      return w.raw(definition.bytes);
  }
}

function writeBody(w: ByteWriter, body: BodyDefinition, version: NatNetVersion): void {
  w.text(body.name);
  w.i32(body.id);
  w.i32(body.parent);
  w.f32s(body.offset);
  if (!since(version, 3, 0)) return;
  w.i32(body.markers.length);
  for (const { position } of body.markers) w.f32s(position);
  for (const { activeLabel } of body.markers) w.i32(activeLabel);
  if (since(version, 4, 0)) for (const { name } of body.markers) w.text(name);
}

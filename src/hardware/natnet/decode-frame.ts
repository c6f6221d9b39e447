import { ByteReader } from "./byte-reader.ts";
import type { AnalogReading, Asset, AssetMarker, BodyMarker, Frame, LabelledMarker, RigidBody } from "./frame.ts";
import { newestKnown, oldestKnown, since, versionText, type NatNetVersion } from "./version.ts";

/** Bytes of a rigid body since 3.0, and of a marker of an asset: the two records of 4.1 that sit in counted lists. */
const BODY_BYTES = 38,
  ASSET_MARKER_BYTES = 26;

/**
 * The payload of a FRAMEOFDATA in the layout of `version` (2.5 and newer), to its last byte: a frame of another
 * version does not pass by chance. Throws only FormatError. Work and memory are bounded by the size of the datagram.
 */
export function decodeFrame(payload: Uint8Array, version: NatNetVersion): Frame {
  const reader = new ByteReader(`NatNet ${versionText(version)} frame`, payload);
  if (!since(version, oldestKnown.major, oldestKnown.minor))
    throw reader.refuse(`protocol ${versionText(version)} is older than ${versionText(oldestKnown)}`);
  const layout = since(version, newestKnown.major, newestKnown.minor + 1) ? "assumed-4.1" : "known";
  const section = sections(reader, version, layout === "known");

  const frameNumber = reader.i32();
  const markerSets = section("marker sets", { smallest: 5 }, (r) => ({
    name: r.text(),
    markers: r.list(r.count(12, "markers"), r.vector),
  }));
  const otherMarkers = section("other markers", { fixed: 12 }, (r) => r.vector());
  const rigidBodies = section("rigid bodies", bodySize(version), (r) => readBody(r, version));
  const skeletons = section("skeletons", { smallest: 8 }, (r) => ({
    id: r.i32(),
    bones: r.list(r.count(smallestOf(bodySize(version)), "bones"), () => readBody(r, version)),
  }));
  const assets = since(version, 4, 1) ? section("assets", { smallest: 12 }, (r) => readAsset(r, version)) : [];
  const labelledBytes = since(version, 3, 0) ? 26 : since(version, 2, 6) ? 22 : 20;
  const labelledMarkers = section("labelled markers", { fixed: labelledBytes }, (r) => readLabelled(r, version));
  const forcePlates = since(version, 2, 9) ? section("force plates", { smallest: 8 }, readAnalog) : [];
  const devices = since(version, 2, 11) ? section("devices", { smallest: 8 }, readAnalog) : [];

  const softwareLatencyS = since(version, 3, 0) ? null : reader.f32();
  const timecode = { code: reader.u32(), subframe: reader.u32() };
  const timestampS = since(version, 2, 7) ? reader.f64() : since(version, 2, 6) ? reader.f32() : null;
  const ticks = since(version, 3, 0)
    ? { midExposure: reader.u64(), dataReceived: reader.u64(), transmit: reader.u64() }
    : null;
  // Sources disagree whether 4.0 has the precision stamp; params and end tag take 6 bytes, so the length tells.
  const precision =
    since(version, 4, 0) && reader.remaining >= 14 ? { seconds: reader.u32(), fraction: reader.u32() } : null;
  const params = since(version, 2, 6) ? reader.i16() : null;
  // Whatever a newer version adds here is unknown; its end tag still ends the datagram.
  if (layout === "assumed-4.1") reader.skip(Math.max(0, reader.remaining - 4));
  const endTag = reader.i32();
  if (endTag !== 0) throw reader.refuse(`the end tag is ${endTag}, not 0`, reader.offset - 4);
  if (reader.remaining !== 0) throw reader.refuse(`${reader.remaining} bytes follow the end tag`);

  return {
    frameNumber, markerSets, otherMarkers, rigidBodies, skeletons, assets, labelledMarkers, forcePlates, devices,
    softwareLatencyS, timecode, timestampS, ticks, precision, params, layout,
  }; // prettier-ignore
}

/** Bytes of an element: of the shortest, or of every one. */
type ElementSize = { readonly smallest: number } | { readonly fixed: number };

type ReadSection = <T>(name: string, size: ElementSize, read: (reader: ByteReader) => T) => T[];

/** Reads one section after the other: a count, since 4.1 the section's size, and the elements. */
function sections(reader: ByteReader, version: NatNetVersion, exact: boolean): ReadSection {
  return (name, elementSize, read) => {
    const elementBytes = smallestOf(elementSize),
      fixed = "fixed" in elementSize;
    if (!since(version, 4, 1)) {
      const count = reader.count(elementBytes, name);
      return reader.list(count, () => read(reader));
    }
    const begin = reader.offset,
      count = reader.i32(),
      size = reader.i32();
    if (size < 0 || size > reader.remaining)
      throw reader.refuse(`${name}: ${size} bytes are announced, ${reader.remaining} are left`, begin);
    if (count < 0 || count * elementBytes > size)
      throw reader.refuse(`${name}: ${count} elements cannot lie in ${size} bytes`, begin);
    const part = reader.part(size);
    // A newer version may have longer elements; where they are all alike, the section's size tells how long.
    const stride = fixed && !exact && count > 0 && size % count === 0 ? size / count : undefined;
    const elements = part.list(count, () => read(stride === undefined ? part : part.part(stride)));
    if (part.remaining !== 0 && (exact || fixed))
      throw part.refuse(`${name}: the section is ${part.remaining} bytes longer than its elements`);
    return elements;
  };
}

const smallestOf = (size: ElementSize): number => ("fixed" in size ? size.fixed : size.smallest);

function bodySize(version: NatNetVersion): ElementSize {
  if (since(version, 3, 0)) return { fixed: BODY_BYTES };
  return { smallest: since(version, 2, 6) ? 42 : 40 };
}

function readBody(r: ByteReader, version: NatNetVersion): RigidBody {
  const id = r.i32(),
    position = r.vector(),
    quaternion = r.quaternion();
  let markers: BodyMarker[] = [];
  if (!since(version, 3, 0)) {
    const count = r.count(20, "markers");
    const positions = r.list(count, r.vector),
      ids = r.list(count, r.i32),
      sizes = r.list(count, r.f32);
    markers = positions.map((at, i) => ({ position: at, id: ids[i]!, size: sizes[i]! }));
  }
  return { id, position, quaternion, markers, meanError: r.f32(), params: since(version, 2, 6) ? r.i16() : null };
}

function readAsset(r: ByteReader, version: NatNetVersion): Asset {
  return {
    id: r.i32(),
    bodies: r.list(r.count(BODY_BYTES, "bodies"), () => readBody(r, version)),
    markers: r.list(r.count(ASSET_MARKER_BYTES, "markers"), () => readAssetMarker(r)),
  };
}

function readAssetMarker(r: ByteReader): AssetMarker {
  return { id: r.i32(), position: r.vector(), size: r.f32(), params: r.i16(), residual: r.f32() };
}

function readLabelled(r: ByteReader, version: NatNetVersion): LabelledMarker {
  return {
    id: r.u32(),
    position: r.vector(),
    size: r.f32(),
    params: since(version, 2, 6) ? r.i16() : null,
    residual: since(version, 3, 0) ? r.f32() : null,
  };
}

function readAnalog(r: ByteReader): AnalogReading {
  return {
    id: r.i32(),
    channels: r.list(r.count(4, "channels"), () => r.list(r.count(4, "samples"), r.f32)),
  };
}

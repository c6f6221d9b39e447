import { ByteWriter } from "./byte-writer.ts";
import type { AnalogReading, Asset, Frame, LabelledMarker, RigidBody } from "./frame.ts";
import { since, type NatNetVersion } from "./version.ts";

/** The payload of a FRAMEOFDATA in the layout of `version`; what that version cannot say is left out. */
export function encodeFrame(frame: Frame, version: NatNetVersion): Uint8Array {
  const w = new ByteWriter();
  const section = <T>(elements: readonly T[], write: (element: T) => void): void => {
    w.i32(elements.length);
    if (since(version, 4, 1)) w.sized(() => elements.forEach(write));
    else elements.forEach(write);
  };

  w.i32(frame.frameNumber);
  section(frame.markerSets, ({ name, markers }) => {
    w.text(name);
    w.i32(markers.length);
    for (const marker of markers) w.f32s(marker);
  });
  section(frame.otherMarkers, (marker) => w.f32s(marker));
  section(frame.rigidBodies, (body) => writeBody(w, body, version));
  section(frame.skeletons, ({ id, bones }) => {
    w.i32(id);
    w.i32(bones.length);
    for (const bone of bones) writeBody(w, bone, version);
  });
  if (since(version, 4, 1)) section(frame.assets, (asset) => writeAsset(w, asset, version));
  section(frame.labelledMarkers, (marker) => writeLabelled(w, marker, version));
  if (since(version, 2, 9)) section(frame.forcePlates, (plate) => writeAnalog(w, plate));
  if (since(version, 2, 11)) section(frame.devices, (device) => writeAnalog(w, device));

  if (!since(version, 3, 0)) w.f32(frame.softwareLatencyS ?? 0);
  w.u32(frame.timecode.code);
  w.u32(frame.timecode.subframe);
  if (since(version, 2, 7)) w.f64(frame.timestampS ?? 0);
  else if (since(version, 2, 6)) w.f32(frame.timestampS ?? 0);
  if (since(version, 3, 0)) {
    w.u64(frame.ticks?.midExposure ?? 0n);
    w.u64(frame.ticks?.dataReceived ?? 0n);
    w.u64(frame.ticks?.transmit ?? 0n);
  }
  // 4.0 is read with and without the stamp; 4.1 always has it.
  if (since(version, 4, 1) || (since(version, 4, 0) && frame.precision)) {
    w.u32(frame.precision?.seconds ?? 0);
    w.u32(frame.precision?.fraction ?? 0);
  }
  if (since(version, 2, 6)) w.i16(frame.params ?? 0);
  w.i32(0);
  return w.finish();
}

function writeBody(w: ByteWriter, body: RigidBody, version: NatNetVersion): void {
  w.i32(body.id);
  w.f32s(body.position);
  w.f32s(body.quaternion);
  if (!since(version, 3, 0)) {
    w.i32(body.markers.length);
    for (const { position } of body.markers) w.f32s(position);
    for (const { id } of body.markers) w.i32(id);
    for (const { size } of body.markers) w.f32(size);
  }
  w.f32(body.meanError);
  if (since(version, 2, 6)) w.i16(body.params ?? 0);
}

function writeAsset(w: ByteWriter, { id, bodies, markers }: Asset, version: NatNetVersion): void {
  w.i32(id);
  w.i32(bodies.length);
  for (const body of bodies) writeBody(w, body, version);
  w.i32(markers.length);
  for (const marker of markers) {
    w.i32(marker.id);
    w.f32s(marker.position);
    w.f32(marker.size);
    w.i16(marker.params);
    w.f32(marker.residual);
  }
}

function writeLabelled(w: ByteWriter, marker: LabelledMarker, version: NatNetVersion): void {
  w.u32(marker.id);
  w.f32s(marker.position);
  w.f32(marker.size);
  if (since(version, 2, 6)) w.i16(marker.params ?? 0);
  if (since(version, 3, 0)) w.f32(marker.residual ?? 0);
}

function writeAnalog(w: ByteWriter, { id, channels }: AnalogReading): void {
  w.i32(id);
  w.i32(channels.length);
  for (const samples of channels) {
    w.i32(samples.length);
    w.f32s(samples);
  }
}

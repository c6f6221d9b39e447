import type { Rng } from "../../../src/core/rng.ts";
import type { AnalogReading, Frame, RigidBody, Vector } from "../../../src/hardware/natnet/frame.ts";
import type { BodyDefinition, ModelDefinition } from "../../../src/hardware/natnet/model.ts";
import { since, type NatNetVersion } from "../../../src/hardware/natnet/version.ts";

/** Every version at which a layout changes, and one between. */
export const versions: readonly NatNetVersion[] = [
  [2, 5],
  [2, 6],
  [2, 7],
  [2, 9],
  [2, 10],
  [2, 11],
  [3, 0],
  [3, 1],
  [4, 0],
  [4, 1],
].map(([major, minor]) => ({ major: major!, minor: minor! }));

const f32 = (rng: Rng): number => Math.fround(2 * rng.normal());
const vector = (rng: Rng): Vector => [f32(rng), f32(rng), f32(rng)];
const i16 = (rng: Rng): number => rng.integer(65536) - 32768;
const i32 = (rng: Rng): number => Math.floor(rng.uniform() * 2 ** 32) - 2 ** 31;
const u32 = (rng: Rng): number => Math.floor(rng.uniform() * 2 ** 32);
const u64 = (rng: Rng): bigint => (BigInt(u32(rng)) << 32n) | BigInt(u32(rng));
const list = <T>(rng: Rng, most: number, make: () => T): T[] => Array.from({ length: rng.integer(most + 1) }, make);
const name = (rng: Rng): string => ["", "Probe", "Tibia_1", "Sonde é", "骨", "x".repeat(255)][rng.integer(6)]!;

const body = (rng: Rng, version: NatNetVersion): RigidBody => ({
  id: i32(rng),
  position: vector(rng),
  quaternion: [f32(rng), f32(rng), f32(rng), f32(rng)],
  markers: since(version, 3, 0) ? [] : list(rng, 3, () => ({ position: vector(rng), id: i32(rng), size: f32(rng) })),
  meanError: f32(rng),
  params: since(version, 2, 6) ? i16(rng) : null,
});

const analog = (rng: Rng): AnalogReading => ({
  id: i32(rng),
  channels: list(rng, 3, () => list(rng, 3, () => f32(rng))),
});

/** A frame that says all that `version` can say, and no more. */
export function anyFrame(rng: Rng, version: NatNetVersion): Frame {
  const is = (major: number, minor: number): boolean => since(version, major, minor);
  return {
    frameNumber: i32(rng),
    markerSets: list(rng, 2, () => ({ name: name(rng), markers: list(rng, 4, () => vector(rng)) })),
    otherMarkers: list(rng, 3, () => vector(rng)),
    rigidBodies: list(rng, 3, () => body(rng, version)),
    skeletons: list(rng, 2, () => ({ id: i32(rng), bones: list(rng, 2, () => body(rng, version)) })),
    assets: is(4, 1)
      ? list(rng, 2, () => ({
          id: i32(rng),
          bodies: list(rng, 2, () => body(rng, version)),
          markers: list(rng, 2, () => ({
            id: i32(rng),
            position: vector(rng),
            size: f32(rng),
            params: i16(rng),
            residual: f32(rng),
          })),
        }))
      : [],
    labelledMarkers: list(rng, 3, () => ({
      id: u32(rng),
      position: vector(rng),
      size: f32(rng),
      params: is(2, 6) ? i16(rng) : null,
      residual: is(3, 0) ? f32(rng) : null,
    })),
    forcePlates: is(2, 9) ? list(rng, 2, () => analog(rng)) : [],
    devices: is(2, 11) ? list(rng, 2, () => analog(rng)) : [],
    softwareLatencyS: is(3, 0) ? null : f32(rng),
    timecode: { code: u32(rng), subframe: u32(rng) },
    timestampS: is(2, 7) ? rng.normal() : is(2, 6) ? f32(rng) : null,
    ticks: is(3, 0) ? { midExposure: u64(rng), dataReceived: u64(rng), transmit: u64(rng) } : null,
    precision: is(4, 1) || (is(4, 0) && rng.uniform() < 0.5) ? { seconds: u32(rng), fraction: u32(rng) } : null,
    params: is(2, 6) ? i16(rng) : null,
    layout: "known",
  };
}

const bodyDefinition = (rng: Rng, version: NatNetVersion): BodyDefinition => ({
  kind: "rigid-body",
  name: name(rng),
  id: i32(rng),
  parent: i32(rng),
  offset: vector(rng),
  markers: since(version, 3, 0)
    ? list(rng, 3, () => ({
        position: vector(rng),
        activeLabel: i32(rng),
        name: since(version, 4, 0) ? name(rng) : "",
      }))
    : [],
});

/** One definition of each kind that `version` has, in any order. */
export function anyModels(rng: Rng, version: NatNetVersion): ModelDefinition[] {
  const texts = (): string[] => list(rng, 3, () => name(rng));
  const many = (count: number): number[] => Array.from({ length: count }, () => f32(rng));
  const all: ModelDefinition[] = [
    { kind: "marker-set", name: name(rng), markers: texts() },
    bodyDefinition(rng, version),
    { kind: "skeleton", name: name(rng), id: i32(rng), bones: list(rng, 2, () => bodyDefinition(rng, version)) },
  ];
  if (since(version, 3, 0))
    all.push(
      {
        kind: "force-plate",
        id: i32(rng),
        serial: name(rng),
        width: f32(rng),
        length: f32(rng),
        origin: vector(rng),
        calibration: many(144),
        corners: many(12),
        plateType: i32(rng),
        dataType: i32(rng),
        channels: texts(),
      },
      {
        kind: "device",
        id: i32(rng),
        name: name(rng),
        serial: name(rng),
        deviceType: i32(rng),
        dataType: i32(rng),
        channels: texts(),
      },
      {
        kind: "camera",
        name: name(rng),
        position: vector(rng),
        quaternion: [f32(rng), f32(rng), f32(rng), f32(rng)],
      },
    );
  if (since(version, 4, 1))
    all.push({
      kind: "asset",
      name: name(rng),
      assetType: i32(rng),
      id: i32(rng),
      bodies: list(rng, 2, () => bodyDefinition(rng, version)),
      markers: list(rng, 2, () => ({
        name: name(rng),
        id: i32(rng),
        position: vector(rng),
        size: f32(rng),
        params: i16(rng),
      })),
    });
  return list(rng, 6, () => all[rng.integer(all.length)]!);
}

import { createHash } from "node:crypto";
import { fromQuaternion } from "../core/rigid.ts";
import type { Rng } from "../core/rng.ts";
import type { LostStatus } from "../data/device.ts";
import type { Image } from "../data/image.ts";
import type { ImageTrack, PoseTrack } from "../data/recording.ts";
import type { SequenceRecording } from "../io/sequence/sequence-recording.ts";

export interface MhaParts {
  readonly fields?: Readonly<Record<string, string | undefined>>;
  /** `Seq_FrameNNNN_` fields, one record a frame. */
  readonly frames?: readonly Readonly<Record<string, string>>[];
  readonly payload?: Uint8Array;
  readonly end?: string;
}

/** A MetaImage by its parts; a field given as undefined is left out. */
export function mha({ fields = {}, frames = [], payload = new Uint8Array(0), end = "\n" }: MhaParts): Uint8Array {
  const all: Record<string, string | undefined> = {
    ObjectType: "Image",
    NDims: "3",
    BinaryData: "True",
    BinaryDataByteOrderMSB: "False",
    CompressedData: "False",
    DimSize: "2 2 1",
    Kinds: "domain domain list",
    ElementType: "MET_UCHAR",
    UltrasoundImageOrientation: "MF",
    ...fields,
  };
  const { ElementDataFile = "LOCAL", ...others } = all;
  const lines = Object.entries(others).flatMap(([key, value]) => (value === undefined ? [] : [`${key} = ${value}`]));
  frames.forEach((frame, i) => {
    for (const [name, value] of Object.entries(frame)) {
      lines.push(`Seq_Frame${String(i).padStart(4, "0")}_${name} = ${value}`);
    }
  });
  lines.push(`ElementDataFile = ${ElementDataFile}`);
  return Buffer.concat([Buffer.from(lines.join("\n") + end, "utf8"), payload]);
}

export function nrrd(lines: readonly string[], payload: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`NRRD0005\n${lines.join("\n")}\n\n`, "utf8"), payload]);
}

const lostWords: readonly LostStatus[] = ["occluded", "out-of-volume", "missing", "stale", "invalid", "unknown"];

/** Everything a sequence can hold, at random: odd doubles, lost tools, custom fields, every pixel type. */
export function randomRecording(rng: Rng, withImages = true): SequenceRecording {
  const count = 1 + rng.integer(5),
    width = 1 + rng.integer(7),
    height = 1 + rng.integer(7);
  const acquiredAtS = new Float64Array(count),
    start = rng.normal() * 1e4;
  for (let i = 0; i < count; i++) acquiredAtS[i] = start + i * 0.03 + rng.uniform() * 0.01;
  const receivedAtS = rng.uniform() < 0.5 ? acquiredAtS : acquiredAtS.map((t) => t + rng.uniform());
  const frameFields = new Map<string, (string | undefined)[]>();
  const texts = ["12", "Grüße = a : b := c", "\\n is no newline", "", "#x", "0 0 0 1"];
  for (const name of ["FrameNumber", "Temperature"]) {
    if (rng.uniform() < 0.5) continue;
    frameFields.set(
      name,
      Array.from({ length: count }, () => (rng.uniform() < 0.2 ? undefined : pick(rng, texts))),
    );
  }
  const poses: PoseTrack[] = [];
  for (const [tool, parent] of [
    ["Probe", "Tracker"],
    ["StylusTip", "Stylus"],
    ["Image", "Probe"],
  ] as const) {
    if (rng.uniform() < 0.3) continue;
    const status = Array.from({ length: count }, () => (rng.uniform() < 0.7 ? "tracked" : pick(rng, lostWords)));
    const parentFromTool = new Float64Array(12 * count).fill(NaN),
      fitRmsMm = new Float64Array(count).fill(NaN);
    const name = `${tool}To${parent}Transform`;
    const kept = status.map((s) =>
      s !== "tracked" && rng.uniform() < 0.3 ? "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0" : undefined,
    );
    if (kept.some((text) => text !== undefined)) frameFields.set(name, kept);
    status.forEach((s, i) => {
      if (s !== "tracked") return;
      const q = [rng.normal(), rng.normal(), rng.normal(), rng.normal()] as const;
      const m = fromQuaternion(q, [rng.normal() * 1e3, -0, rng.normal() * 1e-7]).m;
      parentFromTool.set(tool === "Image" ? m.map((x) => x * 0.0871) : m, 12 * i);
      if (rng.uniform() < 0.5) fitRmsMm[i] = rng.uniform();
    });
    poses.push({ tool, parent, acquiredAtS, receivedAtS, status, parentFromTool, fitRmsMm });
  }
  const images = withImages ? randomImages(rng, { width, height, count, acquiredAtS, receivedAtS }) : undefined;
  if (!images && poses.length === 0) return randomRecording(rng, withImages);
  return {
    name: "random",
    images,
    poses,
    pairing: "by-index",
    points: rng.uniform() < 0.5 ? [] : [{ name: "médial\n#1", body: "Femur", positionMm: [rng.normal(), 0, -1e-9] }],
    sweeps: rng.uniform() < 0.5 ? [] : [{ name: "a = b", fromS: rng.normal(), toS: 7 }],
    warnings: [],
    fields: rng.uniform() < 0.5 ? {} : { Operator: "Ä. B.", Note: "a := b = c \\ d", ElementSpacing: "0.3 0.25 1" },
    storedOrientation: "MF",
    frameFields,
    close: async () => undefined,
  };
}

function randomImages(
  rng: Rng,
  rest: Pick<ImageTrack, "width" | "height" | "count" | "acquiredAtS" | "receivedAtS">,
): ImageTrack {
  const { width, height, count } = rest;
  const pixelType = pick(rng, ["u8", "i16", "f32"] as const);
  const bits = Array.from({ length: count }, () =>
    Uint32Array.from({ length: width * height }, () => rng.integer(2 ** 32)),
  );
  const frames = bits.map((raw): Image["pixels"] => {
    if (pixelType === "u8") return Uint8Array.from(raw);
    return pixelType === "i16" ? Int16Array.from(raw) : new Float32Array(raw.buffer);
  });
  const geometry = { width, height, spacingMm: [0.1, 0.2], faceCentrePx: [width / 2, -0.5] } as const;
  return {
    ...rest,
    pixelType,
    valid: Uint8Array.from({ length: count }, () => (rng.uniform() < 0.8 ? 1 : 0)),
    ...(rng.uniform() < 0.5 ? { nominalGeometry: geometry } : {}),
    read: async (index) => ({ width, height, pixels: frames[index]!.slice() }),
  };
}

export function pick<T>(rng: Rng, from: readonly T[]): T {
  return from[rng.integer(from.length)]!;
}

/** Everything of a recording as plain values; pixels as the hash of their bytes, so that every bit of a NaN counts. */
export async function snapshot(recording: SequenceRecording): Promise<unknown> {
  const { images, poses, points, sweeps, fields, frameFields } = recording;
  const pixels: string[] = [];
  for (let i = 0; i < (images?.count ?? 0); i++) {
    const frame = await images!.read(i);
    const { buffer, byteOffset, byteLength, constructor } = frame.pixels;
    const hash = createHash("sha256")
      .update(new Uint8Array(buffer, byteOffset, byteLength))
      .digest("hex");
    pixels.push(`${constructor.name} ${frame.width} x ${frame.height}: ${hash}`);
  }
  const { read: _, ...facts } = images ?? { read: undefined };
  const byName = <T>(entries: Iterable<readonly [string, T]>): (readonly [string, T])[] =>
    [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    facts,
    pixels,
    poses: byName(poses.map((track) => [track.tool, track] as const)),
    points,
    sweeps,
    fields: byName(Object.entries(fields)),
    frameFields: byName([...frameFields].filter(([, column]) => column.some((text) => text !== undefined))),
  };
}

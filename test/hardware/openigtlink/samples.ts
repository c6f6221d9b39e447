import { randomRotation } from "./random.ts";
import type { Rng } from "../../../src/core/rng.ts";
import { ASCII, UTF8, type Envelope } from "../../../src/hardware/openigtlink/envelope.ts";
import type { ImageBody, Scalar } from "../../../src/hardware/openigtlink/messages/image.ts";
import type { Body, Message } from "../../../src/hardware/openigtlink/protocol.ts";

/** What survives 32 bits. */
const f32 = (rng: Rng): number => Math.fround(200 * rng.normal());
const vector = (rng: Rng): [number, number, number] => [f32(rng), f32(rng), f32(rng)];
const word = (rng: Rng, most: number): string =>
  Array.from({ length: rng.integer(most + 1) }, () => String.fromCharCode(33 + rng.integer(94))).join("");
const pick = <T>(rng: Rng, from: readonly T[]): T => from[rng.integer(from.length)]!;
const list = <T>(rng: Rng, make: () => T): T[] => Array.from({ length: rng.integer(5) }, make);
const matrix = (rng: Rng): Float64Array => Float64Array.from(randomRotation(rng, 300), Math.fround);

function imageBody(rng: Rng): ImageBody {
  const scalarBytes = { i8: 1, u8: 1, i16: 2, u16: 2, i32: 4, u32: 4, f32: 4, f64: 8 } as const;
  const scalar = pick(rng, Object.keys(scalarBytes) as Scalar[]);
  const partSize = [1 + rng.integer(6), 1 + rng.integer(6), 1 + rng.integer(2)] as const;
  const offset = [rng.integer(3), rng.integer(3), rng.integer(2)] as const;
  const components = 1 + rng.integer(3);
  const bytes = components * scalarBytes[scalar] * partSize[0] * partSize[1] * partSize[2];
  return {
    type: "IMAGE",
    components,
    scalar,
    byteOrder: pick(rng, ["big", "little"] as const),
    coordinates: pick(rng, ["RAS", "LPS"] as const),
    size: [offset[0] + partSize[0], offset[1] + partSize[1] + 1, offset[2] + partSize[2]],
    matrix: matrix(rng),
    offset,
    partSize,
    data: Uint8Array.from({ length: bytes }, () => rng.integer(256)),
  };
}

const cells = (rng: Rng, points: number) => {
  const runs: number[] = [],
    count = rng.integer(4);
  for (let i = 0; i < count; i++) {
    const length = rng.integer(5);
    runs.push(length, ...Array.from({ length }, () => rng.integer(points)));
  }
  return { count, runs: Uint32Array.from(runs) };
};

const makers: readonly ((rng: Rng) => Body)[] = [
  (rng) => ({ type: "TRANSFORM", matrix: matrix(rng) }),
  (rng) => ({ type: "POSITION", position: vector(rng), orientation: { form: "none" } }),
  (rng) => ({ type: "POSITION", position: vector(rng), orientation: { form: "xyz", q: vector(rng) } }),
  (rng) => ({ type: "POSITION", position: vector(rng), orientation: { form: "xyzw", q: [...vector(rng), f32(rng)] } }),
  (rng) => ({
    type: "TDATA",
    elements: list(rng, () => ({ name: word(rng, 20), kind: 1 + rng.integer(4), matrix: matrix(rng) })),
  }),
  (rng) => ({
    type: "QTDATA",
    elements: list(rng, () => ({
      name: word(rng, 20),
      kind: 2,
      position: vector(rng),
      quaternion: [...vector(rng), f32(rng)],
    })),
  }),
  (rng) => ({
    type: pick(rng, ["STT_TDATA", "STT_QTDATA"] as const),
    resolutionMs: rng.integer(1000) - 10,
    coordinateName: word(rng, 32),
  }),
  (rng) => ({ type: pick(rng, ["RTS_TDATA", "RTS_QTDATA"] as const), status: rng.integer(3) - 1 }),
  imageBody,
  (rng) => ({
    type: "STATUS",
    code: rng.integer(65536),
    subcode: BigInt(rng.integer(1000)) - 500n,
    name: word(rng, 20),
    text: word(rng, 40),
  }),
  (rng) => ({ type: pick(rng, ["STRING", "CLIENTINFO"] as const), encoding: ASCII, text: word(rng, 300) }),
  () => ({ type: "STRING", encoding: UTF8, text: "Kniescheibe · rótula · 膝" }),
  (rng) => ({ type: "CAPABILITY", types: list(rng, () => word(rng, 12)) }),
  (rng) => ({
    type: "POINT",
    points: list(rng, () => ({
      name: word(rng, 64),
      group: word(rng, 32),
      rgba: [rng.integer(256), rng.integer(256), rng.integer(256), rng.integer(256)],
      position: vector(rng),
      diameter: f32(rng),
      owner: word(rng, 20),
    })),
  }),
  (rng) => ({
    type: pick(rng, ["COMMAND", "RTS_COMMAND"] as const),
    id: rng.integer(2 ** 32 - 1),
    name: word(rng, 128),
    encoding: UTF8,
    text: `<Command Name="${word(rng, 8)}" µ="°"/>`,
  }),
  (rng) => {
    const points = 1 + rng.integer(6);
    return {
      type: "POLYDATA",
      points: Float32Array.from({ length: points * 3 }, () => f32(rng)),
      vertices: cells(rng, points),
      lines: cells(rng, points),
      polygons: cells(rng, points),
      strips: cells(rng, points),
      attributes: list(rng, () => {
        const components = 1 + rng.integer(4);
        const values = Float32Array.from({ length: components * rng.integer(4) }, () => f32(rng));
        return { name: word(rng, 9), kind: rng.integer(5), components, values };
      }),
    };
  },
  (rng) => ({ type: pick(rng, ["GET_STATUS", "GET_IMAGE", "STP_TDATA", "GET_CAPABIL", "GET_POLYDATA"] as const) }),
];

export const bodyKinds = makers.length;

/** A message of the given kind (0 … bodyKinds − 1), of either header version, with random fields. */
export function randomMessage(rng: Rng, kind: number): Message {
  const headerVersion = rng.integer(2) === 0 ? 1 : 2;
  const metadata: Envelope["metadata"] =
    headerVersion === 1
      ? []
      : list(rng, () =>
          rng.integer(2) === 0
            ? { key: word(rng, 12), encoding: ASCII, value: word(rng, 20) }
            : { key: "Côté", encoding: UTF8, value: "gauche ← 膝" },
        );
  return {
    headerVersion,
    device: word(rng, 20),
    timestamp: { seconds: rng.integer(2 ** 32 - 1), fraction: rng.integer(2 ** 32 - 1) },
    messageId: headerVersion === 1 ? 0 : rng.integer(2 ** 32 - 1),
    metadata,
    body: makers[kind]!(rng),
  };
}

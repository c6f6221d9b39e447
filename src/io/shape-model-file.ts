import { gunzipSync, gzipSync } from "node:zlib";
import { z } from "zod";
import { FormatError } from "../core/errors.ts";
import type { ShapeModel } from "../data/shape-model.ts";
import { boneNames } from "../data/surface.ts";

/** A file is gzip of: this line, the length of the header as a line, the header (JSON), then its arrays, little-endian. */
const MAGIC = "SONOBENCH SHAPE 1\n";
/** Unpacked; the shipped model has 3 MB. */
const MAX_BYTES = 256 * 2 ** 20;
/** A mode's coordinates are multiples of its largest one over this. */
const STEPS = 32_767;

const count = z.int().min(0).max(2_000_000);
const header = z.strictObject({
  models: z
    .array(
      z.strictObject({
        body: z.enum(["femur", "shank", "patella"]),
        bones: z
          .array(z.strictObject({ name: z.enum(boneNames), vertices: count, triangles: count }))
          .min(1)
          .max(4),
        landmarks: z
          .array(z.strictObject({ name: z.string().max(80), meanMm: z.tuple([z.number(), z.number(), z.number()]) }))
          .max(100),
        modeLargestMm: z.array(z.number().nonnegative()).max(500),
        residualSdMm: z.number().nonnegative(),
      }),
    )
    .min(1)
    .max(16),
});

/** The arrays of a model in the file's order: mean (f32), triangles (u32), cap (u8), modes (i16 each). */
export function encodeShapeModels(models: readonly ShapeModel[]): Uint8Array {
  const largest = (mode: Float32Array): number => mode.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const text = JSON.stringify({
    models: models.map(({ body, bones, landmarks, modes, residualSdMm }) => ({
      body,
      bones,
      landmarks,
      modeLargestMm: modes.map(largest),
      residualSdMm,
    })),
  });
  const parts = models.flatMap(({ mean, cap, modes }) => [
    bytesOf(mean.positions),
    bytesOf(mean.triangles),
    cap,
    ...modes.map((mode) => {
      const step = largest(mode) / STEPS || 1;
      return bytesOf(Int16Array.from(mode, (value) => Math.round(value / step)));
    }),
  ]);
  const head = Buffer.from(text, "utf8");
  return gzipSync(Buffer.concat([Buffer.from(`${MAGIC}${head.length}\n`, "latin1"), head, ...parts]), { level: 9 });
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** `fileName` is for messages. Throws a FormatError where the bytes are not what the header says. */
export function decodeShapeModels(packed: Uint8Array, fileName: string): ShapeModel[] {
  const fail = (problem: string): FormatError =>
    new FormatError(fileName, { whole: true }, problem, "Make the model again (training/README.md)");
  let bytes: Buffer;
  try {
    bytes = gunzipSync(packed, { maxOutputLength: MAX_BYTES });
  } catch {
    throw fail("is no shape model: it cannot be unpacked");
  }
  if (bytes.subarray(0, MAGIC.length).toString("latin1") !== MAGIC) throw fail("is no shape model");
  const end = bytes.indexOf(10, MAGIC.length);
  const length = Number(bytes.subarray(MAGIC.length, end).toString("latin1"));
  if (!(end > 0 && Number.isInteger(length) && end + 1 + length <= bytes.length)) throw fail("its header is cut off");
  const parsed = header.safeParse(jsonOf(bytes.subarray(end + 1, end + 1 + length)));
  if (!parsed.success) throw fail(`its header is not understood: ${z.prettifyError(parsed.error)}`);
  let at = end + 1 + length;
  const take = (wanted: number): Buffer => {
    if (at + wanted > bytes.length) throw fail("is cut off");
    // A copy, so that it is aligned for any element.
    const part = Buffer.from(Uint8Array.prototype.slice.call(bytes, at, at + wanted));
    at += wanted;
    return part;
  };
  const models = parsed.data.models.map(({ body, bones, landmarks, modeLargestMm, residualSdMm }): ShapeModel => {
    const vertices = bones.reduce((n, bone) => n + bone.vertices, 0);
    const triangles = bones.reduce((n, bone) => n + bone.triangles, 0);
    const positions = new Float32Array(copyOf(take(12 * vertices)));
    const indices = new Uint32Array(copyOf(take(12 * triangles)));
    if (indices.some((v) => v >= vertices)) throw fail(`a triangle of the ${body} names a vertex that is not there`);
    if (!positions.every(Number.isFinite)) throw fail(`a vertex of the ${body} is not finite`);
    const cap = Uint8Array.from(take(triangles));
    const modes = modeLargestMm.map((largest) => {
      const step = largest / STEPS;
      return Float32Array.from(new Int16Array(copyOf(take(6 * (vertices + landmarks.length)))), (v) => v * step);
    });
    return { body, bones, landmarks, mean: { positions, triangles: indices }, modes, residualSdMm, cap };
  });
  if (at !== bytes.length) throw fail(`has ${bytes.length - at} bytes too many`);
  return models;
}

const copyOf = (part: Buffer): ArrayBuffer => Uint8Array.from(part).buffer;

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}

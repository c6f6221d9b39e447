import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createPendingFile, writeFileAtomic } from "../atomic.ts";
import { npyHead } from "../npy.ts";
import type { FrameLandmark } from "./landmarks.ts";

/** The motion of one scan, and where its pixels lie in the image frame that the motion is told in. */
export interface ScanMotion {
  readonly width: number;
  readonly height: number;
  /** Row-major 3×4: (column, row, 0) of a pixel, counted from 0, to mm of the image frame. */
  readonly imageFromPixel: Readonly<Float64Array>;
  /**
   * Row-major 3×4 rigid, 12 numbers for each frame but the first, mm: frame i to the first one (global) and to the one
   * before it (local).
   */
  readonly global: Readonly<Float64Array>;
  readonly local: Readonly<Float64Array>;
}

/** What is written for one scan. */
export interface WrittenPredictions {
  readonly files: readonly string[];
  readonly bytes: number;
}

/** Bytes of the two fields of all pixels: single precision, three numbers a pixel. */
export const predictionBytes = (frames: number, { width, height }: Pick<ScanMotion, "width" | "height">): number =>
  2 * 4 * 3 * Math.max(0, frames - 1) * width * height;

/**
 * What `predict_ddfs` of the TUS-REC challenges returns, as one NumPy array a file (`numpy.load`): `GP` and `LP`
 * [N − 1, 3, H·W], `GL` and `LL` [3, L], single precision, mm: the way of each pixel (rows of columns) and landmark of
 * frames 2 … N to the first frame (G) and to the frame before (L), as x, y, z of the frame that it goes to. Also
 * `transforms_global` and `transforms_local` [N − 1, 4, 4], double precision, mm, of which they are made. No field is
 * held: one frame at a time. Without landmarks `GL` and `LL` are left out. `folder` is made; files of these names in it
 * are replaced.
 */
export async function writePredictions(
  folder: string,
  motion: ScanMotion,
  landmarks: readonly FrameLandmark[] | undefined,
): Promise<WrittenPredictions> {
  await mkdir(folder, { recursive: true });
  const files: string[] = [];
  for (const [fieldName, landmarkName, name, matrices] of [
    ["GP", "GL", "transforms_global", motion.global],
    ["LP", "LL", "transforms_local", motion.local],
  ] as const) {
    await writeField(join(folder, `${fieldName}.npy`), matrices, motion);
    files.push(`${fieldName}.npy`);
    if (landmarks) {
      await writeFileAtomic(join(folder, `${landmarkName}.npy`), ofLandmarks(matrices, motion, landmarks));
      files.push(`${landmarkName}.npy`);
    }
    await writeFileAtomic(join(folder, `${name}.npy`), transforms(matrices));
    files.push(`${name}.npy`);
  }
  return { files, bytes: predictionBytes(motion.global.length / 12 + 1, motion) };
}

async function writeField(path: string, matrices: Readonly<Float64Array>, motion: ScanMotion): Promise<void> {
  const count = matrices.length / 12,
    pixels = motion.width * motion.height;
  const pending = await createPendingFile(path);
  try {
    await pending.handle.write(npyHead([count, 3, pixels], "<f4"));
    const field = new Float32Array(3 * pixels);
    for (let i = 0; i < count; i++) {
      displacements(matrices.subarray(12 * i, 12 * i + 12), motion, field);
      await pending.handle.write(littleEndian(field));
    }
  } catch (error) {
    await pending.abort();
    throw error;
  }
  await pending.commit({ durable: false });
}

/** Writes T p − p for every pixel: all x, then all y, then all z. */
function displacements(
  m: Readonly<Float64Array>,
  { width, height, imageFromPixel }: ScanMotion,
  into: Float32Array,
): void {
  const pixels = width * height;
  for (let v = 0, at = 0; v < height; v++) {
    for (let u = 0; u < width; u++, at++) {
      const [dx, dy, dz] = displacement(m, imageFromPixel, u, v);
      into[at] = dx;
      into[pixels + at] = dy;
      into[2 * pixels + at] = dz;
    }
  }
}

function displacement(
  m: Readonly<Float64Array>,
  s: Readonly<Float64Array>,
  u: number,
  v: number,
): [number, number, number] {
  const x = s[0]! * u + s[1]! * v + s[3]!, y = s[4]! * u + s[5]! * v + s[7]!, z = s[8]! * u + s[9]! * v + s[11]!; // prettier-ignore
  return [
    m[0]! * x + m[1]! * y + m[2]! * z + m[3]! - x,
    m[4]! * x + m[5]! * y + m[6]! * z + m[7]! - y,
    m[8]! * x + m[9]! * y + m[10]! * z + m[11]! - z,
  ];
}

function ofLandmarks(
  matrices: Readonly<Float64Array>,
  { imageFromPixel }: ScanMotion,
  landmarks: readonly FrameLandmark[],
): Uint8Array {
  const values = new Float32Array(3 * landmarks.length);
  landmarks.forEach(({ frame, pixel: [u, v] }, k) => {
    const m = matrices.subarray(12 * (frame - 1), 12 * frame);
    displacement(m, imageFromPixel, u, v).forEach((mm, axis) => (values[axis * landmarks.length + k] = mm));
  });
  return Buffer.concat([npyHead([3, landmarks.length], "<f4"), littleEndian(values)]);
}

function transforms(matrices: Readonly<Float64Array>): Uint8Array {
  const count = matrices.length / 12,
    values = new Float64Array(16 * count);
  for (let i = 0; i < count; i++) {
    values.set(matrices.subarray(12 * i, 12 * i + 12), 16 * i);
    values[16 * i + 15] = 1;
  }
  return Buffer.concat([npyHead([count, 4, 4], "<f8"), littleEndian(values)]);
}

/** The same memory where the machine is little endian, as all are on which this runs. */
function littleEndian(values: Float32Array | Float64Array): Uint8Array {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  if (new Uint8Array(Uint16Array.of(1).buffer)[0] === 1) return bytes;
  const size = values.BYTES_PER_ELEMENT;
  return size === 4 ? Buffer.from(bytes).swap32() : Buffer.from(bytes).swap64();
}

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { h5wasm } from "h5wasm";
import { onTestFinished } from "vitest";
import { fromAxisAngle } from "../../../src/core/rigid.ts";

export const COUNT = 12,
  HEIGHT = 6,
  WIDTH = 8;
/** The gray value of frame i at row v, column u. */
export const gray = (i: number, v: number, u: number): number => (7 * i + 31 * v + 5 * u) & 255;

/** Tool to camera, as 16 numbers: a rocking sweep, two metres from the camera. */
export function tform(i: number): Float64Array {
  const { m } = fromAxisAngle([0.2, 0.9, -0.3], 0.4 + 0.05 * i, [10 + 1.5 * i, -40 + 0.2 * i * i, -2000]);
  return Float64Array.of(...m, 0, 0, 0, 1);
}

/** Of the 2023 data set, as its file has it: scale, then rigid, without titles. */
export const CSV = `0.22447395,0,0,0
0,0.23554039,0,0
0,0,1,0
0,0,0,1
-0.22423702,0.23241297,-0.94641533,-67.51702309
-0.96461191,-0.19116474,0.18160371,-79.75817299
-0.13871418,0.95364577,0.26705453,-49.03696251
0,0,0,1
`;

/** Matrices of the published equations, written out here and nowhere else. */
export type Matrix = readonly (readonly number[])[];
export const times = (a: Matrix, b: Matrix): number[][] =>
  a.map((row) => b[0]!.map((_, column) => row.reduce((sum, value, k) => sum + value * b[k]![column]!, 0)));
export const square = (numbers: ArrayLike<number>): number[][] =>
  [0, 1, 2, 3].map((row) => Array.from(numbers).slice(4 * row, 4 * row + 4));
/** Gauss and Jordan. */
export function inverse(a: Matrix): number[][] {
  const rows = a.map((row, i) => [...row, ...[0, 1, 2, 3].map((k) => (k === i ? 1 : 0))]);
  for (let i = 0; i < 4; i++) {
    const pivot = rows.slice(i).reduce((best, row, k) => (Math.abs(row[i]!) > Math.abs(rows[best]![i]!) ? i + k : best), i); // prettier-ignore
    [rows[i], rows[pivot]] = [rows[pivot]!, rows[i]!];
    const scale = rows[i]![i]!;
    rows[i] = rows[i]!.map((value) => value / scale);
    for (let k = 0; k < 4; k++) if (k !== i) rows[k] = rows[k]!.map((value, c) => value - rows[k]![i]! * rows[i]![c]!); // prettier-ignore
  }
  return rows.map((row) => row.slice(4));
}
export const at = (m: Matrix, p: readonly number[]): number[] =>
  m.map((row) => row.reduce((s, v, k) => s + v * p[k]!, 0));

const numbers = CSV.trim().split("\n").map((line) => line.split(",").map(Number)); // prettier-ignore
/** The two matrices of `CSV`, 4×4. */
export const S = numbers.slice(0, 4),
  C = numbers.slice(4);

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sonobench-tusrec-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

type Library = InstanceType<typeof h5wasm.File>;
let made = 0;

/** An HDF5 file of whatever is put into it, by the library itself. */
export async function h5File(name: string, fill: (file: Library) => void): Promise<string> {
  const { FS } = await h5wasm.ready;
  const inner = `/test-${++made}.h5`;
  const file = new h5wasm.File(inner, "w");
  fill(file);
  file.close();
  const path = join(await temporaryFolder(), name);
  await writeFile(path, FS.readFile(inner));
  FS.unlink(inner);
  return path;
}

export function addFrames(file: Library, compressed = false): void {
  const data = new Uint8Array(COUNT * HEIGHT * WIDTH).map((_, k) =>
    gray(Math.floor(k / (HEIGHT * WIDTH)), Math.floor(k / WIDTH) % HEIGHT, k % WIDTH),
  );
  file.create_dataset({
    name: "frames",
    data,
    shape: [COUNT, HEIGHT, WIDTH],
    dtype: "<B",
    ...(compressed ? { chunks: [1, HEIGHT, WIDTH], compression: "gzip" as const } : {}),
  });
}

export function addTforms(file: Library, dtype: "<d" | "<f" = "<d"): void {
  const data = Array.from({ length: COUNT }, (_, i) => [...tform(i)]).flat();
  file.create_dataset({
    name: "tforms",
    data: dtype === "<d" ? Float64Array.from(data) : Float32Array.from(data),
    shape: [COUNT, 4, 4],
    dtype,
  });
}

export const scan = (): Promise<string> =>
  h5File("RH_Per_L_DtP.h5", (file) => {
    addFrames(file, true);
    addTforms(file);
  });

import { writeFileAtomic } from "../atomic.ts";

/** A scan whose every frame has a pose. */
export interface TusRecScan {
  readonly width: number;
  readonly height: number;
  readonly count: number;
  /** Row-major 3×4 a frame, mm: from the tracked tool to the camera. */
  readonly trackerFromTool: Float64Array;
  /** Gray values of frame `index`, rows of columns. */
  read(index: number): Promise<Uint8Array>;
}

let written = 0;

/** Frames go to the library in portions of this size. */
const PORTION_BYTES = 16 * 2 ** 20;

/**
 * Writes `frames` [N, H, W] and `tforms` [N, 4, 4] as the TUS-REC challenges have them, packed (gzip). The file is
 * made in memory, then put in its place whole.
 */
export async function writeTusRec(path: string, scan: TusRecScan): Promise<void> {
  const { h5wasm } = await import("h5wasm");
  const { FS } = await h5wasm.ready;
  const { width, height, count } = scan;
  const inner = `/written-${++written}.h5`;
  const file = new h5wasm.File(inner, "w");
  try {
    const perPortion = Math.max(1, Math.floor(PORTION_BYTES / (width * height)));
    const first = new Uint8Array(0);
    const frames = file.create_dataset({
      name: "frames",
      data: first,
      shape: [0, height, width],
      maxshape: [null, height, width],
      dtype: "<B",
      chunks: [1, height, width],
      compression: "gzip",
      compression_opts: 4,
    });
    for (let from = 0; from < count; from += perPortion) {
      const to = Math.min(count, from + perPortion);
      const portion = new Uint8Array((to - from) * width * height);
      for (let i = from; i < to; i++) portion.set(await scan.read(i), (i - from) * width * height);
      frames.resize([to, height, width]);
      frames.write_slice([[from, to], [], []], portion);
    }
    const tforms = new Float64Array(16 * count);
    for (let i = 0; i < count; i++) {
      tforms.set(scan.trackerFromTool.subarray(12 * i, 12 * i + 12), 16 * i);
      tforms[16 * i + 15] = 1;
    }
    file.create_dataset({ name: "tforms", data: tforms, shape: [count, 4, 4], dtype: "<d" });
    file.close();
    await writeFileAtomic(path, FS.readFile(inner));
  } finally {
    FS.unlink(inner);
  }
}

/** `calib_matrix.csv` as the challenges of 2024 and 2025 have it. `toolFromPixel` counts pixels from 0. */
export function tusRecCalibrationCsv(toolFromPixel: Readonly<Float64Array>): string {
  const m = toolFromPixel;
  const sx = Math.hypot(m[0]!, m[4]!, m[8]!),
    sy = Math.hypot(m[1]!, m[5]!, m[9]!);
  const x = [m[0]! / sx, m[4]! / sx, m[8]! / sx],
    y = [m[1]! / sy, m[5]! / sy, m[9]! / sy];
  const z = [x[1]! * y[2]! - x[2]! * y[1]!, x[2]! * y[0]! - x[0]! * y[2]!, x[0]! * y[1]! - x[1]! * y[0]!];
  // Pixels there count from 1: what was at (0, 0) is at (1, 1).
  const origin = [0, 1, 2].map((row) => m[4 * row + 3]! - m[4 * row]! - m[4 * row + 1]!);
  const rows = (name: string, values: readonly (readonly number[])[]): string[] => [
    name,
    ...values.map((row) => row.join(",")),
  ];
  return [
    ...rows("scaling_from_pixel_to_mm", [
      [sx, 0, 0, 0],
      [0, sy, 0, 0],
      [0, 0, 1, 0],
      [0, 0, 0, 1],
    ]),
    ...rows("spatial_calibration_from_image_coordinate_system_to_tracking_tool_coordinate_system", [
      ...[0, 1, 2].map((row) => [x[row]!, y[row]!, z[row]!, origin[row]!]),
      [0, 0, 0, 1],
    ]),
    "",
  ].join("\n");
}

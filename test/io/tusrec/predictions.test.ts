import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { scoreTrajectories } from "../../../src/cli/score-trajectories.ts";
import { fromAxisAngle, multiply3x4 } from "../../../src/core/rigid.ts";
import { readImagePoses, readScanLandmarks, writeScanPredictions } from "../../../src/scenario/image-poses.ts";
import { at, C, COUNT, CSV, h5File, HEIGHT, inverse, S, scan, square, temporaryFolder, tform, times, WIDTH, type Matrix } from "./support.ts"; // prettier-ignore

/** Single precision of ways up to 30 mm, and the digits of the published calibration, whose rotation is orthonormal to 1e-8. */
const SINGLE_MM = 5e-6;

/** (frame from 0, x and y from 1), as the data set has them. */
const LANDMARKS = [
  [1, 1, 1],
  [5, 8, 6],
  [11, 3, 2],
] as const;

interface Field {
  readonly shape: number[];
  readonly values: Float32Array | Float64Array;
}

/** By the words of NumPy's own description of the format, not by our reader. */
async function load(path: string): Promise<Field> {
  const bytes = await readFile(path);
  const end = 10 + bytes.readUInt16LE(8),
    head = bytes.subarray(10, end).toString("latin1");
  const shape = /'shape': \(([\d, ]+)\)/.exec(head)![1]!.split(",").filter((n) => n.trim() !== "").map(Number); // prettier-ignore
  const body = Uint8Array.from(bytes.subarray(end)).buffer;
  return { shape, values: head.includes("'<f4'") ? new Float32Array(body) : new Float64Array(body) };
}

/** T(j ← i) = C⁻¹ Wⱼ⁻¹ Wᵢ C of the published equations. */
const T = (of: (i: number) => Float64Array, j: number, i: number): Matrix =>
  times(times(inverse(C), inverse(square(of(j)))), times(square(of(i)), C));
/** T S p − S p, pixels from 1. */
function way(m: Matrix, x: number, y: number): number[] {
  const p = at(S, [x, y, 0, 1]),
    q = at(m, p);
  return [0, 1, 2].map((k) => q[k]! - p[k]!);
}

/** A scan whose steps differ from the true one's. */
const wrong = (i: number): Float64Array => {
  const { m } = fromAxisAngle([0.3, -0.2, 0.9], 0.01 * i, [0.2 * i, 0.1 * i, -0.3 * i]);
  return Float64Array.of(...multiply3x4(tform(i).slice(0, 12), m), 0, 0, 0, 1);
};

async function made() {
  const folder = await temporaryFolder();
  const calibration = join(folder, "calib_matrix.csv"),
    truth = join(folder, "RH_Per_L_DtP.h5");
  await writeFile(calibration, CSV);
  await writeFile(truth, await readFile(await scan()));
  const result = await h5File("mine.h5", (file) => {
    const data = Float64Array.from(Array.from({ length: COUNT }, (_, i) => [...wrong(i)]).flat());
    file.create_dataset({ name: "tforms", data, shape: [COUNT, 4, 4], dtype: "<d" });
    file.create_dataset({ name: "frames", data: new Uint8Array(COUNT * HEIGHT * WIDTH), shape: [COUNT, HEIGHT, WIDTH], dtype: "<B" }); // prettier-ignore
  });
  const landmarks = await h5File("landmark_000.h5", (file) => {
    file.create_dataset({ name: "RH_Per_L_DtP", data: Int32Array.from(LANDMARKS.flat()), shape: [3, 3], dtype: "<i" });
  });
  const { poses, picture } = await readImagePoses(result, calibration);
  return { folder, calibration, truth, result, landmarks, poses, picture: picture! };
}

describe("predictions", () => {
  test("hold T S p − S p of every pixel and landmark, and their errors are those that score prints", async () => {
    const { folder, calibration, truth, result, landmarks, poses, picture } = await made();
    const out = join(folder, "mine.ddf");
    const points = await readScanLandmarks(landmarks, truth, undefined);
    await writeScanPredictions(out, result, { poses, picture }, points);
    const [GP, GL, LP, LL] = await Promise.all(["GP", "GL", "LP", "LL"].map((n) => load(join(out, `${n}.npy`))));
    expect(GP!.shape).toEqual([COUNT - 1, 3, WIDTH * HEIGHT]);
    expect(GL!.shape).toEqual([3, LANDMARKS.length]);
    const sums = { gpe: 0, gle: 0, lpe: 0, lle: 0 };
    let farthest = 0;
    /** Adds the error against the truth, and compares what was written with the published equations. */
    const judge = (key: keyof typeof sums, to: number, i: number, x: number, y: number, written: number[]): void => {
      const mine = way(T(wrong, to, i), x, y),
        right = way(T(tform, to, i), x, y);
      farthest = Math.max(farthest, ...written.map((mm, k) => Math.abs(mm - mine[k]!)));
      sums[key] += Math.hypot(...written.map((mm, k) => mm - right[k]!));
    };
    for (let i = 1; i < COUNT; i++) {
      for (let y = 1; y <= HEIGHT; y++) {
        for (let x = 1; x <= WIDTH; x++) {
          const of = ({ values }: Field): number[] =>
            [0, 1, 2].map((k) => values[((i - 1) * 3 + k) * WIDTH * HEIGHT + (y - 1) * WIDTH + x - 1]!);
          judge("gpe", 0, i, x, y, of(GP!));
          judge("lpe", i - 1, i, x, y, of(LP!));
        }
      }
    }
    LANDMARKS.forEach(([frame, x, y], n) => {
      const of = ({ values }: Field): number[] => [0, 1, 2].map((k) => values[k * LANDMARKS.length + n]!);
      judge("gle", 0, frame, x, y, of(GL!));
      judge("lle", frame - 1, frame, x, y, of(LL!));
    });
    expect(farthest).toBeLessThan(SINGLE_MM);
    const pixels = (COUNT - 1) * WIDTH * HEIGHT;
    const expected = { gpe: sums.gpe / pixels, lpe: sums.lpe / pixels, gle: sums.gle / 3, lle: sums.lle / 3 };
    const { headline } = await scoreTrajectories(result, truth, { image: "1x1", spacing: "1", calibration, landmarks });
    for (const key of ["gpe", "gle", "lpe", "lle"] as const) {
      expect(Math.abs(headline[`trajectory.${key}`]!.value - expected[key]), key).toBeLessThan(SINGLE_MM);
    }
    // A pixel counted from 0 would be seen.
    const shifted = way(T(wrong, 0, 11), 4, 4).map((mm, k) => mm - way(T(wrong, 0, 11), 5, 5)[k]!);
    expect(Math.hypot(...shifted)).toBeGreaterThan(100 * SINGLE_MM);
    const { shape, values } = await load(join(out, "transforms_global.npy"));
    expect(shape).toEqual([COUNT - 1, 4, 4]);
    expect(Array.from(values.subarray(12, 16))).toEqual([0, 0, 0, 1]);
  });

  test("made of a text file of the same motion are the same, and so is its score against the scan", async () => {
    // Image frame under the middle of the top row: what `reconstruct --config calib_matrix.csv` writes to poses.csv.
    const { folder, calibration, truth, result, landmarks, poses, picture } = await made();
    await writeScanPredictions(join(folder, "mine.ddf"), result, { poses, picture }, undefined);
    const text = join(folder, "mine.txt");
    const rows = Array.from({ length: COUNT }, (_, i) => [...poses.subarray(12 * i, 12 * i + 12)].join(" "));
    await writeFile(text, rows.join("\n"));
    const out = join(folder, "text.ddf");
    await writeScanPredictions(out, text, { poses: (await readImagePoses(text, undefined)).poses, picture }, undefined); // prettier-ignore
    expect(await readFile(join(out, "GP.npy"))).toEqual(await readFile(join(folder, "mine.ddf", "GP.npy")));
    const options = { image: `${WIDTH}x${HEIGHT}`, spacing: "1", calibration, landmarks };
    const [a, b] = await Promise.all([text, result].map((path) => scoreTrajectories(path, truth, options)));
    for (const key of ["gpe", "gle", "lpe", "lle"] as const) {
      expect(a!.headline[`trajectory.${key}`]!.value).toBeCloseTo(b!.headline[`trajectory.${key}`]!.value, 9);
    }
  });

  test("are refused where a frame has no pose, a landmark lies beyond the last, or the fields would fill the disk", async () => {
    const { folder, poses, picture } = await made();
    const write = (of: Float64Array, size = picture, points = [{ frame: 1, pixel: [0, 0] as const }]) =>
      writeScanPredictions(join(folder, "bad.ddf"), "mine", { poses: of, picture: size }, points);
    const lost = poses.map((value, k) => (k === 12 * 4 + 3 ? NaN : value));
    await expect(write(lost)).rejects.toThrow("frame 4 has no pose");
    await expect(write(poses, picture, [{ frame: COUNT, pixel: [0, 0] }])).rejects.toThrow("landmark lies in frame 12");
    await expect(write(poses, { ...picture, width: 60_000, height: 60_000 })).rejects.toThrow(/take \d+ GB/);
  });
});

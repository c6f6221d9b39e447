import { basename } from "node:path";
import { FormatError } from "../../core/errors.ts";
import { determinant3x4, orthonormalityError } from "../../core/rigid.ts";
import type { Image } from "../../data/image.ts";
import type { ImageTrack, PoseTrack, Recording } from "../../data/recording.ts";
import { createBudget, type MemoryBudget, type ReadLimits } from "../sequence/budget.ts";
import { openH5, type H5Array, type H5File } from "./h5-file.ts";

/** First bytes of every HDF5 file. */
export const H5_MAGIC = Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a);

/** The scans hold no times; the data set was acquired so (its data.md). */
const RATE_HZ = 20;
const MAX_FRAMES = 1_000_000,
  MAX_SIDE_PX = 16384;
/** How far the rotation of a pose may be from one. */
const ROTATION_TOLERANCE = 1e-3;
const REMEDY = "Give a scan of TUS-REC: frames [N, H, W] of 8 bits, and tforms [N, 4, 4] from the tool to the camera";

/**
 * One scan of the TUS-REC challenges (2023 to 2025): `frames`, and `tforms` from the tracked tool ("Probe") to the
 * camera ("Tracker"), paired by index; without `tforms` (the frames of validation and test sets) a recording without
 * poses. Frames are read when asked for. Throws a FormatError that names the array.
 */
export async function openTusRec(path: string, limits: ReadLimits = {}): Promise<Recording> {
  const budget = createBudget(path, limits);
  const file = await openH5(path, budget);
  try {
    const frames = file.array("frames");
    if (!frames) {
      const names = file.names.slice(0, 8).map((name) => name.slice(0, 40));
      throw new FormatError(path, { field: "frames" }, `is missing; there is ${names.join(", ") || "nothing"}`, REMEDY);
    }
    const [count, height, width] = shapeOf(file, frames);
    budget.reserve(count * (3 * 8 + 1), "times");
    const timesS = Float64Array.from({ length: count }, (_, i) => i / RATE_HZ);
    const tforms = file.array("tforms");
    const warnings = [`The file holds no times: ${RATE_HZ} frames a second are assumed, as the data set was acquired.`];
    const poses = tforms ? [poseTrack(path, tforms, count, timesS, budget, warnings)] : [];
    if (!tforms) warnings.push("The file holds no tforms: the frames have no poses.");
    const images: ImageTrack = {
      width,
      height,
      pixelType: "u8",
      count,
      acquiredAtS: timesS,
      receivedAtS: timesS,
      valid: new Uint8Array(count).fill(1),
      async read(index): Promise<Image> {
        if (!(Number.isInteger(index) && index >= 0 && index < count)) throw new RangeError(`image ${index}`);
        return { width, height, pixels: Uint8Array.from(frames.read(index, index + 1)) };
      },
    };
    return {
      name: basename(path).replace(/\.(h5|hdf5)$/i, ""),
      images,
      poses,
      pairing: "by-index",
      points: [],
      sweeps: [],
      warnings,
      fields: {},
      async close() {
        file.close();
      },
    };
  } catch (error) {
    file.close();
    throw error;
  }
}

function shapeOf({ path }: H5File, { shape, type, signed, bytesPerNumber }: H5Array): [number, number, number] {
  const [count, height, width] = shape;
  const fail = (problem: string): FormatError => new FormatError(path, { field: "frames" }, problem, REMEDY);
  if (count === undefined || height === undefined || width === undefined || shape.length !== 3)
    throw fail(`has the shape [${shape.join(", ")}]`);
  if (type !== "integer" || signed || bytesPerNumber !== 1) throw fail("is not of unsigned 8-bit numbers");
  if (count > MAX_FRAMES || !isSide(height) || !isSide(width)) throw fail(`has the shape [${shape.join(", ")}]`);
  return [count, height, width];
}

const isSide = (n: number): boolean => n >= 1 && n <= MAX_SIDE_PX;

function poseTrack(
  path: string,
  tforms: H5Array,
  count: number,
  timesS: Float64Array,
  budget: MemoryBudget,
  warnings: string[],
): PoseTrack {
  const fail = (field: string, problem: string): FormatError => new FormatError(path, { field }, problem, REMEDY);
  const { shape, type } = tforms;
  if (type !== "float" || shape.length !== 3 || shape[0] !== count || shape[1] !== 4 || shape[2] !== 4)
    throw fail("tforms", `has the shape [${shape.join(", ")}] where there are ${count} frames`);
  budget.reserve(count * (16 + 12 + 2) * 8, "poses");
  const all = tforms.read(0, count);
  const parentFromTool = new Float64Array(12 * count).fill(NaN);
  const status: PoseTrack["status"][number][] = [];
  for (let i = 0; i < count; i++) {
    const m = Float64Array.from({ length: 16 }, (_, k) => Number(all[16 * i + k]));
    if (!isRigid(m)) {
      status.push("invalid");
      continue;
    }
    status.push("tracked");
    parentFromTool.set(m.subarray(0, 12), 12 * i);
  }
  const invalid = status.filter((word) => word === "invalid").length;
  if (invalid > 0) warnings.push(`${invalid} of ${count} tforms are no rigid transforms; those frames have no pose.`);
  return {
    tool: "Probe",
    parent: "Tracker",
    acquiredAtS: timesS,
    receivedAtS: timesS,
    status,
    parentFromTool,
    fitRmsMm: new Float64Array(count).fill(NaN),
  };
}

/** Finite, right-handed, orthonormal, last row 0 0 0 1. */
function isRigid(m: Float64Array): boolean {
  if (!m.every(Number.isFinite)) return false;
  if (m[12] !== 0 || m[13] !== 0 || m[14] !== 0 || Math.abs(m[15]! - 1) > ROTATION_TOLERANCE) return false;
  return orthonormalityError(m) < ROTATION_TOLERANCE && determinant3x4(m) > 0;
}

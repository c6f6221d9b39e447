import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { UnsuitableInputError } from "../core/errors.ts";
import type { ImageGeometry } from "../data/image.ts";
import type { AcquisitionTruth, GroundTruth, TrueBody } from "../data/ground-truth.ts";
import type { BlockVolume } from "../data/block-volume.ts";
import type { Calibration } from "../data/calibration.ts";
import type { FrameSample, Report } from "../data/report.ts";
import type { CompletedBone } from "../data/completed-bone.ts";
import { boneNames, type Surface } from "../data/surface.ts";
import { framePose, type TrackedFrames } from "../data/tracked-frames.ts";
import type { Volume } from "../data/volume.ts";
import type { Mesh } from "../geometry/mesh.ts";
import { writeFileAtomic } from "../io/atomic.ts";
import { writeStep } from "../io/mesh/write-step.ts";
import { writeMesh, type VertexScalars } from "../io/mesh/write-mesh.ts";
import { encodePng } from "../io/png.ts";
import { writeVolume } from "../io/volume-file.ts";
import type { BoneMasks } from "../data/bone-mask.ts";
import { colourOfError } from "./error-colour.ts";

/** The reference frame is used as RAS; files are LPS: half a turn about z, so triangles keep their winding. */
export function lpsFromRas({ positions, triangles }: Mesh): Mesh {
  return { positions: positions.map((value, i) => (i % 3 === 2 ? value : -value)), triangles };
}

export const rasFromLps = lpsFromRas;

const json = (value: unknown): Uint8Array => new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);

export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFileAtomic(path, json(value));
}

/** STL of the shape, and PLY with what is known of each vertex: columns that saw it, stated SD, error and its colour. */
export async function writeSurface(
  folder: string,
  { bone, mesh, observations, uncertaintyMm }: Surface,
  errorMm: Float32Array | undefined,
): Promise<void> {
  const lps = lpsFromRas(mesh);
  await writeMesh(join(folder, `${bone}.stl`), lps);
  await writeMesh(join(folder, `${bone}.ply`), lps, {
    vertexScalars: [
      ...(errorMm?.length ? [{ name: "error_mm", values: errorMm }] : []),
      { name: "observations", values: observations },
      ...(uncertaintyMm ? [{ name: "sd_mm", values: uncertaintyMm }] : []),
    ],
    ...(errorMm?.length ? { vertexColours: colourOfError(errorMm) } : {}),
  });
}

/** Those of an earlier run into the same folder. */
export async function removeCompletedBones(folder: string): Promise<void> {
  for (const bone of boneNames) {
    for (const ending of ["stl", "ply", "step"]) await rm(join(folder, `${bone}-completed.${ending}`), { force: true });
  }
}

/** STL, and PLY with the stated SD of each vertex, whether it was seen, and its error where the truth is known. */
export async function writeCompletedBone(
  folder: string,
  { bone, mesh, uncertaintyMm, seen }: CompletedBone,
  errorMm: Float32Array | undefined,
): Promise<void> {
  const lps = lpsFromRas(mesh);
  await writeMesh(join(folder, `${bone}-completed.stl`), lps);
  await writeMesh(join(folder, `${bone}-completed.ply`), lps, {
    vertexScalars: [
      { name: "sd_mm", values: uncertaintyMm },
      { name: "seen", values: Float32Array.from(seen) },
      ...(errorMm ? [{ name: "error_mm", values: errorMm }] : []),
    ],
  });
}

/**
 * STEP of the shape for CAD programs, as it is: an open surface is written as a shell. Returns a sentence when the shape
 * cannot be written so.
 */
export async function writeBoneStep(
  folder: string,
  { bone, mesh }: { readonly bone: string; readonly mesh: Mesh },
): Promise<string[]> {
  const file = `${bone}.step`;
  await rm(join(folder, file), { force: true });
  if (mesh.triangles.length === 0) return [];
  try {
    await writeStep(join(folder, file), lpsFromRas(mesh), { name: bone });
    return [];
  } catch (error) {
    if (!(error instanceof UnsuitableInputError)) throw error;
    return [`There is no ${file}: ${error.message}`];
  }
}

/** Bone probability or gray values; Slicer opens it on top of the meshes. */
export async function writeResultVolume(folder: string, volume: BlockVolume | Volume): Promise<void> {
  await writeVolume(join(folder, "volume.nrrd"), volume, { axes: "RAS" });
}

export async function writeCalibration(path: string, { probeFromPixel, imageLagS }: Calibration): Promise<void> {
  await writeJson(path, {
    about: "ImageToProbe takes (column, row, 0, 1) of a pixel to mm in the probe's frame, row-major",
    ImageToProbe: [...probeFromPixel, 0, 0, 0, 1],
    imageLagS,
  });
}

/** time, status, then 12 numbers: row-major 3×4 from the image frame (mm) to `frame`. */
export function posesCsv(
  rows: readonly { readonly timeS: number; readonly status: string; readonly m: readonly number[] | undefined }[],
): Uint8Array {
  const names = ["r00", "r01", "r02", "tx", "r10", "r11", "r12", "ty", "r20", "r21", "r22", "tz"];
  const lines = rows.map(({ timeS, status, m }) =>
    [timeS.toFixed(6), status, ...(m ? m.map((v) => v.toFixed(6)) : names.map(() => ""))].join(","),
  );
  return new TextEncoder().encode(`${["time_s", "status", ...names].join(",")}\n${lines.join("\n")}\n`);
}

/** Columns of a pixel matrix turned into a rigid pose: pixel axes to unit length, origin at the face's centre. */
export function imagePose(fromPixel: Readonly<Float64Array>, geometry: ImageGeometry): number[] {
  const [cx, cy] = geometry.faceCentrePx;
  const [sx, sy] = geometry.spacingMm;
  const rows = [0, 4, 8].map((row) => {
    const u = fromPixel[row]!,
      v = fromPixel[row + 1]!;
    return { x: u / sx, y: v / sy, t: fromPixel[row + 3]! + u * cx + v * cy };
  });
  const [a, b, c] = rows as [(typeof rows)[0], (typeof rows)[0], (typeof rows)[0]];
  const z = [b.x * c.y - c.x * b.y, c.x * a.y - a.x * c.y, a.x * b.y - b.x * a.y];
  return rows.flatMap(({ x, y, t }, i) => [x, y, z[i]!, t]);
}

export async function writeTruth(
  folder: string,
  truth: GroundTruth,
  geometry: ImageGeometry,
  timesS: Readonly<Float64Array>,
): Promise<void> {
  await writeTrueBody(folder, truth);
  await writeTrueScan(folder, truth, geometry, timesS);
}

/** Into `truth/`: bones, landmarks, axes. */
export async function writeTrueBody(
  folder: string,
  truth: TrueBody,
  /** What else is known of a bone's vertices; written to its PLY. */
  scalarsOf: (bone: string) => readonly VertexScalars[] = () => [],
): Promise<void> {
  const into = join(folder, "truth");
  await mkdir(into, { recursive: true });
  for (const { name, mesh } of truth.bones) {
    const lps = lpsFromRas(mesh);
    await writeMesh(join(into, `${name}.stl`), lps);
    await writeMesh(join(into, `${name}.ply`), lps, { vertexScalars: scalarsOf(name) });
  }
  await writeJson(
    join(into, "landmarks.json"),
    truth.landmarks.map(({ name, bone, positionMm: [x, y, z] }) => ({ name, bone, positionMm: [-x, -y, z] })),
  );
  const lps = ([x, y, z]: readonly [number, number, number]) => [-x, -y, z];
  await writeJson(join(into, "axes.json"), {
    about: "axes run between landmarks, LPS, mm; angles in degrees",
    axes: truth.axes.map(({ name, bone, fromMm, toMm }) => ({ name, bone, fromMm: lps(fromMm), toMm: lps(toMm) })),
    angles: truth.angles,
  });
}

/** Into `truth/`: calibration, poses of the images, what only a simulator knows of each. */
export async function writeTrueScan(
  folder: string,
  truth: GroundTruth,
  geometry: ImageGeometry,
  timesS: Readonly<Float64Array>,
): Promise<void> {
  const into = join(folder, "truth");
  await mkdir(into, { recursive: true });
  await writeCalibration(join(into, "calibration.json"), truth.calibration);
  const rows = Array.from(timesS, (timeS, i) => ({
    timeS,
    status: "true",
    m: imagePose(truth.referenceFromPixel.subarray(i * 12, i * 12 + 12), geometry),
  }));
  await writeFileAtomic(join(into, "poses.csv"), posesCsv(rows));
  await writeAcquisitionTruth(into, truth.acquisition);
}

/** `frames.csv`: one line an image. `femur-poses.csv`, `tibia-poses.csv`: the bones' frames in the tracker's. */
async function writeAcquisitionTruth(folder: string, truth: AcquisitionTruth): Promise<void> {
  const number = (value: number, digits: number): string => (Number.isNaN(value) ? "" : value.toFixed(digits));
  const lines = Array.from(truth.echoAtS, (echoS, i) =>
    [
      i,
      echoS.toFixed(6),
      truth.picture[i]!,
      i > 0 && truth.picture[i] === truth.picture[i - 1] ? 1 : 0,
      number(truth.contactForceN[i]!, 3),
      number(truth.contactShare[i]!, 3),
      number(truth.contactFromMm[i]!, 2),
      number(truth.contactToMm[i]!, 2),
    ].join(","),
  );
  const head = "image,echo_s,picture,repeated,force_n,contact_share,contact_from_mm,contact_to_mm";
  await writeFileAtomic(join(folder, "frames.csv"), new TextEncoder().encode(`${head}\n${lines.join("\n")}\n`));
  for (const [bone, poses] of [
    ["femur", truth.trackerFromFemur],
    ["tibia", truth.trackerFromTibia],
  ] as const) {
    const rows = Array.from(truth.echoAtS, (timeS, i) => ({
      timeS,
      status: "true",
      m: [...poses.subarray(12 * i, 12 * i + 12)],
    }));
    await writeFileAtomic(join(folder, `${bone}-poses.csv`), posesCsv(rows));
  }
}

/** `count` frames spread evenly over the recording, as PNG pictures in `frames/`. */
export async function writeFrameSamples(
  folder: string,
  frames: TrackedFrames,
  masks: BoneMasks,
  count: number,
  about: (sourceIndex: number) => { readonly label: string; readonly trueRow: Float32Array | null },
): Promise<FrameSample[]> {
  const into = join(folder, "frames");
  await rm(into, { recursive: true, force: true });
  await mkdir(into, { recursive: true });
  const chosen = [
    ...new Set(Array.from({ length: Math.min(count, frames.count) }, (_, i) => middleOf(i, count, frames.count))),
  ];
  const samples: FrameSample[] = [];
  for (const frame of chosen) {
    const { width, height, pixels } = await frames.read(frame);
    const index = frames.sourceIndex[frame]!;
    const file = `frame-${String(index).padStart(5, "0")}.png`;
    await writeFileAtomic(join(into, file), encodePng({ width, height, pixels }));
    const m = framePose(frames, frame);
    const { label, trueRow } = about(index);
    samples.push({
      index,
      file,
      label,
      width,
      height,
      pixelMm: [round(Math.hypot(m[0]!, m[4]!, m[8]!), 5), round(Math.hypot(m[1]!, m[5]!, m[9]!), 5)],
      foundRow: rows(masks.masks[frame]!.ridgeRowPx),
      trueRow: trueRow && rows(trueRow),
    });
  }
  return samples;
}

const middleOf = (i: number, count: number, total: number): number =>
  Math.min(total - 1, Math.floor(((i + 0.5) * total) / Math.min(count, total)));

const rows = (row: Float32Array): (number | null)[] =>
  Array.from(row, (value) => (Number.isNaN(value) ? null : round(value, 2)));

export const round = (value: number, digits: number): number => Number(value.toFixed(digits));

/** Every number of a report to 6 significant digits: more would be the noise of the last bits. */
export function roundReport<T extends Report>(report: T): T {
  return JSON.parse(
    JSON.stringify(report, (_, value: unknown) => (typeof value === "number" ? Number(value.toPrecision(6)) : value)),
  ) as T;
}

/** Rigid pose of every image of the recording, those without one included. */
export function pipelinePoses(
  frames: TrackedFrames,
  timesS: Readonly<Float64Array>,
  geometry: ImageGeometry,
): Uint8Array {
  const of = new Map(Array.from(frames.sourceIndex, (source, frame) => [source, frame]));
  return posesCsv(
    Array.from(timesS, (timeS, i) => {
      const frame = of.get(i);
      return frame === undefined
        ? { timeS, status: "none", m: undefined }
        : { timeS, status: "tracked", m: imagePose(framePose(frames, frame), geometry) };
    }),
  );
}

/** Pixels of the calibration's size; the face where the device says it is, else in the middle of the top row. */
export function nominalGeometry(frames: TrackedFrames): ImageGeometry {
  const m = framePose(frames, 0);
  const spacingMm: [number, number] = [Math.hypot(m[0]!, m[4]!, m[8]!), Math.hypot(m[1]!, m[5]!, m[9]!)];
  const { width, height, nominalGeometry: declared } = frames;
  return { width, height, spacingMm, faceCentrePx: declared?.faceCentrePx ?? [(width - 1) / 2, 0] };
}

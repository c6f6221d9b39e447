import { readFile, stat } from "node:fs/promises";
import { basename, extname } from "node:path";
import type { Command } from "commander";
import { writeFileAtomic } from "../io/atomic.ts";
import type { Log } from "../core/log.ts";
import { createWorkerPool } from "../core/worker-pool.ts";
import { readMesh } from "../io/mesh/read-mesh.ts";
import { writeMesh } from "../io/mesh/write-mesh.ts";
import { writeSmoothStep, writeStep } from "../io/mesh/write-step.ts";
import { writeRecording } from "../io/mcap/writer.ts";
import { writeSequence } from "../io/sequence/write-sequence.ts";
import { readVolume, writeVolume } from "../io/volume-file.ts";
import { convertPoints, convertTransform } from "../scenario/convert-small.ts";
import { readTusRecCalibration } from "../io/tusrec/calibration-csv.ts";
import { exportTusRec } from "../scenario/export-tusrec.ts";
import { readImagePoses, readScanLandmarks, writeScanPredictions } from "../scenario/image-poses.ts";
import { openRecording } from "../scenario/open-recording.ts";
import { writeSlicerScene } from "../scenario/slicer-scene.ts";
import { writeSegmentation } from "../io/slicer/segmentation.ts";
import { isosurface } from "../geometry/isosurface.ts";
import { pictureOf } from "./score-trajectories.ts";
import { terminalFor, UsageError, type CommonOptions } from "./command.ts";

interface ConvertOptions extends CommonOptions {
  readonly volume?: boolean;
  readonly maxFaces?: number;
  readonly maxError?: number;
  readonly smooth?: boolean;
  readonly tolerance?: number;
  readonly spacing?: number;
  readonly imageLag?: number;
  readonly calibration?: string;
  readonly landmarks?: string;
  readonly scan?: string;
  readonly image?: string;
}

/** Writes `to` and says in a sentence what is in it. */
type Conversion = (from: string, to: string, options: ConvertOptions, log: Log) => Promise<string>;

/** By the ending of the file that is written; the longest that fits counts. */
const conversions: Readonly<Record<string, Conversion>> = {
  ".step": toStep,
  ".stp": toStep,
  ".stl": toMesh,
  ".ply": toMesh,
  ".obj": toMesh,
  ".glb": toMesh,
  ".seg.nrrd": toSegmentation,
  ".mrb": toScene,
  ".tfm": async (from, to) => (
    await writeFileAtomic(to, convertTransform(await readFile(from), from)),
    `one transform in ${to}`
  ),
  ".mrk.json": async (from, to) => {
    const { bytes, count } = convertPoints(await readFile(from), from);
    await writeFileAtomic(to, bytes);
    return `${count} points in ${to}`;
  },
  ".h5": toScan,
  ".hdf5": toScan,
  ".ddf": toPredictions,
  ".mha": toRaster,
  ".mhd": toRaster,
  ".nrrd": toRaster,
  ".mcap": toRaster,
};

const endings = Object.keys(conversions);

export function addConvert(program: Command): void {
  program
    .command("convert <in> <out>")
    .summary("recordings, volumes, meshes, landmarks, transforms and results from one format to another")
    .description(
      "Meshes: .stl .ply .obj .glb, and to .step for CAD programs or .seg.nrrd for 3D Slicer (and back from labels). " +
        "Landmarks and transforms of a result folder: .json to .mrk.json and .tfm. A result folder: to .mrb, a scene " +
        "of 3D Slicer. Recordings: .mcap .igs.mha .igs.nrrd .seq.nrrd; DICOM clips in; TUS-REC scans (.h5) in and " +
        "out. Volumes: .mha .nrrd (with --volume). Poses (poses.csv, TUM, KITTI, or a TUS-REC scan with tforms): to .ddf, a " +
        "folder of NumPy arrays GP, GL, LP, LL and the transforms, as the TUS-REC challenges take predictions. The format " +
        "follows from the endings.",
    )
    .option("--max-faces <n>", "of a STEP file; more are merged", (text) => parseFaces(text))
    .option("--max-error <mm>", "by how much merging the faces of a STEP file may move the surface", (text) =>
      parseMm("--max-error", text),
    )
    .option("--smooth", "B-spline faces in a STEP file, for a closed mesh, in place of plane ones")
    .option("--tolerance <mm>", "by how much smooth faces may be off", (text) => parseMm("--tolerance", text))
    .option("--spacing <mm>", "voxels of a .seg.nrrd; default 0.5", (text) => parseMm("--spacing", text))
    .option("--image-lag <s>", "of the images behind the tracker, for poses in an .h5 file", (text) => parseLag(text))
    .option(
      "--calibration <csv>",
      "of predictions (.ddf): calib_matrix.csv of TUS-REC, which says how large a pixel is",
    )
    .option("--image <size>", "of predictions made of a text file: the picture, e.g. 640x480 pixels")
    .option("--landmarks <h5>", "of predictions: landmark_NNN.h5; without it GL and LL are left out")
    .option("--scan <name>", "of predictions: the scan's name among the landmarks; default that of the file read")
    .option("--volume", "the file holds one volume, not a sequence of frames")
    .action(async (from: string, to: string, options: ConvertOptions) => {
      const terminal = terminalFor(options);
      const ending = endings.filter((each) => to.toLowerCase().endsWith(each)).sort((a, b) => b.length - a.length)[0];
      if (ending === undefined) throw new UsageError(`${to}: expected a name that ends in ${endings.join(", ")}`);
      terminal.out(await conversions[ending]!(from, to, options, terminal.log));
    });
}

function parseLag(text: string): number {
  const value = Number(text);
  if (text !== "" && Math.abs(value) <= 10) return value;
  throw new UsageError(`--image-lag: expected seconds between -10 and 10, got "${text}"`);
}

function parseFaces(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 4 && value <= 1_000_000) return value;
  throw new UsageError(`--max-faces: expected 4 to 1000000, got "${text}"`);
}

function parseMm(option: string, text: string): number {
  const value = Number(text);
  if (value > 0 && value <= 100) return value;
  throw new UsageError(`${option}: expected millimetres above 0, got "${text}"`);
}

async function meshOf(from: string, log: Log) {
  if (/\.seg\.nrrd$/i.test(from)) return meshOfLabels(from);
  const { mesh, warnings } = await readMesh(from);
  warnings.forEach((text) => log.warn(text));
  return mesh;
}

/** The surface halfway between labelled voxels and the others, all labels as one. */
async function meshOfLabels(from: string) {
  const { grid, values } = await readVolume(from);
  return isosurface(
    grid,
    Float32Array.from(values, (label) => (label > 0 ? 1 : 0)),
    0.5,
  );
}

async function toStep(...[from, to, options, log]: Parameters<Conversion>): Promise<string> {
  const mesh = await meshOf(from, log),
    name = basename(from, extname(from));
  if (options.smooth) {
    const { patches, maxMm, rmsMm } = await writeSmoothStep(to, mesh, {
      name,
      ...(options.tolerance === undefined ? {} : { toleranceMm: options.tolerance }),
    });
    return (
      `${patches} B-spline faces in ${to}; they lie within ${maxMm.toFixed(3)} mm of the mesh ` +
      `(${rmsMm.toFixed(3)} mm root mean square)`
    );
  }
  const { faces, solids, shells, errorMm } = await writeStep(to, mesh, {
    name,
    ...(options.maxFaces === undefined ? {} : { maxFaces: options.maxFaces }),
    ...(options.maxError === undefined ? {} : { maxErrorMm: options.maxError }),
  });
  const what = [
    ...(solids > 0 ? [`${solids} solid${solids > 1 ? "s" : ""}`] : []),
    ...(shells > 0 ? [`${shells} open shell${shells > 1 ? "s" : ""} (no solid: the surface has a border)`] : []),
  ];
  return `${what.join(" and ")} of ${faces} faces in ${to}; faces merged within ${errorMm.toFixed(3)} mm`;
}

async function toMesh(...[from, to, , log]: Parameters<Conversion>): Promise<string> {
  const mesh = await meshOf(from, log);
  await writeMesh(to, mesh);
  return `${mesh.triangles.length / 3} triangles in ${to}`;
}

async function toSegmentation(...[from, to, { spacing = 0.5 }, log]: Parameters<Conversion>): Promise<string> {
  const mesh = await meshOf(from, log);
  const name = basename(from, extname(from));
  const { shape } = await writeSegmentation(to, [{ name, mesh, colour: [0.89, 0.82, 0.67] }], spacing);
  return `${shape.join(" x ")} labels in ${to}`;
}

async function toScene(...[from, to]: Parameters<Conversion>): Promise<string> {
  if (!(await stat(from)).isDirectory()) {
    throw new UsageError(`${from}: a scene is made of the folder that a run or a reconstruction left`);
  }
  return `${(await writeSlicerScene(from, to)).length} items in ${to}`;
}

async function toRaster(...[from, to, options, log]: Parameters<Conversion>): Promise<string> {
  if (options.volume) {
    const volume = await readVolume(from);
    volume.warnings.forEach((text) => log.warn(text));
    await writeVolume(to, volume);
    return `${volume.grid.shape.join(" x ")} voxels in ${to}`;
  }
  const recording = await openRecording(from);
  try {
    recording.warnings.forEach((text) => log.warn(text));
    await (extname(to).toLowerCase() === ".mcap" ? writeRecording(to, recording) : writeSequence(to, recording));
    return `${recording.images?.count ?? 0} images and ${recording.poses.length} tools in ${to}`;
  } finally {
    await recording.close();
  }
}

async function toScan(...[from, to, { imageLag = 0 }, log]: Parameters<Conversion>): Promise<string> {
  const recording = await openRecording(from);
  const workers = createWorkerPool(1);
  try {
    for (const warning of recording.warnings) log.warn(warning);
    const { frames, dropped } = await exportTusRec(to, recording, { imageLagS: imageLag, workers, log });
    for (const [reason, count] of Object.entries(dropped)) log.warn(`${count} frames left out: ${reason}`);
    return `${frames} frames with poses in ${to}`;
  } finally {
    await workers.close();
    await recording.close();
  }
}

async function toPredictions(
  ...[from, to, { calibration, landmarks, scan, image }, log]: Parameters<Conversion>
): Promise<string> {
  if (calibration === undefined) throw new UsageError(`${to}: add --calibration calib_matrix.csv, the pixels' size`);
  const { poses, picture } = await readImagePoses(from, calibration);
  if (!picture && image === undefined) throw new UsageError(`${from} holds no pictures: add --image, e.g. 640x480`);
  const { spacingMm } = await readTusRecCalibration(calibration);
  const size = picture ?? pictureOf({ image: image!, spacing: spacingMm.join(",") });
  const points = landmarks === undefined ? undefined : await readScanLandmarks(landmarks, from, scan);
  if (!points) log.warn("no --landmarks are given: GL and LL, which the challenges want besides, are left out");
  const { files, bytes } = await writeScanPredictions(to, from, { poses, picture: size }, points);
  return `${files.join(" ")} (${poses.length / 12 - 1} frames, ${(bytes / 1e6).toFixed(0)} MB) in ${to}`;
}

import { basename, extname } from "node:path";
import type { Command } from "commander";
import { createWorkerPool } from "../core/worker-pool.ts";
import { readMesh } from "../io/mesh/read-mesh.ts";
import { writeMesh } from "../io/mesh/write-mesh.ts";
import { writeStep } from "../io/mesh/write-step.ts";
import { writeRecording } from "../io/mcap/writer.ts";
import { writeSequence } from "../io/sequence/write-sequence.ts";
import { readVolume, writeVolume } from "../io/volume-file.ts";
import { exportTusRec } from "../scenario/export-tusrec.ts";
import { openRecording } from "../scenario/open-recording.ts";
import { terminalFor, UsageError, type CommonOptions } from "./command.ts";

const MESHES = [".stl", ".ply", ".obj"];
const STEP = [".step", ".stp"];
const SCANS = [".h5", ".hdf5"];
const RASTERS = [".mha", ".mhd", ".nrrd", ".mcap"];

interface ConvertOptions extends CommonOptions {
  readonly volume?: boolean;
  readonly maxFaces?: number;
  readonly maxError?: number;
  readonly imageLag?: number;
}

function parseFaces(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 4 && value <= 1_000_000) return value;
  throw new UsageError(`--max-faces: expected 4 to 1000000, got "${text}"`);
}

function parseError(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= 100) return value;
  throw new UsageError(`--max-error: expected millimetres above 0, got "${text}"`);
}

function parseLag(text: string): number {
  const value = Number(text);
  if (text !== "" && Math.abs(value) <= 10) return value;
  throw new UsageError(`--image-lag: expected seconds between -10 and 10, got "${text}"`);
}

export function addConvert(program: Command): void {
  program
    .command("convert <in> <out>")
    .summary("recordings, volumes and meshes from one format to another")
    .description(
      "Meshes: .stl .ply .obj, and to .step for CAD programs. Recordings: .mcap .igs.mha .igs.nrrd .seq.nrrd; DICOM clips in; " +
        "TUS-REC scans (.h5) in and out. Volumes: .mha .nrrd (with --volume). The format follows from the endings.",
    )
    .option("--max-faces <n>", "of a STEP file; more are merged", (text) => parseFaces(text))
    .option("--max-error <mm>", "by how much merging the faces of a STEP file may move the surface", (text) =>
      parseError(text),
    )
    .option("--image-lag <s>", "of the images behind the tracker, for poses in an .h5 file", (text) => parseLag(text))
    .option("--volume", "the file holds one volume, not a sequence of frames")
    .action(async (from: string, to: string, options: ConvertOptions) => {
      const terminal = terminalFor(options);
      const ending = extname(to).toLowerCase();
      if (STEP.includes(ending)) {
        const { mesh, warnings } = await readMesh(from);
        for (const warning of warnings) terminal.log.warn(warning);
        const { faces, solids, shells, errorMm } = await writeStep(to, mesh, {
          name: basename(from, extname(from)),
          ...(options.maxFaces === undefined ? {} : { maxFaces: options.maxFaces }),
          ...(options.maxError === undefined ? {} : { maxErrorMm: options.maxError }),
        });
        const what = [
          ...(solids > 0 ? [`${solids} solid${solids > 1 ? "s" : ""}`] : []),
          ...(shells > 0 ? [`${shells} open shell${shells > 1 ? "s" : ""} (no solid: the surface has a border)`] : []),
        ];
        terminal.out(`${what.join(" and ")} of ${faces} faces in ${to}; faces merged within ${errorMm.toFixed(3)} mm`);
        return;
      }
      if (MESHES.includes(ending)) {
        const { mesh, warnings } = await readMesh(from);
        for (const warning of warnings) terminal.log.warn(warning);
        await writeMesh(to, mesh);
        terminal.out(`${mesh.triangles.length / 3} triangles in ${to}`);
        return;
      }
      if (SCANS.includes(ending)) return void (await convertScan(from, to, options, terminal));
      if (!RASTERS.includes(ending)) {
        const endings = [...MESHES, ...STEP, ...RASTERS, ...SCANS];
        throw new UsageError(`${to}: expected a name that ends in ${endings.join(", ")}`);
      }
      if (options.volume) {
        const volume = await readVolume(from);
        for (const warning of volume.warnings) terminal.log.warn(warning);
        await writeVolume(to, volume);
        terminal.out(`${volume.grid.shape.join(" x ")} voxels in ${to}`);
        return;
      }
      const recording = await openRecording(from);
      try {
        for (const warning of recording.warnings) terminal.log.warn(warning);
        await (ending === ".mcap" ? writeRecording(to, recording) : writeSequence(to, recording));
        terminal.out(`${recording.images?.count ?? 0} images and ${recording.poses.length} tools in ${to}`);
      } finally {
        await recording.close();
      }
    });
}

async function convertScan(
  from: string,
  to: string,
  { imageLag = 0 }: ConvertOptions,
  terminal: ReturnType<typeof terminalFor>,
): Promise<void> {
  const recording = await openRecording(from);
  const workers = createWorkerPool(1);
  try {
    for (const warning of recording.warnings) terminal.log.warn(warning);
    const { frames, dropped } = await exportTusRec(to, recording, { imageLagS: imageLag, workers, log: terminal.log });
    for (const [reason, count] of Object.entries(dropped)) terminal.log.warn(`${count} frames left out: ${reason}`);
    terminal.out(`${frames} frames with poses in ${to}`);
  } finally {
    await workers.close();
    await recording.close();
  }
}

import { extname } from "node:path";
import type { Command } from "commander";
import { readMesh } from "../io/mesh/read-mesh.ts";
import { writeMesh } from "../io/mesh/write-mesh.ts";
import { writeRecording } from "../io/mcap/writer.ts";
import { writeSequence } from "../io/sequence/write-sequence.ts";
import { readVolume, writeVolume } from "../io/volume-file.ts";
import { openRecording } from "../scenario/open-recording.ts";
import { terminalFor, UsageError, type CommonOptions } from "./command.ts";

const MESHES = [".stl", ".ply", ".obj"];
const RASTERS = [".mha", ".mhd", ".nrrd", ".mcap"];

export function addConvert(program: Command): void {
  program
    .command("convert <in> <out>")
    .summary("recordings, volumes and meshes from one format to another")
    .description(
      "Meshes: .stl .ply .obj. Recordings: .mcap .igs.mha .igs.nrrd .seq.nrrd. Volumes: .mha .nrrd (with --volume). The " +
        "format follows from the endings.",
    )
    .option("--volume", "the file holds one volume, not a sequence of frames")
    .action(async (from: string, to: string, options: CommonOptions & { volume?: boolean }) => {
      const terminal = terminalFor(options);
      const ending = extname(to).toLowerCase();
      if (MESHES.includes(ending)) {
        const { mesh, warnings } = await readMesh(from);
        for (const warning of warnings) terminal.log.warn(warning);
        await writeMesh(to, mesh);
        terminal.out(`${mesh.triangles.length / 3} triangles in ${to}`);
        return;
      }
      if (!RASTERS.includes(ending)) {
        throw new UsageError(`${to}: expected a name that ends in ${[...MESHES, ...RASTERS].join(", ")}`);
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

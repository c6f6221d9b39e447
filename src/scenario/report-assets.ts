import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { FrameSample } from "../data/report.ts";
import type { ReportFrame } from "../report/assets.ts";

/** The pictures of the frames that a report shows. Only names inside `frames/` are followed. */
export async function readFrames(folder: string, samples: readonly FrameSample[]): Promise<ReportFrame[]> {
  return Promise.all(
    samples.map(async ({ file }) => ({ file, pngBytes: await readFile(join(folder, "frames", basename(file))) })),
  );
}

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createWorkerPool } from "../core/worker-pool.ts";
import type { BoneMask } from "../data/bone-mask.ts";
import type { GrayImage, ImageGeometry } from "../data/image.ts";
import { errorFigures, percentile } from "../metrics/error-figures.ts";
import { openSequence } from "../io/sequence/open-sequence.ts";
import type { SegmentationConfig } from "../scenario/schema.ts";
import { findBone } from "./segmentation-frames.ts";

/** The line that a person drew in one frame: column and row of its points, in order. */
interface DrawnLine {
  readonly frame: number;
  readonly points: readonly (readonly [number, number])[];
}

/** By its calibration matrix, mm. */
const PIXEL_MM = 0.0854;

/** Lines of all frames of the recording, or undefined where the package came without its tests. */
export async function drawnLines(): Promise<readonly DrawnLine[] | undefined> {
  const path = new URL("../../test/fixtures/l14-bone-line.json", import.meta.url);
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  return text === undefined ? undefined : (JSON.parse(text) as { frames: readonly DrawnLine[] }).frames;
}

/** Row of a drawn line at a column, straight from point to point; NaN beyond its ends. */
export function drawnRow({ points }: DrawnLine, column: number): number {
  for (let i = 1; i < points.length; i++) {
    const [u0, v0] = points[i - 1]!, [u1, v1] = points[i]!; // prettier-ignore
    if (column >= u0 && column <= u1) return v0 + ((column - u0) / (u1 - u0)) * (v1 - v0);
  }
  return NaN;
}

export interface RealScore {
  readonly frames: number;
  /** Drawn columns, and the share of them in which nothing was found. */
  readonly columns: number;
  readonly missedShare: number;
  readonly medianMm: number;
  readonly p90Mm: number;
  readonly biasMm: number;
}

/** Distance along the beam from what a method finds to what was drawn, pooled over the columns of all frames. */
export function scoreDrawn(lines: readonly DrawnLine[], masks: readonly BoneMask[]): RealScore {
  const errors: number[] = [];
  let columns = 0;
  for (const line of lines) {
    const { ridgeRowPx } = masks[line.frame]!;
    ridgeRowPx.forEach((row, u) => {
      const drawn = drawnRow(line, u);
      if (Number.isNaN(drawn)) return;
      columns++;
      if (!Number.isNaN(row)) errors.push((row - drawn) * PIXEL_MM);
    });
  }
  const { biasMm, medianAbsMm } = errorFigures(errors);
  return {
    frames: lines.length,
    columns,
    missedShare: (columns - errors.length) / columns,
    medianMm: medianAbsMm ?? NaN,
    p90Mm: percentile(errors.map(Math.abs), 0.9) ?? NaN,
    biasMm: biasMm ?? NaN,
  };
}

/** What a method finds in the 21 frames of a bone in vivo, scanned with an L14-5 probe. */
export async function findInVivo(dataFolder: string, config: SegmentationConfig): Promise<readonly BoneMask[]> {
  const { frames, geometry } = await inVivo(dataFolder);
  const workers = createWorkerPool(1);
  try {
    return await findBone(config, { frames, geometry }, workers);
  } finally {
    await workers.close();
  }
}

async function inVivo(folder: string): Promise<{ frames: GrayImage[]; geometry: ImageGeometry }> {
  const recording = await openSequence(join(folder, "plus", "BoneUltrasound_L14.igs.mha"));
  try {
    const images = recording.images!;
    const frames: GrayImage[] = [];
    for (let i = 0; i < images.count; i++) {
      const image = await images.read(i);
      frames.push({ ...image, pixels: Uint8Array.from(image.pixels) });
    }
    const { width, height } = images;
    return {
      frames,
      geometry: { width, height, spacingMm: [PIXEL_MM, PIXEL_MM], faceCentrePx: [(width - 1) / 2, 0] },
    };
  } finally {
    await recording.close();
  }
}

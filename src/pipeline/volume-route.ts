import type { BoneMasks } from "../data/bone-mask.ts";
import { selectSurface, type Surface } from "../data/surface.ts";
import type { TrackedFrames } from "../data/tracked-frames.ts";
import { taubinDefaults, taubinSmooth } from "../geometry/smooth.ts";
import { aroundBlocks, liveDefaults } from "./live-bone.ts";
import { fuseRidges, type FuseOptions } from "./reconstruction/fuse-ridges.ts";
import { createBlockSurfacer } from "./surface/block-surface.ts";
import { findIslands } from "./surface/remove-islands.ts";
import { ridgePoints } from "./surface/ridge-points.ts";
import { sheetGrid } from "./surface/sheet-field.ts";
import { weldBlocks } from "./surface/weld-blocks.ts";

export interface VolumeRouteOptions extends FuseOptions {
  readonly spacingMm: number;
  readonly sigmaMm: number;
  readonly minIslandMm2: number;
}

export const volumeRouteDefaults: VolumeRouteOptions = { ...liveDefaults, spacingMm: 0.75, minIslandMm2: 60 };

/** One ridge point for so much of an image's width is enough to know where the bone lies. */
const BOUNDS_SAMPLE_MM = 2;

/**
 * The sheet by way of a volume of signed distances, which is what a live reconstruction grows, in one go; beside
 * surface/extract.ts, which goes by points. Frames and widths are the same.
 */
export function volumeRoute(frames: TrackedFrames, masks: BoneMasks, options: VolumeRouteOptions): Surface {
  const points = ridgePoints(frames, masks, BOUNDS_SAMPLE_MM);
  const none: Surface = {
    bone: "bone",
    mesh: { positions: new Float32Array(0), triangles: new Uint32Array(0) },
    observations: new Float32Array(0),
    removed: [],
  };
  if (points.count === 0) return none;
  const volume = fuseRidges(frames, masks, sheetGrid(points, options.spacingMm, 2 * options.bandMm), options);
  const surfacer = createBlockSurfacer(volume, options);
  const held = [...volume.blockAt.keys()].filter((block) => volume.blockAt[block]! >= 0);
  const blocks = aroundBlocks(held, volume.blocks).map((block) => surfacer.surfaceOf(block));
  const { mesh: raw, observations } = weldBlocks(blocks.filter((block) => block !== undefined));
  const mesh = taubinSmooth(raw, taubinDefaults);
  const { keep, removed } = findIslands(mesh, options.minIslandMm2);
  return { ...selectSurface({ ...none, mesh, observations }, keep), removed };
}

import { UnsuitableInputError } from "../../core/errors.ts";
import type { BoneMasks } from "../../data/bone-mask.ts";
import type { Surface } from "../../data/surface.ts";
import type { TrackedFrames } from "../../data/tracked-frames.ts";
import { voxelCount } from "../../geometry/grid.ts";
import { fillMeshHoles } from "../../geometry/fill-mesh-holes.ts";
import { isosurface } from "../../geometry/isosurface.ts";
import { selectTriangles } from "../../geometry/mesh.ts";
import { taubinDefaults, taubinSmooth } from "../../geometry/smooth.ts";
import type { Stage } from "../stage.ts";
import { consolidate } from "./consolidate.ts";
import { countObservations } from "./observations.ts";
import { mergePoints } from "./merge-points.ts";
import { findIslands } from "./remove-islands.ts";
import { ridgePoints, sliceSpacingMm } from "./ridge-points.ts";
import { heightUncertainty } from "./uncertainty.ts";
import { sheetField, sheetGrid } from "./sheet-field.ts";

export interface SurfaceInput {
  readonly frames: TrackedFrames;
  readonly masks: BoneMasks;
}

export interface SurfaceOptions {
  /** Edge of the voxels on which the surface is computed. */
  readonly spacingMm: number;
  /** One point of the ridge for every such width of the image. */
  readonly sampleMm: number;
  /** Points of all frames that lie in one cube of this edge are made one. */
  readonly mergeMm: number;
  /** Points are averaged with their neighbours over this distance along the sheet (standard deviation of a weight). */
  readonly sheetSigmaMm: number;
  /** Likewise across it: sweeps that disagree by less are taken for one surface. */
  readonly layerSigmaMm: number;
  /** Width over which a place between the points is interpolated. */
  readonly sigmaMm: number;
  /** There is no surface farther than this from every ridge point: half the widest gap that is closed. */
  readonly fillMm: number;
  /** Where the slices of the scan lie farther apart than `fillMm` can close, the widths above grow, up to here. */
  readonly maxFillMm: number;
  readonly smoothingPasses: number;
  /** Smaller pieces are removed. */
  readonly minIslandMm2: number;
  /** Holes whose rim is no longer than this are closed, by vertices that nobody observed; 0: all are kept. */
  readonly fillRimMm: number;
  /** Refused above this, before anything is allocated. */
  readonly maxMemoryMb: number;
}

/** The open sheet that the ridges of all frames lie on, facing the probe. Empty where no frame shows bone. */
export const extractSurface: Stage<SurfaceInput, Surface, SurfaceOptions> = {
  name: "surface/extract",
  defaults: {
    spacingMm: 0.5,
    sampleMm: 0.4,
    mergeMm: 0.8,
    sigmaMm: 0.8,
    sheetSigmaMm: 1.2,
    layerSigmaMm: 1.5,
    fillMm: 1.25,
    maxFillMm: 2.5,
    smoothingPasses: taubinDefaults.passes,
    minIslandMm2: 30,
    fillRimMm: 0,
    maxMemoryMb: 1024,
  },
  async run({ frames, masks }, options, { log }) {
    const seen = ridgePoints(frames, masks, options.sampleMm);
    const points = mergePoints(seen, options.mergeMm);
    if (points.count === 0) return emptySurface();
    const widths = widthsFor(sliceSpacingMm(frames), options);
    const grid = sheetGrid(points, options.spacingMm, widths.fillMm);
    // A float and two bytes a voxel, and about 200 bytes a point.
    const needMb = Math.ceil((6 * voxelCount(grid) + 200 * points.count) / 2 ** 20);
    if (!(needMb <= options.maxMemoryMb)) {
      throw new UnsuitableInputError(
        `the surface spans ${grid.shape.join(" × ")} voxels of ${options.spacingMm} mm, which takes ${needMb} MB ` +
          `(limit ${options.maxMemoryMb} MB)`,
        "Check the poses for outliers, use larger voxels (spacingMm) or raise maxMemoryMb",
      );
    }
    const { position, normal } = consolidate(points, widths);
    const { values, mask } = sheetField({ ...points, position, normal }, grid, widths);
    const raw = isosurface(grid, values, 0, { inside: "below", mask });
    const smooth = taubinSmooth(raw, { ...taubinDefaults, passes: options.smoothingPasses });
    const { keep, removed } = findIslands(smooth, options.minIslandMm2);
    const { mesh } = fillMeshHoles(selectTriangles(smooth, keep).mesh, options.fillRimMm);
    log.info("surface", { points: points.count, shape: grid.shape, triangles: mesh.triangles.length / 3 });
    return {
      bone: "bone",
      mesh,
      observations: countObservations(mesh, points, widths.sigmaMm),
      uncertaintyMm: heightUncertainty(mesh, seen, 2 * widths.sigmaMm),
      removed,
    };
  },
};

/** Half the way between two slices, and half as much again for a surface that is inclined between them. */
const FILL_PER_SPACING = 0.75;

type Widths = Pick<SurfaceOptions, "sheetSigmaMm" | "layerSigmaMm" | "sigmaMm" | "fillMm">;

/** A sparse scan needs wider averages, all in proportion; a dense one gets the widths of the options. */
function widthsFor(spacingMm: number, options: SurfaceOptions): Widths {
  const fillMm = Math.max(options.fillMm, Math.min(options.maxFillMm, FILL_PER_SPACING * spacingMm));
  const scale = fillMm / options.fillMm;
  return {
    fillMm,
    sigmaMm: options.sigmaMm * scale,
    sheetSigmaMm: options.sheetSigmaMm * scale,
    layerSigmaMm: options.layerSigmaMm,
  };
}

function emptySurface(): Surface {
  return {
    bone: "bone",
    mesh: { positions: new Float32Array(0), triangles: new Uint32Array(0) },
    observations: new Float32Array(0),
    removed: [],
  };
}

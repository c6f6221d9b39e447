import { decimate, type Decimated } from "../../geometry/decimate.ts";
import { UnsuitableInputError } from "../../core/errors.ts";
import { fitPatches } from "../../geometry/fit-patches.ts";
import { edgeDefects, type Mesh } from "../../geometry/mesh.ts";
import { writeFileAtomic } from "../atomic.ts";
import { encodeSmoothStep } from "./step-smooth.ts";
import { DEFAULT_MAX_FACES, encodeStep, type StepContent } from "./step.ts";

export interface WriteStepOptions {
  /** Shown in the tree of the CAD program. */
  readonly name: string;
  readonly maxFaces?: number;
  /** Faces are merged as long as the surface moves by less than this, mm. */
  readonly maxErrorMm?: number;
}

/** Under a tenth of what the best scan of a bone is off. */
const DEFAULT_ERROR_MM = 0.05;

export interface WrittenStep extends Pick<StepContent, "solids" | "shells"> {
  readonly faces: number;
  /** How far merging faces moved the surface, mm. */
  readonly errorMm: number;
}

/** Decimates the mesh and writes it as STEP AP214. Throws what `encodeStep` throws; then nothing is written. */
export async function writeStep(path: string, mesh: Mesh, options: WriteStepOptions): Promise<WrittenStep> {
  const { name, maxFaces = DEFAULT_MAX_FACES, maxErrorMm = DEFAULT_ERROR_MM } = options;
  const { mesh: smaller, errorMm }: Decimated = await decimate(mesh, { maxTriangles: maxFaces, maxErrorMm });
  const { bytes, solids, shells } = encodeStep(smaller, { name, maxFaces });
  await writeFileAtomic(path, bytes);
  return { solids, shells, faces: smaller.triangles.length / 3, errorMm };
}

export interface WrittenSmoothStep {
  readonly patches: number;
  /** Largest and root mean square distance between patches and mesh, both ways, mm. */
  readonly maxMm: number;
  readonly rmsMm: number;
}

/** Edges of a cut shaft or of coarse triangles are rounder than this; the mean is a tenth of it. */
export const DEFAULT_SMOOTH_MM = 0.5;
const MAX_PATCHES = 4000;

/**
 * The closed mesh as B-spline faces within a tolerance. Throws an UnsuitableInputError for an open mesh, and where no
 * fit of up to 4,000 patches keeps the tolerance: then nothing is written.
 */
export async function writeSmoothStep(
  path: string,
  mesh: Mesh,
  { name, toleranceMm = DEFAULT_SMOOTH_MM }: { readonly name: string; readonly toleranceMm?: number },
): Promise<WrittenSmoothStep> {
  const { open, nonManifold } = edgeDefects(mesh);
  if (open + nonManifold > 0) {
    throw new UnsuitableInputError(
      `the surface is not closed (${open} open edges, ${nonManifold} with more than two triangles)`,
      "Smooth faces are fitted to closed bones: give a completed one, or write plane faces (without --smooth)",
    );
  }
  const fitted = fitPatches(mesh, { toleranceMm, maxPatches: MAX_PATCHES });
  if (!fitted || fitted.maxMm > toleranceMm) {
    throw new UnsuitableInputError(
      fitted
        ? `the smooth faces stay ${fitted.maxMm.toFixed(3)} mm off somewhere, and ${toleranceMm} mm were asked for`
        : "no smooth faces could be laid over the mesh: its walls are too thin or its pieces overlap",
      "Allow more with --tolerance, or write plane faces (without --smooth)",
    );
  }
  await writeFileAtomic(path, encodeSmoothStep(fitted.all, { name }));
  return { patches: fitted.all.patches.length / 16, maxMm: fitted.maxMm, rmsMm: fitted.rmsMm };
}

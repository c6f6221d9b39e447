import { decimate, type Decimated } from "../../geometry/decimate.ts";
import type { Mesh } from "../../geometry/mesh.ts";
import { writeFileAtomic } from "../atomic.ts";
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

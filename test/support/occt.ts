import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** What Open CASCADE makes of a STEP file. */
export interface StepReading {
  readonly solids: number;
  readonly shells: number;
  readonly faces: number;
  /** As Open CASCADE computes it from the boundary, mm³. */
  readonly volumeMm3: number;
  /** BRepCheck_Analyzer: edges shared, loops closed, faces within tolerance. */
  readonly isValid: boolean;
  readonly min: readonly number[];
  readonly max: readonly number[];
}

// eslint-disable-next-line -- the module has no types that fit Node
let loaded: Promise<never> | undefined;

async function openCascade(): Promise<never> {
  const require = createRequire(import.meta.url);
  const folder = dirname(require.resolve("replicad-opencascadejs/package.json"));
  // The module was made for pages: it looks for these by name.
  Object.assign(globalThis, { require, __dirname: folder, __filename: join(folder, "dist/replicad_single.js") });
  const { default: create } = (await import("replicad-opencascadejs")) as never as {
    default: (options: unknown) => Promise<never>;
  };
  return create({ wasmBinary: readFileSync(join(folder, "dist/replicad_single.wasm")) });
}

/** Reads a STEP file with Open CASCADE, which shares nothing with our writer. */
export async function readStep(bytes: Uint8Array): Promise<StepReading> {
  // oxlint-disable-next-line typescript/no-explicit-any -- thousands of generated classes
  const oc: any = await (loaded ??= openCascade());
  oc.FS.writeFile("/in.step", bytes);
  const reader = new oc.STEPControl_Reader();
  const status = reader.ReadFile("/in.step");
  if (status !== oc.IFSelect_ReturnStatus.IFSelect_RetDone) throw new Error("Open CASCADE cannot read the STEP file");
  reader.TransferRoots(new oc.Message_ProgressRange());
  const shape = reader.OneShape();
  const count = (kind: unknown): number => {
    const explorer = new oc.TopExp_Explorer(shape, kind, oc.TopAbs_ShapeEnum.TopAbs_SHAPE);
    let n = 0;
    for (; explorer.More(); explorer.Next()) n++;
    return n;
  };
  const properties = new oc.GProp_GProps();
  oc.BRepGProp.VolumeProperties(shape, properties, false, false, false);
  const box = new oc.Bnd_Box();
  oc.BRepBndLib.AddOptimal(shape, box, false, false);
  const low = box.CornerMin(),
    high = box.CornerMax();
  return {
    solids: count(oc.TopAbs_ShapeEnum.TopAbs_SOLID),
    shells: count(oc.TopAbs_ShapeEnum.TopAbs_SHELL),
    faces: count(oc.TopAbs_ShapeEnum.TopAbs_FACE),
    volumeMm3: properties.Mass(),
    isValid: new oc.BRepCheck_Analyzer(shape, true, false, false).IsValid(),
    min: [low.X(), low.Y(), low.Z()],
    max: [high.X(), high.Y(), high.Z()],
  };
}

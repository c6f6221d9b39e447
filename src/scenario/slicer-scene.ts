import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { UnsuitableInputError } from "../core/errors.ts";
import { type BoneName, boneNames } from "../data/surface.ts";
import { writeFileAtomic } from "../io/atomic.ts";
import { readMesh } from "../io/mesh/read-mesh.ts";
import { encodeScene, type SceneItem } from "../io/slicer/scene.ts";
import { writeSegmentation } from "../io/slicer/segmentation.ts";
import { convertPoints, convertTransform } from "./convert-small.ts";

type Colour = readonly [number, number, number];

/** By which the bones are told apart on the screen; the truth has all of them paler. */
const colours: { readonly [B in BoneName | "bone"]: Colour } = {
  femur: [0.89, 0.82, 0.67],
  tibia: [0.74, 0.82, 0.89],
  patella: [0.87, 0.71, 0.65],
  fibula: [0.74, 0.86, 0.72],
  bone: [0.89, 0.85, 0.79],
};
const TRUTH_COLOUR: Colour = [0.95, 0.95, 0.95];

/** Of the labels, mm: finer than what a scan is off by. */
const LABEL_SPACING_MM = 1;

/** A recording as a `.seq.nrrd` beside the results goes into the scene when it is named so. */
const SEQUENCE = "recording.seq.nrrd";

/**
 * Writes what 3D Slicer opens beside the results of a run: `completed.seg.nrrd`, `image-to-probe.tfm`, the truth's
 * landmarks, and `scene.mrb` with all of it, the truth included where there is one. Returns the items of the scene.
 */
export async function writeSlicerScene(
  folder: string,
  out: string = join(folder, "scene.mrb"),
): Promise<readonly SceneItem[]> {
  const here = new Set(await readdir(folder)),
    truth = new Set(here.has("truth") ? await readdir(join(folder, "truth")) : []);
  const items: SceneItem[] = [];
  const files = new Map<string, Uint8Array>();
  const add = async (item: SceneItem, path: string): Promise<void> => {
    items.push(item);
    files.set(item.file, await readFile(join(folder, path)));
  };
  if (here.has("volume.nrrd"))
    await add({ kind: "volume", name: "bone probability", file: "volume.nrrd" }, "volume.nrrd");
  await addModels(here, truth, add);
  if (await writeLabels(folder, here)) {
    await add({ kind: "segmentation", name: "completed bones", file: "completed.seg.nrrd" }, "completed.seg.nrrd");
  }
  if (here.has("landmarks.mrk.json")) {
    await add({ kind: "markups", name: "touched landmarks", file: "landmarks.mrk.json" }, "landmarks.mrk.json");
  }
  if (truth.has("landmarks.json")) {
    const from = join(folder, "truth/landmarks.json");
    await writeFileAtomic(join(folder, "truth/landmarks.mrk.json"), convertPoints(await readFile(from), from).bytes);
    await add({ kind: "markups", name: "true landmarks", file: "true-landmarks.mrk.json" }, "truth/landmarks.mrk.json");
  }
  for (const [where, present, name] of [
    ["", here, "image-to-probe"],
    ["truth/", truth, "true-image-to-probe"],
  ] as const) {
    if (!present.has("calibration.json")) continue;
    const from = join(folder, `${where}calibration.json`);
    await writeFileAtomic(join(folder, `${where}image-to-probe.tfm`), convertTransform(await readFile(from), from));
    await add({ kind: "transform", name, file: `${name}.tfm` }, `${where}image-to-probe.tfm`);
  }
  if (here.has(SEQUENCE)) await add({ kind: "sequence", name: "recording", file: SEQUENCE }, SEQUENCE);
  if (items.length === 0) {
    throw new UnsuitableInputError(`${folder} holds no results`, "Give the folder of a run or a reconstruction");
  }
  await writeFileAtomic(out, encodeScene("sonobench", items, files));
  return items;
}

async function addModels(
  here: ReadonlySet<string>,
  truth: ReadonlySet<string>,
  add: (item: SceneItem, path: string) => Promise<void>,
): Promise<void> {
  for (const bone of [...boneNames, "bone"] as const) {
    const model = (name: string, file: string, colour: Colour, opacity: number, visible: boolean): SceneItem => ({
      kind: "model",
      name,
      file,
      colour,
      opacity,
      visible,
    });
    if (here.has(`${bone}.ply`)) {
      await add(
        { ...model(bone, `${bone}.ply`, colours[bone], 1, true), scalar: "error_mm" } as SceneItem,
        `${bone}.ply`,
      );
    }
    if (here.has(`${bone}-completed.ply`)) {
      const item = model(`${bone} completed`, `${bone}-completed.ply`, colours[bone], 0.6, false);
      await add(item, `${bone}-completed.ply`);
    }
    if (truth.has(`${bone}.ply`)) {
      await add(model(`${bone} truth`, `${bone}-truth.ply`, TRUTH_COLOUR, 0.3, true), `truth/${bone}.ply`);
    }
  }
}

/** Labels of the completed bones; without any there is no file, and an older one goes. */
async function writeLabels(folder: string, here: ReadonlySet<string>): Promise<boolean> {
  const path = join(folder, "completed.seg.nrrd");
  await rm(path, { force: true });
  const completed = boneNames.filter((bone) => here.has(`${bone}-completed.stl`));
  if (completed.length === 0) return false;
  const segments = await Promise.all(
    completed.map(async (name) => ({
      name,
      mesh: (await readMesh(join(folder, `${name}-completed.stl`))).mesh,
      colour: colours[name],
    })),
  );
  await writeSegmentation(path, segments, LABEL_SPACING_MM);
  return true;
}

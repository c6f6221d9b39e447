import type { TrueBone } from "../../data/ground-truth.ts";
import { cutTriangles } from "../../data/printed-part.ts";
import type { DistanceField } from "../../geometry/distance-field.ts";
import { type Grid, voxelCount } from "../../geometry/grid.ts";
import { type Mesh, mergeMeshes, meshBounds } from "../../geometry/mesh.ts";
import { sampleMeshDistance } from "../anatomy/mesh-field.ts";
import type { Phantom } from "../anatomy/phantom.ts";
import type { SampledDistance } from "../knee/sampled-distance.ts";
import { waterTissue } from "../calibration-phantoms/tank.ts";
import { type Scene, sharedFloat32, sharedUint8 } from "../scene.ts";
import { printedPart, type PrintedPart } from "./part.ts";

export interface PrintedTank {
  readonly reachMm: number;
  /** Between the face and the part, mm. */
  readonly waterMm: number;
  readonly waterC: number;
}

/** Of the fields around the part, mm; the part's surfaces are exact on its lattice points. */
const FIELD_SPACING_MM = 1;
/** The path of the probe bends gently: it follows the bones from afar. */
const SKIN_SPACING_MM = 2;
const REGIONS = ["surface", "cap"] as const;

/**
 * The part under water, as a phantom to scan: bones are the printed ones, cut as they were printed; where a scan of the
 * living has skin, the face keeps its distance in the water. All of the part reflects as bone does.
 */
export async function printedPhantom(phantom: Phantom, tank: PrintedTank, name: string): Promise<Phantom> {
  const part = await printedPart(phantom, tank, name);
  return {
    ...phantom,
    printed: part.truth,
    bones: part.bones.map(({ name: bone, mesh }) => {
      const field = lazy(() => sampleMeshDistance(mesh, FIELD_SPACING_MM));
      return {
        name: bone,
        mesh,
        distance: { distanceMm: (x, y, z) => field().distanceMm(x, y, z) },
        region: cutTriangles(mesh, part.truth.cutsMm),
        regionNames: REGIONS,
      } satisfies Pick<TrueBone, "name" | "mesh" | "distance" | "region" | "regionNames">;
    }),
    landmarks: phantom.landmarks,
    probePath: probePath(phantom, tank.waterMm),
    scene: ({ spacingMm }) => tankScene(part, phantom, tank, spacingMm),
    notModelled: [
      "Printed part: it reflects as bone does and lets no sound through; a print's layers, its inside and its errors are missing.",
      "Printed part: the water is still, clean and of one temperature, and the wires are not strung.",
    ],
  };
}

function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** Farther from the part no bone is named, mm. */
const LABELLED_MM = 4;

/** Room around the part, mm. */
const MARGIN_MM = 18;

/**
 * The face keeps its distance from the bones as they were before they were cut, so that the strokes of the living run on
 * over the cut ends.
 */
function probePath({ bones }: Phantom, waterMm: number): DistanceField {
  const uncut = mergeMeshes(bones.map(({ mesh }) => mesh));
  const field = lazy(() => beyond(sampleMeshDistance(uncut, SKIN_SPACING_MM), uncut));
  return { distanceMm: (x, y, z) => field().distanceMm(x, y, z) - waterMm };
}

/** Where nothing is but water: the face is wet all over. */
const UNDER_WATER_MM = -1000;

function tankScene({ mesh, bones }: PrintedPart, uncut: Phantom, { waterC }: PrintedTank, spacingMm: number): Scene {
  const allBones = mergeMeshes(uncut.bones.map((bone) => bone.mesh));
  const { min, max } = meshBounds(mergeMeshes([mesh, allBones]));
  const shape = [0, 1, 2].map((a) => {
    const axis = a as 0 | 1 | 2;
    return Math.ceil((max[axis] - min[axis] + 2 * MARGIN_MM) / spacingMm) + 1;
  }) as [number, number, number];
  const grid: Grid = {
    shape,
    spacingMm: [spacingMm, spacingMm, spacingMm],
    originMm: [min[0] - MARGIN_MM, min[1] - MARGIN_MM, min[2] - MARGIN_MM],
  };
  const count = voxelCount(grid);
  const solid = beyond(sampleMeshDistance(mesh, spacingMm), mesh);
  const own = bones.map((bone) => beyond(sampleMeshDistance(bone.mesh, SKIN_SPACING_MM), bone.mesh));
  const scene: Scene = {
    grid,
    boneDistanceMm: sharedFloat32(count),
    skinDistanceMm: sharedFloat32(count).fill(UNDER_WATER_MM),
    fluid: true,
    tissue: sharedUint8(count),
    tissues: [waterTissue(waterC)],
    bone: sharedUint8(count),
    bones: bones.map(({ name }) => name),
  };
  for (let k = 0, at = 0; k < shape[2]; k++) {
    const z = grid.originMm[2] + k * spacingMm;
    for (let j = 0; j < shape[1]; j++) {
      const y = grid.originMm[1] + j * spacingMm;
      for (let i = 0; i < shape[0]; i++, at++) {
        const x = grid.originMm[0] + i * spacingMm;
        scene.boneDistanceMm[at] = solid.distanceMm(x, y, z);
        // Which bone is asked for where a beam may meet one.
        let nearest = scene.boneDistanceMm[at]! < LABELLED_MM ? Infinity : -Infinity;
        own.forEach((field, b) => {
          const d = field.distanceMm(x, y, z);
          if (d >= nearest) return;
          nearest = d;
          scene.bone[at] = b;
        });
      }
    }
  }
  return scene;
}

/** The field, and outside its lattice the distance to the box of the mesh, which is no more than the true one. */
function beyond({ grid, distanceMm }: SampledDistance, mesh: Mesh): DistanceField {
  const { min, max } = meshBounds(mesh);
  const { originMm: low, spacingMm: s, shape } = grid;
  const high = [0, 1, 2].map((a) => low[a as 0 | 1 | 2] + (shape[a as 0 | 1 | 2] - 1) * s[a as 0 | 1 | 2]);
  return {
    distanceMm(x, y, z) {
      const within = x > low[0] && y > low[1] && z > low[2] && x < high[0]! && y < high[1]! && z < high[2]!;
      if (within) return distanceMm(x, y, z);
      const off = [x, y, z].map((v, a) => Math.max(0, min[a as 0 | 1 | 2] - v, v - max[a as 0 | 1 | 2]));
      return Math.max(s[0], Math.hypot(...off));
    },
  };
}

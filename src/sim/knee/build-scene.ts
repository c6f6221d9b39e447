import { UnsuitableInputError } from "../../core/errors.ts";
import { transformPoint } from "../../core/rigid.ts";
import type { DistanceField } from "../../geometry/distance-field.ts";
import { type Grid, sampleTrilinear, voxelCount } from "../../geometry/grid.ts";
import { type Scene, sceneBytes, sharedFloat32, sharedUint8, type Tissue } from "../scene.ts";
import type { Knee } from "./posed-knee.ts";
import { interpolateDistance, redistance } from "./sampled-distance.ts";
import { cartilageThickness, type SoftTissue, softTissue } from "./soft-tissue.ts";
import { tissueOf } from "./tissues.ts";

/** A larger scene would not leave room for the rest of a run in 2 GB. */
const MAX_BYTES = 400e6;

/** Lattice of the skin and of the fat's thickness, which bend over tens of millimetres. */
const COARSE_MM = 2.5;

/** How much of the leg the scene holds above and below the joint, mm, and how much gel around it. */
const ABOVE_MM = 112,
  BELOW_MM = 108,
  MARGIN_MM = 6;

/** Voxels are filled in cubes of this edge: bones and muscles that cannot reach into a cube are not asked. */
const CUBE = 6;

/** Echo levels of thin sheets of loosely woven fibres, which run in all directions of the sheet: below a ligament's. */
const CAPSULE_DB = 1,
  SHEET_DB = 3;

/** Fibres with fat between them: acoustically halfway between ligament and fat. */
function looseSheet(name: string, echoDb: number): Tissue {
  const fibres = tissueOf("ligament", name, [0, 0, 1]),
    fat = tissueOf("fat");
  return {
    ...fibres,
    speedMps: (fibres.speedMps + fat.speedMps) / 2,
    densityKgM3: (fibres.densityKgM3 + fat.densityKgM3) / 2,
    echoDb,
  };
}

/** The thickness of fat is asked again, voxel by voxel, this near to its lower border. */
const FAT_BORDER_MM = 1.5;

/** Nearer to bone than this the distance is interpolated tricubically, so that no kink of the lattice shows. */
const SMOOTH_MM = 4;

export interface SceneOptions {
  readonly spacingMm: number;
  /** Thickness of extra fluid in the suprapatellar recess; 0 when not given. */
  readonly effusionMm?: number;
}

/** Tissue whose shape is known from elsewhere, in the knee frame: it counts before the model's. Negative inside. */
export interface GivenTissue {
  readonly cartilage: readonly DistanceField[];
  readonly menisci: readonly DistanceField[];
}

/** The fields that the image formation and the operator see, sampled in the knee frame on shared memory. */
export function buildScene(
  knee: Knee,
  { spacingMm, effusionMm = 0 }: SceneOptions,
  given: GivenTissue = { cartilage: [], menisci: [] },
): Scene {
  const soft = softTissue(knee, effusionMm);
  const box = coarseBox(knee);
  const skin = skinField(soft, box);
  const grid = fitGrid(skin, spacingMm);
  if (sceneBytes(grid) > MAX_BYTES) {
    throw new UnsuitableInputError(
      `a knee scene at ${spacingMm} mm takes ${Math.round(sceneBytes(grid) / 1e6)} MB, more than ${MAX_BYTES / 1e6} MB`,
      "Take a larger spacing; 0.75 mm keeps surfaces to 0.05 mm",
    );
  }
  const tissues: Tissue[] = [
    tissueOf("gel"),
    tissueOf("skin"),
    tissueOf("fat"),
    tissueOf("bone"),
    tissueOf("cartilage"),
    tissueOf("meniscus", "meniscus", [0, 1, 0]), // its body, which the probe reaches, runs from front to back
    tissueOf("synovial fluid"),
    looseSheet("joint capsule", CAPSULE_DB),
    looseSheet("fascia and retinacula", SHEET_DB),
    ...soft.volumes.map(({ tissue, name, fibreDirection }) =>
      tissueOf(tissue, name, tissue === "hoffa fat pad" ? undefined : fibreDirection),
    ),
  ];
  const scene: Scene = {
    grid,
    boneDistanceMm: sharedFloat32(voxelCount(grid)),
    skinDistanceMm: sharedFloat32(voxelCount(grid)),
    tissue: sharedUint8(voxelCount(grid)),
    tissues,
    bone: sharedUint8(voxelCount(grid)),
    bones: knee.bones.map(({ name }) => name),
  };
  fill(scene, knee, soft, skin, given);
  return scene;
}

interface CoarseField {
  readonly grid: Grid;
  readonly values: Float32Array;
}

/** Around all that can belong to the leg, open where thigh and shank leave the scene. */
function coarseBox({ pose, set }: Knee): { min: number[]; max: number[] } {
  const { distalZ } = set.shapes.femur;
  const min = [-86, -92, distalZ - 30],
    max = [86, 80, distalZ + ABOVE_MM];
  // The shank ends at this depth below the plateau; its girth is allowed for by 50 mm to all sides.
  const foot = transformPoint(pose.kneeFromTibia.m, 0, 0, -BELOW_MM);
  const cosine = Math.abs(pose.kneeFromTibia.m[10]!),
    sine = Math.sqrt(Math.max(0, 1 - cosine * cosine));
  const girth = [0, 62 * cosine, 62 * sine];
  for (const axis of [1, 2]) {
    min[axis] = Math.min(min[axis]!, foot[axis as 1 | 2] - girth[axis]!);
    max[axis] = Math.max(max[axis]!, foot[axis as 1 | 2] + girth[axis]!);
  }
  return { min, max };
}

function skinField(soft: SoftTissue, { min, max }: { min: number[]; max: number[] }): CoarseField {
  const shape = [0, 1, 2].map((a) => Math.ceil((max[a]! - min[a]!) / COARSE_MM) + 1) as [number, number, number];
  const grid: Grid = { shape, spacingMm: [COARSE_MM, COARSE_MM, COARSE_MM], originMm: [min[0]!, min[1]!, min[2]!] };
  const values = new Float32Array(voxelCount(grid));
  const [nx, ny, nz] = shape;
  for (let k = 0, at = 0; k < nz; k++) {
    for (let j = 0; j < ny; j++) {
      for (let i = 0; i < nx; i++, at++) {
        const x = min[0]! + i * COARSE_MM, y = min[1]! + j * COARSE_MM, z = min[2]! + k * COARSE_MM; // prettier-ignore
        values[at] = soft.deep(x, y, z) - soft.fatMm(x, y, z) - soft.skinMm;
      }
    }
  }
  return { grid, values: redistance(grid, values) };
}

/** The fine grid: as small as the leg allows, with gel around it. */
function fitGrid({ grid, values }: CoarseField, spacingMm: number): Grid {
  const [nx, ny, nz] = grid.shape;
  const low = [nx, ny, nz],
    high = [0, 0, 0];
  for (let k = 0, at = 0; k < nz; k++) {
    for (let j = 0; j < ny; j++) {
      for (let i = 0; i < nx; i++, at++) {
        if (values[at]! > MARGIN_MM) continue;
        [i, j, k].forEach((n, axis) => {
          low[axis] = Math.min(low[axis]!, n);
          high[axis] = Math.max(high[axis]!, n);
        });
      }
    }
  }
  const shape = low.map((n, axis) => Math.floor(((high[axis]! - n) * COARSE_MM) / spacingMm) + 1);
  return {
    shape: [shape[0]!, shape[1]!, shape[2]!],
    spacingMm: [spacingMm, spacingMm, spacingMm],
    originMm: [
      grid.originMm[0] + low[0]! * COARSE_MM,
      grid.originMm[1] + low[1]! * COARSE_MM,
      grid.originMm[2] + low[2]! * COARSE_MM,
    ],
  };
}

function fill(scene: Scene, knee: Knee, soft: SoftTissue, skin: CoarseField, given: GivenTissue): void {
  const { grid, boneDistanceMm, skinDistanceMm, tissue, bone, tissues } = scene;
  const [nx, ny, nz] = grid.shape,
    h = grid.spacingMm[0];
  const label = (name: string): number => tissues.findIndex((t) => t.name === name);
  const gel = label("gel"), skinLabel = label("skin"), fat = label("fat"), boneLabel = label("bone"), cartilage = label("cartilage"); // prettier-ignore
  const meniscus = label("meniscus"), fluid = label("synovial fluid"), capsule = label("joint capsule"), sheet = label("fascia and retinacula"); // prettier-ignore
  const firstVolume = tissues.length - soft.volumes.length;
  const bones = knee.bones.map((b) => b.distance),
    cartilageMm = cartilageThickness(knee);
  const femur = scene.bones.indexOf("femur"),
    tibia = scene.bones.indexOf("tibia");
  const reach = ((CUBE - 1) / 2) * h * Math.sqrt(3);
  // Between two layers of cartilage, modelled or (thicker in places) given, lies a film of fluid.
  const filmBelowMm = given.cartilage.length > 0 ? 9 : 6;

  for (let k0 = 0; k0 < nz; k0 += CUBE) {
    for (let j0 = 0; j0 < ny; j0 += CUBE) {
      for (let i0 = 0; i0 < nx; i0 += CUBE) {
        const half = ((CUBE - 1) / 2) * h;
        const cx = grid.originMm[0] + i0 * h + half,
          cy = grid.originMm[1] + j0 * h + half,
          cz = grid.originMm[2] + k0 * h + half;
        const atCentre = bones.map((b) => b.distanceMm(cx, cy, cz));
        const least = Math.min(...atCentre);
        // Distances change by at most 1 per mm (with a little slack): a bone this much farther is never the nearest.
        const nearBones = bones.map((_, b) => b).filter((b) => atCentre[b]! <= least + 2.2 * reach + 0.2);
        const inJoint = atCentre[femur]! < reach + 9 && atCentre[tibia]! < reach + 9;
        const fatHere = soft.fatMm(cx, cy, cz);
        const nearVolumes = soft.volumes
          .map((_, v) => v)
          .filter((v) => soft.volumes[v]!.solid(cx, cy, cz) < 1.5 * reach + 0.5);
        for (let k = k0; k < Math.min(nz, k0 + CUBE); k++) {
          for (let j = j0; j < Math.min(ny, j0 + CUBE); j++) {
            for (let i = i0; i < Math.min(nx, i0 + CUBE); i++) {
              const x = grid.originMm[0] + i * h, y = grid.originMm[1] + j * h, z = grid.originMm[2] + k * h; // prettier-ignore
              const at = (k * ny + j) * nx + i;
              const toSkin = interpolateDistance(skin.grid, skin.values, x, y, z);
              let toBone = Infinity,
                nearest = 0;
              for (const b of nearBones) {
                const d = bones[b]!.distanceMm(x, y, z);
                if (d < toBone) {
                  toBone = d;
                  nearest = b;
                }
              }
              skinDistanceMm[at] = toSkin;
              boneDistanceMm[at] = toBone;
              bone[at] = nearest;
              tissue[at] = labelAt(x, y, z, at);
            }
          }
        }

        function labelAt(x: number, y: number, z: number, at: number): number {
          const toSkin = skinDistanceMm[at]!,
            toBone = boneDistanceMm[at]!;
          if (toBone < 0) return boneLabel;
          if (toSkin > 0) return gel;
          if (toSkin > -soft.skinMm) return skinLabel;
          let underFat = -toSkin - soft.skinMm - fatHere;
          if (Math.abs(underFat) < FAT_BORDER_MM) underFat = -toSkin - soft.skinMm - soft.fatMm(x, y, z);
          if (underFat < 0) return fat;
          for (const field of given.cartilage) if (field.distanceMm(x, y, z) < 0) return cartilage;
          for (const field of given.menisci) if (field.distanceMm(x, y, z) < 0) return meniscus;
          if (toBone < SMOOTH_MM + 2 && given.cartilage.length === 0) {
            const thickness = cartilageMm(scene.bones[bone[at]!]!, x, y, z);
            if (toBone < thickness) return cartilage;
          }
          if (inJoint) {
            const toFemur = bones[femur]!.distanceMm(x, y, z),
              toTibia = bones[tibia]!.distanceMm(x, y, z);
            if (toFemur + toTibia < filmBelowMm) return fluid;
            if (given.menisci.length === 0 && soft.joint.menisci(x, y, z) < 0) return meniscus;
          }
          let volume = -1;
          for (const v of nearVolumes) {
            if (soft.volumes[v]!.solid(x, y, z) >= 0) continue;
            volume = firstVolume + v;
            break;
          }
          const isMuscle = volume < 0 || tissues[volume]!.texture === "fascicular";
          if (isMuscle && underFat < soft.joint.sheetMm(x, y, z)) return sheet;
          if (volume >= 0) return volume;
          return toBone < soft.joint.capsuleMm(x, y, z) ? capsule : fat;
        }
      }
    }
  }
}

/** Trilinear distance of a scene's own field: what a reader of the scene sees. */
export function sceneBoneDistance({ grid, boneDistanceMm }: Scene, x: number, y: number, z: number): number {
  return sampleTrilinear(grid, boneDistanceMm, x, y, z, Infinity);
}

import type { BoneName } from "../../data/surface.ts";
import type { Bounds, Mesh } from "../../geometry/mesh.ts";
import { type FemurShape, femurShape } from "./femur.ts";
import type { Implicit } from "./implicit.ts";
import { meshSolid } from "./mesh-solid.ts";
import type { KneeParameters } from "./parameters.ts";
import { type PatellaShape, patellaShape } from "./patella.ts";
import { type SampledDistance, sampleDistance } from "./sampled-distance.ts";
import { type TibiaShape, tibiaShape } from "./tibia.ts";

/** Lattice of the bones' distance fields. The tightest rounding is 2 mm, so tricubic keeps 0.02 mm of it. */
const FIELD_SPACING_MM = 1;

/** Mean edge of the meshes, in lattice spacings. */
const EDGE_SHARE = 1;

export interface Shapes {
  readonly femur: FemurShape;
  readonly tibia: TibiaShape;
  readonly patella: PatellaShape;
}

/** One bone in its own frame (femur: the knee frame; tibia and fibula: the tibia's; patella: the patella's), mm. */
export interface LocalBone {
  readonly name: BoneName;
  readonly distance: SampledDistance;
  readonly mesh: Mesh;
}

/** The bones before they are posed: they do not depend on flexion, so one set serves many poses. */
export interface BoneSet {
  readonly parameters: KneeParameters;
  readonly shapes: Shapes;
  readonly bones: readonly LocalBone[];
}

export interface BoneOptions {
  /**
   * Lattice of the distance fields and edges of the meshes. A coarser one than the default serves statistics over many
   * knees: vertices still lie on the surface to about 0.1 mm at 2.5 mm.
   */
  readonly spacingMm?: number;
}

export async function buildBones(
  parameters: KneeParameters,
  { spacingMm = FIELD_SPACING_MM }: BoneOptions = {},
): Promise<BoneSet> {
  const femur = femurShape(parameters.femur),
    tibia = tibiaShape(parameters.tibia, femur.grooveX),
    patella = patellaShape(parameters.patella);
  const w = parameters.femur.epicondylarWidthMm / 2,
    t = parameters.tibia.plateauWidthMm / 2,
    d = parameters.tibia.plateauDepthMm / 2,
    { widthMm, heightMm, thicknessMm } = parameters.patella;
  const deep = Math.max(parameters.femur.medialDepthMm, parameters.femur.lateralDepthMm);
  const boxes: readonly [BoneName, Implicit, Bounds][] = [
    [
      "femur",
      femur.solid,
      { min: [-w - 6, -w * 0.6, femur.distalZ - 6], max: [w + 6, deep - w * 0.4, femur.topMm + 4] },
    ],
    ["tibia", tibia.solid, { min: [-t - 6, -d - 6, tibia.bottomMm - 4], max: [t + 6, d + 14, 18] }],
    ["fibula", tibia.fibula, { min: [0, -d - 18, tibia.bottomMm - 4], max: [t + 20, 14, 4] }],
    [
      "patella",
      patella.solid,
      {
        min: [-widthMm * 0.6, -thicknessMm * 0.7 - 2, -heightMm * 0.6 - 2],
        max: [widthMm * 0.7, thicknessMm * 0.7 + 2, heightMm * 0.6 + 2],
      },
    ],
  ];
  const bones: LocalBone[] = [];
  for (const [name, solid, bounds] of boxes) {
    const distance = sampleDistance(solid, roomy(bounds, spacingMm), spacingMm);
    bones.push({ name, distance, mesh: await meshSolid(distance, bounds, EDGE_SHARE * spacingMm) });
  }
  return { parameters, shapes: { femur, tibia, patella }, bones };
}

/** A coarse lattice needs more room around the surface: three voxels. */
function roomy({ min, max }: Bounds, spacingMm: number): Bounds {
  const by = 3 * (spacingMm - FIELD_SPACING_MM);
  return { min: [min[0] - by, min[1] - by, min[2] - by], max: [max[0] + by, max[1] + by, max[2] + by] };
}

export function localBone({ bones }: Pick<BoneSet, "bones">, name: BoneName): LocalBone {
  const bone = bones.find((b) => b.name === name);
  if (!bone) throw new Error(`no ${name} in this set of bones`);
  return bone;
}

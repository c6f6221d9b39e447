import { invert3x4, type Rigid } from "../../core/rigid.ts";
import type { BoneName } from "../../data/surface.ts";
import type { DistanceField } from "../../geometry/distance-field.ts";
import { transformMesh } from "../../geometry/mesh.ts";
import { type BoneSet, buildBones, type LocalBone } from "./bones.ts";
import { kneeLandmarks } from "./landmarks.ts";
import { type KneePose, poseKnee } from "./motion.ts";
import type { KneeParameters } from "./parameters.ts";
import type { Knee, KneeBone } from "./posed-knee.ts";
import { assignRegions, regionNames } from "./regions.ts";

export { buildScene } from "./build-scene.ts";
export type { Knee, KneeBone, KneeGuide } from "./posed-knee.ts";

/** What this knee leaves out, for the report. */
export const notModelledInKnee: readonly string[] = [
  "Knee: cruciate ligaments, the iliotibial band and bursae are missing; menisci are whole and keep their places on the tibia.",
  "Knee: bones are smooth (no osteophytes, foramina, roughness of attachments), of one family of shapes, right side only.",
  "Knee: muscles are simple volumes that do not bulge or slide; vessels have no wall and do not pulse, nerves are missing.",
  "Knee: the patella follows the groove without tilt, and no bone gives way to the probe.",
];

/** Flexion the motion is made for, rad. */
const MAX_FLEXION_RAD = (120.5 * Math.PI) / 180;

/** `from`: bones that were built before with the same parameters, so that only the posing is left to do. */
export async function buildKnee(
  parameters: KneeParameters,
  { flexionRad, from }: { readonly flexionRad: number; readonly from?: BoneSet },
): Promise<Knee> {
  if (!(flexionRad >= 0 && flexionRad <= MAX_FLEXION_RAD)) {
    throw new RangeError(`a knee bends by 0 to 120 degrees here, not by ${((flexionRad * 180) / Math.PI).toFixed(1)}`);
  }
  if (from && from.parameters !== parameters) throw new RangeError("these bones were built with other parameters");
  const set = from ?? (await buildBones(parameters));
  const pose = poseKnee(set, flexionRad);
  const landmarks = kneeLandmarks(set, pose);
  const at = (name: string): readonly [number, number, number] => landmarks.find((l) => l.name === name)!.positionMm;
  return {
    parameters,
    flexionRad,
    bones: set.bones.map((bone) => posedBone(bone, set, pose)),
    landmarks,
    pose,
    lateralSign: 1,
    guide: () => ({
      lateralSign: 1,
      flexionRad,
      patellaCentreMm: at("patellar centre"),
      patellaHeightMm: parameters.patella.heightMm,
      tubercleMm: at("tibial tubercle"),
      tibialPlateauCentreMm: at("plateau centre"),
      epicondylarWidthMm: parameters.femur.epicondylarWidthMm,
    }),
    set,
  };
}

/** A bone of the set where the pose has it. */
export function posedBone(bone: LocalBone, { shapes }: BoneSet, pose: KneePose): KneeBone {
  const kneeFromBone = boneMotion(bone.name, pose);
  return {
    name: bone.name,
    mesh: kneeFromBone ? transformMesh(bone.mesh, kneeFromBone.m) : bone.mesh,
    distance: kneeFromBone ? movedField(bone.distance, kneeFromBone.m) : bone.distance,
    region: assignRegions(bone.name, bone.mesh, shapes),
    regionNames: regionNames[bone.name],
  };
}

/** Undefined for the femur, which is at home in the knee frame. */
export function boneMotion(
  name: BoneName,
  pose: KneePose,
): Rigid<"knee", "tibia"> | Rigid<"knee", "patella"> | undefined {
  return name === "femur" ? undefined : name === "patella" ? pose.kneeFromPatella : pose.kneeFromTibia;
}

function movedField(field: DistanceField, kneeFromBone: Readonly<Float64Array>): DistanceField {
  const m = invert3x4(kneeFromBone);
  return {
    distanceMm: (x, y, z) =>
      field.distanceMm(
        m[0]! * x + m[1]! * y + m[2]! * z + m[3]!,
        m[4]! * x + m[5]! * y + m[6]! * z + m[7]!,
        m[8]! * x + m[9]! * y + m[10]! * z + m[11]!,
      ),
  };
}

import { UnsuitableInputError } from "../../core/errors.ts";
import { invert3x4, rotationAngle } from "../../core/rigid.ts";
import type { Rng } from "../../core/rng.ts";
import type { BoneName } from "../../data/surface.ts";
import { type Mesh, meshBounds, transformMesh } from "../../geometry/mesh.ts";
import type { BoneSet, LocalBone, Shapes } from "../knee/bones.ts";
import { buildScene, type GivenTissue } from "../knee/build-scene.ts";
import { femurShape } from "../knee/femur.ts";
import { type Implicit, smoothMax } from "../knee/implicit.ts";
import { type Knee, type KneeBone, notModelledInKnee, posedBone } from "../knee/knee.ts";
import { anglesOf } from "../knee/axes.ts";
import { kneeLandmarks } from "../knee/landmarks.ts";
import { meshSolid } from "../knee/mesh-solid.ts";
import { type KneePose, poseKnee } from "../knee/motion.ts";
import { type KneeParameters, type Sex, typicalKnee } from "../knee/parameters.ts";
import { patellaShape } from "../knee/patella.ts";
import { sampleDistance, type SampledDistance } from "../knee/sampled-distance.ts";
import { tibiaShape } from "../knee/tibia.ts";
import { averageKnee, scaleLengths } from "./average-knee.ts";
import { shaftCap } from "./caps.ts";
import { sampleMeshDistance, sampleMeshInside } from "./mesh-field.ts";
import { mirrorMesh, mirrorPhantom } from "./mirror.ts";
import type { Phantom } from "./phantom.ts";
import { registerBone, type Registration, starts, type Template } from "./register.ts";
import { repairMesh } from "./repair.ts";

export interface GivenMesh {
  /** For messages. */
  readonly file: string;
  /** RAS (X to the patient's right, Y anterior, Z up), mm; any origin. */
  readonly mesh: Mesh;
}

export interface AnatomyInput {
  readonly bones: Readonly<{ femur: GivenMesh; tibia: GivenMesh; patella?: GivenMesh; fibula?: GivenMesh }>;
  readonly cartilage: readonly GivenMesh[];
  readonly menisci: readonly GivenMesh[];
  readonly side: "right" | "left";
  /** For the soft tissue around; guessed from the width of the femur when not given. */
  readonly sex?: Sex;
}

/** Lattice of the bones' fields, and of cartilage and menisci, mm. */
const FIELD_MM = 1,
  THIN_MM = 0.8;

/** Mean edge of the bones' meshes, and of the models they are laid on, mm. */
const EDGE_MM = 1,
  TEMPLATE_EDGE_MM = 3;

/** The model that all femora are laid on; above the width of its sex's mean plus minus half the gap one is a man's. */
const TEMPLATE_WIDTH_MM = 82.65,
  MALE_FROM_MM = 77.5;

/** Epicondylar widths of adults, with room (Kapur ± 5 SD). */
const LEAST_WIDTH_MM = 52,
  LARGEST_WIDTH_MM = 108;

/** Residual of a bone laid on the model, as a share of the epicondylar width. Real femora and tibiae leave 0.02-0.03. */
const STRANGE_SHARE = 0.05;

/** Clear space around a stand-in for the fibula. */
const FIBULA_GAP_MM = 2;

/** Turned by more than this against the axes of its file, a femur suggests that the file's axes are others. */
const TURNED_RAD = 1.6;

/**
 * A phantom from segmented bones. Its knee frame is found by laying the femur on the parametric model; bent it is as
 * the meshes lie. Patella and fibula that are missing are put in from the model, with a word.
 */
export async function buildAnatomy(input: AnatomyInput, rng: Rng): Promise<Phantom> {
  const warnings: string[] = [];
  const notes: string[] = [];
  const sound = async ({ file, mesh }: GivenMesh, thorough = true): Promise<Mesh> => {
    const repaired = await repairMesh(mesh, file, { thorough });
    warnings.push(...repaired.warnings);
    return input.side === "left" ? mirrorMesh(repaired.mesh) : repaired.mesh;
  };

  const femurMesh = await sound(input.bones.femur);
  const onFemur = await layFemur(femurMesh, input, warnings);
  const widthMm = TEMPLATE_WIDTH_MM * onFemur.scale;
  const sex = input.sex ?? (widthMm >= MALE_FROM_MM ? "male" : "female");
  const kneeFromFile = onFemur.templateFromMesh;
  const average = averageKnee(sex, widthMm);
  const femur = femurShape(average.femur);
  notes.push(
    `femur: epicondylar width about ${widthMm.toFixed(1)} mm, laid on the model to ${onFemur.rmsMm.toFixed(1)} mm RMS`,
  );

  const inKnee = async (given: GivenMesh): Promise<Mesh> => transformMesh(await sound(given), kneeFromFile);
  const tibiaMesh = await inKnee(input.bones.tibia);
  const onTibia = await layTibia(tibiaMesh, average, femur.grooveX, input.bones.tibia.file);
  const kneeFromTibia = invert3x4(onTibia.templateFromMesh);
  const flexionRad = Math.max(0, Math.atan2(kneeFromTibia[6]!, kneeFromTibia[10]!));
  notes.push(
    `tibia: bent by ${((flexionRad * 180) / Math.PI).toFixed(0)}°, laid on the model to ${onTibia.rmsMm.toFixed(1)} mm RMS`,
  );

  const localFemur = await fromMesh("femur", transformMesh(femurMesh, kneeFromFile)),
    localTibia = await fromMesh("tibia", transformMesh(tibiaMesh, onTibia.templateFromMesh));
  const tibiaParameters = scaleLengths(average.tibia, onTibia.scale);
  const tibiaModel = tibiaShape(tibiaParameters, femur.grooveX);
  const tubercle = tubercleOf(localTibia.mesh, tibiaModel.tubercle[2], widthMm);
  const tibia = { ...tibiaModel, tubercle };

  const fibula = input.bones.fibula
    ? await fromMesh("fibula", transformMesh(await inKnee(input.bones.fibula), onTibia.templateFromMesh))
    : await modelBone("fibula", fibulaBeside(tibiaModel.fibula, localTibia.distance), {
        min: [0, -60, tibia.bottomMm - 4],
        max: [70, 20, 6],
      });
  if (!input.bones.fibula) warnings.push("no fibula was given: one of average shape stands in for it");

  // The patella's frame, and a model of its size, which the soft tissue is fixed to.
  let kneeFromPatella: Float64Array | undefined;
  let patellaParameters = average.patella;
  let localPatella: LocalBone;
  if (input.bones.patella) {
    const mesh = await inKnee(input.bones.patella);
    const laid = await layPatella(mesh, average, flexionRad, input.bones.patella.file);
    kneeFromPatella = invert3x4(laid.templateFromMesh);
    localPatella = await fromMesh("patella", transformMesh(mesh, laid.templateFromMesh));
    const { min, max } = meshBounds(localPatella.mesh);
    patellaParameters = {
      ...average.patella,
      widthMm: max[0] - min[0],
      thicknessMm: max[1] - min[1],
      heightMm: max[2] - min[2],
      ridgeShare: Math.min(0.7, Math.max(0.4, max[0] / (max[0] - min[0]))),
    };
  } else {
    const { widthMm: w, heightMm: h, thicknessMm: t } = average.patella;
    localPatella = await modelBone("patella", patellaShape(average.patella).solid, {
      min: [-w * 0.6, -t * 0.7 - 2, -h * 0.6 - 2],
      max: [w * 0.7, t * 0.7 + 2, h * 0.6 + 2],
    });
    warnings.push("no patella was given: one of average shape lies in the groove");
  }

  const parameters: KneeParameters = {
    ...average,
    tibia: tibiaParameters,
    patella: patellaParameters,
    softTissue: typicalKnee(rng.fork("soft-tissue"), sex).softTissue,
  };
  const shapes: Shapes = { femur, tibia, patella: patellaShape(patellaParameters) };
  const set: BoneSet = { parameters, shapes, bones: [localFemur, localTibia, fibula, localPatella] };
  const pose: KneePose = {
    flexionRad,
    kneeFromTibia: { m: kneeFromTibia },
    kneeFromPatella: kneeFromPatella
      ? { m: kneeFromPatella }
      : poseKnee(set, Math.min(flexionRad, MODEL_FLEXION_RAD)).kneeFromPatella,
  };
  const knee = assemble(set, pose);
  const given: GivenTissue = {
    cartilage: await insides(input.cartilage, kneeFromFile, sound),
    menisci: await insides(input.menisci, kneeFromFile, sound),
  };
  const phantom: Phantom = {
    bones: knee.bones,
    landmarks: knee.landmarks,
    angles: anglesOf(knee.parameters, flexionRad),
    pose,
    lateralSign: 1,
    kneeFromFile: { m: kneeFromFile },
    guide: () => knee.guide(),
    scene: (options) => buildScene(knee, options, given),
    warnings,
    notes,
    notModelled: [
      ...notModelledInKnee.filter((sentence) => !sentence.startsWith("Knee: bones")),
      `Knee: bones come from files and are sampled every ${FIELD_MM} mm; finer detail is rounded off.`,
      "Knee: soft tissue is the parametric model's, scaled to these bones; leg girth and fat are typical, not measured.",
    ],
  };
  return input.side === "left" ? mirrorPhantom(phantom) : phantom;
}

/** The patella's path is modelled up to here. */
const MODEL_FLEXION_RAD = 2.1;

async function template(solid: Implicit, min: number[], max: number[], joint: Template["joint"]): Promise<Template> {
  const bounds = { min: [min[0]!, min[1]!, min[2]!], max: [max[0]!, max[1]!, max[2]!] } as const;
  return { mesh: await meshSolid({ distanceMm: solid }, bounds, TEMPLATE_EDGE_MM), joint };
}

async function layFemur(mesh: Mesh, { bones, side }: AnatomyInput, warnings: string[]): Promise<Registration> {
  const { file } = bones.femur;
  const { solid, distalZ, topMm } = femurShape(averageKnee("male", TEMPLATE_WIDTH_MM).femur);
  const model = await template(solid, [-58, -48, distalZ - 8], [58, 70, topMm + 6], "bottom");
  const turns = [0, Math.PI].flatMap((half) => [half - 0.4, half, half + 0.4]);
  const laid = registerBone(mesh, model, starts([-0.5, 0, 0.5], turns));
  const widthMm = TEMPLATE_WIDTH_MM * laid.scale;
  if (!(widthMm > LEAST_WIDTH_MM && widthMm < LARGEST_WIDTH_MM)) {
    throw new UnsuitableInputError(
      `${file} would be a femur ${widthMm.toPrecision(3)} mm wide; adults have ${LEAST_WIDTH_MM}-${LARGEST_WIDTH_MM} mm`,
      "Meshes are read in millimetres; scale them, or check that this is the end of the femur at the knee",
    );
  }
  refuseStrange(laid, widthMm, file, "a femur's knee end");
  const other = registerBone(mirrorMesh(mesh), model, starts([0], [0, Math.PI]));
  if (other.rmsMm < 0.85 * laid.rmsMm) {
    const opposite = side === "right" ? "left" : "right";
    warnings.push(
      `${file}: fits a ${opposite} knee better (${other.rmsMm.toFixed(1)} against ${laid.rmsMm.toFixed(1)} mm RMS); is side: ${opposite} meant?`,
    );
  }
  if (rotationAngle(laid.templateFromMesh) > TURNED_RAD) {
    warnings.push(`${file}: lies turned by half a turn; its axes are probably RAS where LPS was said, or the reverse`);
  }
  return laid;
}

async function layTibia(mesh: Mesh, average: KneeParameters, grooveX: number, file: string): Promise<Registration> {
  const { plateauWidthMm: w, plateauDepthMm: d } = average.tibia;
  const { solid, bottomMm } = tibiaShape(average.tibia, grooveX);
  const model = await template(solid, [-w / 2 - 6, -d / 2 - 8, bottomMm - 4], [w / 2 + 6, d / 2 + 16, 20], "top");
  const laid = registerBone(mesh, model, starts([0, 0.5, 1, 1.5, 2], [-0.3, 0, 0.3]));
  refuseStrange(laid, w, file, "a tibia's knee end beside this femur");
  return laid;
}

async function layPatella(
  mesh: Mesh,
  average: KneeParameters,
  flexionRad: number,
  file: string,
): Promise<Registration> {
  const { widthMm: w, heightMm: h, thicknessMm: t } = average.patella;
  const { solid } = patellaShape(average.patella);
  const model = await template(
    solid,
    [-w * 0.6, -t * 0.7 - 2, -h * 0.6 - 2],
    [w * 0.7, t * 0.7 + 2, h * 0.6 + 2],
    "none",
  );
  const about = 0.65 * flexionRad; // the patella turns by 60-70 % of the knee's flexion
  const laid = registerBone(mesh, model, starts([about - 0.35, about, about + 0.35], [-0.25, 0, 0.25]));
  refuseStrange(laid, 2 * w, file, "a patella");
  return laid;
}

function refuseStrange({ rmsMm }: Registration, sizeMm: number, file: string, what: string): void {
  if (rmsMm < STRANGE_SHARE * sizeMm) return;
  throw new UnsuitableInputError(
    `${file} does not look like ${what}: it lies ${rmsMm.toFixed(1)} mm RMS off the model`,
    "Check that the files are not exchanged, that all are of one leg in one frame, and that this is the bone's knee end",
  );
}

/** A bone of the phantom from a mesh in its own frame. The field is the bone: its mesh is made anew on it. */
async function fromMesh(name: BoneName, mesh: Mesh): Promise<LocalBone> {
  const distance = sampleMeshDistance(mesh, FIELD_MM);
  const { min, max } = meshBounds(mesh);
  const pad = (at: readonly [number, number, number], by: number) => [at[0] + by, at[1] + by, at[2] + by] as const;
  return { name, distance, mesh: await meshSolid(distance, { min: pad(min, -3), max: pad(max, 3) }, EDGE_MM) };
}

async function modelBone(
  name: BoneName,
  solid: Implicit,
  bounds: { readonly min: readonly [number, number, number]; readonly max: readonly [number, number, number] },
): Promise<LocalBone> {
  const distance = sampleDistance(solid, bounds, FIELD_MM);
  return { name, distance, mesh: await meshSolid(distance, bounds, EDGE_MM) };
}

const fibulaBeside = (fibula: Implicit, tibia: SampledDistance): Implicit => {
  return (x, y, z) => smoothMax(fibula(x, y, z), FIBULA_GAP_MM - tibia.distanceMm(x, y, z), 3);
};

/** Where the patellar tendon ends: on the foremost point of the tibia at the model's height, give or take 8 mm. */
function tubercleOf({ positions: p }: Mesh, modelZ: number, widthMm: number): readonly [number, number, number] {
  const reach = 0.1 * widthMm;
  let best: readonly [number, number, number] = [0, -Infinity, 0];
  for (let i = 0; i < p.length; i += 3) {
    if (Math.abs(p[i + 2]! - modelZ) < reach && p[i + 1]! > best[1]) best = [p[i]!, p[i + 1]!, p[i + 2]!];
  }
  return [best[0], best[1] - 0.5, best[2]];
}

async function insides(
  given: readonly GivenMesh[],
  kneeFromFile: Float64Array,
  sound: (mesh: GivenMesh, thorough?: boolean) => Promise<Mesh>,
): Promise<SampledDistance[]> {
  const fields: SampledDistance[] = [];
  for (const mesh of given) {
    fields.push(sampleMeshInside(transformMesh(await sound(mesh, false), kneeFromFile), THIN_MM));
  }
  return fields;
}

/** The shaft's end in each bone's own frame. */
const shaftEnd: { readonly [B in BoneName]?: 1 | -1 } = { femur: 1, tibia: -1, fibula: -1 };

function assemble(set: BoneSet, pose: KneePose): Knee {
  const bones = set.bones.map((bone): KneeBone => {
    const posed = posedBone(bone, set, pose);
    const end = shaftEnd[bone.name];
    if (!end) return posed;
    const cap = shaftCap(bone.mesh, end),
      number = posed.regionNames.indexOf("cap");
    return { ...posed, region: posed.region.map((region, i) => (cap[i] ? number : region)) };
  });
  const landmarks = kneeLandmarks(set, pose);
  const at = (name: string): readonly [number, number, number] => landmarks.find((l) => l.name === name)!.positionMm;
  const { parameters } = set;
  return {
    parameters,
    flexionRad: pose.flexionRad,
    bones,
    landmarks,
    pose,
    lateralSign: 1,
    set,
    guide: () => ({
      lateralSign: 1,
      flexionRad: pose.flexionRad,
      patellaCentreMm: at("patellar centre"),
      patellaHeightMm: parameters.patella.heightMm,
      tubercleMm: at("tibial tubercle"),
      tibialPlateauCentreMm: at("plateau centre"),
      epicondylarWidthMm: parameters.femur.epicondylarWidthMm,
    }),
  };
}

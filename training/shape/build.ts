import { writeFile } from "node:fs/promises";
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { createRng } from "../../src/core/rng.ts";
import { invert, transformPoint } from "../../src/core/rigid.ts";
import type { ShapeBody, ShapeModel } from "../../src/data/shape-model.ts";
import type { BoneName } from "../../src/data/surface.ts";
import { mergeMeshes, type Mesh } from "../../src/geometry/mesh.ts";
import { fitRigid } from "../../src/geometry/rigid-fit.ts";
import { encodeShapeModels } from "../../src/io/shape-model-file.ts";
import { averageKnee } from "../../src/sim/anatomy/average-knee.ts";
import { shaftCap } from "../../src/sim/anatomy/caps.ts";
import { type BoneSet, buildBones, localBone } from "../../src/sim/knee/bones.ts";
import { kneeLandmarks } from "../../src/sim/knee/landmarks.ts";
import { poseKnee } from "../../src/sim/knee/motion.ts";
import { typicalKnee } from "../../src/sim/knee/parameters.ts";
import { correspond } from "./correspond.ts";

/** Seeds of the training knees; no scenario, study or check uses this name. */
const SEED = "shape-model-training";
const SPACING_MM = 2.5;
/** Of the template, between the sexes' means. */
const WIDTH_MM = 78;
/** Modes are kept up to this share of the variance. */
const KEPT = 0.995;
const MAX_MODES = 34;

const bodies: { readonly [B in ShapeBody]: readonly BoneName[] } = {
  femur: ["femur"],
  shank: ["tibia", "fibula"],
  patella: ["patella"],
};

/** What the operator can touch, by the names of a recording, and where the model has it. */
const landmarks: { readonly [B in ShapeBody]: Readonly<Record<string, string>> } = {
  femur: {
    "femur-medial-epicondyle": "medial epicondyle",
    "femur-lateral-epicondyle": "lateral epicondyle",
  },
  shank: {
    "tibia-tubercle": "tibial tubercle",
    "tibia-medial-plateau": "medial plateau border",
    "tibia-lateral-plateau": "lateral plateau border",
    "fibula-head": "fibular tip",
  },
  patella: { "patella-superior-pole": "proximal pole", "patella-inferior-pole": "distal pole" },
};

interface Sample {
  /** Vertices of the template on this knee's bones, then its landmarks, in the body's own frame. */
  readonly points: { readonly [B in ShapeBody]: Float64Array };
}

function landmarkPoints(set: BoneSet, body: ShapeBody): number[] {
  const pose = poseKnee(set, 0.5);
  const found = kneeLandmarks(set, pose);
  const own =
    body === "shank" ? invert(pose.kneeFromTibia).m : body === "patella" ? invert(pose.kneeFromPatella).m : undefined;
  return Object.values(landmarks[body]).flatMap((name) => {
    const { positionMm } = found.find((l) => l.name === name)!;
    return own ? [...transformPoint(own, ...positionMm)] : [...positionMm];
  });
}

function sample(template: BoneSet, set: BoneSet): Sample {
  const of = (body: ShapeBody): Float64Array => {
    const vertices = bodies[body].flatMap((bone) => [
      ...correspond(localBone(template, bone).mesh, localBone(set, bone)),
    ]);
    return Float64Array.from([...vertices, ...landmarkPoints(set, body)]);
  };
  return { points: { femur: of("femur"), shank: of("shank"), patella: of("patella") } };
}

/** Rigidly onto the mean, which is then computed again: generalised Procrustes without scaling (Gower 1975). */
function aligned(shapes: readonly Float64Array[]): { readonly mean: Float64Array; readonly shapes: Float64Array[] } {
  let mean = Float64Array.from(shapes[0]!);
  let moved: Float64Array[] = [];
  for (let round = 0; round < 4; round++) {
    moved = shapes.map((shape) => {
      const fit = fitRigid(shape, mean);
      if (fit.status === "refused") throw new Error(fit.reason);
      const out = new Float64Array(shape.length);
      for (let i = 0; i < shape.length; i += 3)
        out.set(transformPoint(fit.m, shape[i]!, shape[i + 1]!, shape[i + 2]!), i);
      return out;
    });
    mean = new Float64Array(mean.length);
    for (const shape of moved) for (let i = 0; i < mean.length; i++) mean[i]! += shape[i]! / moved.length;
  }
  return { mean, shapes: moved };
}

/** Principal components by the Gram matrix: there are fewer shapes than coordinates. */
function principal(shapes: readonly Float64Array[], mean: Float64Array) {
  const n = shapes.length;
  const off = shapes.map((shape) => shape.map((value, i) => value - mean[i]!));
  const gram = Matrix.zeros(n, n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let c = 0; c < mean.length; c++) sum += off[i]![c]! * off[j]![c]!;
      gram.set(i, j, sum / (n - 1));
      gram.set(j, i, sum / (n - 1));
    }
  }
  const eigen = new EigenvalueDecomposition(gram, { assumeSymmetric: true });
  const order = eigen.realEigenvalues.map((value, i) => ({ value, i })).sort((a, b) => b.value - a.value);
  const total = order.reduce((sum, { value }) => sum + Math.max(0, value), 0);
  const modes: Float32Array[] = [];
  let kept = 0;
  for (const { value, i } of order) {
    if (kept >= KEPT * total || modes.length >= MAX_MODES) break;
    kept += value;
    const mode = new Float64Array(mean.length);
    for (let s = 0; s < n; s++) {
      const weight = eigen.eigenvectorMatrix.get(s, i);
      for (let c = 0; c < mean.length; c++) mode[c]! += weight * off[s]![c]!;
    }
    const length = Math.sqrt(mode.reduce((sum, x) => sum + x * x, 0));
    modes.push(Float32Array.from(mode, (x) => (x / length) * Math.sqrt(value)));
  }
  return { modes, share: kept / total, residualSdMm: Math.sqrt(Math.max(0, total - kept) / mean.length) };
}

function modelOf(body: ShapeBody, template: BoneSet, samples: readonly Sample[]): ShapeModel {
  const { mean, shapes } = aligned(samples.map(({ points }) => points[body]));
  const { modes, share, residualSdMm } = principal(shapes, mean);
  const meshes = bodies[body].map((bone) => localBone(template, bone).mesh);
  const merged: Mesh = mergeMeshes(meshes);
  const vertices = merged.positions.length;
  console.log(
    `${body}: ${vertices / 3} vertices, ${modes.length} modes hold ${(100 * share).toFixed(2)} % of the variance, ` +
      `left out ${residualSdMm.toFixed(3)} mm a coordinate`,
  );
  const end = body === "femur" ? 1 : -1;
  return {
    body,
    bones: bodies[body].map((name, i) => ({
      name,
      vertices: meshes[i]!.positions.length / 3,
      triangles: meshes[i]!.triangles.length / 3,
    })),
    mean: { positions: Float32Array.from(mean.subarray(0, vertices)), triangles: merged.triangles },
    landmarks: Object.keys(landmarks[body]).map((name, i) => {
      const at = vertices + 3 * i;
      return { name, meanMm: [mean[at]!, mean[at + 1]!, mean[at + 2]!] };
    }),
    modes,
    residualSdMm,
    cap: Uint8Array.from(
      body === "patella"
        ? new Uint8Array(merged.triangles.length / 3)
        : meshes.flatMap((mesh) => [...shaftCap(mesh, end)]),
    ),
  };
}

const count = Number(process.argv[2] ?? 140);
const out = process.argv[3] ?? "models/shape/knee.shape";
const template = await buildBones(averageKnee("male", WIDTH_MM), { spacingMm: SPACING_MM });
const samples: Sample[] = [];
for (let i = 0; i < count; i++) {
  const parameters = typicalKnee(createRng(`${SEED}/${i}`), i % 2 === 0 ? "male" : "female");
  samples.push(sample(template, await buildBones(parameters, { spacingMm: SPACING_MM })));
  if (i % 10 === 9) console.log(`${i + 1} of ${count} knees`);
}
const models = (Object.keys(bodies) as ShapeBody[]).map((body) => modelOf(body, template, samples));
await writeFile(out, encodeShapeModels(models));

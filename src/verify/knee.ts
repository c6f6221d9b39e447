import { createRng } from "../core/rng.ts";
import { sampleTrilinear } from "../geometry/grid.ts";
import { edgeDefects, meshBounds, signedVolume, vertexNormals } from "../geometry/mesh.ts";
import { localBone } from "../sim/knee/bones.ts";
import { buildKnee, buildScene, type Knee, type KneeBone } from "../sim/knee/knee.ts";
import { typicalKnee } from "../sim/knee/parameters.ts";
import type { Scene } from "../sim/scene.ts";
import type { Check, Suite } from "./check.ts";
import { tendonLength } from "./knee-draws.ts";
import { measureFemur, measurePatella, measureTibia } from "./knee-measures.ts";
import { populationChecks } from "./knee-population.ts";

const DEG = Math.PI / 180;

/** Angles at which the bones are asked to keep apart. */
const FLEXIONS_DEG = [0, 30, 60, 90, 120];

/** One man and one woman, built once for all checks, straight; and the scenes around them. */
interface Subject {
  readonly straight: Knee;
  readonly scene: Scene;
}

let building: Promise<readonly Subject[]> | undefined;

function subjects(): Promise<readonly Subject[]> {
  building ??= (async () => {
    const all: Subject[] = [];
    for (const sex of ["male", "female"] as const) {
      const straight = await buildKnee(typicalKnee(createRng("verify").fork("knee").fork(sex), sex), { flexionRad: 0 });
      all.push({ straight, scene: buildScene(straight, { spacingMm: 0.75 }) });
    }
    return all;
  })();
  return building;
}

const bend = ({ parameters, set }: Knee, flexionDeg: number): Promise<Knee> =>
  buildKnee(parameters, { flexionRad: flexionDeg * DEG, from: set });

export const boneOf = (knee: Knee, name: string): KneeBone => knee.bones.find((b) => b.name === name)!;

export function landmarkOf(knee: Knee, name: string): readonly [number, number, number] {
  const landmark = knee.landmarks.find((l) => l.name === name);
  if (!landmark) throw new Error(`no landmark "${name}"`);
  return landmark.positionMm;
}

/** Least distance of one bone's vertices to another bone, over all pairs: negative when bones overlap. */
export function leastClearance({ bones }: Knee): number {
  let least = Infinity;
  for (const a of bones) {
    for (const b of bones) {
      if (a === b) continue;
      const { positions: p } = a.mesh;
      for (let i = 0; i < p.length; i += 3) least = Math.min(least, b.distance.distanceMm(p[i]!, p[i + 1]!, p[i + 2]!));
    }
  }
  return least;
}

/** How far the vertices of a mesh lie off the field they were made from. */
export function offField({ mesh: { positions: p }, distance }: KneeBone): number {
  let worst = 0;
  for (let i = 0; i < p.length; i += 3) {
    worst = Math.max(worst, Math.abs(distance.distanceMm(p[i]!, p[i + 1]!, p[i + 2]!)));
  }
  return worst;
}

/** Of `share` of random points within 1.5 mm of the surface, how far the length of the field's gradient is from 1. */
export function slopeError({ name, mesh: { positions: p }, distance: d }: KneeBone, share: number): number {
  const rng = createRng(`slope/${name}`),
    step = 0.05;
  const errors: number[] = [];
  while (errors.length < 4000) {
    const v = rng.integer(p.length / 3) * 3;
    const [x, y, z] = [0, 1, 2].map((axis) => p[v + axis]! + 3 * (rng.uniform() - 0.5)) as [number, number, number];
    if (Math.abs(d.distanceMm(x, y, z)) > 1.5) continue;
    const gradient = Math.hypot(
      d.distanceMm(x + step, y, z) - d.distanceMm(x - step, y, z),
      d.distanceMm(x, y + step, z) - d.distanceMm(x, y - step, z),
      d.distanceMm(x, y, z + step) - d.distanceMm(x, y, z - step),
    );
    errors.push(Math.abs(gradient / (2 * step) - 1));
  }
  return errors.sort((a, b) => a - b)[Math.floor(share * (errors.length - 1))]!;
}

/** Trilinear reading of the scene at the vertices of the bones, where the distance is 0; away from the scene's ends. */
export function sceneSurfaceError(knee: Knee, scene: Scene, share: number): number {
  const errors: number[] = [];
  for (const { name, mesh } of knee.bones) {
    const { positions: p } = mesh,
      { max, min } = meshBounds(mesh);
    for (let i = 0; i < p.length; i += 3) {
      // The sawn ends of the long bones have a sharp edge; they lie outside the scanned part.
      if (name !== "patella" && (p[i + 2]! > max[2] - 6 || p[i + 2]! < min[2] + 6) && Math.abs(p[i + 2]!) > 60)
        continue;
      const d = sampleTrilinear(scene.grid, scene.boneDistanceMm, p[i]!, p[i + 1]!, p[i + 2]!, NaN);
      if (!Number.isNaN(d)) errors.push(Math.abs(d));
    }
  }
  return errors.sort((a, b) => a - b)[Math.floor(share * (errors.length - 1))]!;
}

/** Depth of a point under the skin along the scene's distance. */
export function depthMm({ grid, skinDistanceMm }: Scene, [x, y, z]: readonly [number, number, number]): number {
  return -sampleTrilinear(grid, skinDistanceMm, x, y, z, NaN);
}

/** Depth of the front of the femur, mean over 10-35 mm above the patella (suprapatellar window). */
export function suprapatellarDepth(knee: Knee, scene: Scene): number {
  const pole = landmarkOf(knee, "proximal pole")[2];
  const { positions: p } = boneOf(knee, "femur").mesh;
  const normals = vertexNormals(boneOf(knee, "femur").mesh);
  let sum = 0,
    count = 0;
  for (let i = 0; i < p.length; i += 3) {
    const above = p[i + 2]! - pole;
    if (normals[i + 1]! < 0.85 || above < 10 || above > 35) continue;
    sum += depthMm(scene, [p[i]!, p[i + 1]!, p[i + 2]!]);
    count++;
  }
  return sum / count;
}

/** Depth of the bare medial face of the tibia, mean over 50-75 mm below the plateau. */
export function anteromedialTibiaDepth(knee: Knee, scene: Scene): number {
  const plateau = landmarkOf(knee, "plateau centre")[2];
  const { mesh } = boneOf(knee, "tibia");
  const { positions: p } = mesh,
    normals = vertexNormals(mesh);
  let sum = 0,
    count = 0;
  for (let i = 0; i < p.length; i += 3) {
    const below = plateau - p[i + 2]!;
    if (below < 50 || below > 75 || -0.83 * normals[i]! + 0.56 * normals[i + 1]! < 0.97) continue;
    sum += depthMm(scene, [p[i]!, p[i + 1]!, p[i + 2]!]);
    count++;
  }
  return sum / count;
}

export interface Dimension {
  readonly name: string;
  readonly measuredMm: number;
  readonly parameterMm: number;
  readonly toleranceMm: number;
}

/** The meshes of a straight knee measured with a ruler, beside what its parameters asked for. */
export function dimensions(knee: Knee): Dimension[] {
  const { femur: f, tibia: t, patella: q } = knee.parameters;
  const femur = measureFemur(localBone(knee.set, "femur").mesh),
    tibia = measureTibia(localBone(knee.set, "tibia").mesh),
    patella = measurePatella(localBone(knee.set, "patella").mesh);
  const row = (name: string, measuredMm: number, parameterMm: number, toleranceMm: number): Dimension => ({
    name, measuredMm, parameterMm, toleranceMm,
  }); // prettier-ignore
  return [
    row("epicondylar width", femur.epicondylarWidthMm, f.epicondylarWidthMm, 0.7),
    row("medial condyle depth", femur.medialDepthMm, f.medialDepthMm, 0.7),
    row("lateral condyle depth", femur.lateralDepthMm, f.lateralDepthMm, 0.7),
    row("medial posterior radius", femur.medialPosteriorRadiusMm, f.medialPosteriorRadiusMm, 1),
    row("lateral posterior radius", femur.lateralPosteriorRadiusMm, f.lateralPosteriorRadiusMm, 1),
    row("notch height", femur.notchHeightMm, f.notchHeightMm, 1),
    row("trochlear depth", femur.trochlearDepthMm, f.trochlearDepthMm, 0.6),
    row("plateau width", tibia.plateauWidthMm, t.plateauWidthMm, 1),
    row("plateau depth", tibia.plateauDepthMm, t.plateauDepthMm, 1.2),
    row("patella height", patella.heightMm, q.heightMm, 0.6),
    row("patella width", patella.widthMm, q.widthMm, 0.6),
    row("patella thickness", patella.thicknessMm, q.thicknessMm, 0.6),
    row("patellar tendon length", tendonLength(knee), q.tendonLengthMm, 0.5),
  ];
}

interface Limits {
  readonly id: string;
  readonly statement: string;
  readonly source: string;
  readonly unit: string;
  readonly low: number;
  readonly high: number;
  /** All values that must lie between `low` and `high`. */
  measure(subjects: readonly Subject[]): Promise<readonly number[]> | readonly number[];
}

function limits({ id, statement, source, unit, low, high, measure }: Limits): Check {
  return {
    id: `knee.${id}`,
    statement,
    source,
    expected: `${low} to ${high}${unit ? ` ${unit}` : ""}`,
    tolerance: "as given",
    async run() {
      const values = await measure(await subjects());
      return {
        measured: [...new Set([Math.min(...values), Math.max(...values)])].map((v) => v.toFixed(3)).join(" to "),
        pass: values.length > 0 && values.every((v) => v >= low && v <= high),
      };
    },
  };
}

const allBones = (all: readonly Subject[]): KneeBone[] => all.flatMap(({ straight }) => straight.bones);

const depth = (id: string, statement: string, low: number, high: number, of: (s: Subject) => number): Check =>
  limits({
    id: `depth.${id}`,
    statement,
    source: "read off 49 in-vivo images (JoCo); tibia: men 5-8, women 8-13",
    unit: "mm",
    low,
    high,
    measure: (all) => all.map(of),
  });

/** Angles of axes on the meshes less those that were asked for, degrees. */
function axisErrors({ straight }: Subject): readonly number[] {
  const { femur: f, tibia: t } = straight.parameters;
  const femur = measureFemur(localBone(straight.set, "femur").mesh),
    tibia = measureTibia(localBone(straight.set, "tibia").mesh);
  return [
    femur.posteriorTurnRad - f.posteriorTurnRad,
    tibia.medialSlopeRad - t.medialSlopeRad,
    tibia.lateralSlopeRad - t.lateralSlopeRad,
  ].map((error) => Math.abs(error) / DEG);
}

/** Angle between the X axis and the line through two landmarks, seen from all sides, degrees. */
function angleToX(knee: Knee, from: string, to: string): number {
  const a = landmarkOf(knee, from),
    b = landmarkOf(knee, to);
  return Math.atan2(Math.hypot(b[1] - a[1], b[2] - a[2]), b[0] - a[0]) / DEG;
}

/** Lean of the shank: the line through the middles of two sections of the tibia against what was asked, degrees. */
function shankLeanError({ straight }: Subject): number {
  const { positions: p } = localBone(straight.set, "tibia").mesh;
  const middle = (z0: number): readonly [number, number] => {
    let x0 = Infinity, x1 = -Infinity, y0 = Infinity, y1 = -Infinity; // prettier-ignore
    for (let i = 0; i < p.length; i += 3) {
      if (Math.abs(p[i + 2]! - z0) > 1) continue;
      x0 = Math.min(x0, p[i]!);
      x1 = Math.max(x1, p[i]!);
      y0 = Math.min(y0, p[i + 1]!);
      y1 = Math.max(y1, p[i + 1]!);
    }
    return [(x0 + x1) / 2, (y0 + y1) / 2];
  };
  const high = middle(-88),
    low = middle(-112);
  const { shaftLateralLeanRad } = straight.parameters.tibia;
  return Math.abs(Math.atan2(low[0] - high[0], 24) - shaftLateralLeanRad) / DEG;
}

export const kneeSuite: Suite = {
  name: "knee",
  about:
    "The simulated knee is made of sound surfaces, has the sizes that were asked for, and moves without collisions",
  checks: [
    limits({
      id: "mesh.closed",
      statement: "Every edge of every bone is shared by exactly two triangles",
      source: "definition of a closed manifold",
      unit: "",
      low: 0,
      high: 0,
      measure: (all) => allBones(all).map(({ mesh }) => edgeDefects(mesh).open + edgeDefects(mesh).nonManifold),
    }),
    limits({
      id: "mesh.outward",
      statement: "The volume that each bone's triangles enclose is positive and that of a bone, cm³",
      source: "divergence theorem",
      unit: "cm³",
      low: 6,
      high: 260,
      measure: (all) => allBones(all).map(({ mesh }) => signedVolume(mesh) / 1000),
    }),
    limits({
      id: "mesh.on-field",
      statement: "Every vertex lies on the zero set of its bone's distance field",
      source: "construction",
      unit: "mm",
      low: 0,
      high: 0.05,
      measure: (all) => allBones(all).map(offField),
    }),
    limits({
      id: "field.slope",
      statement: "Within 1.5 mm of the surface the distance grows by 1 per mm (99 % of points)",
      source: "eikonal equation",
      unit: "",
      low: 0,
      high: 0.1,
      measure: (all) => allBones(all).map((bone) => slopeError(bone, 0.99)),
    }),
    limits({
      id: "scene.trilinear",
      statement: "Read trilinearly, the scene's bone distance is 0 on the bones (99.9 % of vertices)",
      source: "construction at 0.75 mm",
      unit: "mm",
      low: 0,
      high: 0.05,
      measure: (all) => all.map(({ straight, scene }) => sceneSurfaceError(straight, scene, 0.999)),
    }),
    limits({
      id: "motion.apart",
      statement: "From 0 to 120 degrees no bone enters another; cartilage finds its room",
      source: "anatomy",
      unit: "mm",
      low: 1,
      high: 3,
      measure: async (all) => {
        const values: number[] = [];
        for (const { straight } of all) {
          for (const flexion of FLEXIONS_DEG) values.push(leastClearance(await bend(straight, flexion)));
        }
        return values;
      },
    }),
    limits({
      id: "size.as-asked",
      statement: "The sizes measured on the meshes are the parameters' (worst error as a share of its tolerance)",
      source: "a ruler on the mesh",
      unit: "",
      low: 0,
      high: 1,
      measure: (all) =>
        all.flatMap(({ straight }) =>
          dimensions(straight).map((d) => Math.abs(d.measuredMm - d.parameterMm) / d.toleranceMm),
        ),
    }),
    limits({
      id: "axes.asked",
      statement: "Line through the condyles' backs and both slopes of the plateau, on the meshes, are the parameters'",
      source: "landmarks and profiles of the meshes",
      unit: "deg",
      low: 0,
      high: 0.8,
      measure: (all) => all.flatMap(axisErrors),
    }),
    limits({
      id: "axes.epicondylar",
      statement: "The line through the epicondyles' tips is the knee's X axis",
      source: "definition of the knee frame",
      unit: "deg",
      low: 0,
      high: 1.5,
      measure: (all) => all.map(({ straight }) => angleToX(straight, "medial epicondyle", "lateral epicondyle")),
    }),
    limits({
      id: "axes.whiteside",
      statement: "Whiteside's line, from notch to groove, stands upright on the epicondylar line",
      source: "anatomy; 3 SD of the family",
      unit: "deg",
      low: -13,
      high: 7,
      measure: (all) =>
        all.map(({ straight }) => measureFemur(localBone(straight.set, "femur").mesh).whitesideRad / DEG),
    }),
    limits({
      id: "axes.shank",
      statement: "Seen from the front, the shank leans as asked",
      source: "middles of sections 88 and 112 mm below the plateau",
      unit: "deg",
      low: 0,
      high: 1.5,
      measure: (all) => all.map(shankLeanError),
    }),
    depth("patella", "The front of the patella lies 5-8 mm under the skin", 5, 8, ({ straight, scene }) =>
      depthMm(scene, landmarkOf(straight, "patellar front")),
    ),
    depth("suprapatellar", "The femur above the patella lies 20-30 mm deep", 20, 30, ({ straight, scene }) =>
      suprapatellarDepth(straight, scene),
    ),
    depth("medial-joint", "The medial border of the plateau lies 8-13 mm deep", 8, 13, ({ straight, scene }) =>
      depthMm(scene, landmarkOf(straight, "medial plateau border")),
    ),
    depth("lateral-joint", "The lateral border of the plateau lies 8-16 mm deep", 8, 16, ({ straight, scene }) =>
      depthMm(scene, landmarkOf(straight, "lateral plateau border")),
    ),
    depth("popliteal", "The back of the medial condyle lies 20-30 mm deep", 20, 30, ({ straight, scene }) =>
      depthMm(scene, landmarkOf(straight, "medial posterior condyle")),
    ),
    depth("tibia", "The bare medial face of the tibia lies 5-13 mm deep", 5, 13, ({ straight, scene }) =>
      anteromedialTibiaDepth(straight, scene),
    ),
    ...populationChecks(async () => (await subjects()).map(({ straight }) => straight)),
  ],
};

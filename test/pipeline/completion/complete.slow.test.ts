import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createRng } from "../../../src/core/rng.ts";
import { fromAxisAngle, transformPoint } from "../../../src/core/rigid.ts";
import type { DigitisedPoint } from "../../../src/data/recording.ts";
import type { Surface } from "../../../src/data/surface.ts";
import { createClosestPoint } from "../../../src/geometry/closest-point.ts";
import {
  edgeDefects,
  meshBounds,
  type Mesh,
  selectTriangles,
  signedVolume,
  surfaceArea,
  transformMesh,
  triangleNormal,
} from "../../../src/geometry/mesh.ts";
import { selfCrossings } from "../../../src/geometry/self-crossings.ts";
import { writeSmoothStep } from "../../../src/io/mesh/write-step.ts";
import { completeBones } from "../../../src/pipeline/completion/complete.ts";
import { shapeInstance, shapeLandmarks } from "../../../src/pipeline/completion/shape-instance.ts";
import { loadShapeModels } from "../../../src/scenario/shape-models.ts";
import { readStep } from "../../support/occt.ts";

const log = { debug() {}, info() {}, warn() {}, progress() {} };
const context = { rng: createRng("completion"), log, workers: undefined as never };
/** Femur and shank of the mean meet so: the shank's frame below the femur's. */
const femurFromShank = fromAxisAngle<"knee", "knee">([1, 0, 0], -0.5, [0, -8, -32]);
const anywhere = fromAxisAngle<"knee", "knee">([0.3, -0.8, 0.5], 2.1, [40, -300, 120]);
/** What is kept of a shape that the family holds, seen from in front without error. */
const UNSEEN_RMS_MM = 1;
/** What smooth faces may be off when nothing else is asked. */
const STATED_MM = 0.5;

async function scene(mirror: boolean) {
  const models = (await loadShapeModels()).filter(({ body }) => body !== "patella");
  const rng = createRng("held-back");
  const turn = (m: Mesh): Mesh => transformMesh(m, anywhere.m);
  const flip = ({ positions, triangles }: Mesh): Mesh => ({
    positions: positions.map((value, i) => (i % 3 === 0 ? -value : value)),
    triangles: triangles.map((_, i) => triangles[i % 3 === 1 ? i + 1 : i % 3 === 2 ? i - 1 : i]!),
  });
  const surfaces: Surface[] = [],
    points: DigitisedPoint[] = [],
    whole: Mesh[] = [];
  for (const model of models) {
    const coefficients = model.modes.map(() => rng.normal());
    const home = shapeInstance(model, coefficients);
    const inKnee = model.body === "shank" ? transformMesh(home, femurFromShank.m) : home;
    const front = selectTriangles(inKnee, (t) => triangleNormal(inKnee, t)[1] > 0 && !model.cap[t]).mesh;
    const place = (m: Mesh): Mesh => (mirror ? flip(turn(m)) : turn(m));
    whole.push(place(inKnee));
    const bone = model.body === "femur" ? "femur" : "tibia";
    const mesh = place(front);
    surfaces.push({ bone, mesh, observations: new Float32Array(mesh.positions.length / 3), removed: [] });
    const marks = shapeLandmarks(model, coefficients);
    model.landmarks.forEach(({ name }, i) => {
      let at = [marks[3 * i]!, marks[3 * i + 1]!, marks[3 * i + 2]!] as const;
      if (model.body === "shank") at = transformPoint(femurFromShank.m, ...at);
      const [x, y, z] = transformPoint(anywhere.m, ...at);
      const off = (): number => 3 * rng.normal();
      points.push({ name, body: "Femur", positionMm: [(mirror ? -x : x) + off(), y + off(), z + off()] });
    });
  }
  return { models, surfaces, points, whole };
}

async function completedLeftKnee() {
  const { models, surfaces, points, whole } = await scene(true);
  const options = { ...completeBones.defaults, samplesPerCm2: 4 };
  return { ...(await completeBones.run({ surfaces, points, models }, options, context)), whole };
}
/** Completed once for all tests. */
let leftKnee: ReturnType<typeof completedLeftKnee> | undefined;

test("half a bone of the family, of a left knee, is completed to a closed one", async () => {
  const { bones, skipped, whole } = await (leftKnee ??= completedLeftKnee());
  expect(skipped).toEqual([]);
  expect(bones.map(({ bone }) => bone)).toEqual(["femur", "tibia", "fibula"]);
  const truth = createClosestPoint(whole[0]!);
  const { mesh, seen } = bones[0]!;
  expect(edgeDefects(mesh)).toEqual({ open: 0, nonManifold: 0 });
  let unseen = 0,
    squares = 0;
  seen.forEach((flag, v) => {
    if (flag) return;
    unseen++;
    squares += truth.distanceMm(mesh.positions[3 * v]!, mesh.positions[3 * v + 1]!, mesh.positions[3 * v + 2]!) ** 2;
  });
  expect(unseen).toBeGreaterThan(500);
  expect(Math.sqrt(squares / unseen)).toBeLessThan(UNSEEN_RMS_MM);
});

test("a completed bone as smooth STEP is one valid solid to Open CASCADE, of its volume within the stated distance", async () => {
  const { bones } = await (leftKnee ??= completedLeftKnee());
  const { mesh } = bones.find(({ bone }) => bone === "fibula")!;
  expect(selfCrossings(mesh)).toBe(0);
  const folder = await mkdtemp(join(tmpdir(), "smooth-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const { patches, maxMm } = await writeSmoothStep(join(folder, "fibula.step"), mesh, { name: "fibula" });
  expect(maxMm).toBeLessThanOrEqual(STATED_MM);
  const read = await readStep(await readFile(join(folder, "fibula.step")));
  expect(read).toMatchObject({ solids: 1, shells: 1, faces: patches, isValid: true });
  // No face lies farther than that from the mesh, so no more than that times the area is gained or lost.
  expect(Math.abs(read.volumeMm3 - signedVolume(mesh)) / surfaceArea(mesh)).toBeLessThan(maxMm);
  meshBounds(mesh).max.forEach((mm, axis) => expect(Math.abs(read.max[axis]! - mm)).toBeLessThan(STATED_MM));
});

test("without touched points nothing is completed, and a sentence says why", async () => {
  const { models, surfaces } = await scene(false);
  const { bones, skipped } = await completeBones.run({ surfaces, points: [], models }, completeBones.defaults, context);
  expect(bones).toEqual([]);
  expect(skipped[0]).toMatch(/were not touched/);
});

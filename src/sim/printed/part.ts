import { UnsuitableInputError } from "../../core/errors.ts";
import type { PrintedTruth } from "../../data/printed-part.ts";
import { createClosestPoint } from "../../geometry/closest-point.ts";
import { manifoldModule, meshOfSolid, type Solid, solidOf } from "../../geometry/manifold.ts";
import { type Bounds, type Mesh, meshBounds, mergeMeshes } from "../../geometry/mesh.ts";
import type { Phantom } from "../anatomy/phantom.ts";
import { fCal20 } from "../calibration-phantoms/design.ts";

export interface PrintOptions {
  /** How much of the bones is printed above and below the joint line, mm. */
  readonly reachMm: number;
}

/** A part to print: knee frame, mm (x to the patient's right, y to the front, z up). */
export interface PrintedPart {
  readonly mesh: Mesh;
  readonly bones: readonly { readonly name: Phantom["bones"][number]["name"]; readonly mesh: Mesh }[];
  readonly truth: PrintedTruth;
}

type Point = readonly [number, number, number];
type Module = Awaited<ReturnType<typeof manifoldModule>>;

/** The base lies behind the knee, so that it is scanned from in front and from the sides. */
const BASE_MM = 6,
  BELOW_BONE_MM = 14,
  RIM_MM = 14;
/** A post reaches this deep into a bone, which has to be thicker than twice that where it stands. */
const POST_RADIUS_MM = 4,
  POST_DEPTH_MM = 4;
/** Pillars of unlike heights on the base: their divots span the part in all three directions. */
const PILLAR_RADIUS_MM = 5,
  PILLAR_HEIGHTS_MM = [8, 30, 14, 24, 36, 10];
const DIVOT_MM = 2;
/** Walls of the wire frame, and holes that a printer leaves open and a line of 0.3 mm passes. */
const WALL_MM = 4,
  HOLE_RADIUS_MM = 0.5,
  WIRES_ABOVE_BASE_MM = 10;
const SEGMENTS = 32;

/** Bones on posts over a base, with pillars for registration and a frame for the wires of an fCal phantom. */
export async function printedPart(phantom: Phantom, { reachMm }: PrintOptions, name: string): Promise<PrintedPart> {
  const module = await manifoldModule();
  const jointZ = jointLine(phantom);
  const cuts: [number, number] = [jointZ - reachMm, jointZ + reachMm];
  const solids = phantom.bones.map((bone) => ({
    name: bone.name,
    solid: solidOf(module, bone.mesh).trimByPlane([0, 0, 1], cuts[0]).trimByPlane([0, 0, -1], -cuts[1]),
  }));
  const bones = solids
    .map(({ name: bone, solid }) => ({ name: bone, solid, mesh: meshOfSolid(solid) }))
    .filter(({ mesh }) => mesh.triangles.length > 0);
  const box = meshBounds(mergeMeshes(bones.map(({ mesh }) => mesh)));
  const baseTop = box.min[1] - BELOW_BONE_MM;
  const frameAt: Point = [box.max[0] + RIM_MM + 30, baseTop + WIRES_ABOVE_BASE_MM, (cuts[0] + cuts[1]) / 2];
  const plate: Bounds = {
    min: [box.min[0] - RIM_MM, baseTop - BASE_MM, cuts[0] - RIM_MM / 2],
    max: [frameAt[0] + 34, baseTop, cuts[1] + RIM_MM / 2],
  };
  const pillars = pillarsOn(plate, baseTop);
  const wires = wiresAt(frameAt);
  const added = [
    block(module, plate),
    ...bones.flatMap(({ name: bone, mesh }) => posts(module, mesh, bone, baseTop)),
    ...pillars.map(({ foot, heightMm }) => upright(module, foot, heightMm, PILLAR_RADIUS_MM, PILLAR_RADIUS_MM)),
    ...frameWalls(module, frameAt, baseTop),
  ];
  const removed = [
    ...pillars.map(({ tip }) => upright(module, tip, DIVOT_MM + 0.01, 0, DIVOT_MM)),
    ...wires.flatMap(({ frontMm, backMm }) => [hole(module, frontMm, 1), hole(module, backMm, -1)]),
  ];
  const part = module.Manifold.union([...bones.map(({ solid }) => solid), ...added]).subtract(
    module.Manifold.union(removed),
  );
  const pieces = part.decompose().length;
  if (pieces !== 1) {
    throw new UnsuitableInputError(
      `the printed part would fall into ${pieces} pieces`,
      "Print more of the bones (--reach), or close gaps in the meshes",
    );
  }
  return {
    mesh: meshOfSolid(part),
    bones: bones.map(({ name: bone, mesh }) => ({ name: bone, mesh })),
    truth: truthOf(name, phantom, bones, { pillars, wires, cuts }),
  };
}

function jointLine({ landmarks }: Phantom): number {
  const at = (name: string): number | undefined => landmarks.find((l) => l.name === name)?.positionMm[2];
  return at("plateau centre") ?? at("medial distal condyle") ?? 0;
}

const block = ({ Manifold }: Module, { min, max }: Bounds): Solid =>
  Manifold.cube([max[0] - min[0], max[1] - min[1], max[2] - min[2]]).translate([...min]);

/** A cylinder or cone from `foot` towards +y. */
const upright = ({ Manifold }: Module, foot: Point, heightMm: number, low: number, high: number): Solid =>
  Manifold.cylinder(heightMm, low, high, SEGMENTS)
    .rotate([-90, 0, 0])
    .translate([...foot]);

/** Through the wall on whose inner face the wire's end lies, along z. */
const hole = ({ Manifold }: Module, at: Point, way: 1 | -1): Solid =>
  Manifold.cylinder(WALL_MM + 2, HOLE_RADIUS_MM, HOLE_RADIUS_MM, SEGMENTS).translate([
    at[0],
    at[1],
    way === 1 ? at[2] - 1 : at[2] - WALL_MM - 1,
  ]);

function pillarsOn({ min, max }: Bounds, baseTop: number) {
  const inset = PILLAR_RADIUS_MM + 1;
  const xs = [min[0] + inset, max[0] - inset],
    zs = [min[2] + inset, (min[2] + max[2]) / 2 + 24, max[2] - inset];
  return xs.flatMap((x, i) =>
    zs.map((z, j) => {
      const heightMm = PILLAR_HEIGHTS_MM[3 * i + j]!;
      return {
        foot: [x, baseTop - 1, z] as Point,
        heightMm: heightMm + 1,
        tip: [x, baseTop + heightMm - DIVOT_MM, z] as Point,
      };
    }),
  );
}

/** The fCal wires with their layers towards +y, their run towards −z, their middle over the frame's. */
function wiresAt([x, y, z]: Point) {
  const turned = ([u, along, up]: Point): Point => [x + u - 45, y + up, z + 20 - along];
  return fCal20.patterns.flatMap((pattern) =>
    pattern.wires.map(({ name, frontMm, backMm }) => ({ name, frontMm: turned(frontMm), backMm: turned(backMm) })),
  );
}

function frameWalls(module: Module, [x, y, z]: Point, baseTop: number): Solid[] {
  const wall = (from: number, to: number): Solid =>
    block(module, { min: [x - 22, baseTop - 1, from], max: [x + 22, y + 28, to] });
  return [wall(z + 20, z + 20 + WALL_MM), wall(z - 20 - WALL_MM, z - 20)];
}

/** Two posts where the bone is thickest in its upper and its lower half; a small bone has one. */
function posts(module: Module, mesh: Mesh, bone: string, baseTop: number): Solid[] {
  const surface = createClosestPoint(mesh);
  const { min, max } = meshBounds(mesh);
  const middle = (min[2] + max[2]) / 2;
  const halves: [number, number][] =
    max[2] - min[2] > 60
      ? [[min[2] + 8, middle - 8], [middle + 8, max[2] - 8]]
      : [[min[2] + 6, max[2] - 6]]; // prettier-ignore
  const STEP_MM = 3;
  return halves.map(([from, to]) => {
    let best: { foot: Point; topY: number } | undefined,
      thickest = 0;
    for (let z = from; z <= to; z += STEP_MM) {
      for (let x = min[0]; x <= max[0]; x += STEP_MM) {
        const [enter, leave] = surface.rayHits([x, baseTop, z], [0, 1, 0]);
        const thickness = enter && leave ? leave.distanceMm - enter.distanceMm : 0;
        if (!enter || thickness <= thickest) continue;
        thickest = thickness;
        best = { foot: [x, baseTop - 1, z], topY: baseTop + enter.distanceMm + POST_DEPTH_MM };
      }
    }
    if (!best || thickest < 2 * POST_DEPTH_MM) {
      throw new UnsuitableInputError(`no part of the ${bone} is thick enough for a post`, "Print more of it (--reach)");
    }
    return upright(module, best.foot, best.topY - best.foot[1], POST_RADIUS_MM, POST_RADIUS_MM);
  });
}

const halfTurn = ([x, y, z]: Point): Point => [-x, -y, z];

function truthOf(
  name: string,
  { landmarks }: Phantom,
  bones: readonly { readonly name: Phantom["bones"][number]["name"]; readonly mesh: Mesh }[],
  parts: {
    readonly pillars: readonly { readonly tip: Point }[];
    readonly wires: readonly { readonly name: string; readonly frontMm: Point; readonly backMm: Point }[];
    readonly cuts: readonly [number, number];
  },
): PrintedTruth {
  const { pillars, wires, cuts } = parts;
  return {
    name,
    bones: bones.map(({ name: bone, mesh }) => ({
      name: bone,
      mesh: { ...mesh, positions: mesh.positions.map((value, i) => (i % 3 === 2 ? value : 0 - value)) },
    })),
    divots: pillars.map(({ tip }, i) => ({ name: `#${i + 1}`, positionMm: halfTurn(tip) })),
    landmarks: landmarks
      .filter(({ positionMm }) => positionMm[2] > cuts[0] && positionMm[2] < cuts[1])
      .map((landmark) => ({ ...landmark, positionMm: halfTurn(landmark.positionMm) })),
    patterns: [0, 1, 2].map((n) => ({
      type: "NWire" as const,
      wires: wires.slice(3 * n, 3 * n + 3).map((wire) => ({
        name: wire.name,
        frontMm: halfTurn(wire.frontMm),
        backMm: halfTurn(wire.backMm),
      })),
    })),
    cutsMm: [cuts[0], cuts[1]],
  };
}

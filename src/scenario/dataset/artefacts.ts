import type { Rng } from "../../core/rng.ts";
import { indexFromMm, sampleTrilinear } from "../../geometry/grid.ts";
import { fCal20 } from "../../sim/calibration-phantoms/design.ts";
import { waterTank, waterTissue } from "../../sim/calibration-phantoms/tank.ts";
import { type Scene, type SceneWire, sharedFloat32, sharedUint8, type Tissue } from "../../sim/scene.ts";

/** No bone is near, mm. */
const FAR_MM = 100;

/** The same body without bones: what filled them is muscle. */
export function withoutBone(scene: Scene): Scene {
  const bone = scene.tissues.findIndex(({ name }) => name === "bone"),
    muscle = scene.tissues.findIndex(({ texture }) => texture === "fascicular");
  const tissue = sharedUint8(scene.tissue.length);
  scene.tissue.forEach((label, at) => (tissue[at] = label === bone && muscle >= 0 ? muscle : label));
  return { ...scene, tissue, boneDistanceMm: sharedFloat32(scene.boneDistanceMm.length).fill(FAR_MM) };
}

/** The bare bones in water of `temperatureC`, °C: what a printed part shows. */
export function inWater(scene: Scene, temperatureC: number): Scene {
  const water = waterTissue(temperatureC);
  return {
    ...scene,
    fluid: true,
    tissues: scene.tissues.map((tissue) => (tissue.name === "bone" ? tissue : { ...water, name: tissue.name })),
  };
}

/** The fCal phantom in water, and a pose (row-major 3×4) from which its wires are seen. */
export const wireTank = (): Scene => waterTank(fCal20, 22);

export function drawTankPose(rng: Rng): Float64Array {
  const turn = 0.5 * rng.normal(),
    lean = 0.15 * rng.normal();
  const [cx, cy, cz] = fCal20.centreMm;
  const c = Math.cos(turn), s = Math.sin(turn), d = Math.sin(lean), e = Math.cos(lean); // prettier-ignore
  const x = [c, s, 0],
    y = [s * d, -c * d, -e],
    z = [-s * e, c * e, -d];
  const depth = 12 + 25 * rng.uniform();
  const at = [cx + 6 * rng.normal(), cy + 8 * rng.normal(), cz + 10 * rng.uniform()];
  return Float64Array.of(...[0, 1, 2].flatMap((i) => [x[i]!, y[i]!, z[i]!, at[i]! - depth * y[i]!]));
}

/** Free gas. Told from the rest by its speed of sound. */
const gas: Tissue = {
  name: "gas",
  speedMps: 343,
  densityKgM3: 1.2,
  attenuationDbCmMhz: 0,
  attenuationExponent: 1,
  echoDb: -Infinity,
  texture: "none",
};

const GLASS_MPS = 5600;

type Point = readonly [number, number, number];
const place = (m: Readonly<Float64Array>, x: number, y: number, z: number): Point => [
  m[0]! * x + m[1]! * y + m[2]! * z + m[3]!,
  m[4]! * x + m[5]! * y + m[6]! * z + m[7]!,
  m[8]! * x + m[9]! * y + m[10]! * z + m[11]!,
];

/** How far below the face, along the middle of the image and `x` beside it, bone begins; up to `mostMm`. */
function boneBelow(scene: Scene, pose: Readonly<Float64Array>, x: number, mostMm: number): number {
  for (let y = 2; y < mostMm; y++) {
    if (sampleTrilinear(scene.grid, scene.boneDistanceMm, ...place(pose, x, y, 0), FAR_MM) < 0) return y;
  }
  return mostMm;
}

const HALF_FACE_MM = 14;

/**
 * Flat pockets of gas in the tissue above bone, in front of some of the poses (12 numbers each): all sound is sent back,
 * and below them a train of echoes rings on, as that of bubbles does.
 */
export function withGas(scene: Scene, poses: Readonly<Float64Array>, shareOfPoses: number, rng: Rng): Scene {
  const tissue = sharedUint8(scene.tissue.length);
  tissue.set(scene.tissue);
  const wires: SceneWire[] = [],
    label = scene.tissues.length;
  for (let i = 0; 12 * i < poses.length; i++) {
    const draw = rng.fork(String(i));
    if (draw.uniform() >= shareOfPoses) continue;
    const pose = poses.subarray(12 * i, 12 * i + 12);
    const x = HALF_FACE_MM * (2 * draw.uniform() - 1),
      deepest = boneBelow(scene, pose, x, 40) - 2,
      y = 5 + (deepest - 5) * draw.uniform();
    if (deepest < 6) continue;
    const radii: Point = [1.5 + 5 * draw.uniform(), 0.8 + 0.7 * draw.uniform(), 1.5 + 3 * draw.uniform()];
    fillPocket(scene, tissue, label, pose, [x, y, 0], radii);
    wires.push(...ringing(pose, [x, y, 0], radii[0], draw));
  }
  return wires.length === 0
    ? scene
    : { ...scene, tissue, tissues: [...scene.tissues, gas], wires: [...(scene.wires ?? []), ...wires] };
}

function fillPocket(
  { grid }: Scene,
  tissue: Uint8Array,
  label: number,
  pose: Readonly<Float64Array>,
  [x, y, z]: Point,
  [rx, ry, rz]: Point,
): void {
  const m = indexFromMm(grid),
    [nx, ny, nz] = grid.shape,
    step = 0.4 * Math.min(...grid.spacingMm);
  for (let dz = -rz; dz <= rz; dz += step) {
    for (let dy = -ry; dy <= ry; dy += step) {
      for (let dx = -rx; dx <= rx; dx += step) {
        if ((dx / rx) ** 2 + (dy / ry) ** 2 + (dz / rz) ** 2 > 1) continue;
        const [px, py, pz] = place(pose, x + dx, y + dy, z + dz);
        const i = Math.round(m[0]! * px + m[1]! * py + m[2]! * pz + m[3]!),
          j = Math.round(m[4]! * px + m[5]! * py + m[6]! * pz + m[7]!),
          k = Math.round(m[8]! * px + m[9]! * py + m[10]! * pz + m[11]!);
        if (i >= 0 && j >= 0 && k >= 0 && i < nx && j < ny && k < nz) tissue[(k * ny + j) * nx + i] = label;
      }
    }
  }
}

/** Short reflectors below a bubble, evenly spaced and fading: a comet's tail. */
function ringing(pose: Readonly<Float64Array>, [x, y, z]: Point, halfWidthMm: number, rng: Rng): SceneWire[] {
  const spacing = 0.6 + 1.6 * rng.uniform(),
    fadeDb = 1.5 + 4 * rng.uniform(),
    columns = Math.max(2, Math.round(halfWidthMm / 0.7));
  const wires: SceneWire[] = [];
  for (let c = 0; c < columns; c++) {
    const across = x + halfWidthMm * ((2 * (c + 0.5)) / columns - 1) + 0.2 * rng.normal(),
      level = 46 + 5 * rng.normal();
    for (let n = 0; n < 14 && level - n * fadeDb > 18; n++) {
      const depth = y + n * spacing + 0.1 * rng.normal();
      wires.push(wireBetween(pose, [across - 0.1, depth, z], [across + 0.1, depth, z], level - n * fadeDb));
    }
  }
  return wires;
}

const wireBetween = (pose: Readonly<Float64Array>, from: Point, to: Point, echoDb: number): SceneWire => ({
  fromMm: place(pose, ...from),
  toMm: place(pose, ...to),
  radiusMm: 0.15 + 0.1 * Math.abs(Math.sin(echoDb)),
  speedMps: GLASS_MPS,
  echoDb,
});

/** Needles and sutures in the tissue above bone, in front of some of the poses: some in the image, some across it. */
export function withWires(scene: Scene, poses: Readonly<Float64Array>, shareOfPoses: number, rng: Rng): Scene {
  const wires: SceneWire[] = [];
  for (let i = 0; 12 * i < poses.length; i++) {
    const draw = rng.fork(String(i));
    if (draw.uniform() >= shareOfPoses) continue;
    const pose = poses.subarray(12 * i, 12 * i + 12);
    const count = 1 + draw.integer(4);
    for (let n = 0; n < count; n++) {
      const x = HALF_FACE_MM * (2 * draw.uniform() - 1),
        deepest = boneBelow(scene, pose, x, 40) - 2,
        y = 4 + Math.max(0, deepest - 4) * draw.uniform();
      const isInPlane = draw.uniform() < 0.5,
        half = isInPlane ? 2 + 8 * draw.uniform() : 15;
      const angle = isInPlane ? 0.12 * draw.normal() : Math.PI / 2 + 0.5 * draw.normal(),
        dip = 0.15 * draw.normal();
      // A needle's ends stay above bone as well.
      const dx = half * Math.cos(angle) * Math.cos(dip), dy = half * Math.sin(dip), dz = half * Math.sin(angle); // prettier-ignore
      if (Math.min(boneBelow(scene, pose, x - dx, 40) + dy, boneBelow(scene, pose, x + dx, 40) - dy) < y + 1) continue;
      wires.push(wireBetween(pose, [x - dx, y - dy, -dz], [x + dx, y + dy, dz], 44 + 6 * draw.normal()));
    }
  }
  return wires.length === 0 ? scene : { ...scene, wires: [...(scene.wires ?? []), ...wires] };
}

/** Columns that gas hides bone in show none: NaN there. `labels` are rows of columns, as `pixelLabels` gives them. */
export function hideBelowGas(
  { tissues }: Scene,
  labels: Readonly<Uint8Array>,
  ridge: Float32Array,
  width: number,
): Float32Array {
  const label = tissues.indexOf(gas);
  if (label < 0) return ridge;
  return ridge.map((row, u) => {
    for (let v = 0; v < row; v++) if ((labels[v * width + u]! & 127) === label) return NaN;
    return row;
  });
}

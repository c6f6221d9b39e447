import { createRng } from "../core/rng.ts";
import { transformPoint } from "../core/rigid.ts";
import { sampleTrilinear } from "../geometry/grid.ts";
import type { GrayImage } from "../data/image.ts";
import { buildBones } from "../sim/knee/bones.ts";
import { buildKnee, buildScene } from "../sim/knee/knee.ts";
import { typicalKnee } from "../sim/knee/parameters.ts";
import type { Knee } from "../sim/knee/posed-knee.ts";
import { createEchoSimulator } from "../sim/probe/echo.ts";
import { defaultProbe, defaultSettings, type ImageSettings } from "../sim/probe/probe.ts";
import type { Scene } from "../sim/scene.ts";

/** The standard views of the knee (EULAR 2017), as the default probe sees them on a typical knee. */

type Point = readonly [number, number, number];

export interface View {
  readonly name: string;
  readonly flexionDeg: number;
  /** What the middle of the picture looks at, from which side the probe comes, and where its marked side points. */
  readonly of: (knee: Knee) => { readonly target: Point; readonly from: Point; readonly marked: Point };
  readonly depthMm: number;
}

/** Point of the shank's frame, mm, in the knee frame. */
const onTibia = (knee: Knee, x: number, y: number, z: number): Point =>
  transformPoint(knee.pose.kneeFromTibia.m, x, y, z);
/** Direction of the shank's frame in the knee frame. */
function alongTibia(knee: Knee, x: number, y: number, z: number): Point {
  const m = knee.pose.kneeFromTibia.m;
  return [m[0]! * x + m[1]! * y + m[2]! * z, m[4]! * x + m[5]! * y + m[6]! * z, m[8]! * x + m[9]! * y + m[10]! * z];
}
const landmark = (knee: Knee, name: string): Point => knee.landmarks.find((l) => l.name === name)!.positionMm;
/** At right angles to the line from one point to another, in the sagittal plane, to the front. */
function acrossTo(a: Point, b: Point): Point {
  return unit([0, Math.abs(b[2] - a[2]), b[2] > a[2] ? a[1] - b[1] : b[1] - a[1]]);
}
const mixed = (a: Point, b: Point, share: number): Point => [
  a[0] + share * (b[0] - a[0]),
  a[1] + share * (b[1] - a[1]),
  a[2] + share * (b[2] - a[2]),
];

export const views: readonly View[] = [
  {
    name: "suprapatellar, longitudinal",
    flexionDeg: 30,
    depthMm: 40,
    of: (knee) => {
      const [, y, z] = landmark(knee, "patellar centre");
      return { target: [0, y - 10, z + 36], from: [0, 1, 0.12], marked: [0, 0, 1] };
    },
  },
  {
    name: "infrapatellar, longitudinal",
    flexionDeg: 30,
    depthMm: 40,
    of: (knee) => ({
      target: mixed(landmark(knee, "patellar centre"), landmark(knee, "tibial tubercle"), 0.55),
      from: acrossTo(landmark(knee, "tibial tubercle"), landmark(knee, "distal pole")),
      marked: alongTibia(knee, 0, 0, 1),
    }),
  },
  {
    name: "trochlea, transverse",
    flexionDeg: 100,
    depthMm: 40,
    of: () => ({ target: [0, 18, 2], from: [0, 1, 0.12], marked: [1, 0, 0] }),
  },
  {
    name: "medial joint line, longitudinal",
    flexionDeg: 20,
    depthMm: 40,
    of: (knee) => ({ target: onTibia(knee, -26, 0, 0), from: [-1, 0, 0], marked: alongTibia(knee, 0, 0, 1) }),
  },
  {
    name: "lateral joint line, longitudinal",
    flexionDeg: 20,
    depthMm: 40,
    of: (knee) => ({ target: onTibia(knee, 26, 0, 0), from: [1, 0.1, 0], marked: alongTibia(knee, 0, 0, 1) }),
  },
  {
    name: "posterior, transverse",
    flexionDeg: 0,
    depthMm: 60,
    of: () => ({ target: [4, -20, 14], from: [0, -1, 0], marked: [1, 0, 0] }),
  },
  {
    name: "thigh, transverse",
    flexionDeg: 30,
    depthMm: 50,
    of: () => ({ target: [0, 8, 74], from: [0, 1, 0], marked: [1, 0, 0] }),
  },
  {
    name: "patellar tendon, transverse",
    flexionDeg: 30,
    depthMm: 40,
    of: (knee) => ({
      target: mixed(landmark(knee, "patellar centre"), landmark(knee, "tibial tubercle"), 0.6),
      from: acrossTo(landmark(knee, "tibial tubercle"), landmark(knee, "distal pole")),
      marked: [1, 0, 0],
    }),
  },
];

/** The face is pressed this far into the skin, mm. */
const PRESSED_MM = 2;

const dot = (a: Point, b: Point): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const unit = (a: Point): Point => {
  const n = Math.hypot(...a);
  return [a[0] / n, a[1] / n, a[2] / n];
};

/** kneeFromImage with the face on the skin where the ray from the target leaves the body. */
function poseOf({ grid, skinDistanceMm }: Scene, target: Point, from: Point, marked: Point): Float64Array {
  const out = unit(from);
  let t = 120;
  const at = (): Point => [target[0] + t * out[0], target[1] + t * out[1], target[2] + t * out[2]];
  while (t > -20 && sampleTrilinear(grid, skinDistanceMm, ...at(), 10) > -PRESSED_MM) t -= 0.25;
  const along = dot(marked, out);
  const x = unit([marked[0] - along * out[0], marked[1] - along * out[1], marked[2] - along * out[2]]);
  const y: Point = [-out[0], -out[1], -out[2]];
  const z: Point = [x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]];
  const o = at();
  return Float64Array.of(x[0], y[0], z[0], o[0], x[1], y[1], z[1], o[1], x[2], y[2], z[2], o[2]);
}

export interface PlacedView {
  readonly name: string;
  readonly depthMm: number;
  readonly scene: Scene;
  readonly kneeFromImage: Float64Array;
}

/** The probe set on the knee that this seed draws, bent as each view asks. */
export async function placeViews(chosen: readonly View[], seed: string): Promise<readonly PlacedView[]> {
  const parameters = typicalKnee(createRng(seed));
  const from = await buildBones(parameters);
  const scenes = new Map<number, { readonly knee: Knee; readonly scene: Scene }>();
  const placed: PlacedView[] = [];
  for (const { name, flexionDeg, depthMm, of } of chosen) {
    let posed = scenes.get(flexionDeg);
    if (!posed) {
      const knee = await buildKnee(parameters, { flexionRad: (flexionDeg * Math.PI) / 180, from });
      posed = { knee, scene: buildScene(knee, { spacingMm: 0.75 }) };
      scenes.set(flexionDeg, posed);
    }
    const { target, from: side, marked } = of(posed.knee);
    placed.push({ name, depthMm, scene: posed.scene, kneeFromImage: poseOf(posed.scene, target, side, marked) });
  }
  return placed;
}

/** 512x512 pixels each. */
export function renderViews(
  placed: readonly PlacedView[],
  seed: string,
  settings: Partial<ImageSettings> = {},
): readonly GrayImage[] {
  return placed.map(({ scene, depthMm, kneeFromImage }) => {
    const simulator = createEchoSimulator(scene, defaultProbe, { ...settings, depthMm }, seed);
    const { pixels } = simulator.frame(kneeFromImage, 0);
    return { width: defaultSettings.widthPx, height: defaultSettings.heightPx, pixels };
  });
}

/** Pictures of one size in rows of `columns`, `gapPx` of black between. */
export function contactSheet(pictures: readonly GrayImage[], columns: number, gapPx = 8): GrayImage {
  const { width: w, height: h } = pictures[0]!;
  const rows = Math.ceil(pictures.length / columns);
  const width = columns * (w + gapPx) - gapPx,
    height = rows * (h + gapPx) - gapPx;
  const pixels = new Uint8Array(width * height);
  pictures.forEach((picture, i) => {
    const left = (i % columns) * (w + gapPx),
      top = Math.floor(i / columns) * (h + gapPx);
    for (let row = 0; row < h; row++) {
      pixels.set(picture.pixels.subarray(row * w, (row + 1) * w), (top + row) * width + left);
    }
  });
  return { width, height, pixels };
}

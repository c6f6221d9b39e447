import { Matrix, solve } from "ml-matrix";
import { percentile } from "../../../core/stats.ts";
import { biweight, MEDIAN_NORMAL, TUKEY } from "../biweight.ts";
import { judgeImage, type ImageUncertainty } from "../block-jackknife.ts";
import { minimiseSquares } from "../levenberg-marquardt.ts";
import { orientationSpread } from "../orientation-spread.ts";
import { refuse, type Refused } from "../refused.ts";
import { matrixOf, PARAMETERS, parameterSteps } from "../spatial/image-model.ts";
import { spacingOf } from "../spatial/validate.ts";
import { cross, directionUnit, dot, type Vector3 } from "../vector3.ts";

/** One image of the plane: two places of the line it shows, and where the probe was. */
export interface PlaneFrame {
  readonly index: number;
  readonly pixels: readonly [readonly [number, number], readonly [number, number]];
  /** Row-major 3×4, mm. */
  readonly referenceFromProbe: Readonly<Float64Array>;
}

export interface PlaneInput {
  readonly frames: readonly PlaneFrame[];
  readonly width: number;
  readonly height: number;
  /** Rough size of a pixel to begin with, mm: the scanner's own. */
  readonly spacingMm: readonly [number, number];
}

export interface PlaneResult extends ImageUncertainty {
  readonly status: "calibrated";
  readonly probeFromPixel: Float64Array;
  readonly spacingMm: readonly [number, number];
  /** Of the plane, on the reference: unit normal, and its distance from the origin along it, mm. */
  readonly normal: Vector3;
  readonly distanceMm: number;
  /** Distance of the lines' places from the plane, mm rms. */
  readonly rmsMm: number;
  readonly outlierShare: number;
}

const LEAST_FRAMES = 30;
/** A plane says nothing about what it is not leaned against, rad. */
const LEAST_SPREAD_RAD = 0.5;
const LARGEST_RMS_MM = 3;
const WIDEST_MM = 3;
const ROUNDS = 5;

/**
 * Image on the probe from images of one resting plane, the bottom of a water tank (Prager et al. 1998). For each of the
 * 24 ways to put the image's axes along the probe's, the plane faces the mean beam and the image's origin and the
 * plane's distance follow in closed form; from there rotation, translation, two scales and the plane are refined, and
 * the best end is refined again with outliers faded (Tukey).
 */
export function calibratePlane({ frames, width, height, spacingMm }: PlaneInput): PlaneResult | Refused {
  const motions = "Lean the probe to both sides, tilt it to and fro, turn it about the beam, and move it up and down.";
  if (frames.length < LEAST_FRAMES) {
    return refuse(
      `The plane was found in ${frames.length} tracked frames, at least ${LEAST_FRAMES} are needed`,
      "Check that its line is in view while the probe is leaned and tilted by up to 15°.",
    );
  }
  const poses = Float64Array.from(frames.flatMap(({ referenceFromProbe }) => Array.from(referenceFromProbe)));
  const spread = orientationSpread({ poses });
  if (spread < LEAST_SPREAD_RAD) {
    return refuse(
      `The probe was turned by ${((spread * 180) / Math.PI).toFixed(0)}° only, at least 29° are needed`,
      motions,
    );
  }
  const start = bestStart(frames, spacingMm);
  const fit = refine(frames, start);
  if (!(fit.medianMm < LARGEST_RMS_MM)) {
    return refuse(
      `The lines lie ${fit.medianMm.toFixed(1)} mm from any one plane (at most ${LARGEST_RMS_MM} mm)`,
      "Check that the tank rests on the reference, and that the lag between images and poses is right.",
    );
  }
  const uncertainty = judgeImage(
    frames,
    width,
    height,
    (kept) => refine(kept, { ...start, parameters: fit.parameters }).probeFromPixel,
  );
  if (!(uncertainty.cornerUncertaintyMm < WIDEST_MM)) {
    return refuse(
      `The image's corners are uncertain by ${uncertainty.cornerUncertaintyMm.toFixed(1)} mm (at most ${WIDEST_MM} mm)`,
      motions,
    );
  }
  return {
    status: "calibrated",
    probeFromPixel: fit.probeFromPixel,
    spacingMm: spacingOf(fit.probeFromPixel),
    normal: fit.normal,
    distanceMm: fit.distanceMm,
    rmsMm: fit.rmsMm,
    outlierShare: fit.outlierShare,
    ...uncertainty,
  };
}

interface Start {
  /** 9 numbers. */
  readonly rotation: Float64Array;
  /** Normal that the parameters turn, and two directions across it. */
  readonly axes: readonly [Vector3, Vector3, Vector3];
  /** The image's 8, then the normal's two turns and the distance. */
  readonly parameters: Float64Array;
}

const steps = Float64Array.of(...parameterSteps, 1e-5, 1e-5, 1e-3);

function bestStart(frames: readonly PlaneFrame[], spacingMm: readonly [number, number]): Start {
  // A few dozen frames will do to tell 24 attitudes apart.
  const step = Math.max(1, Math.floor(frames.length / 40)),
    few = frames.filter((_, i) => i % step === 0);
  let best: Start | undefined,
    least = Infinity;
  for (const rotation of cubeRotations()) {
    const start = closedForm(few, rotation, spacingMm);
    const residuals = (p: Readonly<Float64Array>): Float64Array => residualsOf(few, start, p);
    const { parameters, cost } = minimiseSquares({ start: start.parameters, steps, residuals });
    const [sx, sy] = [Math.abs(parameters[6]!), Math.abs(parameters[7]!)];
    // A picture folded to a line fits any plane.
    if (!(cost < least) || sx < spacingMm[0] / 2 || sy < spacingMm[1] / 2 || parameters[6]! < 0 || parameters[7]! < 0)
      continue;
    least = cost;
    best = { ...start, parameters };
  }
  return best ?? closedForm(few, cubeRotations()[0]!, spacingMm);
}

/** Of the image's origin and the plane's distance, when attitude and size of the pixels are given. */
function closedForm(frames: readonly PlaneFrame[], rotation: Float64Array, [sx, sy]: readonly [number, number]): Start {
  const beam = [rotation[1]!, rotation[4]!, rotation[7]!];
  const mean = [0, 1, 2].map((row) =>
    frames.reduce(
      (sum, { referenceFromProbe: q }) => sum + [0, 1, 2].reduce((s, k) => s + q[4 * row + k]! * beam[k]!, 0),
      0,
    ),
  );
  const normal = directionUnit([mean[0]!, mean[1]!, mean[2]!]);
  const across = directionUnit(cross(normal, Math.abs(normal[0]) < 0.7 ? [1, 0, 0] : [0, 1, 0]));
  const rows: number[][] = [],
    right: number[][] = [];
  for (const { pixels, referenceFromProbe: q } of frames) {
    const towards = [0, 1, 2].map((k) => normal[0] * q[k]! + normal[1] * q[4 + k]! + normal[2] * q[8 + k]!);
    for (const [u, v] of pixels) {
      const place = [0, 1, 2].map((k) => rotation[3 * k]! * sx * u + rotation[3 * k + 1]! * sy * v);
      rows.push([...towards, -1]);
      right.push([-(dot(normal, [q[3]!, q[7]!, q[11]!]) + place.reduce((sum, x, k) => sum + x * towards[k]!, 0))]);
    }
  }
  const [x, y, z, d] = solve(new Matrix(rows), new Matrix(right), true).to1DArray() as [number, number, number, number];
  return {
    rotation,
    axes: [normal, across, cross(normal, across)],
    parameters: Float64Array.of(0, 0, 0, x, y, z, sx, sy, 0, 0, d),
  };
}

function normalOf({ axes: [n, a, b] }: Start, p: Readonly<Float64Array>): Vector3 {
  const s = p[PARAMETERS]!,
    t = p[PARAMETERS + 1]!;
  return directionUnit([n[0] + s * a[0] + t * b[0], n[1] + s * a[1] + t * b[1], n[2] + s * a[2] + t * b[2]]);
}

/** Distances from the plane, two a frame, mm. */
function residualsOf(frames: readonly PlaneFrame[], start: Start, p: Readonly<Float64Array>): Float64Array {
  const m = matrixOf(p.subarray(0, PARAMETERS), start.rotation),
    [nx, ny, nz] = normalOf(start, p),
    distance = p[PARAMETERS + 2]!;
  const out = new Float64Array(2 * frames.length);
  frames.forEach(({ pixels, referenceFromProbe: q }, i) => {
    pixels.forEach(([u, v], k) => {
      const x = m[0]! * u + m[1]! * v + m[3]!, y = m[4]! * u + m[5]! * v + m[7]!, z = m[8]! * u + m[9]! * v + m[11]!; // prettier-ignore
      out[2 * i + k] =
        nx * (q[0]! * x + q[1]! * y + q[2]! * z + q[3]!) +
        ny * (q[4]! * x + q[5]! * y + q[6]! * z + q[7]!) +
        nz * (q[8]! * x + q[9]! * y + q[10]! * z + q[11]!) -
        distance;
    });
  });
  return out;
}

function refine(frames: readonly PlaneFrame[], start: Start) {
  let parameters = start.parameters;
  const residuals = (p: Readonly<Float64Array>): Float64Array => residualsOf(frames, start, p);
  const weights = new Float64Array(2 * frames.length);
  for (let round = 0; round < ROUNDS; round++) {
    const r = residuals(parameters);
    const scale = Math.max(1e-7, percentile(r.map(Math.abs), 0.5) / MEDIAN_NORMAL);
    r.forEach((x, i) => (weights[i] = biweight(x / (TUKEY * scale))));
    parameters = minimiseSquares({ start: parameters, steps, residuals, weights }).parameters;
  }
  const r = residuals(parameters);
  return {
    parameters,
    probeFromPixel: matrixOf(parameters.subarray(0, PARAMETERS), start.rotation),
    normal: normalOf(start, parameters),
    distanceMm: parameters[PARAMETERS + 2]!,
    medianMm: percentile(r.map(Math.abs), 0.5),
    rmsMm: Math.sqrt(r.reduce((sum, x) => sum + x * x, 0) / r.length),
    outlierShare: weights.filter((w) => w < 0.05).length / weights.length,
  };
}

/** The 24 proper rotations that take axes to axes. */
function cubeRotations(): Float64Array[] {
  const axes: Vector3[] = [[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]]; // prettier-ignore
  return axes.flatMap((x) =>
    axes
      .filter((y) => dot(x, y) === 0)
      .map((y) => {
        const z = cross(x, y);
        return Float64Array.from([0, 1, 2].flatMap((k) => [x[k]!, y[k]!, z[k]!]));
      }),
  );
}

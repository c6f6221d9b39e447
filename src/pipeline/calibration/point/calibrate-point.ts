import { Matrix, solve } from "ml-matrix";
import { percentile } from "../../../core/stats.ts";
import { biweight, MEDIAN_NORMAL, TUKEY } from "../biweight.ts";
import { judgeImage, type ImageUncertainty } from "../block-jackknife.ts";
import { minimiseSquares } from "../levenberg-marquardt.ts";
import { orientationSpread } from "../orientation-spread.ts";
import { refuse, type Refused } from "../refused.ts";
import { orthogonal } from "../spatial/closed-form.ts";
import { matrixOf, PARAMETERS, parameterSteps } from "../spatial/image-model.ts";
import { spacingOf } from "../spatial/validate.ts";
import type { Vector3 } from "../vector3.ts";

/** One image of the point: where it is seen, and where the probe was. */
export interface PointFrame {
  readonly index: number;
  readonly pixel: readonly [number, number];
  /** Row-major 3×4, mm. */
  readonly referenceFromProbe: Readonly<Float64Array>;
}

export interface PointInput {
  readonly frames: readonly PointFrame[];
  readonly width: number;
  readonly height: number;
}

export interface PointResult extends ImageUncertainty {
  readonly status: "calibrated";
  readonly probeFromPixel: Float64Array;
  readonly spacingMm: readonly [number, number];
  /** Where the point stood, on the reference, mm. */
  readonly pointMm: Vector3;
  /** Where the calibrated images put the point: rms distance from its place, mm (point reconstruction). */
  readonly rmsMm: number;
  /** Across the beam, along it and out of the image, mm rms. */
  readonly imageRmsMm: Vector3;
  readonly outlierShare: number;
}

const LEAST_FRAMES = 15;
/** Fewer turns leave rotation and place of the image entangled, rad. */
const LEAST_SPREAD_RAD = 0.35;
const LARGEST_RMS_MM = 3;
const WIDEST_MM = 2;
const ROUNDS = 8;

/**
 * Image on the probe from images of one resting point (crossed wires, a bead) at many places and attitudes. All that is
 * known is that the point rests: its place is found along. Closed form: every image gives three equations that are
 * linear in the affine map and the point (Detmer et al. 1994); then axes are made orthogonal and rotation, translation,
 * two scales and the point are refined, each direction weighed by its own spread, outliers faded by Tukey's biweight.
 */
export function calibratePoint({ frames, width, height }: PointInput): PointResult | Refused {
  if (frames.length < LEAST_FRAMES) {
    return refuse(
      `The point was found in ${frames.length} tracked frames, at least ${LEAST_FRAMES} are needed`,
      "Bring the crossing to 30 or more places of the image, at different attitudes of the probe.",
    );
  }
  const poses = Float64Array.from(frames.flatMap(({ referenceFromProbe }) => Array.from(referenceFromProbe)));
  const spread = orientationSpread({ poses });
  if (spread < LEAST_SPREAD_RAD) {
    return refuse(
      `The probe was turned by ${((spread * 180) / Math.PI).toFixed(0)}° only, at least 20° are needed`,
      "Turn the probe about the beam, lean it and tilt it between the views.",
    );
  }
  const fit = fitPoint(frames);
  if (!fit) {
    return refuse(
      "The views of the point do not determine the image's place on the probe",
      "Bring the crossing to all parts of the image, at different attitudes of the probe.",
    );
  }
  const residuals = residualsOf(frames, fit);
  const rmsOf = (axis: number): number =>
    Math.sqrt(frames.reduce((sum, _, i) => sum + residuals[3 * i + axis]! ** 2, 0) / frames.length);
  const imageRmsMm: Vector3 = [rmsOf(0), rmsOf(1), rmsOf(2)];
  // Medians, so that a few wrong dots do not speak for all.
  const typical = percentile(
    Float64Array.from(frames, (_, i) => Math.hypot(residuals[3 * i]!, residuals[3 * i + 1]!, residuals[3 * i + 2]!)),
    0.5,
  );
  if (!(typical < LARGEST_RMS_MM)) {
    return refuse(
      `The point moves by ${typical.toFixed(1)} mm between the images (at most ${LARGEST_RMS_MM} mm)`,
      "Check that the crossing rests on the reference, and that the lag between images and poses is right.",
    );
  }
  const uncertainty = judgeImage(frames, width, height, (kept) => fitPoint(kept)?.probeFromPixel);
  if (!(uncertainty.cornerUncertaintyMm < WIDEST_MM)) {
    return refuse(
      `The image's corners are uncertain by ${uncertainty.cornerUncertaintyMm.toFixed(1)} mm (at most ${WIDEST_MM} mm)`,
      "Bring the crossing to all parts of the image, at different attitudes of the probe.",
    );
  }
  return {
    status: "calibrated",
    probeFromPixel: fit.probeFromPixel,
    spacingMm: spacingOf(fit.probeFromPixel),
    pointMm: fit.pointMm,
    rmsMm: Math.hypot(...imageRmsMm),
    imageRmsMm,
    outlierShare: fit.outlierShare,
    ...uncertainty,
  };
}

interface PointFit {
  readonly probeFromPixel: Float64Array;
  readonly pointMm: Vector3;
  readonly outlierShare: number;
}

function fitPoint(frames: readonly PointFrame[]): PointFit | undefined {
  const start = closedForm(frames);
  if (!start) return undefined;
  const { rotation, translationMm, spacingMm } = start.image;
  let parameters = Float64Array.of(0, 0, 0, ...translationMm, ...spacingMm, ...start.pointMm);
  const steps = Float64Array.of(...parameterSteps, 1e-3, 1e-3, 1e-3);
  const fitOf = (p: Readonly<Float64Array>): PointFit => ({
    probeFromPixel: matrixOf(p.subarray(0, PARAMETERS), rotation),
    pointMm: [p[PARAMETERS]!, p[PARAMETERS + 1]!, p[PARAMETERS + 2]!],
    outlierShare: 0,
  });
  const residuals = (p: Readonly<Float64Array>): Float64Array => residualsOf(frames, fitOf(p));
  const weights = new Float64Array(3 * frames.length);
  let outliers = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const r = residuals(parameters);
    outliers = 0;
    for (let axis = 0; axis < 3; axis++) {
      const own = Float64Array.from(frames, (_, i) => Math.abs(r[3 * i + axis]!));
      const scale = Math.max(1e-7, percentile(own, 0.5) / MEDIAN_NORMAL);
      for (let i = 0; i < frames.length; i++) {
        const share = biweight(r[3 * i + axis]! / (TUKEY * scale));
        if (share < 0.05) outliers++;
        weights[3 * i + axis] = share / scale ** 2;
      }
    }
    parameters = Float64Array.from(minimiseSquares({ start: parameters, steps, residuals, weights }).parameters);
  }
  return { ...fitOf(parameters), outlierShare: outliers / weights.length };
}

/** Where each image puts the point, less where it is: across the beam, along it and out of the image, mm. */
function residualsOf(
  frames: readonly PointFrame[],
  { probeFromPixel: m, pointMm }: Pick<PointFit, "probeFromPixel" | "pointMm">,
): Float64Array {
  const length = [0, 1, 2].map((k) => Math.hypot(m[k]!, m[4 + k]!, m[8 + k]!));
  const out = new Float64Array(3 * frames.length);
  frames.forEach(({ pixel: [u, v], referenceFromProbe: q }, i) => {
    // The point in the probe's frame, less the pixel's place there.
    const x = pointMm[0] - q[3]!, y = pointMm[1] - q[7]!, z = pointMm[2] - q[11]!; // prettier-ignore
    const off = [0, 1, 2].map((k) => {
      const there = q[k]! * x + q[4 + k]! * y + q[8 + k]! * z;
      return m[4 * k]! * u + m[4 * k + 1]! * v + m[4 * k + 3]! - there;
    });
    for (let axis = 0; axis < 3; axis++) {
      out[3 * i + axis] = (off[0]! * m[axis]! + off[1]! * m[4 + axis]! + off[2]! * m[8 + axis]!) / length[axis]!;
    }
  });
  return out;
}

/** R (M [u v 1]) + t − x = 0 for the nine numbers of M and x; re-weighted (Huber). */
function closedForm(frames: readonly PointFrame[]) {
  const weights = frames.map(() => 1);
  let solution: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const normal = Matrix.zeros(12, 12),
      right = Matrix.zeros(12, 1);
    const rows = frames.flatMap(({ pixel: [u, v], referenceFromProbe: q }) =>
      [0, 1, 2].map((axis) => {
        const row = [u, v, 1].flatMap((share) => [0, 1, 2].map((k) => share * q[4 * axis + k]!));
        return { row: [...row, ...[0, 1, 2].map((k) => (k === axis ? -1 : 0))], right: -q[4 * axis + 3]! };
      }),
    );
    rows.forEach(({ row, right: value }, i) => {
      const w = weights[Math.floor(i / 3)]!;
      for (let a = 0; a < 12; a++) {
        right.set(a, 0, right.get(a, 0) + w * row[a]! * value);
        for (let b = 0; b < 12; b++) normal.set(a, b, normal.get(a, b) + w * row[a]! * row[b]!);
      }
    });
    solution = solve(normal, right, true).to1DArray();
    if (!solution.every(Number.isFinite)) return undefined;
    const off = frames.map((_, i) =>
      Math.hypot(
        ...[0, 1, 2].map((axis) => {
          const { row, right: value } = rows[3 * i + axis]!;
          return row.reduce((sum, x, k) => sum + x * solution[k]!, 0) - value;
        }),
      ),
    );
    const limit = Math.max(1e-9, 1.345 * percentile(Float64Array.from(off), 0.5));
    off.forEach((d, i) => (weights[i] = d <= limit ? 1 : limit / d));
  }
  const triple = (from: number): Vector3 => [solution[from]!, solution[from + 1]!, solution[from + 2]!];
  return { image: orthogonal(triple(0), triple(3), triple(6)), pointMm: triple(9) };
}

import { mean, percentile } from "../core/stats.ts";
import type { Measurement, Metric } from "../data/measurement.ts";

/** A spatial calibration: row-major 3×4 (column, row, 0) to probe mm, and the size of its images. */
export interface CalibratedImage {
  readonly probeFromPixel: Readonly<Float64Array>;
  readonly width: number;
  readonly height: number;
}

/** Points a side of the map, from corner to corner of the image. */
export const MAP_SIDE = 17;

/**
 * Target registration error over the image, mm: distance between where a pixel is put and where it truly is, on a grid
 * of 17 × 17 pixels, row by row. Equal weights; nothing is aligned.
 */
export const targetRegistration: Metric<CalibratedImage, CalibratedImage> = {
  name: "target-registration",
  unit: "mm",
  better: "lower",
  alignment: "none",
  measure(estimate, truth): Measurement {
    if (estimate.probeFromPixel.length !== 12 || truth.probeFromPixel.length !== 12)
      return { status: "failed", reason: "a calibration is not a matrix of 3×4" };
    const samples = new Float64Array(MAP_SIDE * MAP_SIDE);
    mapPixels(truth).forEach(([u, v], i) => {
      samples[i] = apart(place(estimate.probeFromPixel, u, v), place(truth.probeFromPixel, u, v));
    });
    return { status: "measured", samples, weights: new Float64Array(samples.length).fill(1) };
  },
};

/** The pixels of the map, row by row. */
export function mapPixels({ width, height }: Pick<CalibratedImage, "width" | "height">): (readonly [number, number])[] {
  const share = (i: number, size: number): number => (i * (size - 1)) / (MAP_SIDE - 1);
  return Array.from({ length: MAP_SIDE * MAP_SIDE }, (_, i): readonly [number, number] => [
    share(i % MAP_SIDE, width),
    share(Math.floor(i / MAP_SIDE), height),
  ]);
}

/** In what a calibration is wrong. */
export interface CalibrationParts {
  /** Angle between the estimated and the true image axes, and its parts about the image's own x, y and z, rad. */
  readonly rotationRad: number;
  readonly rotationAboutRad: readonly [number, number, number];
  /** Of the image's centre, along the true image's x (across), y (depth) and z (out of it), mm. */
  readonly translationMm: readonly [number, number, number];
  /** Estimated over true pixel size less 1, across and along depth. */
  readonly scale: readonly [number, number];
}

/** Rotation, translation and scale of a calibration's error apart. Rotations of a few degrees are meant. */
export function calibrationParts(estimate: CalibratedImage, truth: CalibratedImage): CalibrationParts {
  const a = axesOf(estimate.probeFromPixel),
    b = axesOf(truth.probeFromPixel);
  // The small rotation that takes the true axes to the estimated ones: half the sum of their cross products.
  const turn = [0, 1, 2].map((k) => {
    let sum = 0;
    for (let axis = 0; axis < 3; axis++) sum += crossed(b.axes[axis]!, a.axes[axis]!)[k]! / 2;
    return sum;
  });
  const along = (vector: readonly number[], axis: number): number =>
    vector.reduce((sum, x, k) => sum + x * b.axes[axis]![k]!, 0);
  const u = (truth.width - 1) / 2,
    v = (truth.height - 1) / 2;
  const there = place(truth.probeFromPixel, u, v),
    shift = place(estimate.probeFromPixel, u, v).map((x, k) => x - there[k]!);
  return {
    rotationRad: Math.asin(Math.min(1, Math.hypot(...turn))),
    rotationAboutRad: [along(turn, 0), along(turn, 1), along(turn, 2)],
    translationMm: [along(shift, 0), along(shift, 1), along(shift, 2)],
    scale: [a.sizes[0] / b.sizes[0] - 1, a.sizes[1] / b.sizes[1] - 1],
  };
}

/**
 * Calibration reproducibility, mm: distance of each calibration's place for the image's centre and corners from the
 * mean of all (Prager et al. 1998). Five samples a calibration; blind to errors that all share.
 */
export function reproducibility(calibrations: readonly CalibratedImage[]): Measurement {
  if (calibrations.length < 2) return { status: "failed", reason: "two calibrations are needed at least" };
  const samples: number[] = [];
  const points = ({ width: w, height: h }: CalibratedImage): readonly (readonly [number, number])[] => [
    [(w - 1) / 2, (h - 1) / 2],
    [0, 0],
    [w - 1, 0],
    [0, h - 1],
    [w - 1, h - 1],
  ];
  for (let p = 0; p < 5; p++) {
    const places = calibrations.map((each) => place(each.probeFromPixel, ...points(each)[p]!));
    const middle = [0, 1, 2].map((k) => places.reduce((sum, q) => sum + q[k]!, 0) / places.length);
    samples.push(...places.map((q) => apart(q, middle)));
  }
  return { status: "measured", samples: Float64Array.from(samples), weights: new Float64Array(samples.length).fill(1) };
}

/** One sighting of a target whose place is known. */
export interface Sighting {
  readonly pixel: readonly [number, number];
  /** Row-major 3×4, mm. */
  readonly worldFromProbe: Readonly<Float64Array>;
  /** Place of the target in the world, mm. */
  readonly targetMm: readonly [number, number, number];
}

/**
 * Point reconstruction accuracy, mm: distance between where calibration and tracker put a target that was seen and
 * where it is. Holds the errors of segmentation and tracking too, as in use. Nothing is aligned.
 */
export const pointReconstruction: Metric<CalibratedImage, readonly Sighting[]> = {
  name: "point-reconstruction",
  unit: "mm",
  better: "lower",
  alignment: "none",
  measure(estimate, sightings): Measurement {
    if (sightings.length === 0) return { status: "failed", reason: "no target was seen" };
    const samples = Float64Array.from(sightings, (each) => apart(reconstructed(estimate, each), each.targetMm));
    return { status: "measured", samples, weights: new Float64Array(samples.length).fill(1) };
  },
};

/**
 * Distance accuracy, mm: reconstructed less true distance between two targets, for every pair of different targets in
 * successive sightings. Its mean shows a wrong scale; errors that both ends share cancel.
 */
export const distanceAccuracy: Metric<CalibratedImage, readonly Sighting[]> = {
  name: "distance-accuracy",
  unit: "mm",
  better: "zero",
  alignment: "none",
  measure(estimate, sightings): Measurement {
    const samples: number[] = [];
    for (let i = 1; i < sightings.length; i++) {
      const a = sightings[i - 1]!,
        b = sightings[i]!,
        truth = apart(a.targetMm, b.targetMm);
      if (truth > 0) samples.push(apart(reconstructed(estimate, a), reconstructed(estimate, b)) - truth);
    }
    if (samples.length === 0) return { status: "failed", reason: "no two targets were seen" };
    return {
      status: "measured",
      samples: Float64Array.from(samples),
      weights: new Float64Array(samples.length).fill(1),
    };
  },
};

function reconstructed({ probeFromPixel }: CalibratedImage, { pixel, worldFromProbe: m }: Sighting): number[] {
  const [x, y, z] = place(probeFromPixel, ...pixel) as [number, number, number];
  return [0, 4, 8].map((k) => m[k]! * x + m[k + 1]! * y + m[k + 2]! * z + m[k + 3]!);
}

const place = (m: Readonly<Float64Array>, u: number, v: number): number[] =>
  [0, 4, 8].map((k) => m[k]! * u + m[k + 1]! * v + m[k + 3]!);

const apart = (a: readonly number[], b: readonly number[]): number =>
  Math.hypot(a[0]! - b[0]!, a[1]! - b[1]!, a[2]! - b[2]!);

const crossed = (a: readonly number[], b: readonly number[]): number[] => [
  a[1]! * b[2]! - a[2]! * b[1]!,
  a[2]! * b[0]! - a[0]! * b[2]!,
  a[0]! * b[1]! - a[1]! * b[0]!,
];

/** Unit axes of the image (across, depth, normal) and the pixel's size. */
function axesOf(m: Readonly<Float64Array>): { readonly axes: number[][]; readonly sizes: readonly [number, number] } {
  const column = (k: number): number[] => [m[k]!, m[k + 4]!, m[k + 8]!];
  const sx = Math.hypot(...column(0)),
    sy = Math.hypot(...column(1));
  const x = column(0).map((c) => c / sx),
    y = column(1).map((c) => c / sy);
  return { axes: [x, y, crossed(x, y)], sizes: [sx, sy] };
}

/**
 * 95 % interval of the mean target registration error, mm: its spread over calibrations that are as likely as the one
 * found (`likely`: row-major 3×4 each). Null with fewer than 20 of them.
 */
export function targetErrorInterval(
  likely: readonly Readonly<Float64Array>[],
  truth: CalibratedImage,
): readonly [number, number] | null {
  if (likely.length < 20) return null;
  const means = likely.map((probeFromPixel) => {
    const measured = targetRegistration.measure({ ...truth, probeFromPixel }, truth);
    return measured.status === "measured" ? mean(measured.samples) : NaN;
  });
  return [percentile(means, 0.025), percentile(means, 0.975)];
}

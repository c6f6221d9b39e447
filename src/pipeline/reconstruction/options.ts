import { UnsuitableInputError } from "../../core/errors.ts";
import type { Grid } from "../../geometry/grid.ts";

/** Nearest: a pixel goes to one voxel. Linear: it is shared among the eight around it by trilinear weights. */
export type Interpolation = "nearest" | "linear";

/**
 * How pixels that meet in a voxel become one value. Importance is the mean weighted by the importance image and the
 * frame's confidence. Linear with latest or maximum touches only voxels whose trilinear weight is at least 1/8. Median:
 * the smallest value with half of the hits (linear: of their trilinear weights) at or below it; frames are read twice.
 */
export type Compounding = "mean" | "latest" | "maximum" | "importance" | "median";

/** Pixels from `originPx` to `originPx + sizePx`, both ends included (as PLUS does). A size of 0 is the whole image. */
export interface ClipRectangle {
  readonly originPx: readonly [number, number];
  readonly sizePx: readonly [number, number];
}

/** The sector of a curved array: angles from straight down (rad, positive to +u), radii from the origin. Pixels. */
export interface Fan {
  readonly anglesRad: readonly [number, number];
  readonly originPx: readonly [number, number];
  readonly radiusStartPx: number;
  readonly radiusStopPx: number;
}

/**
 * One way to give an unseen voxel a value. `size` is the odd edge of the cube that is looked at, `minKnownShare` the
 * share of its voxels that must be exceeded by the seen ones. Stick: the shortest of 13 straight lines through the
 * voxel that has seen voxels at both ends and is at most `lengthLimit` voxels long; ties are averaged; `sticks` lines
 * are used at least.
 */
export type HoleFilling =
  | { readonly kind: "stick"; readonly lengthLimit: number; readonly sticks: number }
  | { readonly kind: "nearest"; readonly size: number; readonly minKnownShare: number }
  | { readonly kind: "inverse-distance"; readonly size: number; readonly minKnownShare: number }
  | {
      readonly kind: "gaussian" | "gaussian-accumulation";
      readonly size: number;
      readonly stdevVoxels: number;
      readonly minKnownShare: number;
    };

/**
 * Where the voxels lie. "cover": every pixel of the clip rectangle of every frame lies inside. "plus": PLUS's rule,
 * an extent of round(range / spacing) voxels from the lowest corner, which may lose half a voxel at the far side.
 */
export type GridChoice =
  { readonly kind: "cover" } | { readonly kind: "plus" } | { readonly kind: "given"; readonly grid: Grid };

export interface ReconstructionOptions {
  /** Edge of a voxel, mm; not used when the grid is given. */
  readonly spacingMm: number | readonly [number, number, number];
  readonly interpolation: Interpolation;
  readonly compounding: Compounding;
  /**
   * "exact": integer sums that neither saturate nor round, one division at the end. "plus": bit-compatible with the
   * PLUS toolkit (fixed-point positions with 14 bits, 16-bit accumulators with 256 for a full pixel that saturate,
   * 8-bit running means; nearest truncates at each step and linear rounds).
   */
  readonly arithmetic: "exact" | "plus";
  /** "byte" rounds to the nearest of 0 … 255. The PLUS arithmetic is always bytes. */
  readonly output: "float" | "byte";
  readonly clip: ClipRectangle | "whole";
  readonly fan: Fan | "none";
  /** Pixels darker than this are dropped. */
  readonly pixelRejectionThreshold: number | "off";
  /** Every n-th frame is inserted, from the first. */
  readonly skipInterval: number;
  /** Tried in order on each unseen voxel, always from the volume before filling. */
  readonly holeFilling: readonly HoleFilling[];
  readonly grid: GridChoice;
  readonly memoryLimitBytes: number;
}

export const defaultReconstruction: ReconstructionOptions = {
  spacingMm: 0.5,
  interpolation: "linear",
  compounding: "mean",
  arithmetic: "exact",
  output: "float",
  clip: "whole",
  fan: "none",
  pixelRejectionThreshold: "off",
  skipInterval: 1,
  holeFilling: [],
  grid: { kind: "cover" },
  memoryLimitBytes: 2e9,
};

/** What the PLUS toolkit does when its configuration says no more; `holeFilling` as its sample configurations have it. */
export const plusReconstruction: ReconstructionOptions = {
  ...defaultReconstruction,
  interpolation: "nearest",
  arithmetic: "plus",
  output: "byte",
  holeFilling: [{ kind: "stick", lengthLimit: 9, sticks: 1 }],
  grid: { kind: "plus" },
};

/** Largest cube that hole filling looks at: beyond this one voxel would cost more than 10,000 reads. */
const LARGEST_HOLE_CUBE = 21;

/** Throws an UnsuitableInputError that names the option. */
export function checkOptions(options: ReconstructionOptions): void {
  require(options.arithmetic !== "plus" || options.compounding !== "median",
    "PLUS has no median", 'Choose the exact arithmetic, or compounding "mean"'); // prettier-ignore
  const { spacingMm, skipInterval, memoryLimitBytes, clip, fan, holeFilling, pixelRejectionThreshold } = options;
  for (const s of typeof spacingMm === "number" ? [spacingMm] : spacingMm) {
    require(s > 0 && Number.isFinite(s), `spacingMm must be positive, got ${s}`, "Give the voxel's edge in mm");
  }
  require(Number.isInteger(skipInterval) && skipInterval >= 1, `skipInterval is ${skipInterval}`, "Use 1, 2, 3, …");
  require(memoryLimitBytes > 0, `memoryLimitBytes is ${memoryLimitBytes}`, "Give a number of bytes");
  require(pixelRejectionThreshold === "off" || Number.isFinite(pixelRejectionThreshold),
    `pixelRejectionThreshold is ${pixelRejectionThreshold}`, 'Give a gray level or "off"'); // prettier-ignore
  if (clip !== "whole") {
    const numbers = [...clip.originPx, ...clip.sizePx];
    require(numbers.every(Number.isFinite), "the clip rectangle has a number that is not finite", "Correct the clip");
    require(Math.min(...clip.sizePx) >= 0, "the clip rectangle has a negative size", "Correct the clip");
  }
  if (fan !== "none") {
    const numbers = [...fan.anglesRad, ...fan.originPx, fan.radiusStartPx, fan.radiusStopPx];
    require(numbers.every(Number.isFinite), "the fan has a number that is not finite", "Correct the fan");
    require(Math.max(...fan.anglesRad.map(Math.abs)) < Math.PI / 2,
      "a fan angle is 90° or more", "Give angles from straight down, within (−90°, 90°)"); // prettier-ignore
    require(fan.radiusStopPx > fan.radiusStartPx && fan.radiusStartPx >= 0,
      "the fan's radii are not 0 ≤ start < stop", "Correct the radii"); // prettier-ignore
  }
  for (const step of holeFilling) {
    if (step.kind === "stick") {
      const good = Number.isInteger(step.lengthLimit) && step.lengthLimit >= 1 && step.sticks >= 1;
      require(good, "a stick needs a lengthLimit and a number of sticks of at least 1", "Correct the hole filling");
      continue;
    }
    const odd = Number.isInteger(step.size) && step.size % 2 === 1 && step.size <= LARGEST_HOLE_CUBE && step.size >= 1;
    require(odd, `hole filling ${step.kind}: size ${step.size}`, `Use an odd size up to ${LARGEST_HOLE_CUBE}`);
    require(step.minKnownShare >= 0 && step.minKnownShare <= 1,
      `hole filling ${step.kind}: minKnownShare ${step.minKnownShare}`, "Use a share between 0 and 1"); // prettier-ignore
    if ("stdevVoxels" in step)
      require(step.stdevVoxels >
        0, `hole filling ${step.kind}: stdevVoxels ${step.stdevVoxels}`, "Use a positive number");
  }
}

function require(good: boolean, problem: string, remedy: string): void {
  if (!good) throw new UnsuitableInputError(`Reconstruction: ${problem}`, remedy);
}

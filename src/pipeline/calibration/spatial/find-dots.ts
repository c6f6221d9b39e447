import type { Image } from "../../../data/image.ts";

/** A bright spot: a wire seen end on, or something that looks like one. */
export interface Dot {
  /** Column and row of its centre, px. */
  readonly u: number;
  readonly v: number;
  /** Brightest gray value. */
  readonly peak: number;
  /** Sum of the gray values above half its peak. */
  readonly mass: number;
}

/** Peaks nearer than this share of the image's width are one spot. */
const BLOCK_SHARE = 1 / 100;
/** A spot is at least this bright, as a share of the frame's brightest pixel, and of 255. */
const LEAST_SHARE = 0.08;
const LEAST_GRAY = 12;
/** Half size of the box that a spot may fill, in blocks: 4 % of the width to each side, 2 % up and down. */
const BOX_BLOCKS = [4, 2] as const;
export const MOST_DOTS = 32;

/** The brightest spots of a frame, heaviest first. */
export function findDots({ width, height, pixels }: Image): Dot[] {
  const block = Math.max(2, Math.round(width * BLOCK_SHARE)),
    across = Math.ceil(width / block),
    down = Math.ceil(height / block);
  const values = new Float32Array(across * down),
    places = new Int32Array(across * down);
  let brightest = 0;
  for (let row = 0; row < height; row++) {
    const first = Math.floor(row / block) * across;
    for (let u = 0, at = row * width; u < width; u++, at++) {
      const value = pixels[at]!;
      if (value < LEAST_GRAY) continue;
      const cell = first + ((u / block) | 0);
      if (value > values[cell]!) {
        values[cell] = value;
        places[cell] = at;
        if (value > brightest) brightest = value;
      }
    }
  }
  const least = Math.max(LEAST_GRAY, LEAST_SHARE * brightest);
  const dots: Dot[] = [];
  for (let cell = 0; cell < values.length; cell++) {
    if (values[cell]! < least || !isPeak(values, places, cell, across, down)) continue;
    dots.push(centreOf(pixels, width, height, places[cell]!, block));
  }
  const heaviest = dots.sort((a, b) => b.mass - a.mass);
  const apart: Dot[] = [];
  for (const dot of heaviest) {
    if (apart.length === MOST_DOTS) break;
    if (!apart.some(({ u, v }) => Math.hypot(u - dot.u, v - dot.v) < block)) apart.push(dot);
  }
  return apart;
}

/** Brightest of its neighbourhood of 3 × 3 blocks; of equals the first. */
function isPeak(
  values: Readonly<Float32Array>,
  places: Readonly<Int32Array>,
  cell: number,
  across: number,
  down: number,
): boolean {
  const x = cell % across,
    y = (cell / across) | 0,
    own = values[cell]!;
  for (let j = Math.max(0, y - 1); j <= Math.min(down - 1, y + 1); j++) {
    for (let i = Math.max(0, x - 1); i <= Math.min(across - 1, x + 1); i++) {
      const other = j * across + i;
      if (values[other]! > own || (values[other]! === own && places[other]! < places[cell]!)) return false;
    }
  }
  return true;
}

/** Centre of gravity of what is connected to the peak above half its value, weighted by the excess. */
function centreOf(pixels: Image["pixels"], width: number, height: number, peakAt: number, block: number): Dot {
  const peak = pixels[peakAt]!,
    threshold = peak / 2;
  const u0 = peakAt % width,
    v0 = (peakAt / width) | 0;
  const left = Math.max(0, u0 - BOX_BLOCKS[0] * block),
    right = Math.min(width - 1, u0 + BOX_BLOCKS[0] * block),
    top = Math.max(0, v0 - BOX_BLOCKS[1] * block),
    bottom = Math.min(height - 1, v0 + BOX_BLOCKS[1] * block);
  const boxWidth = right - left + 1,
    seen = new Uint8Array(boxWidth * (bottom - top + 1)),
    stack = [peakAt];
  seen[(v0 - top) * boxWidth + u0 - left] = 1;
  let mass = 0,
    sumU = 0,
    sumV = 0;
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    const u = at % width,
      v = (at / width) | 0,
      weight = pixels[at]! - threshold;
    mass += weight;
    sumU += weight * u;
    sumV += weight * v;
    for (const [du, dv] of [
      [1, 0],
      [-1, 0],
      [0, 1],
      [0, -1],
    ] as const) {
      // prettier-ignore
      const i = u + du,
        j = v + dv;
      if (i < left || i > right || j < top || j > bottom) continue;
      const key = (j - top) * boxWidth + i - left;
      if (seen[key] || pixels[j * width + i]! <= threshold) continue;
      seen[key] = 1;
      stack.push(j * width + i);
    }
  }
  return { u: sumU / mass, v: sumV / mass, peak, mass };
}

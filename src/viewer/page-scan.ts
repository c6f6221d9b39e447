import type { PageScan } from "../data/report-page.ts";
import { inflate, inflateValues } from "./packed-bytes.ts";

/** Numbers of a pose: steps of one pixel along a row and down a column, then pixel (0, 0). */
const POSE = 9;

export interface LoadedScan {
  readonly page: PageScan;
  readonly count: number;
  /** Nine numbers a frame, mm. */
  readonly poses: Float32Array;
  /** Row of the bone line at each of `page.columns`, frame after frame; NaN where no bone was found. */
  readonly rows: Float32Array;
  /** Points of the bone lines, xyz, mm; `page.columns.length` a frame, NaN where no bone was found. */
  readonly lines: Float32Array;
}

export async function loadScan(page: PageScan): Promise<LoadedScan> {
  const poses = new Float32Array((await inflate(page.poses)).buffer);
  const rows = (await inflateValues(page.rows)) ?? new Float32Array(0);
  return { page, count: page.index.length, poses, rows, lines: linePoints(page.columns, poses, rows) };
}

/** A pixel in the reference frame, xyz, mm. */
export function placePixel({ poses }: Pick<LoadedScan, "poses">, frame: number, u: number, v: number): number[] {
  const at = frame * POSE;
  return [0, 1, 2].map((axis) => u * poses[at + axis]! + v * poses[at + 3 + axis]! + poses[at + 6 + axis]!);
}

export function linePoints(columns: readonly number[], poses: Float32Array, rows: Float32Array): Float32Array {
  const lines = new Float32Array(rows.length * 3);
  rows.forEach((row, i) => {
    const frame = Math.floor(i / columns.length);
    lines.set(placePixel({ poses }, frame, columns[i % columns.length]!, row), 3 * i);
  });
  return lines;
}

/** The bone line of one frame; a view, not a copy. */
export function lineOf({ lines, page: { columns } }: LoadedScan, frame: number): Float32Array {
  return lines.subarray(frame * columns.length * 3, (frame + 1) * columns.length * 3);
}

/** Frames whose bone line passes within `nearMm` of a point, in the order of time. */
export function framesNear(scan: LoadedScan, [x, y, z]: readonly [number, number, number], nearMm: number): number[] {
  const near: number[] = [];
  for (let frame = 0; frame < scan.count; frame++) {
    const line = lineOf(scan, frame);
    for (let i = 0; i < line.length; i += 3) {
      // A NaN is never near.
      if (Math.hypot(line[i]! - x, line[i + 1]! - y, line[i + 2]! - z) <= nearMm) {
        near.push(frame);
        break;
      }
    }
  }
  return near;
}

/** At most `count` of the entries, evenly spread, first and last among them. */
export function spread<T>(entries: readonly T[], count: number): T[] {
  if (entries.length <= count) return [...entries];
  return Array.from({ length: count }, (_, i) => entries[Math.round((i * (entries.length - 1)) / (count - 1))]!);
}

/** What a person calls a frame: its number, time and stroke. */
export function frameName({ page: { index, timeS, stroke, strokes } }: LoadedScan, frame: number): string {
  const name = strokes[stroke[frame] ?? -1];
  return `frame ${index[frame]}, ${(timeS[frame] ?? 0).toFixed(1)} s${name ? `, ${name}` : ""}`;
}

/** Position in the scan of image `index` of the recording; −1: it is not in it. */
export const frameOfIndex = ({ page }: LoadedScan, index: number): number => page.index.indexOf(index);

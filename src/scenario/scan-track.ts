import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { BoneMasks } from "../data/bone-mask.ts";
import type { GrayImage } from "../data/image.ts";
import type { Sweep } from "../data/recording.ts";
import type { FilmLayout, ScanFrame, ScanTrack } from "../data/scan-track.ts";
import { framePose, type TrackedFrames } from "../data/tracked-frames.ts";
import { writeFileAtomic } from "../io/atomic.ts";
import { encodePng } from "../io/png.ts";
import { round } from "./result-folder.ts";

/** A page carries no more than this many frames; of a longer scan every second, third … */
const MAX_FRAMES = 720;
/** Between two points of a bone line: a third of the width that the surface is averaged over. */
const COLUMN_STEP_MM = 0.8;
/** Longer side of a picture of the film, pixels. */
const TILE_PX = 96;
/** Gray values of the film: fewer cannot be told from more at this size, and make half the bytes. */
const LEVELS = 24;
const FILM_FILE = "film.png";

export interface ScanToWrite {
  readonly frames: TrackedFrames;
  readonly masks: BoneMasks;
  /** Acquisition times of all images of the recording. */
  readonly timesS: Readonly<Float64Array>;
  readonly sweeps: readonly Sweep[];
}

/** Every used frame, or every k-th, with its bone line; `film` as given. */
export function scanTrack({ frames, masks, timesS, sweeps }: ScanToWrite, film: FilmLayout | null): ScanTrack {
  const everyFrames = Math.max(1, Math.ceil(frames.count / MAX_FRAMES));
  const columns = lineColumns(frames);
  return {
    schemaVersion: 1,
    widthPx: frames.width,
    heightPx: frames.height,
    columns,
    everyFrames,
    strokes: sweeps.map(({ name }) => name),
    film,
    frames: listed(frames).map((frame): ScanFrame => {
      const index = frames.sourceIndex[frame]!;
      const { ridgeRowPx } = masks.masks[frame]!;
      return {
        index,
        timeS: round(timesS[index]! - timesS[0]!, 3),
        stroke: strokeAt(sweeps, timesS[index]!),
        pose: planePose(framePose(frames, frame)),
        rows: columns.map((column) => {
          const row = ridgeRowPx[column]!;
          return Number.isNaN(row) ? null : round(row, 1);
        }),
      };
    }),
  };
}

/** Leaves `scan.json` and the film of the frames in `folder`; returns both. */
export async function writeScanTrack(
  folder: string,
  scan: ScanToWrite,
): Promise<{ readonly track: ScanTrack; readonly filmPng: Uint8Array | undefined }> {
  const filmPng = await filmOf(scan.frames);
  const track = scanTrack(scan, filmPng ? filmLayout(scan.frames) : null);
  await mkdir(join(folder, "frames"), { recursive: true });
  if (filmPng) await writeFileAtomic(join(folder, "frames", FILM_FILE), filmPng);
  // One line a frame: a person can find one, and a difference shows where it is.
  const { frames, ...head } = track;
  const lines = frames.map((frame) => JSON.stringify(frame)).join(",\n");
  const text = `${JSON.stringify(head).slice(0, -1)},"frames":[\n${lines}\n]}\n`;
  await writeFileAtomic(join(folder, "scan.json"), new TextEncoder().encode(text));
  return { track, filmPng };
}

const listed = ({ count }: TrackedFrames): number[] => {
  const every = Math.max(1, Math.ceil(count / MAX_FRAMES));
  return Array.from({ length: Math.ceil(count / every) }, (_, i) => i * every);
};

function lineColumns(frames: TrackedFrames): number[] {
  if (frames.count === 0) return [];
  const [ux, uy, uz] = planePose(framePose(frames, 0));
  const step = Math.max(1, Math.round(COLUMN_STEP_MM / Math.hypot(ux!, uy!, uz!)));
  const first = Math.floor(((frames.width - 1) % step) / 2);
  return Array.from({ length: Math.floor((frames.width - 1 - first) / step) + 1 }, (_, i) => first + i * step);
}

/** Of a row-major 3×4: first and second column to a nanometre a pixel, the last to a micrometre. */
function planePose(m: Readonly<Float64Array>): number[] {
  const column = (k: number, digits: number): number[] => [0, 4, 8].map((row) => round(m[row + k]!, digits));
  return [...column(0, 6), ...column(1, 6), ...column(3, 3)];
}

/** Which of the sweeps a stamp of the host's clock lies in; −1: none. */
export function strokeAt(sweeps: readonly Sweep[], stampS: number): number {
  const MARGIN_S = 1; // the stamp is late by the lag, the sweep's times are not
  return sweeps.findIndex(({ fromS, toS }) => stampS >= fromS && stampS <= toS + MARGIN_S);
}

function filmLayout(frames: TrackedFrames): FilmLayout {
  const scale = Math.min(1, TILE_PX / Math.max(frames.width, frames.height));
  const tilePx = [
    Math.max(1, Math.round(frames.width * scale)),
    Math.max(1, Math.round(frames.height * scale)),
  ] as const;
  return { file: FILM_FILE, across: Math.ceil(Math.sqrt(listed(frames).length)), tilePx };
}

async function filmOf(frames: TrackedFrames): Promise<Uint8Array | undefined> {
  const shown = listed(frames);
  if (!shown.length) return undefined;
  const {
    across,
    tilePx: [tileWidth, tileHeight],
  } = filmLayout(frames);
  const width = across * tileWidth,
    height = Math.ceil(shown.length / across) * tileHeight;
  const pixels = new Uint8Array(width * height);
  for (const [i, frame] of shown.entries()) {
    const tile = shrink(await frames.read(frame), tileWidth, tileHeight);
    const left = (i % across) * tileWidth,
      top = Math.floor(i / across) * tileHeight;
    for (let y = 0; y < tileHeight; y++) {
      pixels.set(tile.subarray(y * tileWidth, (y + 1) * tileWidth), (top + y) * width + left);
    }
  }
  return encodePng({ width, height, pixels });
}

/** Mean gray value of what each pixel of the smaller picture covers, in few steps of gray. Never enlarges. */
export function shrink({ width, height, pixels }: GrayImage, toWidth: number, toHeight: number): Uint8Array {
  const out = new Uint8Array(toWidth * toHeight);
  for (let y = 0; y < toHeight; y++) {
    const top = Math.floor((y * height) / toHeight),
      bottom = Math.floor(((y + 1) * height) / toHeight);
    for (let x = 0; x < toWidth; x++) {
      const left = Math.floor((x * width) / toWidth),
        right = Math.floor(((x + 1) * width) / toWidth);
      let sum = 0;
      for (let v = top; v < bottom; v++) for (let u = left; u < right; u++) sum += pixels[v * width + u]!;
      const mean = sum / ((bottom - top) * (right - left));
      out[y * toWidth + x] = Math.round((Math.round((mean / 255) * (LEVELS - 1)) / (LEVELS - 1)) * 255);
    }
  }
  return out;
}

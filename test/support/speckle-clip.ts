import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createRng } from "../../src/core/rng.ts";
import type { Image } from "../../src/data/image.ts";
import { writeSequence } from "../../src/io/sequence/write-sequence.ts";
import { poseTrack, tinyRecording } from "./recordings.ts";

/** Pixels of 0.2 mm, as the cells of the pose lattice: five patches across and five down. */
export const SIDE = 128,
  PIXEL_MM = 0.2;

/**
 * Gray values (60 dB) of speckle at a place out of the plane, mm: power of a complex field that is white noise drawn in
 * over 2 pixels, mixed of slices in the tissue with Gaussian weights. Power then correlates by exp(−d²/2σ²) over d mm.
 */
export function speckle(seed: string, sigmaMm: number): (atMm: number) => Uint8Array {
  const slices = new Map<number, Float64Array>(),
    apart = sigmaMm / 2;
  const slice = (k: number): Float64Array => {
    const known = slices.get(k);
    if (known) return known;
    const rng = createRng(`${seed}/${k}`),
      white = Float64Array.from({ length: 2 * SIDE * SIDE }, () => rng.normal());
    const made = white.map((value, i) => value + white[(i + 1) % white.length]! + white[(i + SIDE) % white.length]!);
    slices.set(k, made);
    return made;
  };
  return (atMm) => {
    const field = new Float64Array(2 * SIDE * SIDE),
      middle = Math.round(atMm / apart);
    let norm = 0;
    for (let k = middle - 6; k <= middle + 6; k++) {
      // The field then correlates by exp(−d²/4σ²), and power by the square of that.
      const weight = Math.exp(-(((k * apart - atMm) / (Math.SQRT2 * sigmaMm)) ** 2));
      norm += weight ** 2;
      slice(k).forEach((value, i) => (field[i]! += weight * value));
    }
    return Uint8Array.from({ length: SIDE * SIDE }, (_, i) => {
      const power = (field[i]! ** 2 + field[i + SIDE * SIDE]! ** 2) / (6 * norm);
      return Math.max(1, Math.min(249, Math.round(170 + (10 * Math.log10(power + 1e-6) * 255) / 60)));
    });
  };
}

export interface Clip {
  readonly count: number;
  /** Gray values of picture i. */
  readonly picture: (i: number) => Uint8Array;
  /** How far the probe had slid out of the plane, mm. */
  readonly slidMm: (i: number) => number;
  readonly timeS?: (i: number) => number;
}

/** Writes a tracked recording of it, as PLUS would; returns its path. */
export async function writeClip(folder: string, name: string, clip: Clip): Promise<string> {
  const { count, picture, slidMm, timeS = (i) => i / 28 } = clip;
  const frames = [...Array(count).keys()],
    times = frames.map(timeS),
    slid = (mm: number): Float64Array => Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, mm);
  const probe = frames.map((i) => slid(slidMm(i))),
    rest = frames.map(() => slid(0));
  const tracks = [poseTrack("Probe", "Tracker", probe, times), poseTrack("Reference", "Tracker", rest, times)];
  const recording = tinyRecording(times, tracks, "by-index");
  const read = async (i: number): Promise<Image> => ({ width: SIDE, height: SIDE, pixels: picture(i) });
  const path = join(folder, `${name}.igs.mha`);
  await writeSequence(path, { ...recording, images: { ...recording.images!, width: SIDE, height: SIDE, read } });
  return path;
}

/** Writes a PLUS configuration in which the picture lies on the probe and has pixels of this size, mm; returns its path. */
export async function writeClipConfig(
  folder: string,
  name: string,
  [x, y]: readonly [number, number] = [PIXEL_MM, PIXEL_MM],
): Promise<string> {
  const path = join(folder, `${name}.xml`);
  await writeFile(
    path,
    `<PlusConfiguration version="2.1"><CoordinateDefinitions>
      <Transform From="Image" To="Probe" Matrix="${x} 0 0 0 0 ${y} 0 0 0 0 ${(x + y) / 2} 0 0 0 0 1"/>
    </CoordinateDefinitions></PlusConfiguration>`,
  );
  return path;
}

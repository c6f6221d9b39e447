import { closedForm } from "./closed-form.ts";
import { cut, wiresInProbe } from "./image-model.ts";
import type { NWirePhantom } from "./nwire-phantom.ts";
import type { JudgedSession } from "./uncertainty.ts";
import { diagonalDistances, meanOfBest } from "./validate.ts";
import type { WireFrame } from "./wire-frames.ts";

/** The frames whose picture is the way round that most have. */
export function oneHanded(frames: readonly WireFrame[]): readonly WireFrame[] {
  const sum = frames.reduce((total, { handed }) => total + handed, 0);
  return frames.filter(({ handed }) => handed === (sum < 0 ? -1 : 1));
}

/** A wrong arrangement is off by centimetres: few rounds tell. */
const ARRANGING_ROUNDS = 3;
/** Likewise few frames, evenly chosen. */
const ARRANGING_FRAMES = 40;

export type Rearrange = (frame: WireFrame) => WireFrame;

/**
 * One image of a symmetric phantom (fCal 1.x) cannot tell its two sides or its upper and lower rows apart. All frames
 * together with their poses can: of the four arrangements the one that the closed form fits best.
 */
export function bestArrangement(frames: readonly WireFrame[], phantom: NWirePhantom): Rearrange {
  const every = Math.ceil(frames.length / ARRANGING_FRAMES),
    some = frames.filter((_, i) => i % every === 0);
  let best: Rearrange = (frame) => frame,
    least = Infinity;
  for (const swapSides of [false, true]) {
    for (const reverseRows of [false, true]) {
      const rearrange: Rearrange = (frame) => {
        const rows = Array.from({ length: phantom.patterns }, (_, k) => frame.pixels.slice(3 * k, 3 * k + 3));
        const sides = swapSides ? rows.map((row) => [...row].reverse()) : rows;
        return { ...frame, pixels: (reverseRows ? [...sides].reverse() : sides).flat() };
      };
      const arranged = some.map(rearrange);
      const { affine } = closedForm(arranged, phantom, ARRANGING_ROUNDS);
      const meanMm = meanOfBest(diagonalDistances(affine, arranged, phantom));
      if (meanMm < least) {
        least = meanMm;
        best = rearrange;
      }
    }
  }
  return best;
}

/** Frames whose picture is the other way round than the calibration and their poses have it. */
export function mirrored(frames: readonly WireFrame[], { refined, phantom, frames: own }: JudgedSession): WireFrame[] {
  const agrees = (frame: WireFrame): boolean => {
    const ends = wiresInProbe(frame, phantom);
    const column = (wire: number): number => cut(refined.probeFromPixel, ends[2 * wire]!, ends[2 * wire + 1]!)[0];
    return column(0) < column(2) === frame.handed > 0;
  };
  // A symmetric phantom may be taken for its mirror image by all frames alike: most of them are right.
  const most = own.filter(agrees).length > own.length / 2;
  return frames.filter((frame) => agrees(frame) !== most);
}

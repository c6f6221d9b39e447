import type { Beam } from "./beam.ts";
import { FINE_LINES } from "./lateral.ts";
import { mix32 } from "./hash.ts";
import type { IqGrid } from "./splat.kernel.ts";

/**
 * Lateral point spread function: each row of `fine` (FINE_LINES columns a line, the first on the first line) convolved
 * with the symmetric complex kernel of its depth and read at the lines. Writes every sample of `to`.
 */
export function filterLateral(fine: IqGrid, { lateral, sampleMm }: Beam, to: IqGrid): void {
  const taps = lateral.maxReach + 1;
  const { re, im, lines: columns } = fine;
  const outRe = to.re, outIm = to.im; // prettier-ignore
  outRe.fill(0);
  outIm.fill(0);
  for (let sample = 0; sample < to.samples; sample++) {
    const row = Math.min(lateral.rows - 1, Math.round((sample * sampleMm) / lateral.depthStepMm));
    const reach = lateral.reach[row]!,
      kernel = row * taps;
    const hr0 = lateral.re[kernel]!, hi0 = lateral.im[kernel]!; // prettier-ignore
    const margin = Math.ceil(reach / FINE_LINES);
    for (let line = margin; line < to.lines - margin; line++) {
      const at = sample * columns + line * FINE_LINES;
      let sr = re[at]! * hr0 - im[at]! * hi0,
        si = re[at]! * hi0 + im[at]! * hr0;
      for (let tap = 1; tap <= reach; tap++) {
        const pr = re[at - tap]! + re[at + tap]!,
          pi = im[at - tap]! + im[at + tap]!;
        const hr = lateral.re[kernel + tap]!, hi = lateral.im[kernel + tap]!; // prettier-ignore
        sr += pr * hr - pi * hi;
        si += pr * hi + pi * hr;
      }
      outRe[sample * to.lines + line] = sr;
      outIm[sample * to.lines + line] = si;
    }
  }
}

/** Convolution along depth with the pulse. Writes every sample of `to`; a row at a time, which stays in the cache. */
export function filterAxial(from: IqGrid, { pulse, pulseCentre }: Beam, to: IqGrid): void {
  const { lines, samples, re, im } = from;
  const outRe = to.re, outIm = to.im; // prettier-ignore
  outRe.fill(0);
  outIm.fill(0);
  for (let sample = 0; sample < samples; sample++) {
    const row = sample * lines;
    for (let tap = 0; tap < pulse.length; tap++) {
      const source = sample - tap + pulseCentre;
      if (source < 0 || source >= samples) continue;
      const weight = pulse[tap]!,
        back = (source - sample) * lines;
      for (let at = row; at < row + lines; at++) {
        outRe[at]! += weight * re[at + back]!;
        outIm[at]! += weight * im[at + back]!;
      }
    }
  }
}

/** Standard deviation of the sum of the four bytes of a random word, each uniform in 0 … 255. */
export const FOUR_BYTES_SD = Math.sqrt((4 * (256 * 256 - 1)) / 12);

/** Where a frame's noise starts in the sequence of hashes. */
export function noiseStart(seed: number, frameIndex: number): number {
  return mix32(seed ^ Math.imul(frameIndex + 1, 0x9e3779b1));
}

/**
 * Receiver noise: adds to every sample a complex number of near-normal parts (the sum of four bytes; the pulse filter
 * that follows makes it normal) and variance `rms`². A function of the seed, the frame and the place alone.
 */
export function addNoise({ lines, samples, re, im }: IqGrid, rms: number, seed: number, frameIndex: number): void {
  const start = noiseStart(seed, frameIndex);
  const scale = rms / Math.SQRT2 / FOUR_BYTES_SD;
  for (let at = 0; at < lines * samples; at++) {
    const a = mix32(start + at),
      b = mix32(a ^ 0x5bd1e995);
    re[at]! += scale * ((a & 255) + ((a >>> 8) & 255) + ((a >>> 16) & 255) + (a >>> 24) - 510);
    im[at]! += scale * ((b & 255) + ((b >>> 8) & 255) + ((b >>> 16) & 255) + (b >>> 24) - 510);
  }
}

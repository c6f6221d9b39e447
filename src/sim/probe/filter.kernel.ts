import type { Beam } from "./beam.ts";
import { FINE_LINES } from "./lateral.ts";
import { mix32 } from "./hash.ts";
import type { IqGrid } from "./splat.kernel.ts";

/** Row of the lateral table that serves each sample. */
export function tapRows({ lateral, sampleMm }: Beam, samples: number): Int32Array {
  return Int32Array.from({ length: samples }, (_, sample) =>
    Math.min(lateral.rows - 1, Math.round((sample * sampleMm) / lateral.depthStepMm)),
  );
}

/**
 * Lateral point spread function: each row of `fine` (FINE_LINES columns a line, the first on the first line) convolved
 * with the symmetric complex profile `rank` of its depth and read at the lines. Writes every sample of `to`.
 */
export function filterLateral(fine: IqGrid, beam: Beam, rank: number, to: IqGrid): void {
  const { lateral } = beam;
  const taps = lateral.maxReach + 1,
    rowOf = tapRows(beam, to.samples);
  const { re, im, lines: columns } = fine;
  const outRe = to.re, outIm = to.im; // prettier-ignore
  outRe.fill(0);
  outIm.fill(0);
  for (let sample = 0; sample < to.samples; sample++) {
    const row = rowOf[sample]!;
    const reach = lateral.reach[row]!,
      kernel = (rank * lateral.rows + row) * taps;
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

/**
 * Convolution along depth: adds to `to` every sample of each of `from`, one a rank, times the pulse of its own depth. A
 * row at a time, which stays in the cache.
 */
export function filterAxial(from: readonly IqGrid[], beam: Beam, to: IqGrid): void {
  const { pulseLength, pulseCentre, pulseRe, pulseIm, rows } = beam.lateral;
  const { lines, samples } = to,
    outRe = to.re,
    outIm = to.im,
    rowOf = tapRows(beam, samples);
  for (let sample = 0; sample < samples; sample++) {
    const row = sample * lines;
    for (const [rank, { re, im }] of from.entries()) {
      for (let tap = 0; tap < pulseLength; tap++) {
        const source = sample - tap + pulseCentre;
        if (source < 0 || source >= samples) continue;
        const at = (rank * rows + rowOf[source]!) * pulseLength + tap;
        const wr = pulseRe[at]!, wi = pulseIm[at]!; // prettier-ignore
        const back = (source - sample) * lines;
        for (let i = row; i < row + lines; i++) {
          const a = re[i + back]!, b = im[i + back]!; // prettier-ignore
          outRe[i]! += wr * a - wi * b;
          outIm[i]! += wr * b + wi * a;
        }
      }
    }
  }
}

/** Where a frame's noise starts in the sequence of hashes. */
export function noiseStart(seed: number, frameIndex: number): number {
  return mix32(seed ^ Math.imul(frameIndex + 1, 0x9e3779b1));
}

/**
 * Receiver noise: adds to every sample a complex normal number of variance `rms`² (Box & Muller 1958, on two hashes). A
 * function of the seed, the frame and the place alone.
 */
export function addNoise({ lines, samples, re, im }: IqGrid, rms: number, seed: number, frameIndex: number): void {
  const start = noiseStart(seed, frameIndex);
  for (let at = 0; at < lines * samples; at++) {
    const a = mix32(start + at),
      b = mix32(a ^ 0x5bd1e995);
    const radius = rms * Math.sqrt(-Math.log(((a >>> 8) + 0.5) / 2 ** 24)),
      angle = (2 * Math.PI * ((b >>> 8) + 0.5)) / 2 ** 24;
    re[at]! += radius * Math.cos(angle);
    im[at]! += radius * Math.sin(angle);
  }
}

import type { IqGrid } from "../../../src/sim/probe/splat.kernel.ts";
import { MARGIN_LINES } from "../../../src/sim/probe/lateral.ts";

/** |echo|² of one sample; `line` counts scan lines from 0, without the margin. */
export function powerAt({ lines, re, im }: IqGrid, line: number, sample: number): number {
  const at = sample * lines + line + MARGIN_LINES;
  return re[at]! ** 2 + im[at]! ** 2;
}

/** A copy of the complex echo: the simulator overwrites its own. */
export function copyOf({ lines, samples, re, im }: IqGrid): IqGrid {
  return { lines, samples, re: re.slice(), im: im.slice() };
}

/** Full width at half of the peak amplitude of a sampled curve, in steps, by linear interpolation around the peak. */
export function fullWidthHalfMaximum(amplitude: ArrayLike<number>): number {
  let peak = 0;
  for (let i = 0; i < amplitude.length; i++) if (amplitude[i]! > amplitude[peak]!) peak = i;
  const half = amplitude[peak]! / 2;
  let left = peak,
    right = peak;
  while (left > 0 && amplitude[left - 1]! > half) left--;
  while (right < amplitude.length - 1 && amplitude[right + 1]! > half) right++;
  const leftPart = (amplitude[left]! - half) / (amplitude[left]! - (amplitude[left - 1] ?? 0));
  const rightPart = (amplitude[right]! - half) / (amplitude[right]! - (amplitude[right + 1] ?? 0));
  return right - left + leftPart + rightPart;
}

/** Mean power of the lines `from … to` over the samples of a depth band, mm. */
export function meanPower(
  iq: IqGrid,
  sampleMm: number,
  [fromMm, toMm]: readonly [number, number],
  [fromLine, toLine]: readonly [number, number] = [0, iq.lines - 2 * MARGIN_LINES],
): number {
  let sum = 0,
    count = 0;
  for (let sample = Math.ceil(fromMm / sampleMm); sample * sampleMm < toMm; sample++) {
    for (let line = fromLine; line < toLine; line++, count++) sum += powerAt(iq, line, sample);
  }
  return sum / count;
}

/** |⟨a, b*⟩|² / (⟨a, a*⟩⟨b, b*⟩) over a depth band: the intensity correlation of two complex frames. */
export function coherence(a: IqGrid, b: IqGrid, sampleMm: number, [fromMm, toMm]: readonly [number, number]): number {
  let re = 0, im = 0, aa = 0, bb = 0; // prettier-ignore
  for (let sample = Math.ceil(fromMm / sampleMm); sample * sampleMm < toMm; sample++) {
    for (let at = sample * a.lines + MARGIN_LINES; at < (sample + 1) * a.lines - MARGIN_LINES; at++) {
      const ar = a.re[at]!, ai = a.im[at]!, br = b.re[at]!, bi = b.im[at]!; // prettier-ignore
      re += ar * br + ai * bi;
      im += ai * br - ar * bi;
      aa += ar * ar + ai * ai;
      bb += br * br + bi * bi;
    }
  }
  return (re * re + im * im) / (aa * bb);
}

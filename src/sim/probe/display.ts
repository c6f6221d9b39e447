import { MARGIN_LINES } from "./lateral.ts";
import { apertureMm, imageGeometry, MUSCLE_ABOVE_BLACK_DB, type ImageSettings, type Probe } from "./probe.ts";
import type { IqGrid } from "./splat.kernel.ts";

/** Gray values of an image from filtered echo: envelope, smoothing, gain, logarithm, scan conversion. */
export type Display = (iq: IqGrid) => Uint8Array;

/** Gain at a depth in dB: overall, slope, and the eight sliders joined by straight lines. */
export function gainAt({ gainDb, tgcDbPerCm, tgcSlidersDb, depthMm }: ImageSettings, yMm: number): number {
  const at = Math.min(6.999, Math.max(0, (yMm / depthMm) * 7)),
    low = Math.floor(at);
  const a = tgcSlidersDb[low]!,
    b = tgcSlidersDb[low + 1]!;
  return MUSCLE_ABOVE_BLACK_DB + gainDb + (tgcDbPerCm * yMm) / 10 + a + (at - low) * (b - a);
}

export function createDisplay(probe: Probe, settings: ImageSettings, sampleMm: number, samples: number): Display {
  const { width, height, spacingMm, faceCentrePx } = imageGeometry(probe, settings);
  const lines = probe.lineCount,
    spacing = apertureMm(probe) / lines;
  const power = new Float32Array(lines * samples),
    scratch = new Float32Array(lines * samples);
  const gain = Float32Array.from({ length: samples }, (_, sample) => gainAt(settings, sample * sampleMm));
  const lateral = gaussian(settings.smoothingMm[0] / spacing),
    axial = gaussian(settings.smoothingMm[1] / sampleMm);
  const grayPerDb = 255 / settings.dynamicRangeDb;
  const half = apertureMm(probe) / 2;

  return ({ re, im, lines: stride }) => {
    for (let sample = 0; sample < samples; sample++) {
      const from = sample * stride + MARGIN_LINES,
        to = sample * lines;
      for (let line = 0; line < lines; line++) {
        const a = re[from + line]!,
          b = im[from + line]!;
        power[to + line] = a * a + b * b;
      }
    }
    if (lateral.length > 1) smooth(power, scratch, lines, samples, lateral, 1);
    if (axial.length > 1) smooth(power, scratch, lines, samples, axial, lines);
    for (let sample = 0; sample < samples; sample++) {
      for (let at = sample * lines; at < (sample + 1) * lines; at++) {
        power[at] = (10 * Math.log10(power[at]! + 1e-30) + gain[sample]!) * grayPerDb;
      }
    }
    const pixels = new Uint8Array(width * height);
    for (let v = 0; v < height; v++) {
      const depth = (v - faceCentrePx[1]) * spacingMm[1];
      const at = depth / sampleMm,
        row = Math.floor(at);
      if (row < 0 || row >= samples - 1) continue;
      const w = at - row;
      for (let u = 0; u < width; u++) {
        const x = (u - faceCentrePx[0]) * spacingMm[0];
        if (x < -half || x > half) continue;
        const p = Math.min(lines - 1.001, Math.max(0, x / spacing + (lines - 1) / 2)),
          line = Math.floor(p),
          t = p - line;
        const from = row * lines + line,
          below = from + lines;
        const a = power[from]!, b = power[from + 1]!, c = power[below]!, d = power[below + 1]!; // prettier-ignore
        const top = a + t * (b - a);
        const gray = top + w * (c + t * (d - c) - top);
        pixels[v * width + u] = gray <= 0 ? 0 : gray >= 255 ? 255 : Math.round(gray);
      }
    }
    return pixels;
  };
}

/** Half of a normalised Gaussian kernel: weights 0 … reach; [1] for no smoothing. */
export function gaussian(sigma: number): Float32Array {
  if (!(sigma > 0.05)) return Float32Array.of(1);
  const half = Float32Array.from({ length: Math.ceil(2.5 * sigma) + 1 }, (_, i) =>
    Math.exp((-i * i) / (2 * sigma * sigma)),
  );
  const sum = 2 * half.reduce((a, b) => a + b, 0) - half[0]!;
  return half.map((w) => w / sum);
}

/** Convolves in place along the direction in which neighbours are `step` apart; the end's value goes on beyond it. */
function smooth(
  values: Float32Array,
  scratch: Float32Array,
  lines: number,
  samples: number,
  kernel: Float32Array,
  step: number,
): void {
  scratch.set(values);
  const reach = kernel.length - 1,
    last = step === 1 ? lines - 1 : samples - 1;
  for (let sample = 0; sample < samples; sample++) {
    for (let line = 0; line < lines; line++) {
      const at = sample * lines + line,
        here = step === 1 ? line : sample;
      let sum = kernel[0]! * scratch[at]!;
      if (here >= reach && here + reach <= last) {
        for (let k = 1; k <= reach; k++) sum += kernel[k]! * (scratch[at - k * step]! + scratch[at + k * step]!);
      } else {
        for (let k = 1; k <= reach; k++) {
          sum +=
            kernel[k]! * (scratch[at - Math.min(k, here) * step]! + scratch[at + Math.min(k, last - here) * step]!);
        }
      }
      values[at] = sum;
    }
  }
}

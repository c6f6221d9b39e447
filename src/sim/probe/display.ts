import { isShown, type ImageGeometry } from "../../data/image.ts";
import { MARGIN_LINES } from "./lateral.ts";
import { imageGeometry, MUSCLE_ABOVE_BLACK_DB, type ImageSettings, type Probe } from "./probe.ts";
import { gaussian, smooth } from "./gaussian.ts";
import { edgeEnhancer, grayMap } from "./post-filter.ts";
import { depthAt, lineAt, type ScanLines } from "./scan-lines.ts";
import type { IqGrid } from "./splat.kernel.ts";

/**
 * Gray values of an image from filtered echo: envelope, smoothing, gain, logarithm, edges, scan conversion, gray map.
 * `power` (of several looks, laid out as the echo) goes in the place of the echo's own.
 */
export type Display = (iq: IqGrid, power?: Float32Array) => Uint8Array;

/** Gain at a depth in dB: overall, slope, and the eight sliders joined by straight lines. */
export function gainAt({ gainDb, tgcDbPerCm, tgcSlidersDb, depthMm }: ImageSettings, yMm: number): number {
  const at = Math.min(6.999, Math.max(0, (yMm / depthMm) * 7)),
    low = Math.floor(at);
  const a = tgcSlidersDb[low]!,
    b = tgcSlidersDb[low + 1]!;
  return MUSCLE_ABOVE_BLACK_DB + gainDb + (tgcDbPerCm * yMm) / 10 + a + (at - low) * (b - a);
}

export function createDisplay(
  probe: Probe,
  scan: ScanLines,
  settings: ImageSettings,
  sampleMm: number,
  samples: number,
): Display {
  const lines = probe.lineCount;
  const power = new Float32Array(lines * samples),
    scratch = new Float32Array(lines * samples);
  const gain = Float32Array.from({ length: samples }, (_, sample) => gainAt(settings, sample * sampleMm));
  const lateral = gaussian(settings.smoothingMm[0] / scan.spacingMm),
    axial = gaussian(settings.smoothingMm[1] / sampleMm);
  const grayPerDb = 255 / settings.dynamicRangeDb;
  const convert = scanConverter(scan, imageGeometry(probe, settings), sampleMm, samples);

  const enhance = edgeEnhancer(settings, scan.spacingMm, sampleMm, lines, samples),
    map = grayMap(settings);

  return ({ re, im, lines: stride }, given) => {
    for (let sample = 0; sample < samples; sample++) {
      const from = sample * stride + MARGIN_LINES,
        to = sample * lines;
      for (let line = 0; line < lines; line++) {
        const a = re[from + line]!,
          b = im[from + line]!;
        power[to + line] = given ? given[from + line]! : a * a + b * b;
      }
    }
    if (lateral.length > 1) smooth(power, scratch, lines, samples, lateral, 1);
    if (axial.length > 1) smooth(power, scratch, lines, samples, axial, lines);
    for (let sample = 0; sample < samples; sample++) {
      for (let at = sample * lines; at < (sample + 1) * lines; at++) {
        power[at] = (10 * Math.log10(power[at]! + 1e-30) + gain[sample]!) * grayPerDb;
      }
    }
    enhance?.(power);
    const pixels = convert(power);
    return map ? pixels.map((gray) => map[gray]!) : pixels;
  };
}

/**
 * From gray levels on lines and samples (index sample · lineCount + line, the margin left out) to pixels, bilinear; black
 * outside the field of view. The table belongs to the converter, every picture is a new array.
 */
export function scanConverter(
  scan: ScanLines,
  geometry: ImageGeometry,
  sampleMm: number,
  samples: number,
): (level: Float32Array) => Uint8Array {
  const { width, height, spacingMm, faceCentrePx, fieldOfView } = geometry;
  const lineCount = scan.count - 2 * MARGIN_LINES;
  const pixel = new Int32Array(width * height),
    from = new Int32Array(width * height),
    across = new Float32Array(width * height),
    down = new Float32Array(width * height);
  let count = 0;
  for (let v = 0; v < height; v++) {
    const y = (v - faceCentrePx[1]) * spacingMm[1];
    for (let u = 0; u < width; u++) {
      const x = (u - faceCentrePx[0]) * spacingMm[0];
      if (fieldOfView && !isShown(fieldOfView, x, y)) continue;
      const at = depthAt(scan, x, y) / sampleMm,
        row = Math.floor(at);
      if (row < 0 || row >= samples - 1) continue;
      const place = Math.min(lineCount - 1.001, Math.max(0, lineAt(scan, x, y) - MARGIN_LINES)),
        line = Math.floor(place);
      pixel[count] = v * width + u;
      from[count] = row * lineCount + line;
      across[count] = place - line;
      down[count++] = at - row;
    }
  }
  return (level) => {
    const pixels = new Uint8Array(width * height);
    for (let i = 0; i < count; i++) {
      const at = from[i]!, below = at + lineCount, t = across[i]!; // prettier-ignore
      const a = level[at]!, b = level[at + 1]!, c = level[below]!, d = level[below + 1]!; // prettier-ignore
      const top = a + t * (b - a);
      const gray = top + down[i]! * (c + t * (d - c) - top);
      pixels[pixel[i]!] = gray <= 0 ? 0 : gray >= 255 ? 255 : Math.round(gray);
    }
    return pixels;
  };
}

import type { Beam } from "./beam.ts";
import { spectrumSigmaHz } from "./fresnel.ts";
import { FINE_LINES } from "./lateral.ts";
import { apertureMm, type Probe } from "./probe.ts";

/** A rough surface with normally distributed heights whose correlation is exp(−r²/l²); RMS slope √2·rms/l. */
export interface RoughSurface {
  readonly rmsMm: number;
  readonly correlationMm: number;
}

/**
 * Echo of a rough surface after Kirchhoff's integral (Beckmann & Spizzichino 1963; Ogilvy 1991, chapter 4), waves of
 * two-way wavenumber `twoWay` (2k, rad/mm), tilted by an angle of that cosine. With g = (2kσ·cos t)²:
 * the mean echo of a mirror is left to exp(−g/2) of its amplitude.
 */
export function coherentShare({ rmsMm }: RoughSurface, twoWay: number, cosine: number): number {
  return Math.exp(-((twoWay * rmsMm * cosine) ** 2) / 2);
}

/** Terms of the series: it has converged for g below 40, heights of a wavelength. */
const MOST_TERMS = 120;

/**
 * and what it loses comes back from everywhere: the power of the diffuse echo re |∫h dA|² of a mirror is this times
 * ∫|h|² dA, where h is the two-way beam on the surface, mm²:
 * exp(−g)/cos²t · Σ gᵐ/m! · (πl²/m) · exp(−(2k·sin t)²·l²/4m).
 */
export function diffusePowerMm2({ rmsMm, correlationMm }: RoughSurface, twoWay: number, cosine: number): number {
  const g = (twoWay * rmsMm * cosine) ** 2,
    across = twoWay * twoWay * Math.max(0, 1 - cosine * cosine),
    area = correlationMm * correlationMm;
  let term = Math.exp(-g),
    sum = 0;
  for (let m = 1; m <= MOST_TERMS; m++) {
    term *= g / m;
    sum += (term / m) * Math.exp((-across * area) / (4 * m));
  }
  return (Math.PI * area * sum) / (cosine * cosine);
}

/** Two-way wavenumbers over the pulse's band, rad/mm, and their share of the pulse's peak (a Gaussian, ±2.25 σ). */
function band(probe: Probe, twoWay: number): readonly { readonly twoWay: number; readonly share: number }[] {
  const sigma = spectrumSigmaHz(probe) / probe.frequencyHz;
  const lines = Array.from({ length: 11 }, (_, i) => {
    const t = (i - 5) * 0.45;
    return { twoWay: twoWay * (1 + t * sigma), share: Math.exp((-t * t) / 2) };
  });
  const sum = lines.reduce((total, { share }) => total + share, 0);
  return lines.map((line) => ({ ...line, share: line.share / sum }));
}

/** Peak amplitude of a pulse from the surface re a mirror, the mean echo alone; `twoWay` is that of the carrier. */
export function coherentPeak(surface: RoughSurface, probe: Probe, twoWay: number): (cosine: number) => number {
  const lines = band(probe, twoWay);
  return (cosine) => lines.reduce((sum, { twoWay: k, share }) => sum + share * coherentShare(surface, k, cosine), 0);
}

/** Entries of `diffuseByCosine`, at cosines 0 … 1. */
export const COSINES = 129;

/** Peak amplitude of the diffuse echo of a pulse over the cosine of the tilt, mm; 0 beyond `GRAZING`. */
export function diffuseByCosine(surface: RoughSurface, probe: Probe, twoWay: number): Float32Array {
  const lines = band(probe, twoWay);
  return Float32Array.from({ length: COSINES }, (_, i) => {
    const cosine = i / (COSINES - 1);
    return cosine < GRAZING
      ? 0
      : lines.reduce((sum, { twoWay: k, share }) => sum + share * Math.sqrt(diffusePowerMm2(surface, k, cosine)), 0);
  });
}

/** Surfaces steeper than 84° are seen no more: Kirchhoff's integral knows no shadow of one hill on the next. */
const GRAZING = 0.1;

/**
 * 1/|∫h dA| of the simulator's own beam at every row of a map, `rowMm` apart, 1/mm²: what a point on a surface counts
 * where the mirror that it is a part of has the amplitude 1.
 */
export function mirrorDensity({ lateral, elevation }: Beam, probe: Probe, rows: number, rowMm: number): Float32Array {
  const stepMm = apertureMm(probe) / probe.lineCount / FINE_LINES;
  return Float32Array.from({ length: rows }, (_, row) => {
    const z = row * rowMm;
    const across = total(lateral, Math.round(z / lateral.depthStepMm), lateral.maxReach + 1, lateral.rows),
      along = total(elevation, Math.round(z / elevation.depthStepMm), elevation.columns, elevation.rows);
    return 1 / (across * stepMm * along * elevation.stepMm);
  });
}

/** |Σ| of one row of half a symmetric complex table. */
function total(
  { re, im }: { readonly re: Float32Array; readonly im: Float32Array },
  row: number,
  columns: number,
  rows: number,
): number {
  const from = Math.min(rows - 1, row) * columns;
  let a = re[from]!,
    b = im[from]!;
  for (let i = 1; i < columns; i++) {
    a += 2 * re[from + i]!;
    b += 2 * im[from + i]!;
  }
  return Math.hypot(a, b);
}

import { spectrumSigmaHz } from "./band.ts";
import type { Beam } from "./beam.ts";
import { LEAST_DELAY, PARTS, TAPS } from "./tap-fit.ts";
import { FINE_LINES, RANK } from "./lateral.ts";
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
export function mirrorDensity(beam: Beam, probe: Probe, rows: number, rowMm: number): Float32Array {
  const { lateral, elevation } = beam;
  const cellMm2 = (apertureMm(probe) / probe.lineCount / FINE_LINES) * elevation.stepMm;
  return Float32Array.from({ length: rows }, (_, row) => {
    const z = row * rowMm;
    const across = plateAcross(beam, Math.min(lateral.rows - 1, Math.round(z / lateral.depthStepMm))),
      slice = Math.min(elevation.rows - 1, Math.round(z / elevation.depthStepMm));
    let sum = 0;
    for (let part = 0; part < PARTS; part++) {
      for (const share of [0.21, 0.79]) sum += highest(across, plateAlong(beam, slice, part, share)) / (2 * PARTS);
    }
    return 1 / (sum * cellMm2);
  });
}

/** Complex samples along range. */
type Samples = readonly (readonly [re: number, im: number])[];

/** Echo along range of all columns of one depth together. */
function plateAcross({ lateral }: Beam, row: number): Samples {
  const { re, im, pulseRe, pulseIm, pulseLength, maxReach, rows } = lateral;
  const sums = Array.from({ length: RANK }, (_, rank) =>
    symmetricSum(re, im, (rank * rows + row) * (maxReach + 1), maxReach + 1),
  );
  return Array.from({ length: pulseLength }, (_, n) => {
    let a = 0, b = 0; // prettier-ignore
    for (const [rank, [sr, si]] of sums.entries()) {
      const at = (rank * rows + row) * pulseLength + n;
      a += sr * pulseRe[at]! - si * pulseIm[at]!;
      b += sr * pulseIm[at]! + si * pulseRe[at]!;
    }
    return [a, b] as const;
  });
}

/** All filters of one depth together, for points `share` of the way through a part, from LEAST_DELAY on. */
function plateAlong({ elevation }: Beam, row: number, part: number, share: number): Samples {
  const { first, slope, delay, columns } = elevation;
  const sum = Array.from({ length: 16 + TAPS }, () => [0, 0] as [number, number]);
  for (let column = 0, entry = (row * PARTS + part) * columns; column < columns; column++, entry++) {
    const twice = column === 0 ? 1 : 2;
    for (let tap = 0, at = 2 * TAPS * entry; tap < TAPS; tap++, at += 2) {
      const here = sum[delay[entry]! - LEAST_DELAY + tap]!;
      here[0] += twice * (first[at]! + share * slope[at]!);
      here[1] += twice * (first[at + 1]! + share * slope[at + 1]!);
    }
  }
  return sum;
}

/** Parts of a sample at which a peak is looked for. */
const PEAK_STEPS = 4;

/** Highest amplitude of one echo convolved with another, between samples too (sinc). */
function highest(a: Samples, b: Samples): number {
  const echo: [number, number][] = Array.from({ length: a.length + b.length - 1 }, () => [0, 0]);
  for (const [n, [ar, ai]] of a.entries()) {
    for (const [i, [br, bi]] of b.entries()) {
      echo[n + i]![0] += ar * br - ai * bi;
      echo[n + i]![1] += ar * bi + ai * br;
    }
  }
  const power = echo.map(([re, im]) => re * re + im * im),
    top = power.indexOf(Math.max(...power));
  let most = 0;
  for (let step = -PEAK_STEPS; step <= PEAK_STEPS; step++) {
    let re = 0, im = 0; // prettier-ignore
    for (const [n, [er, ei]] of echo.entries()) {
      const x = Math.PI * (top + step / PEAK_STEPS - n),
        w = Math.abs(x) < 1e-9 ? 1 : Math.sin(x) / x;
      re += w * er;
      im += w * ei;
    }
    most = Math.max(most, Math.hypot(re, im));
  }
  return most;
}

/** Sum of a symmetric complex table of which `count` entries from the middle on are given. */
function symmetricSum(re: Float32Array, im: Float32Array, from: number, count: number): readonly [number, number] {
  let a = re[from]!, b = im[from]!; // prettier-ignore
  for (let i = 1; i < count; i++) {
    a += 2 * re[from + i]!;
    b += 2 * im[from + i]!;
  }
  return [a, b];
}

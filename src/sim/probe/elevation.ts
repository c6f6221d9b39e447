import { DEPTH_STEP_MM, fieldOver, lensOf, NEAREST_MM, type Sources } from "./aperture.ts";
import { pulseSigmaMm, type Band } from "./band.ts";
import type { Probe } from "./probe.ts";

/**
 * Two-way elevational field E²(y, z), |y| sampled every `stepMm`, depth every `depthStepMm`; row = depth. Over the band
 * it is complex and no constant: with a real weight speckle off the focus would decorrelate half as fast as it does, and
 * with one complex number it still is a sixth too quick. So each depth has a spectrum that all its entries share
 * (`common`), and each entry a filter of two taps along range, `delay` and `delay` + 1 samples below the point: `re`,
 * `im` and `nextRe`, `nextIm`. There is one for points in the upper half between two samples and one for those in the lower half: index
 * (row · SUBSAMPLES + sub) · columns + column. Each depth has unit energy: ∫|E²|² dy = 1 mm, mean over the pulse's power.
 */
export interface ElevationTable {
  readonly stepMm: number;
  readonly depthStepMm: number;
  readonly columns: number;
  readonly rows: number;
  readonly re: Float32Array;
  readonly im: Float32Array;
  readonly nextRe: Float32Array;
  readonly nextIm: Float32Array;
  /** LEAST_DELAY to LEAST_DELAY + 15 samples. */
  readonly delay: Int8Array;
  /** Per depth: the |y| beyond which |E²| stays below SLICE_EDGE of its peak. */
  readonly halfWidthMm: Float32Array;
  /** Per depth and frequency of the band: what all entries have in common; the lateral table's pulses contain it. */
  readonly commonRe: Float64Array;
  readonly commonIm: Float64Array;
  /** Per depth and frequency of the band: ∫|E²|² dy of the filters without the common part, mm. */
  readonly energyMm: Float64Array;
}

const ELEVATION_STEP_MM = 0.02;
/** Share of the peak at which the slice ends: less than 0.5 % of the energy lies beyond it at any depth. */
const SLICE_EDGE = 0.08;
export const LEAST_DELAY = -7;
const MOST_DELAY = LEAST_DELAY + 15;
/** Parts of the way from one sample to the next that have a filter of their own. */
export const SUBSAMPLES = 2;
/** Rounds in which the common spectrum and the taps are fitted in turn, and every how many columns see to the former. */
const ROUNDS = 4;
const SPARSE = 4;

export function elevationTable(probe: Probe, speedMps: number, depthMm: number, band: Band): ElevationTable {
  const bins = band.hz.length;
  const { elevationApertureMm: height, elevationFocusMm: focus } = probe;
  const lens = lensOf(probe, (speedMps * 1e3) / probe.frequencyHz);
  const rows = Math.ceil((depthMm + 3) / DEPTH_STEP_MM) + 1;
  const reachAt = (z: number): number => 0.6 * height * Math.abs(z / focus - 1) + 1.2;
  const columns = Math.ceil(Math.max(reachAt(0), reachAt(depthMm + 3)) / ELEVATION_STEP_MM) + 1;
  const count = rows * SUBSAMPLES * columns;
  const re = new Float32Array(count), im = new Float32Array(count); // prettier-ignore
  const nextRe = new Float32Array(count), nextIm = new Float32Array(count); // prettier-ignore
  const delay = new Int8Array(count);
  const halfWidthMm = new Float32Array(rows),
    commonRe = new Float64Array(rows * bins),
    commonIm = new Float64Array(rows * bins),
    energyMm = new Float64Array(rows * bins);
  const power = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    const z = Math.max(NEAREST_MM, row * DEPTH_STEP_MM);
    const filled = Math.min(columns, Math.ceil(reachAt(z) / ELEVATION_STEP_MM));
    const fields = Array.from({ length: filled }, (_, column) =>
      twoWayField(lens, band, speedMps, column * ELEVATION_STEP_MM, z),
    );
    const { common, fit } = fitCommon(fields, probe, speedMps, band);
    commonRe.set(common.re, row * bins);
    commonIm.set(common.im, row * bins);
    let peak = 0,
      energy = 0;
    for (let column = 0; column < filled; column++) {
      for (let sub = 0; sub < SUBSAMPLES; sub++) {
        const at = (row * SUBSAMPLES + sub) * columns + column;
        const taps = fit.solve(fields[column]!, placeOf(sub));
        re[at] = taps.re;
        im[at] = taps.im;
        nextRe[at] = taps.nextRe;
        nextIm[at] = taps.nextIm;
        delay[at] = taps.delay;
        if (sub > 0) continue;
        power[column] = fit.power(taps);
        peak = Math.max(peak, power[column]!);
        energy += (column === 0 ? 1 : 2) * power[column]! * ELEVATION_STEP_MM;
      }
    }
    const scale = 1 / Math.sqrt(energy);
    for (let column = 0; column < filled; column++) {
      if (power[column]! > SLICE_EDGE * SLICE_EDGE * peak) halfWidthMm[row] = column * ELEVATION_STEP_MM;
    }
    for (let sub = 0; sub < SUBSAMPLES; sub++) {
      for (let column = 0; column < filled; column++) {
        const at = (row * SUBSAMPLES + sub) * columns + column;
        re[at]! *= scale;
        im[at]! *= scale;
        nextRe[at]! *= scale;
        nextIm[at]! *= scale;
        const share = ((column === 0 ? 1 : 2) * ELEVATION_STEP_MM) / SUBSAMPLES;
        for (let f = 0; f < bins; f++) {
          const c = fit.cosine[f]!, s = fit.sine[f]!; // prettier-ignore
          energyMm[row * bins + f]! +=
            share *
            ((re[at]! + nextRe[at]! * c + nextIm[at]! * s) ** 2 + (im[at]! + nextIm[at]! * c - nextRe[at]! * s) ** 2);
        }
      }
    }
  }
  const filters = { re, im, nextRe, nextIm, delay };
  const tables = { halfWidthMm, commonRe, commonIm, energyMm };
  return { stepMm: ELEVATION_STEP_MM, depthStepMm: DEPTH_STEP_MM, columns, rows, ...filters, ...tables };
}

/** How far below a sample the points lie that a filter is for, in samples: the middle of its part of the way to the next. */
export const placeOf = (sub: number): number => (sub + 0.5) / SUBSAMPLES;

/** A complex number at each frequency of the band. */
interface Spectrum {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

function twoWayField(lens: Sources, band: Band, speedMps: number, yMm: number, zMm: number): Spectrum {
  const re = new Float64Array(band.hz.length),
    im = new Float64Array(band.hz.length);
  fieldOver(lens, band, speedMps, yMm, zMm, re, im);
  for (let f = 0; f < re.length; f++) {
    const a = re[f]!, b = im[f]!; // prettier-ignore
    re[f] = a * a - b * b;
    im[f] = 2 * a * b;
  }
  return { re, im };
}

/** The spectrum that the fields of one depth share, by alternating least squares, and the fit of taps that goes with it. */
function fitCommon(fields: readonly Spectrum[], probe: Probe, speedMps: number, band: Band) {
  const bins = band.hz.length;
  const sparse = fields.filter((_, column) => column % SPARSE === 0);
  // To begin with, the root of the mean power over the slice.
  const common = { re: new Float64Array(bins), im: new Float64Array(bins) };
  for (let f = 0; f < bins; f++) {
    let sum = 0;
    for (const { re, im } of sparse) sum += re[f]! ** 2 + im[f]! ** 2;
    common.re[f] = Math.sqrt(sum / sparse.length);
  }
  let fit = twoTapFit(probe, speedMps, band, common);
  for (let round = 0; round < ROUNDS; round++) {
    const { cosine, sine } = fit;
    const sumRe = new Float64Array(bins), sumIm = new Float64Array(bins), sum = new Float64Array(bins); // prettier-ignore
    for (const [i, field] of sparse.entries()) {
      const place = placeOf(i % SUBSAMPLES),
        taps = fit.solve(field, place);
      for (let f = 0; f < bins; f++) {
        // The filter's response: (first + next·e^{-iθ})·e^{-i·delay·θ}.
        const c = cosine[f]!, s = sine[f]!; // prettier-ignore
        const a = taps.re + taps.nextRe * c + taps.nextIm * s,
          b = taps.im + taps.nextIm * c - taps.nextRe * s;
        const turn = (taps.delay - place) * fit.angle[f]!, tc = Math.cos(turn), ts = -Math.sin(turn); // prettier-ignore
        const hr = a * tc - b * ts, hi = a * ts + b * tc; // prettier-ignore
        sumRe[f]! += hr * field.re[f]! + hi * field.im[f]!;
        sumIm[f]! += hr * field.im[f]! - hi * field.re[f]!;
        sum[f]! += hr * hr + hi * hi;
      }
    }
    for (let f = 0; f < bins; f++) {
      common.re[f] = sumRe[f]! / sum[f]!;
      common.im[f] = sumIm[f]! / sum[f]!;
    }
    fit = twoTapFit(probe, speedMps, band, common);
  }
  return { common, fit };
}

interface TwoTaps {
  readonly re: number;
  readonly im: number;
  readonly nextRe: number;
  readonly nextIm: number;
  readonly delay: number;
}

/**
 * The two taps and the delay that, times the common spectrum, come nearest to a field over the band: least squares,
 * weighted by the power of the pulse.
 */
function twoTapFit(probe: Probe, speedMps: number, { hz, sampleMm }: Band, common: Spectrum) {
  const bins = hz.length;
  const sigmaMm = pulseSigmaMm(probe, speedMps);
  /** Turn from one sample to the next at each frequency: e^{-iθ}. */
  const angle = hz.map((f) => (4 * Math.PI * (f - probe.frequencyHz) * sampleMm) / (speedMps * 1e3));
  const cosine = angle.map(Math.cos),
    sine = angle.map(Math.sin);
  const pulsePower = angle.map((a) => Math.exp(-(((a * sigmaMm) / sampleMm) ** 2)));
  const total = pulsePower.reduce((sum, w) => sum + w, 0);
  const weight = pulsePower.map((w, f) => (w / total) * (common.re[f]! ** 2 + common.im[f]! ** 2));
  // Inner products of the basis (e^{-inθ}, e^{-i(n+1)θ}): Σ w and Σ w e^{-iθ}.
  let g0 = 0, gr = 0, gi = 0; // prettier-ignore
  for (let f = 0; f < bins; f++) {
    g0 += weight[f]!;
    gr += weight[f]! * cosine[f]!;
    gi -= weight[f]! * sine[f]!;
  }
  const determinant = g0 * g0 - gr * gr - gi * gi;
  /** Σ (w/|G|²)·G*·h·e^{+inθ}: how much of a field lies on delay n. */
  function projection(field: Spectrum, n: number): readonly [number, number] {
    let re = 0, im = 0; // prettier-ignore
    for (let f = 0; f < bins; f++) {
      const w = pulsePower[f]! / total, a = field.re[f]!, b = field.im[f]!, p = common.re[f]!, q = common.im[f]!; // prettier-ignore
      const hr = w * (a * p + b * q), hi = w * (b * p - a * q); // prettier-ignore
      const c = Math.cos(n * angle[f]!), s = Math.sin(n * angle[f]!); // prettier-ignore
      re += hr * c - hi * s;
      im += hr * s + hi * c;
    }
    return [re, im];
  }

  /** Mean delay in samples, by the mean turn of the phase from one frequency to the next. */
  function groupDelay(field: Spectrum): number {
    let re = 0, im = 0, beforeRe = 0, beforeIm = 0; // prettier-ignore
    for (let f = 0; f < bins; f++) {
      const w = Math.sqrt(pulsePower[f]!), a = field.re[f]!, b = field.im[f]!, p = common.re[f]!, q = common.im[f]!; // prettier-ignore
      const hr = w * (a * p + b * q), hi = w * (b * p - a * q); // prettier-ignore
      re += hr * beforeRe + hi * beforeIm;
      im += hi * beforeRe - hr * beforeIm;
      beforeRe = hr;
      beforeIm = hi;
    }
    return -Math.atan2(im, re) / (angle[1]! - angle[0]!);
  }

  /** The best filter of a field that comes `later` samples after the grid's. */
  function solve(field: Spectrum, later: number): TwoTaps {
    const guess = Math.floor(groupDelay(field) + later),
      from = Math.max(LEAST_DELAY, Math.min(MOST_DELAY - 2, guess - 1));
    let best: TwoTaps = { re: 0, im: 0, nextRe: 0, nextIm: 0, delay: 0 },
      most = -1;
    let [pr, pi] = projection(field, from - later);
    for (let n = from; n <= from + 2; n++) {
      // [g0 g; g* g0]·(a, b) = (p, q).
      const [qr, qi] = projection(field, n + 1 - later);
      const ar = (g0 * pr - gr * qr + gi * qi) / determinant,
        ai = (g0 * pi - gr * qi - gi * qr) / determinant,
        cr = (g0 * qr - gr * pr - gi * pi) / determinant,
        ci = (g0 * qi - gr * pi + gi * pr) / determinant;
      const explained = ar * pr + ai * pi + cr * qr + ci * qi;
      if (explained > most) {
        most = explained;
        best = { re: ar, im: ai, nextRe: cr, nextIm: ci, delay: n };
      }
      pr = qr;
      pi = qi;
    }
    return best;
  }

  /** Mean power of the filter over the band. */
  const power = ({ re, im, nextRe, nextIm }: TwoTaps): number =>
    g0 * (re * re + im * im + nextRe * nextRe + nextIm * nextIm) +
    2 * ((re * nextRe + im * nextIm) * gr - (re * nextIm - im * nextRe) * gi);

  return { solve, power, angle, cosine, sine };
}

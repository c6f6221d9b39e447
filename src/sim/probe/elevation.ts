import { DEPTH_STEP_MM, fieldOver, lensOf, NEAREST_MM, type Sources } from "./aperture.ts";
import type { Band } from "./band.ts";
import type { Probe } from "./probe.ts";
import {
  PARTS,
  PLACES,
  tapBasis,
  tapFit,
  TAPS,
  type RangeFilter,
  type Spectrum,
  type TapBasis,
  type TapFit,
} from "./tap-fit.ts";

/**
 * Two-way elevational field E²(y, z), |y| sampled every `stepMm`, depth every `depthStepMm`; row = depth. Over the band
 * it is complex and no constant: with a real weight speckle off the focus would decorrelate half as fast as it does, and
 * with one complex number it still is a sixth too quick. So each depth has a spectrum that all its entries share
 * (`common`), and each entry a short filter along range for either half of the way between two samples (PARTS): index
 * (row · PARTS + part) · columns + column. Each depth has unit energy:
 * ∫|E²|² dy = 1 mm, mean over the pulse's power.
 */
export interface ElevationTable {
  readonly stepMm: number;
  readonly depthStepMm: number;
  readonly columns: number;
  readonly rows: number;
  /**
   * The filter of each entry, for points that lie `share` of the way through its part: tap t is `first`[t] + share ·
   * `slope`[t], complex; 2 · (TAPS · entry + t).
   */
  readonly first: Float32Array;
  readonly slope: Float32Array;
  /** How many samples below the point's the first tap lies: LEAST_DELAY to LEAST_DELAY + 15. */
  readonly delay: Int8Array;
  /** Per depth: the |y| beyond which |E²| stays below SLICE_EDGE of its peak. */
  readonly halfWidthMm: Float32Array;
  /** Per depth and frequency of the band: what all entries have in common; the lateral table's pulses contain it. */
  readonly commonRe: Float64Array;
  readonly commonIm: Float64Array;
  /** The same times the filters of the entry in the image plane, mean over where points lie: its whole spectrum. */
  readonly axisRe: Float64Array;
  readonly axisIm: Float64Array;
  /** Per depth and frequency of the band: ∫|E²|² dy of the filters without the common part, mm. */
  readonly energyMm: Float64Array;
}

const ELEVATION_STEP_MM = 0.03;
/** Share of the peak at which the slice ends: less than 0.5 % of the energy lies beyond it at any depth. */
const SLICE_EDGE = 0.08;
/** Rounds in which the common spectrum and the taps are fitted in turn, and every how many columns see to the former. */
const ROUNDS = 4;
const SPARSE = 2;

export function elevationTable(probe: Probe, speedMps: number, depthMm: number, band: Band): ElevationTable {
  const bins = band.hz.length;
  const { elevationApertureMm: height, elevationFocusMm: focus } = probe;
  const lens = lensOf(probe, (speedMps * 1e3) / probe.frequencyHz);
  const rows = Math.ceil((depthMm + 3) / DEPTH_STEP_MM) + 1;
  const reachAt = (z: number): number => 0.6 * height * Math.abs(z / focus - 1) + 1.2;
  const columns = Math.ceil(Math.max(reachAt(0), reachAt(depthMm + 3)) / ELEVATION_STEP_MM) + 1;
  const table = {
    first: new Float32Array(2 * TAPS * rows * PARTS * columns),
    slope: new Float32Array(2 * TAPS * rows * PARTS * columns),
    delay: new Int8Array(rows * PARTS * columns),
    halfWidthMm: new Float32Array(rows),
    commonRe: new Float64Array(rows * bins),
    commonIm: new Float64Array(rows * bins),
    axisRe: new Float64Array(rows * bins),
    axisIm: new Float64Array(rows * bins),
    energyMm: new Float64Array(rows * bins),
  };
  const basis = tapBasis(probe, speedMps, band);
  for (let row = 0; row < rows; row++) {
    const z = Math.max(NEAREST_MM, row * DEPTH_STEP_MM);
    const filled = Math.min(columns, Math.ceil(reachAt(z) / ELEVATION_STEP_MM));
    const fields = Array.from({ length: filled }, (_, column) =>
      twoWayField(lens, band, speedMps, column * ELEVATION_STEP_MM, z),
    );
    const { common, fit } = fitCommon(fields, basis);
    table.commonRe.set(common.re, row * bins);
    table.commonIm.set(common.im, row * bins);
    const filters = fields.flatMap((field) => Array.from({ length: PARTS }, (_, part) => fit.solve(field, part)));
    const axis = onAxis(filters.slice(0, PARTS), fit, common);
    table.axisRe.set(axis.re, row * bins);
    table.axisIm.set(axis.im, row * bins);
    const spectra = filters.map((filter) => {
      const power = new Float64Array(bins);
      fit.powerSpectrum(filter, power);
      return power;
    });
    const powers = fields.map((_, column) => {
      let sum = 0;
      for (let f = 0; f < bins; f++) {
        const filtered = spectra.slice(PARTS * column, PARTS * (column + 1)).reduce((all, power) => all + power[f]!, 0);
        sum += (basis.power[f]! * (common.re[f]! ** 2 + common.im[f]! ** 2) * filtered) / PARTS;
      }
      return sum;
    });
    const peak = Math.max(...powers),
      energy = powers.reduce((sum, p, column) => sum + both(column) * p, 0) * ELEVATION_STEP_MM;
    for (const [i, filter] of filters.entries()) {
      const column = Math.floor(i / PARTS),
        part = i % PARTS;
      if (powers[column]! > SLICE_EDGE * SLICE_EDGE * peak) table.halfWidthMm[row] = column * ELEVATION_STEP_MM;
      store(filter, 1 / Math.sqrt(energy), (row * PARTS + part) * columns + column, table);
      for (let f = 0; f < bins; f++) {
        table.energyMm[row * bins + f]! += (both(column) * ELEVATION_STEP_MM * spectra[i]![f]!) / (PARTS * energy);
      }
    }
  }
  return { stepMm: ELEVATION_STEP_MM, depthStepMm: DEPTH_STEP_MM, columns, rows, ...table };
}

/** Mean response of one entry's filters over all places, times the common spectrum. */
function onAxis(filters: readonly RangeFilter[], fit: TapFit, common: Spectrum): Spectrum {
  const bins = common.re.length;
  const re = new Float64Array(bins), im = new Float64Array(bins); // prettier-ignore
  const hr = new Float64Array(bins), hi = new Float64Array(bins); // prettier-ignore
  for (const [part, filter] of filters.entries()) {
    for (const [place, [, weight]] of PLACES.entries()) {
      fit.respond(filter, part, place, hr, hi);
      for (let f = 0; f < bins; f++) {
        const w = weight / PARTS, a = common.re[f]!, b = common.im[f]!; // prettier-ignore
        re[f]! += w * (hr[f]! * a - hi[f]! * b);
        im[f]! += w * (hr[f]! * b + hi[f]! * a);
      }
    }
  }
  return { re, im };
}

/** Columns but the one in the image plane stand for either side of it. */
const both = (column: number): number => (column === 0 ? 1 : 2);

function store(
  { middle, slope, delay }: RangeFilter,
  scale: number,
  entry: number,
  to: Pick<ElevationTable, "first" | "slope" | "delay">,
): void {
  to.delay[entry] = delay;
  for (let i = 0, at = 2 * TAPS * entry; i < 2 * TAPS; i++, at++) {
    to.first[at] = scale * (middle[i]! - slope[i]! / 2);
    to.slope[at] = scale * slope[i]!;
  }
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
function fitCommon(fields: readonly Spectrum[], basis: TapBasis): { readonly common: Spectrum; readonly fit: TapFit } {
  const bins = basis.angle.length;
  const sparse = fields.filter((_, column) => column % SPARSE === 0);
  // To begin with, the root of the mean power over the slice.
  const common = { re: new Float64Array(bins), im: new Float64Array(bins) };
  for (let f = 0; f < bins; f++) {
    let sum = 0;
    for (const { re, im } of sparse) sum += re[f]! ** 2 + im[f]! ** 2;
    common.re[f] = Math.sqrt(sum / sparse.length);
  }
  let fit = tapFit(basis, common);
  const hr = new Float64Array(bins), hi = new Float64Array(bins); // prettier-ignore
  for (let round = 0; round < ROUNDS; round++) {
    const sumRe = new Float64Array(bins), sumIm = new Float64Array(bins), sum = new Float64Array(bins); // prettier-ignore
    for (const [i, field] of sparse.entries()) {
      const part = i % PARTS,
        filter = fit.solve(field, part);
      for (const [place, [, weight]] of PLACES.entries()) {
        fit.respond(filter, part, place, hr, hi);
        for (let f = 0; f < bins; f++) {
          const a = hr[f]!, b = hi[f]!; // prettier-ignore
          sumRe[f]! += weight * (a * field.re[f]! + b * field.im[f]!);
          sumIm[f]! += weight * (a * field.im[f]! - b * field.re[f]!);
          sum[f]! += weight * (a * a + b * b);
        }
      }
    }
    for (let f = 0; f < bins; f++) {
      common.re[f] = sumRe[f]! / sum[f]!;
      common.im[f] = sumIm[f]! / sum[f]!;
    }
    fit = tapFit(basis, common);
  }
  return { common, fit };
}

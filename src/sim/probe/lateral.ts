import { aperturesMm, DEPTH_STEP_MM, elementsOf, fieldOver, NEAREST_MM } from "./aperture.ts";
import type { Band } from "./band.ts";
import type { ElevationTable } from "./elevation.ts";
import { apertureMm, spacingAt, type Probe } from "./probe.ts";
import { earlier, shownDelay } from "./range-correction.ts";
import type { Spectrum } from "./tap-fit.ts";

/**
 * The lateral point spread over the band. Off the focus it is no product of a profile across lines and a pulse along
 * depth: what comes from the edges of the aperture is late. It is a sum of `RANK` such products per depth, the leading
 * singular vectors of the field times the pulse's spectrum.
 */
export interface LateralTable {
  readonly depthStepMm: number;
  readonly rows: number;
  readonly maxReach: number;
  /** Half of each symmetric profile: taps 0 … `maxReach` a FINE_LINES-th of a line apart; (rank · rows + row) · (maxReach + 1). */
  readonly re: Float32Array;
  readonly im: Float32Array;
  /** Per depth the last tap that counts. */
  readonly reach: Uint8Array;
  /**
   * The pulse that goes with each profile: `pulseLength` complex samples, (rank · rows + row) · pulseLength, from
   * `pulseCentre` samples above the point on. Those of the first profile have the energy of the pulse itself.
   */
  readonly pulseLength: number;
  readonly pulseCentre: number;
  readonly pulseRe: Float32Array;
  readonly pulseIm: Float32Array;
}

/** Lines beyond the aperture whose scatterers still reach the outermost lines through the lateral kernel. */
export const MARGIN_LINES = 12;
/**
 * Scatterers are collected on this many columns per scan line: the two-way beam holds 2.8 cycles/mm (F/2, F/1.5), more
 * than lines 0.21 mm apart can carry.
 */
export const FINE_LINES = 2;
/** Products that stand for the field: one leaves 11 % of its energy out, two 5 %, three 3 %. */
export const RANK = 3;
/** Taps below −60 dB of the largest are dropped. */
const TAP_FLOOR = 10 ** (-60 / 20);
/** Samples of a pulse before and after its point: ring-down, and the delay of the aperture's edges. */
const PULSE_BEFORE = 6;
const PULSE_AFTER = 13;
const POWER_ITERATIONS = 24;

export function lateralTable(
  probe: Probe,
  speedMps: number,
  depthMm: number,
  band: Band,
  elevation: ElevationTable,
): LateralTable {
  const bins = band.hz.length;
  const face = { spacingMm: apertureMm(probe) / probe.lineCount / FINE_LINES, radiusMm: probe.radiusMm ?? 0 };
  const rows = Math.ceil((depthMm + 3) / DEPTH_STEP_MM) + 1;
  const maxReach = MARGIN_LINES * FINE_LINES,
    taps = maxReach + 1,
    pulseLength = PULSE_BEFORE + PULSE_AFTER + 1;
  const re = new Float32Array(RANK * rows * taps), im = new Float32Array(RANK * rows * taps); // prettier-ignore
  const reach = new Uint8Array(rows);
  const pulseRe = new Float32Array(RANK * rows * pulseLength),
    pulseIm = new Float32Array(RANK * rows * pulseLength);
  const pulseEnergy = band.pulse.reduce((sum, p) => sum + p * p, 0);
  for (let row = 0; row < rows; row++) {
    const z = Math.max(NEAREST_MM, row * DEPTH_STEP_MM);
    const spacing = spacingAt(face, z);
    const received = receivedField(probe, speedMps, z, band, taps, spacing);
    const arc = (tap: number): number =>
      face.radiusMm ? (tap * spacing) ** 2 / (2 * (face.radiusMm + z) * band.sampleMm) : 0;
    const rowOf = (values: Float64Array): Float64Array => values.subarray(row * bins, (row + 1) * bins);
    const axis = { re: rowOf(elevation.axisRe), im: rowOf(elevation.axisIm) },
      common = { re: rowOf(elevation.commonRe), im: rowOf(elevation.commonIm) };
    filterRows(received, earlier(common, shownDelay(received, axis, taps, arc)), taps);
    const leading = leadingProducts(received, taps, bins);
    // Near a tall lens the products leave out some of what is late: a point is shown by what they keep.
    const still = shownDelay(sumOf(leading, taps, bins), quotient(axis, common), taps, arc);
    const products = leading.map(({ ur, ui, vr, vi }) => {
      const { re: r, im: i } = earlier({ re: vr, im: vi }, still);
      return { ur, ui, vr: r, vi: i };
    });
    // Power of speckle: over lines, along depth (Parseval) and across the slice, which filters along depth as well.
    let power = 0;
    for (let f = 0; f < bins; f++) {
      for (let tap = 0; tap < taps; tap++) {
        let sr = 0, si = 0; // prettier-ignore
        for (const { ur, ui, vr, vi } of products) {
          sr += ur[tap]! * vr[f]! - ui[tap]! * vi[f]!;
          si += ur[tap]! * vi[f]! + ui[tap]! * vr[f]!;
        }
        power += ((tap === 0 ? 1 : 2) * (sr * sr + si * si) * elevation.energyMm[row * bins + f]!) / bins;
      }
    }
    // More tissue lies between two lines where they spread: the mean power stays the same at every depth.
    const scale = Math.sqrt((FINE_LINES * pulseEnergy * face.spacingMm) / (spacing * power));
    for (const [rank, { ur, ui, vr, vi }] of products.entries()) {
      const energy = vr.reduce((sum, v, f) => sum + v * v + vi[f]! * vi[f]!, 0) / bins,
        toPulse = Math.sqrt(pulseEnergy / energy);
      const largest = Math.max(...ur.map((u, tap) => Math.hypot(u, ui[tap]!)));
      for (let tap = 0; tap < taps; tap++) {
        const at = (rank * rows + row) * taps + tap;
        re[at] = (ur[tap]! * scale) / toPulse;
        im[at] = (ui[tap]! * scale) / toPulse;
        if (Math.hypot(ur[tap]!, ui[tap]!) > TAP_FLOOR * largest) reach[row] = Math.max(reach[row]!, tap);
      }
      for (let n = 0; n < pulseLength; n++) {
        let sr = 0, si = 0; // prettier-ignore
        for (let f = 0; f < bins; f++) {
          const phase = (2 * Math.PI * (f - bins / 2) * (n - PULSE_BEFORE)) / bins;
          const c = Math.cos(phase), s = Math.sin(phase); // prettier-ignore
          sr += vr[f]! * c - vi[f]! * s;
          si += vr[f]! * s + vi[f]! * c;
        }
        const at = (rank * rows + row) * pulseLength + n;
        pulseRe[at] = (sr * toPulse) / bins;
        pulseIm[at] = (si * toPulse) / bins;
      }
    }
  }
  return {
    depthStepMm: DEPTH_STEP_MM,
    rows,
    maxReach,
    re,
    im,
    reach,
    pulseLength,
    pulseCentre: PULSE_BEFORE,
    pulseRe,
    pulseIm,
  };
}

/** Complex matrix, rows of columns. */
export interface Matrix {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** Two-way field of each tap at each frequency, times the spectrum of the pulse: taps × frequencies. */
function receivedField(probe: Probe, speedMps: number, z: number, band: Band, taps: number, spacingMm: number): Matrix {
  const bins = band.hz.length;
  const { transmit, receive } = aperturesMm(probe, z);
  const sent = elementsOf(probe, transmit, probe.transmitFocusMm),
    heard = elementsOf(probe, receive, z);
  const tr = new Float64Array(bins), ti = new Float64Array(bins), rr = new Float64Array(bins), ri = new Float64Array(bins); // prettier-ignore
  const re = new Float64Array(taps * bins),
    im = new Float64Array(taps * bins);
  for (let tap = 0; tap < taps; tap++) {
    fieldOver(sent, band, speedMps, tap * spacingMm, z, tr, ti);
    fieldOver(heard, band, speedMps, tap * spacingMm, z, rr, ri);
    for (let f = 0; f < bins; f++) {
      let a = tr[f]! * rr[f]! - ti[f]! * ri[f]!,
        b = tr[f]! * ri[f]! + ti[f]! * rr[f]!;
      if (probe.radiusMm) {
        // On the other lines of a sector equal depth is an arc: the point lies x²/2(R + z) less deep on this one.
        const turn = (2 * Math.PI * band.hz[f]! * (tap * spacingMm) ** 2) / (speedMps * 1e3 * (probe.radiusMm + z));
        const c = Math.cos(turn), s = Math.sin(turn); // prettier-ignore
        [a, b] = [a * c - b * s, a * s + b * c];
      }
      re[tap * bins + f] = a * band.re[f]! - b * band.im[f]!;
      im[tap * bins + f] = a * band.im[f]! + b * band.re[f]!;
    }
  }
  return { re, im };
}

/** The matrix that products stand for. */
function sumOf(products: readonly Product[], taps: number, bins: number): Matrix {
  const re = new Float64Array(taps * bins),
    im = new Float64Array(taps * bins);
  for (const { ur, ui, vr, vi } of products) {
    for (let at = 0; at < taps * bins; at++) {
      const tap = Math.floor(at / bins),
        f = at % bins;
      re[at]! += ur[tap]! * vr[f]! - ui[tap]! * vi[f]!;
      im[at]! += ur[tap]! * vi[f]! + ui[tap]! * vr[f]!;
    }
  }
  return { re, im };
}

/** One spectrum over another; nothing where the other vanishes. */
function quotient(a: Spectrum, b: Spectrum): Spectrum {
  const power = b.re.map((v, f) => v * v + b.im[f]! * b.im[f]! + 1e-12);
  return {
    re: a.re.map((v, f) => (v * b.re[f]! + a.im[f]! * b.im[f]!) / power[f]!),
    im: a.im.map((v, f) => (v * b.re[f]! - a.re[f]! * b.im[f]!) / power[f]!),
  };
}

/** Each row times a spectrum, in place. */
function filterRows({ re, im }: Matrix, spectrum: Spectrum, rows: number): void {
  const bins = spectrum.re.length;
  for (let at = 0; at < rows * bins; at++) {
    const a = re[at]!, b = im[at]!, c = spectrum.re[at % bins]!, d = spectrum.im[at % bins]!; // prettier-ignore
    re[at] = a * c - b * d;
    im[at] = a * d + b * c;
  }
}

interface Product {
  /** Profile by tap. */
  readonly ur: Float64Array;
  readonly ui: Float64Array;
  /** Spectrum by frequency. */
  readonly vr: Float64Array;
  readonly vi: Float64Array;
}

/**
 * The best products u·v of a matrix whose rows after the first count twice (each tap has its mirror image): singular
 * vectors by the power method, each taken off before the next.
 */
function leadingProducts({ re, im }: Matrix, taps: number, bins: number): Product[] {
  const mr = re.slice(), mi = im.slice(); // prettier-ignore
  for (let at = bins; at < taps * bins; at++) {
    mr[at]! *= Math.SQRT2;
    mi[at]! *= Math.SQRT2;
  }
  return Array.from({ length: RANK }, () => {
    let largest = 0;
    for (let tap = 1, most = -1; tap < taps; tap++) {
      let sum = 0;
      for (let f = 0; f < bins; f++) sum += mr[tap * bins + f]! ** 2 + mi[tap * bins + f]! ** 2;
      if (sum > most) {
        most = sum;
        largest = tap;
      }
    }
    const vr = mr.slice(largest * bins, (largest + 1) * bins), vi = mi.slice(largest * bins, (largest + 1) * bins); // prettier-ignore
    const ur = new Float64Array(taps), ui = new Float64Array(taps); // prettier-ignore
    for (let iteration = 0; iteration < POWER_ITERATIONS; iteration++) {
      let norm = 0;
      for (let tap = 0; tap < taps; tap++) {
        let sr = 0, si = 0; // prettier-ignore
        for (let f = 0, at = tap * bins; f < bins; f++, at++) {
          sr += mr[at]! * vr[f]! + mi[at]! * vi[f]!;
          si += mi[at]! * vr[f]! - mr[at]! * vi[f]!;
        }
        ur[tap] = sr;
        ui[tap] = si;
        norm += sr * sr + si * si;
      }
      const scale = 1 / Math.sqrt(norm);
      vr.fill(0);
      vi.fill(0);
      for (let tap = 0; tap < taps; tap++) {
        const a = (ur[tap]! *= scale), b = (ui[tap]! *= scale); // prettier-ignore
        for (let f = 0, at = tap * bins; f < bins; f++, at++) {
          vr[f]! += mr[at]! * a + mi[at]! * b;
          vi[f]! += mi[at]! * a - mr[at]! * b;
        }
      }
    }
    for (let tap = 0; tap < taps; tap++) {
      const a = ur[tap]!, b = ui[tap]!; // prettier-ignore
      for (let f = 0, at = tap * bins; f < bins; f++, at++) {
        mr[at]! -= a * vr[f]! - b * vi[f]!;
        mi[at]! -= a * vi[f]! + b * vr[f]!;
      }
      if (tap > 0) {
        ur[tap]! *= Math.SQRT1_2;
        ui[tap]! *= Math.SQRT1_2;
      }
    }
    return { ur, ui, vr, vi };
  });
}

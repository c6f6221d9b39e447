import { pulseSigmaMm, type Band } from "./band.ts";
import type { Probe } from "./probe.ts";

/** A complex number at each frequency of the band. */
export interface Spectrum {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/**
 * A filter of TAPS taps along range, `delay` … `delay` + TAPS − 1 samples below the whole sample above a point. A point
 * does not lie on a sample but in one of PARTS parts of the way to the next, each with a filter of its own; `share` of
 * the way through its part, tap t is `middle`[t] + (share − ½)·`slope`[t] (variable delay; Farrow 1988). So tissue that
 * moves by a part of a sample keeps its echo. Real and imaginary parts in turn.
 */
export interface RangeFilter {
  readonly middle: Float64Array;
  readonly slope: Float64Array;
  readonly delay: number;
}

export const TAPS = 3;
export const PARTS = 2;
/** Delays that a table can hold: this one and the 15 after it. */
export const LEAST_DELAY = -7;
const MOST_DELAY = LEAST_DELAY + 15;
/** Mean square of share − ½. */
const SPREAD = 1 / 12;
/** Gauss-Legendre places within a part of the way between two samples, and their weights: for a mean over points. */
export const PLACES: readonly (readonly [share: number, weight: number])[] = [
  [0.0694318442, 0.1739274226],
  [0.3300094782, 0.3260725774],
  [0.6699905218, 0.3260725774],
  [0.9305681558, 0.1739274226],
];

/** What the fits of one probe share: the turns of the carrier-free phase over the band, and weights. */
export interface TapBasis {
  /** Turn from one sample to the next at each frequency: e^{-iθ}. */
  readonly angle: Float64Array;
  /**
   * What each frequency counts in a fit: the amplitude of the pulse, as shares of its sum. By its power the edges of the
   * band would count so little that peaks vary by a few per cent with a point's place between two samples.
   */
  readonly weight: Float64Array;
  /** Power of the pulse, as shares of its sum. */
  readonly power: Float64Array;
  /** e^{-iθ} and e^{-2iθ}, real and imaginary part in turn, by tap and frequency; TAPS taps. */
  readonly turns: Float64Array;
  /**
   * By part: e^{i(n − p)θ} by delay n from LEAST_DELAY on, place p of PLACES and frequency (real and imaginary part), and
   * their means over the places, plain and times share − ½, by delay and frequency.
   */
  readonly parts: readonly { readonly waves: Float64Array; readonly means: Float64Array }[];
}

export function tapBasis(probe: Probe, speedMps: number, { hz, sampleMm, re, im, pass }: Band): TapBasis {
  const bins = hz.length;
  const sigmaMm = pulseSigmaMm(probe, speedMps);
  const angle = hz.map((f) => (4 * Math.PI * (f - probe.frequencyHz) * sampleMm) / (speedMps * 1e3));
  const amplitude = angle.map((a, f) => pass[f]! * Math.exp(-(((a * sigmaMm) / sampleMm) ** 2) / 2));
  const turns = new Float64Array(2 * TAPS * bins);
  for (let at = 0; at < TAPS * bins; at++) {
    const turn = Math.floor(at / bins) * angle[at % bins]!;
    turns.set([Math.cos(turn), -Math.sin(turn)], 2 * at);
  }
  const parts = Array.from({ length: PARTS }, (_, part) => wavesOf(angle, part));
  return {
    angle,
    weight: sharesOf(amplitude),
    power: sharesOf(re.map((v, f) => v * v + im[f]! * im[f]!)),
    turns,
    parts,
  };
}

const sharesOf = (values: Float64Array): Float64Array => {
  const total = values.reduce((sum, v) => sum + v, 0);
  return values.map((v) => v / total);
};

function wavesOf(angle: Float64Array, part: number): TapBasis["parts"][number] {
  const bins = angle.length,
    delays = MOST_DELAY - LEAST_DELAY + TAPS + 2;
  const waves = new Float64Array(2 * bins * PLACES.length * delays),
    means = new Float64Array(4 * bins * delays);
  for (let n = 0, at = 0; n < delays; n++) {
    for (const [share, weight] of PLACES) {
      for (let f = 0; f < bins; f++, at += 2) {
        const turn = (LEAST_DELAY + n - (part + share) / PARTS) * angle[f]!, c = Math.cos(turn), s = Math.sin(turn); // prettier-ignore
        waves[at] = c;
        waves[at + 1] = s;
        const mean = 4 * (n * bins + f);
        means[mean]! += weight * c;
        means[mean + 1]! += weight * s;
        means[mean + 2]! += weight * (share - 0.5) * c;
        means[mean + 3]! += weight * (share - 0.5) * s;
      }
    }
  }
  return { waves, means };
}

export interface TapFit {
  /** The filter of a part whose response times the common spectrum comes nearest to a field, wherever in that part. */
  solve(field: Spectrum, part: number): RangeFilter;
  /** Response of a filter for points at PLACES[place] of a part, their way to the sample taken off; writes re and im. */
  respond(filter: RangeFilter, part: number, place: number, re: Float64Array, im: Float64Array): void;
  /** Mean power of the response at each frequency over the places of a part; writes to `power`. */
  powerSpectrum(filter: RangeFilter, power: Float64Array): void;
}

/** Least squares over the band. */
export function tapFit({ angle, weight, turns, parts }: TapBasis, common: Spectrum): TapFit {
  const bins = angle.length;
  const inverse = inverseOf(
    weight.map((w, f) => w * (common.re[f]! ** 2 + common.im[f]! ** 2)),
    angle,
  );
  const hr = new Float64Array(bins), hi = new Float64Array(bins); // prettier-ignore
  const rhs = new Float64Array(4 * (TAPS + 2));
  const taps = new Float64Array(2 * TAPS);

  /** Mean delay in samples of what is in hr, hi: by the mean turn of the phase from one frequency to the next. */
  function groupDelay(): number {
    let re = 0, im = 0; // prettier-ignore
    for (let f = 1; f < bins; f++) {
      const scale = 1 / Math.sqrt(weight[f]! * weight[f - 1]!);
      re += scale * (hr[f]! * hr[f - 1]! + hi[f]! * hi[f - 1]!);
      im += scale * (hi[f]! * hr[f - 1]! - hr[f]! * hi[f - 1]!);
    }
    return -Math.atan2(im, re) / (angle[1]! - angle[0]!);
  }

  function solve(field: Spectrum, part: number): RangeFilter {
    const { means } = parts[part]!;
    for (let f = 0; f < bins; f++) {
      const w = weight[f]!, a = field.re[f]!, b = field.im[f]!, p = common.re[f]!, q = common.im[f]!; // prettier-ignore
      hr[f] = w * (a * p + b * q);
      hi[f] = w * (b * p - a * q);
    }
    // The middle tap of a point in the middle of its part lies at its delay.
    const later = (part + 0.5) / PARTS,
      from = Math.max(LEAST_DELAY, Math.min(MOST_DELAY - 2, Math.round(groupDelay() + later) - 2));
    for (let tap = 0; tap < TAPS + 2; tap++) {
      let mr = 0, mi = 0, sr = 0, si = 0; // prettier-ignore
      for (let f = 0, at = 4 * bins * (from + tap - LEAST_DELAY); f < bins; f++, at += 4) {
        const a = hr[f]!, b = hi[f]!, c = means[at]!, d = means[at + 1]!, e = means[at + 2]!, g = means[at + 3]!; // prettier-ignore
        mr += a * c - b * d;
        mi += a * d + b * c;
        sr += a * e - b * g;
        si += a * g + b * e;
      }
      rhs[4 * tap] = mr;
      rhs[4 * tap + 1] = mi;
      rhs[4 * tap + 2] = sr;
      rhs[4 * tap + 3] = si;
    }
    let best = filterAt(0, from);
    for (let n = 1; n < 3; n++) {
      const other = filterAt(n, from);
      if (other.explained > best.explained) best = other;
    }
    return best;
  }

  /** The filter from delay `from` + n on, and how much of the field's power it explains. */
  function filterAt(n: number, from: number): RangeFilter & { readonly explained: number } {
    const middle = new Float64Array(2 * TAPS),
      slope = new Float64Array(2 * TAPS);
    let explained = 0;
    for (let t = 0; t < TAPS; t++) {
      let ar = 0, ai = 0, br = 0, bi = 0; // prettier-ignore
      for (let s = 0; s < TAPS; s++) {
        const ir = inverse.re[TAPS * t + s]!, ii = inverse.im[TAPS * t + s]!, at = 4 * (n + s); // prettier-ignore
        ar += ir * rhs[at]! - ii * rhs[at + 1]!;
        ai += ir * rhs[at + 1]! + ii * rhs[at]!;
        br += ir * rhs[at + 2]! - ii * rhs[at + 3]!;
        bi += ir * rhs[at + 3]! + ii * rhs[at + 2]!;
      }
      middle[2 * t] = ar;
      middle[2 * t + 1] = ai;
      slope[2 * t] = br / SPREAD;
      slope[2 * t + 1] = bi / SPREAD;
      const at = 4 * (n + t);
      explained += ar * rhs[at]! + ai * rhs[at + 1]! + (br * rhs[at + 2]! + bi * rhs[at + 3]!) / SPREAD;
    }
    return { middle, slope, delay: from + n, explained };
  }

  function respond(
    { middle, slope, delay }: RangeFilter,
    part: number,
    place: number,
    re: Float64Array,
    im: Float64Array,
  ): void {
    const off = PLACES[place]![0] - 0.5,
      { waves } = parts[part]!;
    for (let i = 0; i < 2 * TAPS; i++) taps[i] = middle[i]! + off * slope[i]!;
    const wave = 2 * bins * (PLACES.length * (delay - LEAST_DELAY) + place);
    for (let f = 0; f < bins; f++) {
      let a = 0, b = 0; // prettier-ignore
      for (let t = 0, at = 2 * f; t < TAPS; t++, at += 2 * bins) {
        a += taps[2 * t]! * turns[at]! - taps[2 * t + 1]! * turns[at + 1]!;
        b += taps[2 * t]! * turns[at + 1]! + taps[2 * t + 1]! * turns[at]!;
      }
      // Times e^{-i(delay − p)θ}.
      const c = waves[wave + 2 * f]!, s = -waves[wave + 2 * f + 1]!; // prettier-ignore
      re[f] = a * c - b * s;
      im[f] = a * s + b * c;
    }
  }

  function powerSpectrum({ middle, slope }: RangeFilter, power: Float64Array): void {
    for (let f = 0; f < bins; f++) {
      let mr = 0, mi = 0, sr = 0, si = 0; // prettier-ignore
      for (let t = 0, at = 2 * f; t < TAPS; t++, at += 2 * bins) {
        const c = turns[at]!, s = turns[at + 1]!; // prettier-ignore
        mr += middle[2 * t]! * c - middle[2 * t + 1]! * s;
        mi += middle[2 * t]! * s + middle[2 * t + 1]! * c;
        sr += slope[2 * t]! * c - slope[2 * t + 1]! * s;
        si += slope[2 * t]! * s + slope[2 * t + 1]! * c;
      }
      power[f] = mr * mr + mi * mi + SPREAD * (sr * sr + si * si);
    }
  }

  return { solve, respond, powerSpectrum };
}

/** Inverse of the inner products Σ w·e^{i(t − s)θ} of the taps: Gauss and Jordan on a positive definite matrix. */
function inverseOf(weight: Float64Array, angle: Float64Array): Spectrum {
  const re = new Float64Array(TAPS * TAPS), im = new Float64Array(TAPS * TAPS); // prettier-ignore
  const mr = new Float64Array(TAPS * TAPS), mi = new Float64Array(TAPS * TAPS); // prettier-ignore
  for (let t = 0; t < TAPS; t++) {
    re[TAPS * t + t] = 1;
    for (let s = 0; s < TAPS; s++) {
      for (let f = 0; f < weight.length; f++) {
        mr[TAPS * t + s]! += weight[f]! * Math.cos((t - s) * angle[f]!);
        mi[TAPS * t + s]! += weight[f]! * Math.sin((t - s) * angle[f]!);
      }
    }
  }
  for (let pivot = 0; pivot < TAPS; pivot++) {
    const d = mr[TAPS * pivot + pivot]!; // the diagonal of a Hermitian matrix is real, and stays so
    for (let k = 0; k < TAPS; k++) for (const row of [mr, mi, re, im]) row[TAPS * pivot + k]! /= d;
    for (let t = 0; t < TAPS; t++) {
      if (t === pivot) continue;
      const a = mr[TAPS * t + pivot]!, b = mi[TAPS * t + pivot]!; // prettier-ignore
      for (let k = 0; k < TAPS; k++) {
        for (const [x, y] of [
          [mr, mi],
          [re, im],
        ] as const) {
          // prettier-ignore
          const p = x[TAPS * pivot + k]!, q = y[TAPS * pivot + k]!; // prettier-ignore
          x[TAPS * t + k]! -= a * p - b * q;
          y[TAPS * t + k]! -= a * q + b * p;
        }
      }
    }
  }
  return { re, im };
}

import type { Spectrum } from "./tap-fit.ts";

/** First sample above a point in which its picture is looked for: near the face edges are late by the rest of a period. */
const FROM = -4;
const STEPS = 2;
/** Power below this share of the brightest is not seen: −20 dB. */
const SEEN = 0.01;

/**
 * How many samples too deep a point in the image plane is shown: the centre of gravity of its picture down to −20 dB. Off
 * the foci the edges of lens and aperture are heard before or after the middle. A scanner's ranges are set by points
 * whose depth is known (IEC 61391-1), so that it shows them there; the tables take this delay off, the envelope's alone:
 * the phase of the carrier stays as the field has it. `received`: two-way field of the lines beside the point (taps ×
 * frequencies, pulse included), `slice`: of the lens in the image plane; `arc`: samples that a tap's line is drawn higher
 * than straight below the face, on a sector.
 */
export function shownDelay(received: Spectrum, slice: Spectrum, taps: number, arc: (tap: number) => number): number {
  const bins = slice.re.length,
    places = bins * STEPS;
  const c = Float64Array.from({ length: places }, (_, i) => Math.cos((2 * Math.PI * i) / places)),
    s = Float64Array.from({ length: places }, (_, i) => Math.sin((2 * Math.PI * i) / places));
  const power = new Float64Array(taps * places);
  const hr = new Float64Array(bins), hi = new Float64Array(bins); // prettier-ignore
  for (let tap = 0; tap < taps; tap++) {
    for (let f = 0; f < bins; f++) {
      const at = tap * bins + f, a = received.re[at]!, b = received.im[at]!, p = slice.re[f]!, q = slice.im[f]!; // prettier-ignore
      hr[f] = a * p - b * q;
      hi[f] = a * q + b * p;
    }
    for (let i = 0; i < places; i++) {
      let re = 0, im = 0; // prettier-ignore
      // Frequency f turns by (f − bins/2) · n / bins a sample: n = FROM + i / STEPS, whole steps of the table.
      const step = (FROM * STEPS + i + places) % places;
      let turn = (places * bins - (bins / 2) * step) % places;
      for (let f = 0; f < bins; f++) {
        const x = c[turn]!, y = s[turn]!; // prettier-ignore
        re += hr[f]! * x - hi[f]! * y;
        im += hr[f]! * y + hi[f]! * x;
        turn += step;
        if (turn >= places) turn -= places;
      }
      power[tap * places + i] = re * re + im * im;
    }
  }
  const floor = SEEN * power.reduce((most, p) => Math.max(most, p), 0);
  let sum = 0,
    weight = 0;
  for (let tap = 0; tap < taps; tap++) {
    for (let i = 0; i < places; i++) {
      const w = (tap === 0 ? 1 : 2) * Math.max(0, power[tap * places + i]! - floor);
      weight += w;
      sum += w * (FROM + i / STEPS - arc(tap));
    }
  }
  return sum / weight;
}

/** A spectrum whose envelope comes `samples` samples earlier. */
export function earlier({ re, im }: Spectrum, samples: number): Spectrum {
  const bins = re.length;
  const turn = (f: number): number => (2 * Math.PI * (f - bins / 2) * samples) / bins;
  return {
    re: re.map((v, f) => v * Math.cos(turn(f)) - im[f]! * Math.sin(turn(f))),
    im: re.map((v, f) => v * Math.sin(turn(f)) + im[f]! * Math.cos(turn(f))),
  };
}

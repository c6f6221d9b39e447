import type { Probe } from "../../../src/sim/probe/probe.ts";
import { createPointEcho, envelope, outerWidth, sigmaHz, SPEED_MM_S, spectrumOf, type Spectrum } from "./array.ts";

const FINE = { across: 2, along: 40 } as const;
const COARSE = { across: 2, along: 24 } as const;

/** −6 dB widths of a point at depth z, mm; each place is read at its own highest envelope over range. */
export function pointWidths(probe: Probe, z: number) {
  const spectrum = spectrumOf(probe, 41, 2.6); // ranges repeat after 2.6 mm
  const echo = createPointEcho(probe, z, spectrum, FINE);
  const highest = (x: number, y: number): number => Math.max(...envelope(echo(x, y), spectrum, z, 0.9, 0.03));
  const stepped = (step: number, count: number, at: (offset: number) => number): number => {
    const half = Array.from({ length: count + 1 }, (_, i) => at(i * step));
    return step * outerWidth([...half.slice(1).reverse(), ...half]);
  };
  return {
    axial: 0.01 * outerWidth(envelope(echo(0, 0), spectrum, z, 0.4, 0.01)),
    lateral: stepped(0.03, 16, (x) => highest(x, 0)),
    elevation: stepped(0.06, 28, (y) => highest(0, y)),
  };
}

/**
 * Shift at which the correlation of intensity of fully developed speckle is halved, mm: ρ = |Σ_f Σ_xy h·h*(shifted)|²
 * re no shift, h the two-way field of one frequency (white scatterers; the beam is taken as constant over a pulse).
 * Expectation, not a sample: no scatterer is drawn.
 */
export function halfShifts(probe: Probe, z: number) {
  const spectrum = spectrumOf(probe, 11, 1.75); // amplitudes square in ρ, so ±1.75 leaves 1.3 % of the weight out
  const echo = createPointEcho(probe, z, spectrum, COARSE);
  const step = 0.05,
    columns = 27,
    reachMm = 0.6 * probe.elevationApertureMm * Math.abs(z / probe.elevationFocusMm - 1) + 1.1,
    rows = Math.ceil(reachMm / step);
  const field = Array.from({ length: columns }, (_, i) =>
    Array.from({ length: rows }, (_, j) => echo(i * step, j * step)),
  );
  const zero = new Float64Array(2 * spectrum.amplitude.length);
  const at = (i: number, j: number): Float64Array => field[Math.abs(i)]?.[Math.abs(j)] ?? zero;
  const correlation = (across: number, up: number): number => {
    let re = 0, im = 0; // prettier-ignore
    for (let i = -columns + 1; i < columns; i++) {
      for (let j = -rows + 1; j < rows; j++) {
        const a = at(i, j), b = at(i + across, j + up); // prettier-ignore
        for (let f = 0; f < a.length; f += 2) {
          re += a[f]! * b[f]! + a[f + 1]! * b[f + 1]!;
          im += a[f + 1]! * b[f]! - a[f]! * b[f + 1]!;
        }
      }
    }
    return re * re + im * im;
  };
  const full = correlation(0, 0);
  const half = (shifted: (steps: number) => number): number => {
    let before = 1;
    for (let steps = 1; steps < 14; steps++) {
      const now = shifted(steps) / full;
      if (now < 0.5) return step * (steps - (0.5 - now) / (before - now));
      before = now;
    }
    return NaN;
  };
  return { elevation: half((n) => correlation(0, n)), lateral: half((n) => correlation(n, 0)) };
}

/**
 * Correlation of intensity of developed speckle at depth z with that of the same tissue squeezed along the beam by
 * `strain` and warped back: ρ = |∫h·h'* dV|² re either's energy. Warped back, the point spread is the same function of a
 * range that runs faster: its spectrum at f is that at f / (1 − strain). Not only the pulse changes so, but also how far
 * apart what comes from the middle and from the edges of array and lens arrives. Expectation: no scatterer is drawn.
 */
export function strainCorrelation(probe: Probe, z: number, strain: number): number {
  const spectrum = spectrumOf(probe, 17, 2);
  const faster: Spectrum = {
    firstHz: spectrum.firstHz / (1 - strain),
    stepHz: spectrum.stepHz / (1 - strain),
    amplitude: spectrum.amplitude.map((_, f) => {
      const hz = (spectrum.firstHz + f * spectrum.stepHz) / (1 - strain);
      return Math.exp(-(((hz - probe.frequencyHz) / sigmaHz(probe)) ** 2) / 2);
    }),
  };
  const split = { across: 1, along: 24 };
  const rest = aboutDepth(createPointEcho(probe, z, spectrum, split), spectrum, z),
    squeezed = aboutDepth(createPointEcho(probe, z, faster, split), faster, z);
  const STEP = 0.08,
    rows = Math.ceil((0.6 * probe.elevationApertureMm * Math.abs(z / probe.elevationFocusMm - 1) + 1.1) / STEP);
  let re = 0, im = 0, aa = 0, bb = 0; // prettier-ignore
  for (let i = 0; i < 16; i++) {
    for (let j = 0; j < rows; j++) {
      const a = rest(i * STEP, j * STEP), b = squeezed(i * STEP, j * STEP); // prettier-ignore
      const both = (i === 0 ? 1 : 2) * (j === 0 ? 1 : 2);
      for (let f = 0; f < a.length; f += 2) {
        re += both * (a[f]! * b[f]! + a[f + 1]! * b[f + 1]!);
        im += both * (a[f + 1]! * b[f]! - a[f]! * b[f + 1]!);
        aa += both * (a[f]! ** 2 + a[f + 1]! ** 2);
        bb += both * (b[f]! ** 2 + b[f + 1]! ** 2);
      }
    }
  }
  return (re * re + im * im) / (aa * bb);
}

/** An echo re that of a point that is heard from depth z alone. */
function aboutDepth(echo: (x: number, y: number) => Float64Array, { firstHz, stepHz }: Spectrum, z: number) {
  return (x: number, y: number): Float64Array => {
    const spectrum = echo(x, y);
    for (let f = 0; 2 * f < spectrum.length; f++) {
      const turn = (4 * Math.PI * (firstHz + f * stepHz) * z) / SPEED_MM_S;
      const c = Math.cos(turn), s = Math.sin(turn), a = spectrum[2 * f]!, b = spectrum[2 * f + 1]!; // prettier-ignore
      spectrum[2 * f] = a * c - b * s;
      spectrum[2 * f + 1] = a * s + b * c;
    }
    return spectrum;
  };
}

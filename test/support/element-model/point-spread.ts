import type { Probe } from "../../../src/sim/probe/probe.ts";
import { createPointEcho, envelope, outerWidth, spectrumOf } from "./array.ts";

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

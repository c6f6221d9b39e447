import type { Probe } from "../../../src/sim/probe/probe.ts";

/**
 * The array as what it is: elements with a height, delays and a lens. Fields are Rayleigh sums over its face in the
 * frequency domain, with exact distances: no Fresnel approximation, no table, nothing of src/sim/probe but the probe's
 * figures. Waves travel as e^{-ikr}.
 */
export interface Aperture {
  /** Points of the face, mm: x across, y in elevation, z = 0. Parallel arrays. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** What delay and lens take off the path of each point, mm. */
  readonly advanceMm: Float64Array;
}

/** Uniform frequencies over the two-way band, and the Gaussian amplitude at each. */
export interface Spectrum {
  readonly firstHz: number;
  readonly stepHz: number;
  readonly amplitude: Float64Array;
}

export const SPEED_MM_S = 1.54e6;

export const sigmaHz = ({ bandwidth, frequencyHz }: Probe): number =>
  (bandwidth * frequencyHz) / (2 * Math.sqrt(2 * Math.LN2));

/** `count` frequencies over ±`reach` standard deviations of the amplitude spectrum. */
export function spectrumOf(probe: Probe, count: number, reach: number): Spectrum {
  const sigma = sigmaHz(probe),
    stepHz = (2 * reach * sigma) / (count - 1),
    firstHz = probe.frequencyHz - reach * sigma;
  const amplitude = Float64Array.from({ length: count }, (_, i) => {
    const t = (firstHz + i * stepHz - probe.frequencyHz) / sigma;
    return Math.exp((-t * t) / 2);
  });
  return { firstHz, stepHz, amplitude };
}

/**
 * The elements of an aperture of `widthMm` around x = 0, focused at depth `focusMm` on the axis, split into `across`
 * points each and `along` points of their height behind a cylindrical lens.
 */
export function apertureOf(
  probe: Probe,
  widthMm: number,
  focusMm: number,
  { across, along }: { readonly across: number; readonly along: number },
): Aperture {
  const elements = Math.min(probe.elementCount, Math.round(widthMm / probe.pitchMm));
  const { elevationApertureMm: height, elevationFocusMm: lens } = probe;
  const count = elements * across * along;
  const x = new Float64Array(count),
    y = new Float64Array(count),
    advanceMm = new Float64Array(count);
  for (let e = 0, at = 0; e < elements; e++) {
    const middle = (e - (elements - 1) / 2) * probe.pitchMm; // the delay is the element's, not the point's
    for (let i = 0; i < across; i++) {
      for (let j = 0; j < along; j++, at++) {
        x[at] = middle + ((i + 0.5) / across - 0.5) * probe.pitchMm;
        y[at] = ((j + 0.5) / along - 0.5) * height;
        advanceMm[at] = Math.hypot(middle, focusMm) - focusMm + Math.hypot(y[at]!, lens) - lens;
      }
    }
  }
  return { x, y, advanceMm };
}

/** Widths that serve a point at depth z: transmit is fixed, receive grows with depth. */
export const transmitWidthMm = (probe: Probe): number => probe.transmitFocusMm / probe.transmitFNumber;
export const receiveWidthMm = (probe: Probe, z: number): number =>
  Math.min(probe.pitchMm * probe.elementCount, z / probe.receiveFNumber);

/**
 * One-way field at (x, y, z) for every frequency: mean over the face of cos θ · (z/R) · e^{-ik(R − advance)} (soft
 * baffle). Writes to `re`, `im`. Frequencies are uniform, so each is the last one turned by a constant angle.
 */
export function fieldAt(
  { x: xs, y: ys, advanceMm }: Aperture,
  { firstHz, stepHz, amplitude }: Spectrum,
  x: number,
  y: number,
  z: number,
  re: Float64Array,
  im: Float64Array,
): void {
  const count = amplitude.length;
  const k0 = (2 * Math.PI * firstHz) / SPEED_MM_S,
    dk = (2 * Math.PI * stepHz) / SPEED_MM_S;
  re.fill(0);
  im.fill(0);
  for (let i = 0; i < xs.length; i++) {
    const dx = x - xs[i]!, dy = y - ys[i]!; // prettier-ignore
    const distance = Math.sqrt(dx * dx + dy * dy + z * z),
      path = distance - advanceMm[i]!;
    const weight = (z * z) / (distance * distance * xs.length);
    let c = weight * Math.cos(k0 * path), s = -weight * Math.sin(k0 * path); // prettier-ignore
    const tc = Math.cos(dk * path), ts = -Math.sin(dk * path); // prettier-ignore
    for (let f = 0; f < count; f++) {
      re[f]! += c;
      im[f]! += s;
      const next = c * tc - s * ts;
      s = c * ts + s * tc;
      c = next;
    }
  }
}

/** Two-way spectrum of a point at (x, y, z) for the line x = 0, receive focused at its depth: interleaved re, im. */
export function createPointEcho(
  probe: Probe,
  z: number,
  spectrum: Spectrum,
  split: { readonly across: number; readonly along: number },
): (x: number, y: number, depthMm?: number) => Float64Array {
  const transmit = apertureOf(probe, transmitWidthMm(probe), probe.transmitFocusMm, split),
    receive = apertureOf(probe, receiveWidthMm(probe, z), z, split);
  const n = spectrum.amplitude.length;
  const tr = new Float64Array(n), ti = new Float64Array(n), rr = new Float64Array(n), ri = new Float64Array(n); // prettier-ignore
  return (x, y, depthMm = z) => {
    fieldAt(transmit, spectrum, x, y, depthMm, tr, ti);
    fieldAt(receive, spectrum, x, y, depthMm, rr, ri);
    const out = new Float64Array(2 * n);
    for (let f = 0; f < n; f++) {
      const a = spectrum.amplitude[f]!;
      out[2 * f] = a * (tr[f]! * rr[f]! - ti[f]! * ri[f]!);
      out[2 * f + 1] = a * (tr[f]! * ri[f]! + ti[f]! * rr[f]!);
    }
    return out;
  };
}

/** Envelope of an echo at range r: |Σ_f spectrum · e^{2ikr}|. */
export function envelopeAt(echo: Float64Array, { firstHz, stepHz }: Spectrum, rangeMm: number): number {
  const k0 = (4 * Math.PI * firstHz * rangeMm) / SPEED_MM_S,
    dk = (4 * Math.PI * stepHz * rangeMm) / SPEED_MM_S;
  let re = 0, im = 0; // prettier-ignore
  for (let f = 0; 2 * f < echo.length; f++) {
    const c = Math.cos(k0 + f * dk), s = Math.sin(k0 + f * dk), a = echo[2 * f]!, b = echo[2 * f + 1]!; // prettier-ignore
    re += a * c - b * s;
    im += a * s + b * c;
  }
  return Math.hypot(re, im);
}

/** The envelope around `z`, sampled every `stepMm` within ±`reachMm`. */
export function envelope(echo: Float64Array, spectrum: Spectrum, z: number, reachMm: number, stepMm: number): number[] {
  const count = Math.round(reachMm / stepMm);
  return Array.from({ length: 2 * count + 1 }, (_, i) => envelopeAt(echo, spectrum, z + (i - count) * stepMm));
}

/** Full width at half of the peak, in steps, between the outermost crossings. */
export function outerWidth(values: readonly number[]): number {
  const level = Math.max(...values) / 2;
  const first = values.findIndex((v) => v >= level),
    last = values.findLastIndex((v) => v >= level);
  const part = (inside: number, outside: number): number =>
    values[outside] === undefined ? 0 : (values[inside]! - level) / (values[inside]! - values[outside]!);
  return last - first + part(first, first - 1) + part(last, last + 1);
}

import { apertureMm, type LinearProbe } from "./probe.ts";

/**
 * What the array does to a point, computed once per probe. Decomposition of the point spread function (COLE; Gao 2009,
 * with exact carrier phase as Storve & Torp 2017): pulse along depth × lateral kernel per depth × elevation per depth.
 * Convention: waves travel as e^{-ikr}, so a point at range r comes back as e^{-2ikr}.
 */
export interface Beam {
  /** 2k of the carrier, rad/mm. */
  readonly twoWayWavenumber: number;
  readonly wavelengthMm: number;
  readonly sampleMm: number;
  /** Two-way pulse envelope at multiples of `sampleMm`; index `pulseCentre` is at its peak, later ones are deeper. */
  readonly pulse: Float32Array;
  readonly pulseCentre: number;
  readonly elevation: ElevationTable;
  readonly lateral: LateralTable;
  readonly specular: SpecularTable;
}

/**
 * Two-way elevational field E²(y, z), |y| sampled every `stepMm`, depth every `depthStepMm`; row = depth. Complex: phase and
 * all, or speckle off the focus would decorrelate half as fast as it does. `delayMm` shifts the pulse by the group delay
 * of the path over the edge of the slice. Each depth has unit energy, ∫|E²|² dy = 1 mm.
 */
export interface ElevationTable {
  readonly stepMm: number;
  readonly depthStepMm: number;
  readonly columns: number;
  readonly rows: number;
  readonly re: Float32Array;
  readonly im: Float32Array;
  readonly delayMm: Float32Array;
  /** Per depth: the |y| beyond which |E²| stays below SLICE_EDGE of its peak. */
  readonly halfWidthMm: Float32Array;
}

/**
 * Half of a symmetric complex kernel per depth: taps 0 … `reach`, in steps of a FINE_LINES-th of the line spacing. Unit
 * energy per line: Σ|h|² = FINE_LINES over the whole kernel.
 */
export interface LateralTable {
  readonly depthStepMm: number;
  readonly rows: number;
  readonly maxReach: number;
  readonly re: Float32Array;
  readonly im: Float32Array;
  readonly reach: Uint8Array;
}

/** Share of the aperture that a tilted mirror sends back: rows = depth, columns = tan(tilt). */
export interface SpecularTable {
  readonly depthStepMm: number;
  readonly tanStep: number;
  readonly rows: number;
  readonly columns: number;
  readonly amplitude: Float32Array;
}

/** Lines beyond the aperture whose scatterers still reach the outermost lines through the lateral kernel. */
export const MARGIN_LINES = 12;
/**
 * Scatterers are collected on this many columns per scan line: the two-way beam holds 2.8 cycles/mm (F/2, F/1.5), more
 * than lines 0.21 mm apart can carry.
 */
export const FINE_LINES = 2;
const DEPTH_STEP_MM = 0.5;
const ELEVATION_STEP_MM = 0.02;
/** Nearer than this the Fresnel integral is neither accurate nor needed: the field is the aperture's shadow. */
const NEAREST_MM = 2.5;
/** Share of the peak at which the slice ends: less than 0.5 % of the energy lies beyond it at any depth. */
const SLICE_EDGE = 0.08;
/** Taps below −46 dB of the largest are dropped: they cost time and stay under the noise. */
const TAP_FLOOR = 10 ** (-46 / 20);
/** Ring-down of the transducer after the pulse: −22 dB falling to 1/e in 0.22 mm, for the longer trailing edge. */
const RINGING = { level: 10 ** (-22 / 20), decayMm: 0.22, reachMm: 0.72 } as const;

/** Standard deviation of the Gaussian amplitude spectrum, Hz. */
export function spectrumSigmaHz({ bandwidth, frequencyHz }: LinearProbe): number {
  return (bandwidth * frequencyHz) / (2 * Math.sqrt(2 * Math.LN2));
}

/** Standard deviation of the pulse envelope in two-way range, mm. */
export function pulseSigmaMm(probe: LinearProbe, speedMps: number): number {
  return (speedMps * 1e3) / (4 * Math.PI * spectrumSigmaHz(probe));
}

export function computeBeam(probe: LinearProbe, speedMps: number, depthMm: number): Beam {
  const wavelengthMm = (speedMps * 1e3) / probe.frequencyHz;
  const sigma = pulseSigmaMm(probe, speedMps);
  const sampleMm = sigma * 1.08; // 1.08 standard deviations: the envelope's spectrum fits 2.9 times within the rate
  return {
    twoWayWavenumber: (4 * Math.PI) / wavelengthMm,
    wavelengthMm,
    sampleMm,
    ...pulseOf(sigma, sampleMm),
    elevation: elevationTable(probe, speedMps, depthMm),
    lateral: lateralTable(probe, speedMps, depthMm),
    specular: specularTable(probe, wavelengthMm, depthMm),
  };
}

function pulseOf(sigma: number, sampleMm: number): { pulse: Float32Array; pulseCentre: number } {
  const before = Math.ceil((3.3 * sigma) / sampleMm),
    after = Math.ceil(RINGING.reachMm / sampleMm);
  const pulse = Float32Array.from({ length: before + after + 1 }, (_, i) => {
    const z = (i - before) * sampleMm;
    const ringing =
      z <= 0 ? 0 : RINGING.level * (1 - Math.exp((-z * z) / (2 * sigma * sigma))) * Math.exp(-z / RINGING.decayMm);
    return Math.exp((-z * z) / (2 * sigma * sigma)) + ringing;
  });
  return { pulse, pulseCentre: before };
}

/** Frequencies across the pulse and their weights (a Gaussian, ±1.8 standard deviations). */
function spectrum(probe: LinearProbe): readonly { readonly hz: number; readonly weight: number }[] {
  const sigma = spectrumSigmaHz(probe);
  return Array.from({ length: 9 }, (_, i) => {
    const t = (i - 4) * 0.45;
    return { hz: probe.frequencyHz + t * sigma, weight: Math.exp((-t * t) / 2) };
  });
}

/**
 * One-way field of an aperture of width `widthMm` focused at `focusMm`, at lateral offset `x`, depth `z`, in the
 * Fresnel approximation: (1/W) ∫ exp{-ik[(x-h)²/2z - h²/2F]} dh. The phase is quadratic in h, so it is stepped by two
 * complex products a point. Writes re, im to `out`.
 */
export function fresnelField(
  widthMm: number,
  focusMm: number,
  k: number,
  x: number,
  z: number,
  points: number,
  out: Float64Array,
): void {
  const step = widthMm / points,
    first = -widthMm / 2 + step / 2;
  const phase = (h: number): number => -k * (((x - h) * (x - h)) / (2 * z) - (h * h) / (2 * focusMm));
  const p0 = phase(first), p1 = phase(first + step), p2 = phase(first + 2 * step); // prettier-ignore
  let er = Math.cos(p0), ei = Math.sin(p0); // prettier-ignore
  let dr = Math.cos(p1 - p0), di = Math.sin(p1 - p0); // prettier-ignore
  const qr = Math.cos(p2 - 2 * p1 + p0), qi = Math.sin(p2 - 2 * p1 + p0); // prettier-ignore
  let re = 0, im = 0; // prettier-ignore
  for (let i = 0; i < points; i++) {
    re += er;
    im += ei;
    const nr = er * dr - ei * di;
    ei = er * di + ei * dr;
    er = nr;
    const mr = dr * qr - di * qi;
    di = dr * qi + di * qr;
    dr = mr;
  }
  out[0] = re / points;
  out[1] = im / points;
}

/**
 * Beams gather less at high frequency (by 1/f), which moves the middle of the pulse's spectrum down by σ²/f: the
 * elevational field is averaged around there. It meets the decorrelation of an element-level solver within 20 %; the carrier's
 * own frequency is 10 % too quick (reference 2.4, and the spectral sum of the test).
 */
export function effectiveFrequencyHz(probe: LinearProbe): number {
  return probe.frequencyHz - spectrumSigmaHz(probe) ** 2 / probe.frequencyHz;
}

function elevationTable(probe: LinearProbe, speedMps: number, depthMm: number): ElevationTable {
  const { elevationApertureMm: height, elevationFocusMm: focus } = probe;
  const sigmaHz = spectrumSigmaHz(probe),
    stepHz = 0.3 * sigmaHz; // fine enough that the phase turns by less than half a circle between two of them
  const lines = Array.from({ length: 9 }, (_, i) => ({
    hz: effectiveFrequencyHz(probe) + (i - 4) * stepHz,
    weight: Math.exp((-0.09 * (i - 4) * (i - 4)) / 2),
  }));
  const total = lines.reduce((sum, { weight }) => sum + weight, 0);
  const rows = Math.ceil((depthMm + 3) / DEPTH_STEP_MM) + 1;
  const reachAt = (z: number): number => 0.6 * height * Math.abs(z / focus - 1) + 1.2;
  const columns = Math.ceil(Math.max(reachAt(0), reachAt(depthMm + 3)) / ELEVATION_STEP_MM) + 1;
  const re = new Float32Array(rows * columns),
    im = new Float32Array(rows * columns),
    delayMm = new Float32Array(rows * columns);
  const halfWidthMm = new Float32Array(rows);
  const field = new Float64Array(2),
    fr = new Float64Array(lines.length),
    fi = new Float64Array(lines.length);
  for (let row = 0; row < rows; row++) {
    const z = Math.max(NEAREST_MM, row * DEPTH_STEP_MM);
    const filled = Math.min(columns, Math.ceil(reachAt(z) / ELEVATION_STEP_MM));
    let peak = 0,
      energy = 0;
    for (let column = 0; column < filled; column++) {
      const at = row * columns + column;
      let turnRe = 0, turnIm = 0; // prettier-ignore
      for (let f = 0; f < lines.length; f++) {
        const { hz, weight } = lines[f]!;
        fresnelField(height, focus, (2 * Math.PI * hz) / (speedMps * 1e3), column * ELEVATION_STEP_MM, z, 80, field);
        const a = field[0]!, b = field[1]!; // prettier-ignore
        fr[f] = weight * (a * a - b * b);
        fi[f] = weight * 2 * a * b;
        if (f === 0) continue;
        turnRe += fr[f]! * fr[f - 1]! + fi[f]! * fi[f - 1]!;
        turnIm += fi[f]! * fr[f - 1]! - fr[f]! * fi[f - 1]!;
      }
      // The mean turn of the phase from one frequency to the next is the group delay; what is left is averaged.
      const turn = Math.atan2(turnIm, turnRe);
      let sr = 0, si = 0; // prettier-ignore
      for (let f = 0; f < lines.length; f++) {
        const c = Math.cos(-(f - 4) * turn), s = Math.sin(-(f - 4) * turn); // prettier-ignore
        sr += fr[f]! * c - fi[f]! * s;
        si += fr[f]! * s + fi[f]! * c;
      }
      re[at] = sr / total;
      im[at] = si / total;
      // A phase that falls with frequency is a delay: range = -(c/2) dψ/dω.
      delayMm[at] = ((-(speedMps * 1e3) / 2) * turn) / (2 * Math.PI * stepHz);
      const power = re[at]! * re[at]! + im[at]! * im[at]!;
      peak = Math.max(peak, power);
      energy += (column === 0 ? 1 : 2) * power * ELEVATION_STEP_MM;
    }
    const scale = 1 / Math.sqrt(energy);
    for (let column = 0; column < filled; column++) {
      const at = row * columns + column;
      if (re[at]! * re[at]! + im[at]! * im[at]! > SLICE_EDGE * SLICE_EDGE * peak)
        halfWidthMm[row] = column * ELEVATION_STEP_MM;
      re[at]! *= scale;
      im[at]! *= scale;
    }
  }
  return { stepMm: ELEVATION_STEP_MM, depthStepMm: DEPTH_STEP_MM, columns, rows, re, im, delayMm, halfWidthMm };
}

/** Widths of the transmit and of the receive aperture that serve a point at depth z, mm. */
export function aperturesMm(probe: LinearProbe, z: number): { transmit: number; receive: number } {
  const face = apertureMm(probe);
  return {
    transmit: Math.min(face, probe.transmitFocusMm / probe.transmitFNumber),
    receive: Math.min(face, z / probe.receiveFNumber),
  };
}

function lateralTable(probe: LinearProbe, speedMps: number, depthMm: number): LateralTable {
  const spacing = apertureMm(probe) / probe.lineCount / FINE_LINES;
  const rows = Math.ceil((depthMm + 3) / DEPTH_STEP_MM) + 1;
  const maxReach = MARGIN_LINES * FINE_LINES,
    taps = maxReach + 1;
  const re = new Float32Array(rows * taps),
    im = new Float32Array(rows * taps);
  const reach = new Uint8Array(rows);
  const tx = new Float64Array(2),
    rx = new Float64Array(2);
  for (let row = 0; row < rows; row++) {
    const z = Math.max(NEAREST_MM, row * DEPTH_STEP_MM);
    const { transmit, receive } = aperturesMm(probe, z);
    let energy = 0,
      peak = 0;
    for (let tap = 0; tap < taps; tap++) {
      let sr = 0,
        si = 0;
      for (const { hz, weight } of spectrum(probe)) {
        const k = (2 * Math.PI * hz) / (speedMps * 1e3);
        fresnelField(transmit, probe.transmitFocusMm, k, tap * spacing, z, 128, tx);
        fresnelField(receive, z, k, tap * spacing, z, 128, rx);
        // A narrower beam gathers more at high frequency; the pulse's energy there is less by 1/f (reference 2.2).
        const w = (weight * probe.frequencyHz) / hz;
        sr += w * (tx[0]! * rx[0]! - tx[1]! * rx[1]!);
        si += w * (tx[0]! * rx[1]! + tx[1]! * rx[0]!);
      }
      const at = row * taps + tap;
      re[at] = sr;
      im[at] = si;
      const power = sr * sr + si * si;
      energy += (tap === 0 ? 1 : 2) * power;
      peak = Math.max(peak, Math.sqrt(power));
    }
    const scale = Math.sqrt(FINE_LINES / energy);
    for (let tap = 0; tap < taps; tap++) {
      const at = row * taps + tap;
      if (Math.hypot(re[at]!, im[at]!) > TAP_FLOOR * peak) reach[row] = tap;
      re[at]! *= scale;
      im[at]! *= scale;
    }
  }
  return { depthStepMm: DEPTH_STEP_MM, rows, maxReach, re, im, reach };
}

/**
 * A mirror tilted by t sends the ray of transmit element u back to 2z·tan t − u. What both apertures see, weighted by
 * the directivity of elements one pitch wide (soft baffle), re a mirror at right angles: reference 2.6 a.
 */
function specularTable(probe: LinearProbe, wavelengthMm: number, depthMm: number): SpecularTable {
  const tanStep = 0.01,
    columns = 81,
    rows = Math.ceil(depthMm + 3) + 1;
  const amplitude = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const z = Math.max(NEAREST_MM, row);
    const { transmit, receive } = aperturesMm(probe, z);
    const weight = (u: number): number => {
      const sine = u / Math.hypot(u, z),
        w = (Math.PI * probe.pitchMm * sine) / wavelengthMm;
      return (Math.abs(w) < 1e-9 ? 1 : Math.sin(w) / w) * Math.sqrt(1 - sine * sine);
    };
    const step = transmit / 200;
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let i = 0; i < 200; i++) {
        const u = -transmit / 2 + (i + 0.5) * step,
          v = 2 * z * column * tanStep - u;
        if (Math.abs(v) <= receive / 2) sum += weight(u) * weight(v);
      }
      amplitude[row * columns + column] = sum;
    }
    const full = amplitude[row * columns]!;
    for (let column = 0; column < columns; column++) amplitude[row * columns + column]! /= full;
  }
  return { depthStepMm: 1, tanStep, rows, columns, amplitude };
}

/** Amplitude of a smooth mirror at depth z, tilted laterally and in elevation, re one at right angles. */
export function specularAmplitude(
  { specular: { rows, columns, tanStep, amplitude } }: Beam,
  { elevationApertureMm, elevationFocusMm }: LinearProbe,
  z: number,
  tanLateral: number,
  tanElevation: number,
): number {
  // The lens returns a tilt t to 2F·tan t across the aperture of height H: gone at tan t = H/2F (7° here).
  const elevation = 1 - (Math.abs(tanElevation) * 2 * elevationFocusMm) / elevationApertureMm;
  if (elevation <= 0) return 0;
  const column = Math.abs(tanLateral) / tanStep,
    at = Math.floor(column);
  if (!(at < columns - 1)) return 0;
  const row = Math.min(rows - 1, Math.max(0, Math.round(z))) * columns + at;
  const low = amplitude[row]!,
    high = amplitude[row + 1]!;
  return elevation * (low + (column - at) * (high - low));
}

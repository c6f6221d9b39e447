import { DEPTH_STEP_MM, fresnelField, NEAREST_MM, spectrumSigmaHz } from "./fresnel.ts";
import type { Probe } from "./probe.ts";

/**
 * Two-way elevational field E²(y, z), |y| sampled every `stepMm`, depth every `depthStepMm`; row = depth. Complex: with
 * a real weight speckle off the focus would decorrelate half as fast as it does. `delayMm` shifts the pulse by the
 * group delay of the path over the edge of the slice. Each depth has unit energy, ∫|E²|² dy = 1 mm.
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

const ELEVATION_STEP_MM = 0.02;
/** Share of the peak at which the slice ends: less than 0.5 % of the energy lies beyond it at any depth. */
const SLICE_EDGE = 0.08;

/**
 * Beams gather less at high frequency (by 1/f), which moves the middle of the pulse's spectrum down by σ²/f: the
 * elevational field is averaged around there. It meets the decorrelation of an element-level solver within 25 %; the
 * carrier's own frequency is 10 % too quick (reference 2.4, and the spectral sum of the test).
 */
export function effectiveFrequencyHz(probe: Probe): number {
  return probe.frequencyHz - spectrumSigmaHz(probe) ** 2 / probe.frequencyHz;
}

export function elevationTable(probe: Probe, speedMps: number, depthMm: number): ElevationTable {
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

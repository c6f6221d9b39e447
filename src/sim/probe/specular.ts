import { aperturesMm, NEAREST_MM } from "./aperture.ts";
import type { Probe } from "./probe.ts";

/** Share of the aperture that a tilted mirror sends back: rows = depth, columns = tan(tilt). */
export interface SpecularTable {
  readonly depthStepMm: number;
  readonly tanStep: number;
  readonly rows: number;
  readonly columns: number;
  readonly amplitude: Float32Array;
}

/**
 * A mirror tilted by t sends the ray of transmit element u back to 2z·tan t − u. What both apertures see, weighted by
 * the directivity of elements one pitch wide (soft baffle), re a mirror at right angles: reference 2.6 a.
 */
export function specularTable(probe: Probe, wavelengthMm: number, depthMm: number): SpecularTable {
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
  { rows, columns, tanStep, amplitude }: SpecularTable,
  { elevationApertureMm, elevationFocusMm }: Probe,
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

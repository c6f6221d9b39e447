import { apertureMm, type Probe } from "./probe.ts";

/** Rows of the beam's tables lie this far apart in depth. */
export const DEPTH_STEP_MM = 0.5;
/** Nearer than this the Fresnel integral is neither accurate nor needed: the field is the aperture's shadow. */
export const NEAREST_MM = 2.5;

/** Standard deviation of the Gaussian amplitude spectrum, Hz. */
export function spectrumSigmaHz({ bandwidth, frequencyHz }: Probe): number {
  return (bandwidth * frequencyHz) / (2 * Math.sqrt(2 * Math.LN2));
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

/** Widths of the transmit and of the receive aperture that serve a point at depth z, mm. */
export function aperturesMm(probe: Probe, z: number): { transmit: number; receive: number } {
  const face = apertureMm(probe);
  return {
    transmit: Math.min(face, probe.transmitFocusMm / probe.transmitFNumber),
    receive: Math.min(face, z / probe.receiveFNumber),
  };
}

import type { Band } from "./band.ts";
import { apertureMm, type Probe } from "./probe.ts";

/** Rows of the beam's tables lie this far apart in depth. */
export const DEPTH_STEP_MM = 0.5;
/** Nearer than this a beam is not computed: the field is the aperture's shadow. */
export const NEAREST_MM = 2.5;

/** Widths of the transmit and of the receive aperture that serve a point at depth z, mm. */
export function aperturesMm(probe: Probe, z: number): { transmit: number; receive: number } {
  const face = apertureMm(probe);
  return {
    transmit: Math.min(face, probe.transmitFocusMm / probe.transmitFNumber),
    receive: Math.min(face, z / probe.receiveFNumber),
  };
}

/** Sources along one direction of the face, focused at `focusMm`, each `sizeMm` wide and moving as one. */
export interface Sources {
  readonly placesMm: Float64Array;
  readonly sizeMm: number;
  readonly focusMm: number;
}

/** The elements of an aperture of `widthMm` around the axis. */
export function elementsOf(probe: Probe, widthMm: number, focusMm: number): Sources {
  const count = Math.max(1, Math.min(probe.elementCount, Math.round(widthMm / probe.pitchMm)));
  const placesMm = Float64Array.from({ length: count }, (_, e) => (e - (count - 1) / 2) * probe.pitchMm);
  return { placesMm, sizeMm: probe.pitchMm, focusMm };
}

/** The height of an element behind its cylindrical lens, in strips of less than half a wavelength. */
export function lensOf(
  { elevationApertureMm: height, elevationFocusMm: focusMm }: Probe,
  wavelengthMm: number,
): Sources {
  const count = Math.ceil(height / (0.4 * wavelengthMm)),
    sizeMm = height / count;
  const placesMm = Float64Array.from({ length: count }, (_, i) => ((i + 0.5) / count - 0.5) * height);
  return { placesMm, sizeMm, focusMm };
}

/**
 * One-way field at offset `x` and depth `z` at every frequency of the band re e^{-ikz}: the Rayleigh sum over the
 * sources in their plane, mean of (z/r)²·sinc(k·size·sin θ/2)·e^{-ik(r − advance − z)} (soft baffle). Frequencies are
 * evenly spaced, so each phase is the last one turned by a constant angle. Writes to `re` and `im`.
 */
export function fieldOver(
  { placesMm, sizeMm, focusMm }: Sources,
  { hz, stepHz }: Pick<Band, "hz" | "stepHz">,
  speedMps: number,
  x: number,
  z: number,
  re: Float64Array,
  im: Float64Array,
): void {
  const k0 = (2 * Math.PI * hz[0]!) / (speedMps * 1e3),
    dk = (2 * Math.PI * stepHz) / (speedMps * 1e3),
    kMiddle = k0 + (dk * (hz.length - 1)) / 2;
  re.fill(0);
  im.fill(0);
  for (let i = 0; i < placesMm.length; i++) {
    const at = placesMm[i]!;
    const r = Math.sqrt((x - at) * (x - at) + z * z),
      path = r - z - (Math.sqrt(at * at + focusMm * focusMm) - focusMm);
    // The directivity of a source changes little over the band: its middle stands for it.
    const half = (kMiddle * sizeMm * (x - at)) / (2 * r);
    const weight = ((z * z) / (r * r * placesMm.length)) * (Math.abs(half) < 1e-9 ? 1 : Math.sin(half) / half);
    let c = weight * Math.cos(k0 * path), s = -weight * Math.sin(k0 * path); // prettier-ignore
    const tc = Math.cos(dk * path), ts = -Math.sin(dk * path); // prettier-ignore
    for (let f = 0; f < hz.length; f++) {
      re[f]! += c;
      im[f]! += s;
      const next = c * tc - s * ts;
      s = c * ts + s * tc;
      c = next;
    }
  }
}

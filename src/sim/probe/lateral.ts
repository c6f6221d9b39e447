import { aperturesMm, DEPTH_STEP_MM, fresnelField, NEAREST_MM, spectrumSigmaHz } from "./fresnel.ts";
import { apertureMm, spacingAt, type Probe } from "./probe.ts";

/**
 * Half of a symmetric complex kernel per depth: taps 0 … `reach`, in steps of a FINE_LINES-th of the line spacing. Unit
 * energy per line: Σ|h|² = FINE_LINES over the whole kernel (times spacing at the face over spacing here, in a sector).
 */
export interface LateralTable {
  readonly depthStepMm: number;
  readonly rows: number;
  readonly maxReach: number;
  readonly re: Float32Array;
  readonly im: Float32Array;
  readonly reach: Uint8Array;
}

/** Lines beyond the aperture whose scatterers still reach the outermost lines through the lateral kernel. */
export const MARGIN_LINES = 12;
/**
 * Scatterers are collected on this many columns per scan line: the two-way beam holds 2.8 cycles/mm (F/2, F/1.5), more
 * than lines 0.21 mm apart can carry.
 */
export const FINE_LINES = 2;
/** Taps below −46 dB of the largest are dropped: they cost time and stay under the noise. */
const TAP_FLOOR = 10 ** (-46 / 20);

/** Frequencies across the pulse and their weights (a Gaussian, ±1.8 standard deviations). */
function spectrum(probe: Probe): readonly { readonly hz: number; readonly weight: number }[] {
  const sigma = spectrumSigmaHz(probe);
  return Array.from({ length: 9 }, (_, i) => {
    const t = (i - 4) * 0.45;
    return { hz: probe.frequencyHz + t * sigma, weight: Math.exp((-t * t) / 2) };
  });
}

export function lateralTable(probe: Probe, speedMps: number, depthMm: number): LateralTable {
  const face = { spacingMm: apertureMm(probe) / probe.lineCount / FINE_LINES, radiusMm: probe.radiusMm ?? 0 };
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
    const spacing = spacingAt(face, z);
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
        const a = w * (tx[0]! * rx[0]! - tx[1]! * rx[1]!),
          b = w * (tx[0]! * rx[1]! + tx[1]! * rx[0]!);
        if (face.radiusMm === 0) {
          sr += a;
          si += b;
          continue;
        }
        // On the other lines of a sector equal depth is an arc: the point lies x²/2(R + z) less deep on this one.
        const turn = (k * (tap * spacing) ** 2) / (face.radiusMm + z);
        sr += a * Math.cos(turn) - b * Math.sin(turn);
        si += a * Math.sin(turn) + b * Math.cos(turn);
      }
      const at = row * taps + tap;
      re[at] = sr;
      im[at] = si;
      const power = sr * sr + si * si;
      energy += (tap === 0 ? 1 : 2) * power;
      peak = Math.max(peak, Math.sqrt(power));
    }
    // More tissue lies between two lines where they spread: the mean power stays the same at every depth.
    const scale = Math.sqrt((FINE_LINES * face.spacingMm) / spacing / energy);
    for (let tap = 0; tap < taps; tap++) {
      const at = row * taps + tap;
      if (Math.hypot(re[at]!, im[at]!) > TAP_FLOOR * peak) reach[row] = tap;
      re[at]! *= scale;
      im[at]! *= scale;
    }
  }
  return { depthStepMm: DEPTH_STEP_MM, rows, maxReach, re, im, reach };
}

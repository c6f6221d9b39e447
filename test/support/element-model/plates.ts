import { createRng } from "../../../src/core/rng.ts";
import type { Probe } from "../../../src/sim/probe/probe.ts";
import {
  apertureOf,
  createPointEcho,
  envelope,
  receiveWidthMm,
  SPEED_MM_S,
  spectrumOf,
  transmitWidthMm,
} from "./array.ts";

const SPLIT = { across: 1, along: 20 } as const;

/** sin(πps/λ)/(πps/λ): what an element one pitch wide sends at an angle of sine s, at the middle frequency. */
function directivity(probe: Probe, sine: number): number {
  const w = (Math.PI * probe.pitchMm * sine * probe.frequencyHz) / SPEED_MM_S;
  return Math.abs(w) < 1e-9 ? 1 : Math.sin(w) / w;
}

/**
 * Highest envelope of the echo of a smooth plate through (0, 0, z), tilted about the elevation axis: every transmit
 * element's mirror image is heard by every receive element.
 */
export function smoothPlatePeak(probe: Probe, z: number, tiltRad: number): number {
  const spectrum = spectrumOf(probe, 61, 2.4); // ranges repeat after 4.3 mm
  const transmit = apertureOf(probe, transmitWidthMm(probe), probe.transmitFocusMm, SPLIT),
    receive = apertureOf(probe, receiveWidthMm(probe, z), z, SPLIT);
  const n = spectrum.amplitude.length;
  const re = new Float64Array(n),
    im = new Float64Array(n);
  const sine = Math.sin(tiltRad), cosine = Math.cos(tiltRad); // prettier-ignore
  const k0 = (2 * Math.PI * spectrum.firstHz) / SPEED_MM_S,
    dk = (2 * Math.PI * spectrum.stepHz) / SPEED_MM_S;
  for (let i = 0; i < transmit.x.length; i++) {
    // Plate: points p with (p − (0, z))·(sin t, −cos t) = 0 in (x, z); the image lies as far behind it.
    const distance = transmit.x[i]! * sine + z * cosine;
    const mx = transmit.x[i]! - 2 * distance * sine,
      mz = 2 * distance * cosine;
    for (let j = 0; j < receive.x.length; j++) {
      const dx = receive.x[j]! - mx,
        dy = receive.y[j]! - transmit.y[i]!,
        r = Math.sqrt(dx * dx + dy * dy + mz * mz);
      const path = r - transmit.advanceMm[i]! - receive.advanceMm[j]!;
      // The ray leaves and arrives at angles whose sines are those of the unfolded path, before and after the mirror.
      const arriving = dx / r,
        leaving = (-dx * Math.cos(2 * tiltRad) + mz * Math.sin(2 * tiltRad)) / r;
      const weight =
        (directivity(probe, arriving) * directivity(probe, leaving) * (mz / r) * Math.sqrt(1 - leaving * leaving)) / r;
      let c = weight * Math.cos(k0 * path), s = -weight * Math.sin(k0 * path); // prettier-ignore
      const tc = Math.cos(dk * path), ts = -Math.sin(dk * path); // prettier-ignore
      for (let f = 0; f < n; f++) {
        re[f]! += c;
        im[f]! += s;
        const next = c * tc - s * ts;
        s = c * ts + s * tc;
        c = next;
      }
    }
  }
  const echo = Float64Array.from({ length: 2 * n }, (_, i) => spectrum.amplitude[i >> 1]! * (i % 2 ? im : re)[i >> 1]!);
  return Math.max(...envelope(echo, spectrum, z, 1.8, 0.03));
}

/** Heights of a rough surface on a grid: RMS `rmsMm`, correlation exp(−r²/l²). */
function roughSurface(
  columns: number,
  rows: number,
  steps: readonly [number, number],
  rmsMm: number,
  lengthMm: number,
  seed: string,
) {
  const rng = createRng(seed);
  let field = Float64Array.from({ length: columns * rows }, () => rng.normal());
  // Filtered with exp(−2r²/l²), white noise has the correlation exp(−r²/l²).
  for (const [step, stride, size] of [
    [steps[0], 1, columns],
    [steps[1], columns, rows],
  ] as const) {
    const reach = Math.ceil((1.6 * lengthMm) / step);
    const kernel = Array.from({ length: 2 * reach + 1 }, (_, i) =>
      Math.exp((-2 * ((i - reach) * step) ** 2) / lengthMm ** 2),
    );
    const norm = Math.sqrt(kernel.reduce((sum, w) => sum + w * w, 0));
    field = field.map((_, at) => {
      const place = stride === 1 ? at % columns : Math.floor(at / columns);
      let sum = 0;
      for (let k = -reach; k <= reach; k++) {
        const to = (place + k + size) % size; // the surface repeats, so its ends are as rough as its middle
        sum += (kernel[k + reach]! / norm) * field[at + (to - place) * stride]!;
      }
      return sum;
    });
  }
  return field.map((h) => h * rmsMm);
}

/**
 * Mean over `seeds` surfaces of the peak power of a rough plate through (0, 0, z): Kirchhoff's integral over the plate,
 * ∫ T·R·(n·u)·k·e^{2ik·h·cos t} dS with n the normal of the rough surface and u the way of the wave, T and R summed
 * over elements on the mean plane. n·u dS = (cos t + h'·sin t) dS₀; the second term, integrated by parts, makes of both
 * 1/cos t dS₀ (Ogilvy 1991, 4.2). The plate is ±2.2 mm wide across and ±1 mm in elevation, faded out at its edges: the
 * beam's focus, side lobes to −42 dB.
 */
export function roughPlatePowers(
  probe: Probe,
  z: number,
  tiltRad: number,
  surfaces: readonly { readonly rmsMm: number; readonly lengthMm: number }[],
  seeds: number,
): number[] {
  const spectrum = spectrumOf(probe, 45, 2.2); // ranges repeat after 3.5 mm
  const echoOf = createPointEcho(probe, z, spectrum, { across: 1, along: 16 });
  const n = spectrum.amplitude.length;
  const sine = Math.sin(tiltRad), cosine = Math.cos(tiltRad); // prettier-ignore
  const steps = [0.04, 0.05] as const,
    columns = Math.round(4.4 / cosine / steps[0]),
    rows = Math.round(2 / steps[1]);
  const fade = (share: number): number => (share < 0.75 ? 1 : 0.5 + 0.5 * Math.cos((Math.PI * (share - 0.75)) / 0.25));
  const field: Float64Array[] = [];
  for (let j = 0; j < rows; j++) {
    const y = (j - (rows - 1) / 2) * steps[1];
    for (let i = 0; i < columns; i++) {
      const u = (i - (columns - 1) / 2) * steps[0];
      const weight = (fade(Math.abs((2 * u * cosine) / 4.4)) * fade(Math.abs(y))) / cosine;
      const angle = directivity(probe, (u * cosine) / z) ** 2;
      const echo = echoOf(u * cosine, y, z + u * sine);
      field.push(echo.map((v) => v * weight * angle));
    }
  }
  const k0 = (4 * Math.PI * spectrum.firstHz * cosine) / SPEED_MM_S,
    dk = (4 * Math.PI * spectrum.stepHz * cosine) / SPEED_MM_S;
  return surfaces.map(({ rmsMm, lengthMm }) => {
    let sum = 0;
    for (let seed = 0; seed < seeds; seed++) {
      const height = roughSurface(columns, rows, steps, rmsMm, lengthMm, `rough ${seed}`);
      const echo = new Float64Array(2 * n);
      field.forEach((values, at) => {
        const h = height[at]!;
        const tc = Math.cos(dk * h), ts = Math.sin(dk * h); // prettier-ignore
        let c = Math.cos(k0 * h), s = Math.sin(k0 * h); // prettier-ignore
        for (let f = 0; f < n; f++) {
          const a = values[2 * f]!, b = values[2 * f + 1]!, k = 1 + (f * dk) / k0; // prettier-ignore
          echo[2 * f]! += k * (a * c - b * s);
          echo[2 * f + 1]! += k * (a * s + b * c);
          const next = c * tc - s * ts;
          s = c * ts + s * tc;
          c = next;
        }
      });
      sum += Math.max(...envelope(echo, spectrum, z, 1.4, 0.03)) ** 2;
    }
    return sum / seeds;
  });
}

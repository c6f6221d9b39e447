import { elevationTable, type ElevationTable } from "./elevation.ts";
import { spectrumSigmaHz } from "./fresnel.ts";
import { lateralTable, type LateralTable } from "./lateral.ts";
import type { Probe } from "./probe.ts";
import { specularTable, type SpecularTable } from "./specular.ts";

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

/** Ring-down of the transducer after the pulse: −22 dB falling to 1/e in 0.22 mm, for the longer trailing edge. */
const RINGING = { level: 10 ** (-22 / 20), decayMm: 0.22, reachMm: 0.72 } as const;

/** Standard deviation of the pulse envelope in two-way range, mm. */
export function pulseSigmaMm(probe: Probe, speedMps: number): number {
  return (speedMps * 1e3) / (4 * Math.PI * spectrumSigmaHz(probe));
}

export function computeBeam(probe: Probe, speedMps: number, depthMm: number): Beam {
  const wavelengthMm = (speedMps * 1e3) / probe.frequencyHz;
  const sigma = pulseSigmaMm(probe, speedMps);
  const sampleMm = sigma * 1.08; // the Nyquist frequency lies π/1.08 = 2.9 standard deviations of the spectrum out
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

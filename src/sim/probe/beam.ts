import { bandOf, pulseSigmaMm } from "./band.ts";
import { elevationTable, type ElevationTable } from "./elevation.ts";
import { lateralTable, type LateralTable } from "./lateral.ts";
import type { Probe } from "./probe.ts";
import { specularTable, type SpecularTable } from "./specular.ts";

/**
 * What the array does to a point, computed once per probe. Decomposition of the point spread function (COLE; Gao 2009,
 * with exact carrier phase as Storve & Torp 2017): a short filter along range per elevation and depth × a sum of lateral
 * profiles, each with its own pulse, per depth. Both are fitted to Rayleigh sums over the elements at all frequencies of
 * the band, so that resolution, decorrelation and the fall of the middle frequency come from one field. Convention:
 * waves travel as e^{-ikr}, so a point at range r comes back as e^{-2ikr}.
 */
export interface Beam {
  /** 2k of the carrier, rad/mm. */
  readonly twoWayWavenumber: number;
  readonly wavelengthMm: number;
  readonly sampleMm: number;
  /** Two-way pulse envelope at multiples of `sampleMm`; index `pulseCentre` is at its peak, later ones are deeper. */
  readonly pulse: Float32Array;
  readonly pulseCentre: number;
  /** Standard deviation of its Gaussian, mm. */
  readonly pulseSigmaMm: number;
  readonly elevation: ElevationTable;
  readonly lateral: LateralTable;
  readonly specular: SpecularTable;
}

export function computeBeam(probe: Probe, speedMps: number, depthMm: number): Beam {
  const wavelengthMm = (speedMps * 1e3) / probe.frequencyHz;
  const band = bandOf(probe, speedMps);
  const elevation = elevationTable(probe, speedMps, depthMm, band);
  return {
    twoWayWavenumber: (4 * Math.PI) / wavelengthMm,
    wavelengthMm,
    sampleMm: band.sampleMm,
    pulse: band.pulse,
    pulseCentre: band.pulseCentre,
    pulseSigmaMm: pulseSigmaMm(probe, speedMps),
    elevation,
    lateral: lateralTable(probe, speedMps, depthMm, band, elevation),
    specular: specularTable(probe, wavelengthMm, depthMm),
  };
}

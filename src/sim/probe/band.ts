import type { Probe } from "./probe.ts";

/**
 * The two-way pulse and the frequencies of its band: those of a Fourier transform of `BINS` samples, so that a sum over
 * them is exact for filters that are no longer. Waves travel as e^{-ikr}; a delay d of the shown range is e^{-2iqd},
 * q = 2π(f − f₀)/c.
 */
export interface Band {
  readonly sampleMm: number;
  /** Envelope of the pulse at multiples of `sampleMm`; index `pulseCentre` is at its peak, later ones are deeper. */
  readonly pulse: Float32Array;
  readonly pulseCentre: number;
  /** Frequencies, evenly spaced from the lowest, Hz. */
  readonly hz: Float64Array;
  readonly stepHz: number;
  /** Spectrum of the pulse about its peak at each of `hz`. */
  readonly re: Float64Array;
  readonly im: Float64Array;
  /** What the receiver's filter lets pass of each of `hz`; in `re` and `im`, but not in `pulse`. */
  readonly pass: Float64Array;
}

/** 1.9 mm of range for the default probe: pulse, ring-down and the delay from the edges of an aperture. */
const BINS = 32;
/** The Nyquist frequency lies π/1.08 = 2.9 standard deviations of the spectrum out. */
const SAMPLE_SIGMAS = 1.08;
/**
 * The receiver's filter passes all up to this share of the Nyquist frequency (2.2 standard deviations of the spectrum)
 * and nothing at it; half at 2.5, where the pulse is 28 dB down (chosen). Off the foci the beams hold on to the lowest
 * frequencies: unfiltered, a twentieth of the power 11 mm deep would lie at the Nyquist frequency, where samples cannot
 * tell early from late, and an echo would change when its point moves by part of a sample.
 */
const PASS_SHARE = 0.75;
/** Ring-down of the transducer after the pulse: −22 dB falling to 1/e in 0.22 mm, for the longer trailing edge. */
const RINGING = { level: 10 ** (-22 / 20), decayMm: 0.22, reachMm: 0.72 } as const;

/** Standard deviation of the Gaussian amplitude spectrum, Hz. */
export function spectrumSigmaHz({ bandwidth, frequencyHz }: Pick<Probe, "bandwidth" | "frequencyHz">): number {
  return (bandwidth * frequencyHz) / (2 * Math.sqrt(2 * Math.LN2));
}

/** Standard deviation of the pulse envelope in two-way range, mm. */
export function pulseSigmaMm(probe: Pick<Probe, "bandwidth" | "frequencyHz">, speedMps: number): number {
  return (speedMps * 1e3) / (4 * Math.PI * spectrumSigmaHz(probe));
}

export function bandOf(probe: Pick<Probe, "bandwidth" | "frequencyHz">, speedMps: number): Band {
  const sigma = pulseSigmaMm(probe, speedMps),
    sampleMm = sigma * SAMPLE_SIGMAS;
  const { pulse, pulseCentre } = pulseOf(sigma, sampleMm);
  const stepHz = (speedMps * 1e3) / (2 * BINS * sampleMm);
  const hz = Float64Array.from({ length: BINS }, (_, j) => probe.frequencyHz + (j - BINS / 2) * stepHz);
  const pass = Float64Array.from({ length: BINS }, (_, j) => passAt(Math.abs(j / (BINS / 2) - 1)));
  const re = new Float64Array(BINS),
    im = new Float64Array(BINS);
  for (let j = 0; j < BINS; j++) {
    pulse.forEach((p, n) => {
      const phase = (2 * Math.PI * (j - BINS / 2) * (n - pulseCentre)) / BINS;
      re[j]! += p * Math.cos(phase);
      im[j]! -= p * Math.sin(phase);
    });
    re[j]! *= pass[j]!;
    im[j]! *= pass[j]!;
  }
  return { sampleMm, pulse, pulseCentre, hz, stepHz, re, im, pass };
}

/** The receiver's filter at a share of the Nyquist frequency. */
function passAt(share: number): number {
  return share <= PASS_SHARE ? 1 : Math.cos(((Math.PI / 2) * (share - PASS_SHARE)) / (1 - PASS_SHARE)) ** 2;
}

/** Envelope of the pulse `z` mm deeper than its peak. */
export function pulseAt(sigmaMm: number, z: number): number {
  const body = Math.exp((-z * z) / (2 * sigmaMm * sigmaMm));
  return z <= 0 || z > RINGING.reachMm ? body : body + RINGING.level * (1 - body) * Math.exp(-z / RINGING.decayMm);
}

function pulseOf(sigma: number, sampleMm: number): { pulse: Float32Array; pulseCentre: number } {
  const before = Math.ceil((3.3 * sigma) / sampleMm),
    after = Math.ceil(RINGING.reachMm / sampleMm);
  const pulse = Float32Array.from({ length: before + after + 1 }, (_, i) => pulseAt(sigma, (i - before) * sampleMm));
  return { pulse, pulseCentre: before };
}

import type { Rng } from "../../core/rng.ts";

/** A sum of sinusoids at random frequencies in 0.5-12 Hz with amplitudes falling as 1/f, scaled to unit SD. */
export function tremor(rng: Rng): (timeS: number) => number {
  const waves = Array.from({ length: 12 }, (_, i) => {
    const rateHz = 0.5 * 24 ** ((i + rng.uniform()) / 12);
    return { rateHz, phase: 2 * Math.PI * rng.uniform(), amplitude: 1 / rateHz };
  });
  const sd = Math.sqrt(waves.reduce((sum, w) => sum + w.amplitude ** 2 / 2, 0));
  return (timeS) =>
    waves.reduce((sum, w) => sum + w.amplitude * Math.sin(2 * Math.PI * w.rateHz * timeS + w.phase), 0) / sd;
}

import type { Rng } from "../../core/rng.ts";

/** A hand's tremor: 0.5-12 Hz, SD 1. */
export const tremor = (rng: Rng): ((timeS: number) => number) => wander(rng, 0.5, 12);

/**
 * A sum of sinusoids at random frequencies, spread evenly over the octaves between `lowHz` and `highHz`, with amplitudes
 * falling as 1/f, scaled to unit SD: its power falls as 1/f³ per Hz.
 */
export function wander(rng: Rng, lowHz: number, highHz: number): (timeS: number) => number {
  const waves = Array.from({ length: 12 }, (_, i) => {
    const rateHz = lowHz * (highHz / lowHz) ** ((i + rng.uniform()) / 12);
    return { rateHz, phase: 2 * Math.PI * rng.uniform(), amplitude: 1 / rateHz };
  });
  const sd = Math.sqrt(waves.reduce((sum, w) => sum + w.amplitude ** 2 / 2, 0));
  return (timeS) =>
    waves.reduce((sum, w) => sum + w.amplitude * Math.sin(2 * Math.PI * w.rateHz * timeS + w.phase), 0) / sd;
}

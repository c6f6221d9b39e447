import { createRng, type Rng } from "../../src/core/rng.ts";

/** Runs a property on `count` seeded cases; a failure names the seed that reproduces it. */
export function forCases(count: number, name: string, property: (rng: Rng, seed: string) => void): void {
  for (let i = 0; i < count; i++) {
    const seed = `${name}/${i}`;
    try {
      property(createRng(seed), seed);
    } catch (error) {
      throw new Error(`case ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
}

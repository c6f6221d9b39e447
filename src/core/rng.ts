import seedrandom from "seedrandom";

/** A stream of random numbers that depends on its path of labels alone, never on what other streams have drawn. */
export interface Rng {
  readonly path: string;
  /** Uniform in [0, 1), 32 bits. */
  uniform(): number;
  /** Standard normal (Marsaglia polar). */
  normal(): number;
  /** Integer in [0, n). */
  integer(n: number): number;
  /** A new independent stream; forking draws nothing from this one. */
  fork(label: string): Rng;
}

/** One seed per scenario, a string. Same seed and labels, same numbers, on every platform (seedrandom's xor4096). */
export function createRng(seed: string): Rng {
  return fromPath(seed);
}

function fromPath(path: string): Rng {
  const next = seedrandom.xor4096(path);
  let spare: number | undefined;
  return {
    path,
    uniform: () => next(),
    integer: (n) => Math.floor(next() * n),
    fork: (label) => fromPath(`${path}/${label}`),
    normal() {
      if (spare !== undefined) {
        const value = spare;
        spare = undefined;
        return value;
      }
      for (;;) {
        const x = 2 * next() - 1,
          y = 2 * next() - 1,
          r2 = x * x + y * y;
        if (r2 === 0 || r2 >= 1) continue;
        const scale = Math.sqrt((-2 * Math.log(r2)) / r2);
        spare = y * scale;
        return x * scale;
      }
    },
  };
}

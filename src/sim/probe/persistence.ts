/** What a scanner shows of a new picture taken at `timeS`; the pictures come in the order of their times. */
export type Persistence = (pixels: Uint8Array, timeS: number) => Uint8Array;

/**
 * Persistence of a scanner: shown = share · shown before + (1 − share) · new, in displayed gray levels, each shown picture
 * rounded and the sum kept exact. It lags by share/(1 − share) pictures on average. After a pause longer than `resetS` the
 * picture before is forgotten. Its state is that of one device: the same pictures in the same order give the same again.
 */
export function createPersistence(share: number, resetS: number): Persistence {
  if (share === 0) return (pixels) => pixels;
  let before: Float32Array | undefined,
    beforeS = -Infinity;
  return (pixels, timeS) => {
    if (!before || before.length !== pixels.length || timeS - beforeS > resetS) before = Float32Array.from(pixels);
    else for (let at = 0; at < pixels.length; at++) before[at] = share * before[at]! + (1 - share) * pixels[at]!;
    beforeS = timeS;
    return Uint8Array.from(before, Math.round);
  };
}

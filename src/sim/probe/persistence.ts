/** What a scanner shows of a new picture taken at `timeS`; the pictures come in the order of their times. */
export type Persistence = (pixels: Uint8Array, timeS: number) => Uint8Array;

/** The time over which `share` is stated, s: a frame of a scanner. */
export const PERSISTENCE_S = 1 / 30;

/**
 * Persistence of a scanner: of the gray levels shown before, `share` is left after PERSISTENCE_S (and share^n after n times
 * that, however rarely the scanner is polled), the rest is the new picture's. Shown pictures are rounded, the sum is kept
 * exact. Its state is that of one device: the same pictures at the same times give the same again.
 */
export function createPersistence(share: number): Persistence {
  if (share === 0) return (pixels) => pixels;
  let before: Float32Array | undefined,
    beforeS = 0;
  return (pixels, timeS) => {
    const left = share ** ((timeS - beforeS) / PERSISTENCE_S);
    beforeS = timeS;
    if (before?.length !== pixels.length) before = Float32Array.from(pixels);
    else for (let at = 0; at < pixels.length; at++) before[at] = left * before[at]! + (1 - left) * pixels[at]!;
    return Uint8Array.from(before, Math.round);
  };
}

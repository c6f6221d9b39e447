import type { RecoverMotion } from "./sweep-images.ts";

/** Entries of a 3×4 pose that change their sign when +z and −z of the image are exchanged. */
const CHANGES = [2, 6, 8, 9, 11];

/**
 * The same motion seen in a mirror that is the first image's plane: images alone cannot tell the two apart, and a method
 * takes the one that sets out towards +z.
 */
export const mirroredMotion =
  (recover: RecoverMotion): RecoverMotion =>
  async (sweep, context) => {
    const motion = await recover(sweep, context);
    const firstFromImage = motion.firstFromImage.map((value, i) => (CHANGES.includes(i % 12) ? -value : value));
    return { ...motion, firstFromImage };
  };

import type { ImageSettings } from "./probe.ts";
import { gaussian, smooth } from "./gaussian.ts";

/** Width of the structures that edge enhancement lifts: standard deviation of the blur that is subtracted, mm. */
const EDGE_MM = 0.4;

/**
 * Unsharp mask on gray levels of lines × samples (index sample · lines + line): level + share · (level − blurred), each
 * clamped to 0 … 255 first. Changes `level`.
 */
export function edgeEnhancer(
  { edgeEnhancement }: ImageSettings,
  spacingMm: number,
  sampleMm: number,
  lines: number,
  samples: number,
): ((level: Float32Array) => void) | undefined {
  if (edgeEnhancement === 0) return undefined;
  const lateral = gaussian(EDGE_MM / spacingMm),
    axial = gaussian(EDGE_MM / sampleMm);
  const blurred = new Float32Array(lines * samples),
    scratch = new Float32Array(lines * samples);
  return (level) => {
    for (let at = 0; at < level.length; at++) level[at] = Math.min(255, Math.max(0, level[at]!));
    blurred.set(level);
    smooth(blurred, scratch, lines, samples, lateral, 1);
    smooth(blurred, scratch, lines, samples, axial, lines);
    for (let at = 0; at < level.length; at++) level[at]! += edgeEnhancement * (level[at]! - blurred[at]!);
  };
}

/**
 * The table from logarithmic gray to displayed gray: t^gamma, blended towards the S-shaped 3t² − 2t³ by `sCurve` (0 … 1).
 * Undefined when it would change nothing.
 */
export function grayMap({ gamma, sCurve }: ImageSettings): Uint8Array | undefined {
  if (gamma === 1 && sCurve === 0) return undefined;
  return Uint8Array.from({ length: 256 }, (_, gray) => {
    const t = (gray / 255) ** gamma;
    return Math.round(255 * (t + sCurve * (t * t * (3 - 2 * t) - t)));
  });
}

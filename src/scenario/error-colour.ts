import { coolWarm } from "../report/colour-map.ts";

/** Colours of the PLY files run from minus to plus this, as the report first shows them. */
const RANGE_MM = 2;

const UNKNOWN = [0.5, 0.5, 0.5] as const;

/** Blue inside the true bone, red outside; gray where there is no value. Interleaved RGB. */
export function colourOfError(errorMm: Float32Array): Uint8Array {
  const colours = new Uint8Array(errorMm.length * 3);
  errorMm.forEach((error, i) => {
    const [r, g, b] = Number.isFinite(error) ? coolWarm(error / RANGE_MM) : UNKNOWN;
    colours.set([255 * r, 255 * g, 255 * b].map(Math.round), i * 3);
  });
  return colours;
}

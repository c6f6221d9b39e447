import { Color, SRGBColorSpace } from "three";
import type { PageColour } from "../data/report-page.ts";

/** Where there is no number to show. */
const NO_VALUE: PageColour = [0.62, 0.64, 0.66];

const linear = ([r, g, b]: PageColour): PageColour => {
  const colour = new Color().setRGB(r, g, b, SRGBColorSpace);
  return [colour.r, colour.g, colour.b];
};

/** Interleaved linear rgb, as three wants it; `position(i)` in [0, 1] along `colours`, clamped; NaN: gray. */
export function vertexColours(
  count: number,
  colours: readonly PageColour[],
  position: (vertex: number) => number,
): Float32Array {
  const ramp = colours.map(linear),
    none = linear(NO_VALUE);
  const out = new Float32Array(count * 3);
  for (let v = 0; v < count; v++) {
    const at = Math.min(1, Math.max(0, position(v))) * (ramp.length - 1);
    const low = Math.min(ramp.length - 2, Math.floor(at)),
      share = at - low;
    const from = ramp[low],
      to = ramp[low + 1];
    for (let c = 0; c < 3; c++) {
      const channel = c as 0 | 1 | 2;
      out[v * 3 + c] = from && to ? (1 - share) * from[channel] + share * to[channel] : none[channel];
    }
  }
  return out;
}

/** `value` in mm over [−range, range], to [0, 1]. */
export const errorPosition = (value: number, rangeMm: number): number => (value / rangeMm + 1) / 2;

/** Colour at a place of the ramp as CSS text. */
export function rampCss(colours: readonly PageColour[], position: number): string {
  const index = Math.round(Math.min(1, Math.max(0, position)) * (colours.length - 1));
  const [r, g, b] = colours[index] ?? NO_VALUE;
  return `rgb(${Math.round(r * 255)}, ${Math.round(g * 255)}, ${Math.round(b * 255)})`;
}

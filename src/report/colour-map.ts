/** sRGB, 0 … 1. */
export type Rgb = readonly [number, number, number];

const WHITE = [0.950_47, 1, 1.088_83] as const; // D65

const linear = (c: number): number => (c <= 0.040_45 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
const gamma = (c: number): number => (c <= 0.003_130_8 ? c * 12.92 : 1.055 * c ** (1 / 2.4) - 0.055);
const clamp = (c: number): number => Math.min(1, Math.max(0, c));

/** CIE L*a*b* of an sRGB colour (IEC 61966-2-1, D65). */
export function labFromRgb([red, green, blue]: Rgb): [number, number, number] {
  const r = linear(red), g = linear(green), b = linear(blue); // prettier-ignore
  const f = (t: number): number => (t > 216 / 24_389 ? Math.cbrt(t) : (24_389 / 27 * t + 16) / 116); // prettier-ignore
  const x = f((0.412_456_4 * r + 0.357_576_1 * g + 0.180_437_5 * b) / WHITE[0]);
  const y = f((0.212_672_9 * r + 0.715_152_2 * g + 0.072_175 * b) / WHITE[1]);
  const z = f((0.019_333_9 * r + 0.119_192 * g + 0.950_304_1 * b) / WHITE[2]);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/** Inverse of `labFromRgb`, clipped to the sRGB gamut. */
export function rgbFromLab([lightness, a, b]: readonly [number, number, number]): Rgb {
  const f = (t: number): number => (t > 6 / 29 ? t ** 3 : (116 * t - 16) / (24_389 / 27));
  const fy = (lightness + 16) / 116;
  const x = WHITE[0] * f(fy + a / 500), y = WHITE[1] * f(fy), z = WHITE[2] * f(fy - b / 200); // prettier-ignore
  return [
    clamp(gamma(3.240_454_2 * x - 1.537_138_5 * y - 0.498_531_4 * z)),
    clamp(gamma(-0.969_266 * x + 1.876_010_8 * y + 0.041_556 * z)),
    clamp(gamma(0.055_643_4 * x - 0.204_025_9 * y + 1.057_225_2 * z)),
  ];
}

/** Lightness and hue polar form of L*a*b* (M, s, h) of Moreland 2009. */
function mshFromLab([l, a, b]: readonly [number, number, number]): [number, number, number] {
  const m = Math.hypot(l, a, b);
  return [m, m > 0 ? Math.acos(l / m) : 0, Math.atan2(b, a)];
}

/** The hue that makes the way from a saturated colour to a gray one of magnitude `m` look straight (his eq. 6). */
function adjustedHue([mSaturated, s, h]: readonly [number, number, number], m: number): number {
  if (mSaturated >= m) return h;
  const spin = (s * Math.sqrt(m * m - mSaturated * mSaturated)) / (mSaturated * Math.sin(s));
  return h > -Math.PI / 3 ? h + spin : h - spin;
}

const COOL: Rgb = [59 / 255, 76 / 255, 192 / 255];
const WARM: Rgb = [180 / 255, 4 / 255, 38 / 255];
/** His M of the middle. */
const MIDDLE_M = 88;

/**
 * K. Moreland, "Diverging Color Maps for Scientific Visualization" (2009): the cool to warm map made for shaded
 * surfaces, even steps of perceived difference, told apart by the colour-blind. `t` in [−1, 1]: blue, gray, red.
 */
export function coolWarm(t: number): Rgb {
  const end = mshFromLab(labFromRgb(t < 0 ? COOL : WARM));
  const share = Math.min(1, Math.abs(t));
  const m = (1 - share) * MIDDLE_M + share * end[0];
  const s = share * end[1];
  const h = (1 - share) * adjustedHue(end, MIDDLE_M) + share * end[2];
  return rgbFromLab([m * Math.cos(s), m * Math.sin(s) * Math.cos(h), m * Math.sin(s) * Math.sin(h)]);
}

/** From found to missed: straight in L*a*b* from teal over sand to vermilion. `t` in [0, 1]. */
export function foundMissed(t: number): Rgb {
  const stops = [labFromRgb([0.05, 0.5, 0.47]), labFromRgb([0.93, 0.87, 0.68]), labFromRgb([0.8, 0.27, 0.09])] as const;
  const [from, to, share] = t < 0.5 ? [stops[0], stops[1], 2 * t] : [stops[1], stops[2], 2 * t - 1];
  const mix = (i: 0 | 1 | 2): number => (1 - share) * from[i] + share * to[i];
  return rgbFromLab([mix(0), mix(1), mix(2)]);
}

/** `count` colours at even steps from `map(low)` to `map(high)`. */
export function sampleMap(map: (t: number) => Rgb, low: number, high: number, count: number): Rgb[] {
  return Array.from({ length: count }, (_, i) => map(low + ((high - low) * i) / (count - 1)));
}

export function cssColour([r, g, b]: Rgb): string {
  return `rgb(${Math.round(r * 255)} ${Math.round(g * 255)} ${Math.round(b * 255)})`;
}

export function cssGradient(colours: readonly Rgb[]): string {
  return `linear-gradient(to right, ${colours.map(cssColour).join(", ")})`;
}

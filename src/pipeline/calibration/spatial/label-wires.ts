import { applyAffine2, fitAffine2, stretches, type Affine2 } from "./affine2.ts";
import type { Dot } from "./find-dots.ts";
import type { NWirePhantom } from "./nwire-phantom.ts";

type Pixel = readonly [number, number];

/** The wires of one frame: column and row of each, in the order of the phantom's wires. */
export interface LabelledFrame {
  readonly pixels: readonly Pixel[];
  /** How far the sides are from an affine picture of the phantom's cross-section, mm rms. */
  readonly rmsMm: number;
  /** The picture shows the phantom's first side on the right (−1) or on the left (+1). */
  readonly handed: 1 | -1;
  /** Pixels a mm, the mean of both directions. */
  readonly pxPerMm: number;
}

/** The sides' distance from an affine picture, mm. Wires are 0.3 to 0.5 mm thick and their echoes wider. */
const LARGEST_RESIDUAL_MM = 0.9;
/** The diagonal's distance from the line through its sides, mm. */
const OFF_LINE_MM = 0.9;
/** Pixels are stretched by up to this much more one way than the other, tilt of the image included. */
const LARGEST_STRETCH = 1.8;
/** The two sides of an N are at least this share of the image's width apart. */
const LEAST_LENGTH_SHARE = 0.1;
/** A triple's middle dot lies off the line by at most this share of the sides' distance (0.9 mm of 25 mm). */
const OFF_LINE_SHARE = 0.036;

/** A wire's echo has at least this share of the median mass of all; a speck of noise is lighter. */
const LIGHTEST_SHARE = 0.01;

interface Triple {
  readonly left: Dot;
  readonly middle: Dot;
  readonly right: Dot;
}

/** Tells which spots are which wires; undefined when no arrangement fits. Needs neither pixel size nor orientation. */
export function labelWires(dots: readonly Dot[], phantom: NWirePhantom, width: number): LabelledFrame | undefined {
  const triples = findTriples(dots, width);
  let best: LabelledFrame | undefined,
    bestCost = Infinity;
  for (const upper of triples) {
    for (const lower of triples) {
      // Lower in the image: the centre of its sides lies below.
      if (lower.left.v + lower.right.v <= upper.left.v + upper.right.v) continue;
      if (!parallel(upper, lower)) continue;
      for (const downwards of [true, false]) {
        for (const handed of [1, -1] as const) {
          const found = complete(dots, phantom, downwards ? [upper, lower] : [lower, upper], handed);
          if (!found) continue;
          // Of arrangements that fit, the one of heavier dots: noise is light.
          const cost = found.frame.rmsMm - 0.05 * Math.log(found.lightest);
          // A symmetric phantom fits both ways alike: then always the same one, not the one that rounding prefers.
          if (cost >= bestCost - 1e-6) continue;
          bestCost = cost;
          best = found.frame;
        }
      }
    }
  }
  return best;
}

function findTriples(dots: readonly Dot[], width: number): Triple[] {
  const sorted = [...dots].sort((p, q) => p.u - q.u || p.v - q.v),
    triples: Triple[] = [];
  for (let i = 0; i < sorted.length; i++) {
    for (let k = i + 2; k < sorted.length; k++) {
      const left = sorted[i]!,
        right = sorted[k]!,
        du = right.u - left.u,
        dv = right.v - left.v,
        length = Math.hypot(du, dv);
      // PLUS's limit too: the rows of wires are tilted by up to 70°; here 45°.
      if (length < LEAST_LENGTH_SHARE * width || Math.abs(dv) > du) continue;
      for (let j = i + 1; j < k; j++) {
        const middle = sorted[j]!,
          off = Math.abs((middle.u - left.u) * dv - (middle.v - left.v) * du) / length;
        if (off < OFF_LINE_SHARE * length) triples.push({ left, middle, right });
      }
    }
  }
  return triples;
}

/** Within 10°, as PLUS, and no dot in common. */
function parallel(p: Triple, q: Triple): boolean {
  const a = Math.atan2(p.right.v - p.left.v, p.right.u - p.left.u),
    b = Math.atan2(q.right.v - q.left.v, q.right.u - q.left.u);
  if (Math.abs(a - b) > Math.PI / 18) return false;
  const own = [p.left, p.middle, p.right];
  return !own.includes(q.left) && !own.includes(q.middle) && !own.includes(q.right);
}

interface Completed {
  readonly frame: LabelledFrame;
  readonly lightest: number;
}

/** Takes two triples for the first two patterns, and looks for the other patterns where those put them. */
function complete(
  dots: readonly Dot[],
  phantom: NWirePhantom,
  [first, second]: readonly [Triple, Triple],
  handed: 1 | -1,
): Completed | undefined {
  const { frontSection, patterns } = phantom;
  const ordered = ({ left, middle, right }: Triple): Dot[] =>
    handed === 1 ? [left, middle, right] : [right, middle, left];
  const chosen: Dot[] = [...ordered(first), ...ordered(second)];
  let map = sideMap(frontSection, chosen);
  if (!map || !plausible(map)) return undefined;
  for (let pattern = 2; pattern < patterns; pattern++) {
    const mmToPx = stretches(map).large,
      near = 2 * LARGEST_RESIDUAL_MM * mmToPx;
    const from = nearest(dots, applyAffine2(map, frontSection[3 * pattern]!), near),
      to = nearest(dots, applyAffine2(map, frontSection[3 * pattern + 2]!), near);
    if (!from || !to || from === to) return undefined;
    const middle = betweenDots(dots, from, to, OFF_LINE_MM * mmToPx);
    if (!middle) return undefined;
    chosen.push(from, middle, to);
    map = sideMap(frontSection, chosen);
    if (!map || !plausible(map)) return undefined;
  }
  const rmsMm = sideResidual(phantom, chosen, map);
  if (!(rmsMm < LARGEST_RESIDUAL_MM) || !diagonalsInside(phantom, chosen)) return undefined;
  const masses = chosen.map(({ mass }) => mass).sort((a, b) => a - b);
  if (masses[0]! < LIGHTEST_SHARE * masses[masses.length >> 1]!) return undefined;
  return {
    frame: {
      pixels: chosen.map(({ u, v }): Pixel => [u, v]),
      rmsMm,
      handed,
      pxPerMm: (stretches(map).large + stretches(map).small) / 2,
    },
    lightest: masses[0]!,
  };
}

/** Cross-section mm to pixels, from the sides of the patterns chosen so far. */
function sideMap(section: NWirePhantom["frontSection"], chosen: readonly Dot[]): Affine2 | undefined {
  const sides = chosen.map((_, i) => i).filter((i) => i % 3 !== 1);
  return fitAffine2(
    sides.map((i) => section[i]!),
    sides.map((i) => [chosen[i]!.u, chosen[i]!.v] as const),
  );
}

function plausible(map: Affine2): boolean {
  const { large, small } = stretches(map);
  return small > 0 && large / small < LARGEST_STRETCH;
}

function sideResidual({ frontSection }: NWirePhantom, chosen: readonly Dot[], map: Affine2): number {
  const { large, small } = stretches(map),
    pxToMm = 2 / (large + small);
  let sum = 0,
    n = 0;
  chosen.forEach(({ u, v }, i) => {
    if (i % 3 === 1) return;
    const [x, y] = applyAffine2(map, frontSection[i]!);
    sum += ((u - x) ** 2 + (v - y) ** 2) * pxToMm ** 2;
    n += 2;
  });
  // 6 numbers of the map are fitted; with two patterns 2 remain.
  return Math.sqrt(sum / Math.max(2, n - 6));
}

/** Each diagonal crosses between the ends of its wire, with 5 % to spare. */
function diagonalsInside({ frontSection, backSection, patterns }: NWirePhantom, chosen: readonly Dot[]): boolean {
  for (let pattern = 0; pattern < patterns; pattern++) {
    const at = 3 * pattern,
      share = shareBetween(chosen[at]!, chosen[at + 1]!, chosen[at + 2]!);
    const place = (i: 0 | 1): number =>
      frontSection[at]![i] + share * (frontSection[at + 2]![i] - frontSection[at]![i]);
    const front = frontSection[at + 1]!,
      back = backSection[at + 1]!,
      dx = back[0] - front[0],
      dy = back[1] - front[1];
    const along = ((place(0) - front[0]) * dx + (place(1) - front[1]) * dy) / (dx * dx + dy * dy);
    if (along < -0.05 || along > 1.05) return false;
  }
  return true;
}

/** Where the middle lies between the sides: 0 at the first, 1 at the second. */
export function shareBetween(
  a: { readonly u: number; readonly v: number },
  b: { readonly u: number; readonly v: number },
  c: { readonly u: number; readonly v: number },
): number {
  const du = c.u - a.u,
    dv = c.v - a.v;
  return ((b.u - a.u) * du + (b.v - a.v) * dv) / (du * du + dv * dv);
}

function nearest(dots: readonly Dot[], [u, v]: Pixel, within: number): Dot | undefined {
  let best: Dot | undefined,
    least = within;
  for (const dot of dots) {
    const d = Math.hypot(dot.u - u, dot.v - v);
    if (d < least) {
      least = d;
      best = dot;
    }
  }
  return best;
}

/** The heaviest dot on the line from one side to the other. */
function betweenDots(dots: readonly Dot[], a: Dot, c: Dot, within: number): Dot | undefined {
  const du = c.u - a.u,
    dv = c.v - a.v,
    length = Math.hypot(du, dv);
  let best: Dot | undefined;
  for (const dot of dots) {
    if (dot === a || dot === c) continue;
    const share = shareBetween(a, dot, c),
      off = Math.abs((dot.u - a.u) * dv - (dot.v - a.v) * du) / length;
    if (share > 0.02 && share < 0.98 && off < within && !(best && best.mass >= dot.mass)) best = dot;
  }
  return best;
}

import { mean, percentile } from "../../../core/stats.ts";
import { MEDIAN_NORMAL } from "../biweight.ts";
import { cut, wiresInProbe } from "../spatial/image-model.ts";
import { residualFunction, residualKinds, residualsPerFrame } from "../spatial/residuals.ts";
import type { JudgedSession } from "../spatial/uncertainty.ts";
import { spacingOf } from "../spatial/validate.ts";
import { meanMisfit, misfitOf } from "./suppose.ts";

/** Residuals of a calibration's frames and how they spread. */
export interface Residuals {
  readonly each: number;
  readonly values: Float64Array;
  readonly kinds: Uint8Array;
  readonly misfit: Float64Array;
}

export function residualsOf({ frames, phantom, start, refined }: JudgedSession): Residuals {
  const values = residualFunction(frames, phantom, start.rotation, refined.parameters)(refined.parameters),
    kinds = residualKinds(frames.length, phantom);
  return { each: residualsPerFrame(phantom), values, kinds, misfit: misfitOf(values, kinds, refined.scaleMm) };
}

/** How much better the other wires fit when one is left out, and how far its dots lie from where they should. */
export interface OddWire {
  readonly wire: number;
  readonly gain: number;
  /** Median found minus expected, mm across and along. */
  readonly offMm: readonly [number, number];
}

export function oddestWire({ phantom, frames }: JudgedSession, r: Residuals): OddWire {
  const all = meanMisfit(r.misfit, r.kinds),
    count = frames.length;
  let best: OddWire = { wire: 0, gain: -Infinity, offMm: [0, 0] };
  phantom.wires.forEach((_, wire) => {
    // The place along a diagonal follows from the three dots of its row.
    const row = 2 * phantom.wires.length + Math.floor(wire / 3);
    const own = (i: number): boolean => i % r.each === 2 * wire || i % r.each === 2 * wire + 1 || i % r.each === row;
    const misfit = r.misfit.filter((__, i) => !own(i)),
      kinds = r.kinds.filter((__, i) => !own(i));
    const gain = 1 - meanMisfit(misfit, kinds) / all;
    if (gain <= best.gain) return;
    const median = (k: number): number =>
      percentile(
        Float64Array.from({ length: count }, (__, f) => r.values[f * r.each + 2 * wire + k]!),
        0.5,
      );
    best = { wire, gain, offMm: [median(0), median(1)] };
  });
  return best;
}

/** How much better the wires fit when each may lie beside its place in the drawing by a fixed amount. */
export function wiresElsewhere({ frames, refined }: JudgedSession, r: Residuals): number {
  const free = Float64Array.from(r.values);
  for (let k = 0; k < r.each; k++) {
    const column = Float64Array.from({ length: frames.length }, (_, f) => r.values[f * r.each + k]!),
      middle = percentile(column, 0.5);
    for (let f = 0; f < frames.length; f++) free[f * r.each + k]! -= middle;
  }
  return 1 - meanMisfit(misfitOf(free, r.kinds, refined.scaleMm), r.kinds) / meanMisfit(r.misfit, r.kinds);
}

/** A dot taken for another wire's lies this much nearer to that wire, mm. */
const NEARER_MM = 2;

/** Share of the frames in which a dot lies where another wire is expected, and the share of these that one wire makes. */
export function confusedFrames({ frames, phantom, refined }: JudgedSession): {
  readonly share: number;
  readonly oneWire: number;
} {
  const [sx, sy] = spacingOf(refined.probeFromPixel),
    count = phantom.wires.map(() => 0);
  let confused = 0;
  for (const frame of frames) {
    const ends = wiresInProbe(frame, phantom);
    const expected = phantom.wires.map((_, w) => cut(refined.probeFromPixel, ends[2 * w]!, ends[2 * w + 1]!));
    let any = false;
    frame.pixels.forEach(([u, v], w) => {
      const away = expected.map(([x, y]) => Math.hypot((u - x) * sx, (v - y) * sy));
      if (Math.min(...away) + NEARER_MM > away[w]!) return;
      any = true;
      count[w]!++;
    });
    if (any) confused++;
  }
  return { share: confused / frames.length, oneWire: Math.max(...count) / Math.max(1, confused) };
}

/**
 * Spread of the dots in the upper and the lower third of their depths, mm; what all dots of a frame and what all frames
 * of a wire share is taken out.
 */
export function spreadByDepth({ frames, phantom, refined }: JudgedSession, r: Residuals) {
  const usual = Array.from({ length: 2 * phantom.wires.length }, (_, k) =>
    percentile(
      frames.map((__, f) => r.values[f * r.each + k]!),
      0.5,
    ),
  );
  const dots: { depthMm: number; off: number }[] = [],
    sy = spacingOf(refined.probeFromPixel)[1];
  frames.forEach(({ pixels }, f) => {
    for (const k of [0, 1]) {
      const own = phantom.wires.map(
          (_, w) => (r.values[f * r.each + 2 * w + k]! - usual[2 * w + k]!) / refined.scaleMm[k]!,
        ),
        middle = percentile(own, 0.5);
      own.forEach((x, w) => dots.push({ depthMm: pixels[w]![1] * sy, off: Math.abs(x - middle) }));
    }
  });
  const spread = (some: readonly { off: number }[]): number =>
    (refined.scaleMm[0] *
      percentile(
        some.map(({ off }) => off),
        0.5,
      )) /
    MEDIAN_NORMAL;
  dots.sort((a, b) => a.depthMm - b.depthMm);
  const third = Math.floor(dots.length / 3);
  return {
    shallowMm: spread(dots.slice(0, third)),
    deepMm: spread(dots.slice(-third)),
    upperMm: dots[third]!.depthMm,
    lowerMm: dots[dots.length - third]!.depthMm,
  };
}

/** By how much all dots of a frame are off together (median of its dots), rms over the frames, robust, mm. */
export function commonErrorMm({ frames, phantom }: JudgedSession, r: Residuals): number {
  const wires = phantom.wires.length;
  const off = frames.map((_, f) => {
    const frame = r.values.subarray(f * r.each, (f + 1) * r.each);
    const median = (kind: number): number =>
      percentile(
        frame.filter((__, i) => (i < 2 * wires ? i % 2 : 2) === kind),
        0.5,
      );
    return Math.hypot(median(0), median(1), median(2));
  });
  return percentile(off, 0.5) / MEDIAN_NORMAL;
}

/** Depths between which wires were seen in nine of ten cases, mm from the image's first row, and their share of the image. */
export function depthReach({ frames, refined }: JudgedSession, height: number) {
  const rows = frames.flatMap(({ pixels }) => pixels.map(([, v]) => v)),
    sy = spacingOf(refined.probeFromPixel)[1];
  const from = percentile(rows, 0.05),
    to = percentile(rows, 0.95);
  return { fromMm: from * sy, toMm: to * sy, share: (to - from) / height };
}

/** Range over the frames of the image's attitude about its own axes (rad) and of its centre along them (mm), as sd. */
export interface MotionSpread {
  /** About x (across), y (depth) and z (out of the image), rad. */
  readonly turnRad: readonly [number, number, number];
  readonly shiftMm: readonly [number, number, number];
}

export function motionSpread({ frames, refined }: JudgedSession, width: number, height: number): MotionSpread {
  const m = refined.probeFromPixel;
  const axis = (k: number): readonly number[] => {
    const column = [m[k]!, m[4 + k]!, m[8 + k]!],
      length = Math.hypot(...column);
    return column.map((c) => c / length);
  };
  const axes = [axis(0), axis(1), axis(2)];
  const centre = [0, 4, 8].map((row) => m[row]! * (width / 2) + m[row + 1]! * (height / 2) + m[row + 3]!);
  // Phantom directions and place seen from the image.
  const seen = frames.map(({ probeFromPhantom: p }) => ({
    turn: axes.map((a) => [0, 1, 2].map((c) => a[0]! * p[c]! + a[1]! * p[4 + c]! + a[2]! * p[8 + c]!)),
    p,
  }));
  const first = seen[seen.length >> 1]!.turn;
  const turns = seen.map(({ turn }) => {
    // Rotation from the middle frame's attitude: antisymmetric part of R R₀ᵀ.
    const entry = (a: number, b: number): number => turn[a]!.reduce((s, x, k) => s + x * first[b]![k]!, 0);
    return [(entry(2, 1) - entry(1, 2)) / 2, (entry(0, 2) - entry(2, 0)) / 2, (entry(1, 0) - entry(0, 1)) / 2];
  });
  const places = seen.map(({ p }) => {
    // The image's centre in the phantom: Rᵀ (c − t), along the middle frame's image axes.
    const d = [0, 1, 2].map((k) => centre[k]! - p[4 * k + 3]!);
    const inPhantom = [0, 1, 2].map((c) => d[0]! * p[c]! + d[1]! * p[4 + c]! + d[2]! * p[8 + c]!);
    return first.map((a) => a.reduce((s, x, k) => s + x * inPhantom[k]!, 0));
  });
  const sd = (rows: readonly number[][], k: number): number => {
    const values = rows.map((row) => row[k]!),
      middle = mean(values);
    return Math.sqrt(mean(values.map((x) => (x - middle) ** 2)));
  };
  return {
    turnRad: [sd(turns, 0), sd(turns, 1), sd(turns, 2)],
    shiftMm: [sd(places, 0), sd(places, 1), sd(places, 2)],
  };
}

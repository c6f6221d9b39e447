import { transformPoint } from "../../../core/rigid.ts";
import { correct } from "../graph/pose-graph.ts";

/**
 * How a sweep's poses are corrected: each one is turned and shifted (shift along the image's x, y, z, turn about them,
 * mm and rad, about `centreMm`) by a cubic B-spline over the way. Its first control value is zero and its first knot is
 * fourfold, so the first frame stays where it was measured.
 */
export interface CorrectionSpline {
  /** 12 numbers a frame: row-major 3×4 rigid, image to the common frame, mm, as odometry lays them. */
  readonly fromImage: Readonly<Float64Array>;
  readonly centreMm: readonly [number, number];
  /** Of the centre up to each frame, mm. */
  readonly wayMm: Readonly<Float64Array>;
  /** Control values with unknowns; six numbers each. */
  readonly controls: number;
  /** The four control values (−1: the one at zero) that act on each frame, and their shares. */
  readonly control: Int32Array;
  readonly share: Float64Array;
}

const LEAST_SPANS = 2,
  MOST_SPANS = 24;

/** `knotMm`: way between two knots. Odometry that did not move at all is given its frames for a way. */
export function correctionSpline(
  fromImage: Readonly<Float64Array>,
  centreMm: readonly [number, number],
  knotMm: number,
): CorrectionSpline {
  const count = fromImage.length / 12,
    wayMm = new Float64Array(count);
  const at = (i: number) => transformPoint(fromImage.slice(12 * i, 12 * i + 12), centreMm[0], centreMm[1], 0);
  for (let i = 1; i < count; i++) {
    const a = at(i - 1), b = at(i); // prettier-ignore
    wayMm[i] = wayMm[i - 1]! + Math.hypot(b[0] - a[0], b[1] - a[1], b[2] - a[2]);
  }
  const total = wayMm[count - 1]!;
  const spans = Math.min(MOST_SPANS, Math.max(LEAST_SPANS, Math.round(total / knotMm)));
  const control = new Int32Array(4 * count),
    share = new Float64Array(4 * count);
  for (let i = 0; i < count; i++) {
    const u = spans * (total > 0 ? wayMm[i]! / total : i / Math.max(1, count - 1));
    const span = Math.min(spans - 1, Math.floor(u));
    basis(u, span, spans).forEach((value, k) => {
      control[4 * i + k] = span + k - 1;
      share[4 * i + k] = value;
    });
  }
  return { fromImage, centreMm, wayMm, controls: spans + 2, control, share };
}

/** The four cubic B-splines that are not zero in a span of the clamped knots 0 0 0 0 1 2 … n n n n (Cox–de Boor). */
function basis(u: number, span: number, spans: number): number[] {
  const knot = (k: number): number => Math.min(spans, Math.max(0, k));
  const values = [1];
  for (let degree = 1; degree <= 3; degree++) {
    let saved = 0;
    for (let r = 0; r < degree; r++) {
      const right = knot(span + r + 1), left = knot(span + 1 - degree + r); // prettier-ignore
      const part = values[r]! / (right - left);
      values[r] = saved + (right - u) * part;
      saved = (u - left) * part;
    }
    values.push(saved);
  }
  return values;
}

/** Correction of a frame by the control values `x` (six numbers each). */
export function correctionAt(spline: CorrectionSpline, x: Readonly<Float64Array>, frame: number): Float64Array {
  const out = new Float64Array(6);
  for (let k = 4 * frame; k < 4 * frame + 4; k++) {
    const at = 6 * spline.control[k]!;
    if (at < 0) continue;
    for (let d = 0; d < 6; d++) out[d]! += spline.share[k]! * x[at + d]!;
  }
  return out;
}

/** Row-major 3×4, image to the common frame. */
export function correctedPose(spline: CorrectionSpline, x: Readonly<Float64Array>, frame: number): Float64Array {
  const { fromImage, centreMm } = spline;
  return correct(fromImage.subarray(12 * frame, 12 * frame + 12), centreMm, correctionAt(spline, x, frame));
}

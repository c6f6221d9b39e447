import { mean } from "../../core/stats.ts";
import { frameCount, fromFirst, poseAt, type Trajectory } from "./trajectory.ts";

/** Mean absolute errors of the poses relative to the first frame: lateral, axial, elevational; and of the angles. */
export interface PerAxis {
  /** Along x, y and z of the first image, mm. */
  readonly translationMm: readonly [number, number, number];
  /** Of the angles of R = Rz Ry Rx about x, y and z (scipy's 'xyz'), degrees. */
  readonly eulerDeg: readonly [number, number, number];
  /** Mean over frames and the three image axes of the angle between estimated and true axis (RecON's MEA), degrees. */
  readonly axesDeg: number;
  /** Estimated over true elevational way from first to last frame: 1 is no bias; NaN when there was none. */
  readonly elevationScale: number;
}

const DEG = 180 / Math.PI;

export function perAxis(estimate: Trajectory, truth: Trajectory): PerAxis {
  const q = fromFirst(estimate),
    p = fromFirst(truth),
    frames = frameCount(p);
  const translation = [0, 0, 0],
    euler = [0, 0, 0];
  let axes = 0;
  for (let i = 0; i < frames; i++) {
    const a = poseAt(q, i),
      b = poseAt(p, i),
      ea = eulerXyz(a),
      eb = eulerXyz(b);
    for (let k = 0; k < 3; k++) {
      translation[k]! += Math.abs(a[4 * k + 3]! - b[4 * k + 3]!) / frames;
      euler[k]! += (Math.abs(wrap(ea[k]! - eb[k]!)) * DEG) / frames;
      axes += (angleBetween(column(a, k), column(b, k)) * DEG) / (3 * frames);
    }
  }
  return {
    translationMm: [translation[0]!, translation[1]!, translation[2]!],
    eulerDeg: [euler[0]!, euler[1]!, euler[2]!],
    axesDeg: axes,
    elevationScale: elevationWay(q) / elevationWay(p),
  };
}

/** Sum of the steps along the elevation of the frame before, mm. */
export function elevationWay(trajectory: Trajectory): number {
  const steps = Array.from({ length: frameCount(trajectory) - 1 }, (_, i) => {
    const a = poseAt(trajectory, i),
      b = poseAt(trajectory, i + 1);
    return [3, 7, 11].reduce((sum, k) => sum + a[k - 1]! * (b[k]! - a[k]!), 0);
  });
  return mean(steps) * steps.length;
}

const column = (m: Readonly<Float64Array>, k: number): [number, number, number] => [m[k]!, m[4 + k]!, m[8 + k]!];

function angleBetween(a: readonly number[], b: readonly number[]): number {
  const cross = Math.hypot(a[1]! * b[2]! - a[2]! * b[1]!, a[2]! * b[0]! - a[0]! * b[2]!, a[0]! * b[1]! - a[1]! * b[0]!);
  return Math.atan2(cross, a[0]! * b[0]! + a[1]! * b[1]! + a[2]! * b[2]!);
}

function eulerXyz(m: Readonly<Float64Array>): [number, number, number] {
  return [Math.atan2(m[9]!, m[10]!), Math.atan2(-m[8]!, Math.hypot(m[0]!, m[4]!)), Math.atan2(m[4]!, m[0]!)];
}

const wrap = (angle: number): number => angle - 2 * Math.PI * Math.round(angle / (2 * Math.PI));

import { correctedPoses, dot, fitJointly, layoutOf, projected, startState, timesSymmetric, type JointProblem, type JointState } from "./joint-fit.ts"; // prettier-ignore
import { frameVariance, invertSymmetric, observability, type FrameVariance, type SweepObservability } from "./observability.ts"; // prettier-ignore

/** One sweep after the fit. */
export interface FittedSweep {
  /** 12 numbers a frame: row-major 3×4 rigid, image to the common frame, mm. The first one is as it was measured. */
  readonly fromImage: Float64Array;
  readonly observed: SweepObservability;
  /** Of a frame's correction, odometry's covariance and what is left of it. */
  variance(frame: number): FrameVariance;
  /** Share of the bone line's points that lie on a bone. */
  readonly usedShare: number;
}

export interface FittedContent {
  readonly sweeps: readonly FittedSweep[];
  readonly state: JointState;
  /** Robust SD of the points about the bones, mm. */
  readonly sdMm: number;
}

/** Rounds that are left for the motions that the bone tells, after the others were taken back to odometry. */
const LAST_ROUNDS = 2;

/**
 * Fits all, asks which corrections the bone tells better than odometry does, takes the others back, and fits again along
 * the former alone.
 */
export function fitContent(problem: JointProblem): FittedContent {
  const { sweeps, bodies, options } = problem;
  const layout = layoutOf(sweeps, bodies);
  const free = fitJointly(problem, startState(sweeps, bodies), {
    rounds: options.rounds,
    shareAt: (round) => round / (0.7 * options.rounds),
  });
  const observed = observability(free.system, layout.control);
  const columns = [
    ...observed.flatMap(({ seen }, s) => seen.map((motion) => placed(motion, layout.control[s]!, layout.n))),
    ...range(Math.min(...layout.first, ...layout.body), layout.n).map((i) => placed(Float64Array.of(1), i, layout.n)),
  ];
  const state: JointState = {
    ...free.state,
    control: free.state.control.map((x, s) => within(x, observed[s]!, free.system.odometry[s]!)),
  };
  const last = fitJointly(problem, state, { rounds: LAST_ROUNDS, shareAt: () => 1, restrict: columns });
  const covariance = spanned(last.system.matrix, layout.n, columns);
  let at = 0;
  return {
    state: last.state,
    sdMm: last.system.sdMm,
    sweeps: sweeps.map((sweep, s) => {
      const m = observed[s]!.seen.length;
      const own = new Float64Array(m * m);
      for (let i = 0; i < m; i++)
        for (let j = 0; j < m; j++) own[i * m + j] = covariance[(at + i) * columns.length + at + j]!;
      at += m;
      return {
        fromImage: correctedPoses(sweep, last.state.control[s]!),
        observed: observed[s]!,
        variance: (frame) => frameVariance(sweep.spline, observed[s]!, own, frame),
        usedShare: last.system.used[s]! / Math.max(1, sweep.line.count),
      };
    }),
  };
}

/** The part of the control values that lies along the seen motions. */
function within(x: Float64Array, { seen }: SweepObservability, odometry: Float64Array): Float64Array {
  const weighed = timesSymmetric(odometry, x.length, x);
  const out = new Float64Array(x.length);
  for (const motion of seen) {
    const share = dot(motion, weighed);
    motion.forEach((value, i) => (out[i]! += share * value));
  }
  return out;
}

/** Covariance of coordinates along the columns, given the information matrix (lower triangle). */
function spanned(matrix: Float64Array, n: number, columns: readonly Float64Array[]): Float64Array {
  return invertSymmetric(projected(matrix, n, columns), columns.length);
}

function placed(values: Float64Array, at: number, n: number): Float64Array {
  const out = new Float64Array(n);
  out.set(values, at);
  return out;
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

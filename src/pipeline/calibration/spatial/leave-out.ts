import { Matrix } from "ml-matrix";
import { PARAMETERS } from "./image-model.ts";
import { residualsPerFrame } from "./residuals.ts";
import { invertScaled, normalMatrix, type JudgedSession, type Linearised } from "./uncertainty.ts";
import type { WireFrame } from "./wire-frames.ts";

export interface LeftOut {
  /** Of image-model.ts: without the block's frames. */
  readonly parameters: Float64Array;
  readonly left: readonly WireFrame[];
}

/**
 * The calibrations without each of `blocks` blocks of neighbouring frames, in the linear model around the solution:
 * they lie within its uncertainty, where the model holds to a thousandth of it.
 */
export function leaveBlocksOut(
  { frames, phantom, refined }: JudgedSession,
  { residuals, columns, base, shares }: Linearised,
  blocks: number,
): LeftOut[] {
  const each = residualsPerFrame(phantom),
    weights = base.map((w, i) => w * shares[i]!);
  const edge = (block: number): number => Math.ceil((block * frames.length) / blocks);
  return Array.from({ length: blocks }, (_, block) => {
    const first = edge(block),
      end = edge(block + 1);
    const outside = weights.map((w, i) => (i >= each * first && i < each * end ? 0 : w));
    const score = columns.map((column) => {
      let sum = 0;
      for (let i = each * first; i < each * end; i++) sum += column[i]! * weights[i]! * residuals[i]!;
      return sum;
    });
    const step = invertScaled(normalMatrix(columns, outside)).mmul(Matrix.columnVector(score)).to1DArray();
    const parameters = Float64Array.from({ length: PARAMETERS }, (__, k) => refined.parameters[k]! + step[k]!);
    return { parameters, left: frames.slice(first, end) };
  });
}

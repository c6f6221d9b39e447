import { percentile } from "../../../core/stats.ts";
import { minimiseSquares } from "../levenberg-marquardt.ts";
import type { ImagePose } from "./closed-form.ts";
import { cut, matrixOf, PARAMETERS, parameterSteps, wiresInProbe } from "./image-model.ts";
import type { NWirePhantom } from "./nwire-phantom.ts";
import type { WireFrame } from "./wire-frames.ts";

export interface RefinedPose {
  readonly probeFromPixel: Float64Array;
  readonly parameters: Float64Array;
  /** Rotation that the parameters' rotation vector is applied to, 9 numbers. */
  readonly startRotation: Float64Array;
  /** Scale of the residuals across and along depth, mm. */
  readonly scaleMm: readonly [number, number];
  /** Share of the dots that had next to no weight. */
  readonly outlierShare: number;
}

/** Tukey's constant for 95 % efficiency (Holland & Welsch 1977). */
const TUKEY = 4.685;
const ROUNDS = 8;
/** Median of |x| of a standard normal. */
const MEDIAN_NORMAL = 0.6745;
const LEAST_SCALE_MM = 1e-7;

/**
 * Moves the image until every wire is cut where its dot is seen. Residuals are mm in the image; those across the beam,
 * where echoes are wide, and those along it are each measured by their own spread; outliers fade (Tukey's biweight).
 */
export function refine(frames: readonly WireFrame[], phantom: NWirePhantom, start: ImagePose): RefinedPose {
  const ends = frames.map((frame) => wiresInProbe(frame, phantom));
  const wires = phantom.wires.length;
  const residuals = (p: Readonly<Float64Array>): Float64Array => {
    const m = matrixOf(p, start.rotation),
      out = new Float64Array(2 * wires * frames.length);
    frames.forEach(({ pixels }, i) => {
      for (let wire = 0; wire < wires; wire++) {
        const [u, v] = cut(m, ends[i]![2 * wire]!, ends[i]![2 * wire + 1]!);
        const at = 2 * (i * wires + wire);
        out[at] = (pixels[wire]![0] - u) * p[6]!;
        out[at + 1] = (pixels[wire]![1] - v) * p[7]!;
      }
    });
    return out;
  };
  let parameters: Float64Array = new Float64Array(PARAMETERS);
  parameters.set([...start.translationMm, ...start.spacingMm], 3);
  const weights = new Float64Array(2 * wires * frames.length).fill(1);
  let scaleMm: readonly [number, number] = [NaN, NaN];
  for (let round = 0; round < ROUNDS; round++) {
    const r = residuals(parameters);
    const scale = (axis: 0 | 1): number =>
      Math.max(LEAST_SCALE_MM, percentile(r.filter((_, i) => i % 2 === axis).map(Math.abs), 0.5) / MEDIAN_NORMAL);
    scaleMm = [scale(0), scale(1)];
    for (let i = 0; i < r.length; i += 2) {
      const x = r[i]! / scaleMm[0],
        y = r[i + 1]! / scaleMm[1],
        w = biweight(Math.hypot(x, y) / (TUKEY * Math.SQRT2));
      weights[i] = w / scaleMm[0] ** 2;
      weights[i + 1] = w / scaleMm[1] ** 2;
    }
    const fit = minimiseSquares({ start: parameters, steps: parameterSteps, residuals, weights });
    const moved = Math.max(...fit.parameters.map((p, k) => Math.abs(p - parameters[k]!) / parameterSteps[k]!));
    parameters = fit.parameters;
    if (moved < 0.01) break;
  }
  let outliers = 0;
  for (let i = 0; i < weights.length; i += 2) outliers += weights[i]! * scaleMm[0] ** 2 < 0.05 ? 1 : 0;
  return {
    probeFromPixel: matrixOf(parameters, start.rotation),
    parameters,
    startRotation: start.rotation,
    scaleMm,
    outlierShare: (2 * outliers) / weights.length,
  };
}

const biweight = (u: number): number => (Math.abs(u) < 1 ? (1 - u * u) ** 2 : 0);

import { biweight, MEDIAN_NORMAL, TUKEY } from "../biweight.ts";
import { percentile } from "../../../core/stats.ts";
import { minimiseSquares } from "../levenberg-marquardt.ts";
import type { ImagePose } from "./closed-form.ts";
import { matrixOf, PARAMETERS, parameterSteps } from "./image-model.ts";
import type { NWirePhantom } from "./nwire-phantom.ts";
import { residualFunction, residualKinds } from "./residuals.ts";
import type { WireFrame } from "./wire-frames.ts";

export interface RefinedPose {
  readonly probeFromPixel: Float64Array;
  /** Of image-model.ts, relative to the start's rotation. */
  readonly parameters: Float64Array;
  /** Scale of the residuals across the beam, along it and out of the image, mm. */
  readonly scaleMm: readonly [number, number, number];
  /** Share of the dots that had next to no weight. */
  readonly outlierShare: number;
}

const ROUNDS = 20;
/** The search ends when no parameter moves the image by more than this share of a micrometre. */
const STILL = 0.2;
const LEAST_SCALE_MM = 1e-7;

/**
 * Moves the image until every wire is cut where its dot is seen, and until it passes through the places that the
 * diagonals' dots stand for. Residuals are mm across the beam, along it and out of the image; each kind is measured by
 * its own spread, and outliers fade (Tukey's biweight). What a tracker gets wrong moves all dots of a frame alike, so a
 * frame counts once for each kind, however many wires it shows.
 */
export function refine(frames: readonly WireFrame[], phantom: NWirePhantom, start: ImagePose): RefinedPose {
  const kinds = residualKinds(frames.length, phantom);
  let parameters: Float64Array = new Float64Array(PARAMETERS);
  parameters.set([...start.translationMm, ...start.spacingMm], 3);
  let shares = new Float64Array(kinds.length).fill(1),
    scaleMm: readonly [number, number, number] = [NaN, NaN, NaN];
  for (let round = 0; round < ROUNDS; round++) {
    const residuals = residualFunction(frames, phantom, start.rotation, parameters);
    const r = residuals(parameters);
    scaleMm = scalesOf(r, kinds);
    shares = r.map((x, i) => biweight(x / (scaleMm[kinds[i]!]! * TUKEY)));
    const base = baseWeights(scaleMm, kinds, phantom);
    const weights = shares.map((share, i) => share * base[i]!);
    // One step a round: weights and direction of the image change with it.
    const fit = minimiseSquares({ start: parameters, steps: parameterSteps, residuals, weights, mostIterations: 1 });
    const moved = Math.max(...fit.parameters.map((p, k) => Math.abs(p - parameters[k]!) / parameterSteps[k]!));
    parameters = fit.parameters;
    if (moved < STILL) break;
  }
  return {
    probeFromPixel: matrixOf(parameters, start.rotation),
    parameters,
    scaleMm,
    outlierShare: shares.filter((share) => share < 0.05).length / shares.length,
  };
}

/** Robust standard deviation of each kind of residual, mm. */
function scalesOf(r: Readonly<Float64Array>, kinds: Readonly<Uint8Array>): readonly [number, number, number] {
  const scale = (kind: number): number =>
    Math.max(LEAST_SCALE_MM, percentile(r.filter((_, i) => kinds[i] === kind).map(Math.abs), 0.5) / MEDIAN_NORMAL);
  return [scale(0), scale(1), scale(2)];
}

/** Weights before outliers fade: 1 / scale², and one for each kind and frame in all. */
export function baseWeights(
  scaleMm: readonly [number, number, number],
  kinds: Readonly<Uint8Array>,
  { wires, patterns }: NWirePhantom,
): Float64Array {
  const each = scaleMm.map((s, kind) => 1 / s ** 2 / (kind === 2 ? patterns : wires.length));
  return Float64Array.from(kinds, (kind) => each[kind]!);
}

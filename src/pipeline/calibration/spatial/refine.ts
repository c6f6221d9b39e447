import { percentile } from "../../../core/stats.ts";
import { minimiseSquares } from "../levenberg-marquardt.ts";
import type { ImagePose } from "./closed-form.ts";
import { cut, matrixOf, PARAMETERS, parameterSteps, wiresInProbe } from "./image-model.ts";
import type { NWirePhantom } from "./nwire-phantom.ts";
import { diagonalPoint, type WireFrame } from "./wire-frames.ts";
import { placeOf } from "../vector3.ts";

export interface RefinedPose {
  readonly probeFromPixel: Float64Array;
  readonly parameters: Float64Array;
  /** Scale of the residuals across the beam, along it and out of the image, mm. */
  readonly scaleMm: readonly [number, number, number];
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
 * Moves the image until every wire is cut where its dot is seen, and until it passes through the places that the
 * diagonals' dots stand for. Residuals are mm across the beam, along it and out of the image; each kind is measured by
 * its own spread, and outliers fade (Tukey's biweight). What a tracker gets wrong moves all dots of a frame alike, so a
 * frame counts once for each kind, however many wires it shows.
 */
export function refine(frames: readonly WireFrame[], phantom: NWirePhantom, start: ImagePose): RefinedPose {
  const residuals = residualFunction(frames, phantom, start);
  const kinds = residualKinds(frames.length, phantom);
  let parameters: Float64Array = new Float64Array(PARAMETERS);
  parameters.set([...start.translationMm, ...start.spacingMm], 3);
  const weights = new Float64Array(kinds.length).fill(1),
    shares = new Float64Array(kinds.length).fill(1);
  let scaleMm: readonly [number, number, number] = [NaN, NaN, NaN];
  for (let round = 0; round < ROUNDS; round++) {
    const r = residuals(parameters);
    const scale = (kind: number): number =>
      Math.max(LEAST_SCALE_MM, percentile(r.filter((_, i) => kinds[i] === kind).map(Math.abs), 0.5) / MEDIAN_NORMAL);
    scaleMm = [scale(0), scale(1), scale(2)];
    for (let i = 0; i < r.length; i++) {
      const s = scaleMm[kinds[i]!]!;
      shares[i] = biweight(r[i]! / (s * TUKEY));
      weights[i] = shares[i]! / s ** 2 / (kinds[i] === 2 ? phantom.patterns : phantom.wires.length);
    }
    const fit = minimiseSquares({ start: parameters, steps: parameterSteps, residuals, weights });
    const moved = Math.max(...fit.parameters.map((p, k) => Math.abs(p - parameters[k]!) / parameterSteps[k]!));
    parameters = fit.parameters;
    if (moved < 0.01) break;
  }
  return {
    probeFromPixel: matrixOf(parameters, start.rotation),
    parameters,
    scaleMm,
    outlierShare: shares.filter((share) => share < 0.05).length / shares.length,
  };
}

/** 0: across the beam, 1: along it, 2: out of the image. */
function residualKinds(frames: number, { wires, patterns }: NWirePhantom): Uint8Array {
  const one = [...wires.flatMap(() => [0, 1]), ...Array.from({ length: patterns }, () => 2)];
  return Uint8Array.from({ length: frames * one.length }, (_, i) => one[i % one.length]!);
}

function residualFunction(
  frames: readonly WireFrame[],
  phantom: NWirePhantom,
  { rotation }: ImagePose,
): (p: Readonly<Float64Array>) => Float64Array {
  const wires = phantom.wires.length,
    each = 2 * wires + phantom.patterns;
  const ends = frames.map((frame) => wiresInProbe(frame, phantom));
  const diagonals = frames.map((frame) =>
    Array.from({ length: phantom.patterns }, (_, k) =>
      placeOf(frame.probeFromPhantom, 0, diagonalPoint(phantom, k, frame.pixels)),
    ),
  );
  return (p) => {
    const m = matrixOf(p, rotation),
      thick = Math.hypot(m[2]!, m[6]!, m[10]!),
      out = new Float64Array(each * frames.length);
    frames.forEach(({ pixels }, i) => {
      for (let wire = 0; wire < wires; wire++) {
        const [u, v] = cut(m, ends[i]![2 * wire]!, ends[i]![2 * wire + 1]!);
        out[each * i + 2 * wire] = (pixels[wire]![0] - u) * p[6]!;
        out[each * i + 2 * wire + 1] = (pixels[wire]![1] - v) * p[7]!;
      }
      diagonals[i]!.forEach(([x, y, z], k) => {
        out[each * i + 2 * wires + k] = ((x - m[3]!) * m[2]! + (y - m[7]!) * m[6]! + (z - m[11]!) * m[10]!) / thick;
      });
    });
    return out;
  };
}

const biweight = (u: number): number => (Math.abs(u) < 1 ? (1 - u * u) ** 2 : 0);

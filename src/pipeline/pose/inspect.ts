import { UnsuitableInputError } from "../../core/errors.ts";
import type { SweepObservation } from "./decorrelation/observe-sweep.ts";
import type { Steps } from "./decorrelation/recover-steps.ts";
import type { SweepImages } from "./sweep-images.ts";

/** A cut leaves next to no patch that is found again, where the pairs around it have many. */
const CUT_SHARE = 0.15,
  USUAL_SHARE = 0.4;
/** Neighbouring stretches of this many frames whose mean periods differ by this factor are a change of the frame rate. */
const RATE_FRAMES = 15,
  RATE_FACTOR = 1.4;
const SQUARE_SHARE = 0.02;
/** Mean misfit of the falls to the curves, in the curves' own variances, from which the probe is not the calibrated one. */
const FOREIGN_MISFIT = 2;
const OVERLAY_SHARE = 0.002;

/** Throws an UnsuitableInputError for a clip in which nothing moves. */
export function refuseStatic({ name, count }: SweepImages, observation: SweepObservation): void {
  if (observation.count > 1) return;
  throw new UnsuitableInputError(
    `${name}: all ${count} images are the same picture, a static clip`,
    "Record while the probe moves, and see that the scanner was not frozen",
  );
}

/** What is odd about a sweep and what was done about it, in sentences; empty when nothing is. */
export function inspectSweep(
  sweep: SweepImages,
  observation: SweepObservation,
  steps: Pick<Steps, "misfit">,
): string[] {
  return [
    ...cuts(observation),
    ...rateChange(sweep),
    ...overlay(observation),
    ...nonSquare(sweep),
    ...foreignProbe(steps),
  ];
}

/** Pictures (the later of each pair) at which the scene changes. */
export function sceneCuts({ pairs, frames }: Pick<SweepObservation, "pairs" | "frames">): number[] {
  const shares = pairs.get(1)!.map((pair, i) => {
    const usable = frames[i - 1]?.usable.reduce((sum, u) => sum + u, 0) ?? 0;
    return pair && usable > 0 ? pair.found.reduce((sum, f) => sum + f, 0) / usable : NaN;
  });
  const known = shares.filter((share) => Number.isFinite(share)).sort((a, b) => a - b);
  if ((known[known.length >> 1] ?? 0) < USUAL_SHARE) return [];
  return shares.flatMap((share, i) => (share < CUT_SHARE ? [i] : []));
}

function cuts(observation: SweepObservation): string[] {
  const found = sceneCuts(observation);
  if (found.length === 0) return [];
  const where = found.slice(0, 5).map((picture) => observation.pictureOf.indexOf(picture));
  return [
    `scene cut at frame ${where.join(", ")}${found.length > 5 ? " …" : ""}: nothing of the picture before is found again. ` +
      "What follows is laid on as if the probe had not moved there",
  ];
}

function rateChange({ timeS, count }: SweepImages): string[] {
  const mean = (from: number): number => (timeS[from + RATE_FRAMES]! - timeS[from]!) / RATE_FRAMES;
  let worst = 1,
    at = 0;
  for (let i = RATE_FRAMES; i + RATE_FRAMES < count; i++) {
    const ratio = mean(i) / mean(i - RATE_FRAMES);
    const factor = Math.max(ratio, 1 / ratio);
    if (factor > worst) {
      worst = factor;
      at = i;
    }
  }
  return worst > RATE_FACTOR
    ? [
        `the frame rate changes by a factor of ${worst.toFixed(2)} near frame ${at}: methods that assume a speed are wrong there`,
      ]
    : [];
}

const overlay = ({ staticShare }: SweepObservation): string[] =>
  staticShare > OVERLAY_SHARE
    ? [`${(100 * staticShare).toFixed(1)} % of the picture never changes (burned-in text or rulers): left out`]
    : [];

function nonSquare({ geometry: { spacingMm } }: SweepImages): string[] {
  const [x, y] = spacingMm;
  return Math.abs(x / y - 1) > SQUARE_SHARE
    ? [`pixels are ${x.toFixed(3)} by ${y.toFixed(3)} mm: speckle is compared on square cells`]
    : [];
}

function foreignProbe({ misfit }: Pick<Steps, "misfit">): string[] {
  const mean = misfitOf(misfit);
  return mean > FOREIGN_MISFIT
    ? [
        `speckle does not fall as the curves say (misfit ${mean.toFixed(1)}, 1 is usual): an unknown probe, gain or tissue. ` +
          "Calibrate it: sonobench calibrate decorrelation",
      ]
    : [];
}

/** Mean over the steps, the first left out. */
export const misfitOf = (misfit: Readonly<Float64Array>): number =>
  misfit.length > 1 ? misfit.reduce((sum, x, i) => sum + (i > 0 ? x : 0), 0) / (misfit.length - 1) : 1;

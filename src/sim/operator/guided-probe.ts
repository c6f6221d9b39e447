import { compose, fromAxisAngle, type Rigid } from "../../core/rigid.ts";
import type { Rng } from "../../core/rng.ts";
import type { DistanceField } from "../../geometry/distance-field.ts";
import type { ProbeMotion } from "./motion.ts";
import { layOnSkin } from "./skin-path.ts";
import type { SweepPlan } from "./sweep-plan.ts";
import { tremor } from "./tremor.ts";

export interface GuidedOptions {
  readonly speedMmPerS: number;
  /** Standard deviation of the hand's tremor in each direction, mm and rad; band-limited to 0.5-12 Hz. */
  readonly tremorMm: number;
  readonly tremorRad: number;
  /**
   * How deep the face sits in the resting skin, mm (negative: it floats on gel). The tissue above the face is pushed
   * aside and not imaged; what lies below keeps its place.
   */
  readonly pressMm: number;
  /** Time between two strokes, in which nothing is recorded, seconds. */
  readonly pauseS: number;
}

/** The skin holds the probe along the beam: tremor is this much smaller there. */
const TREMOR_ALONG_BEAM = 0.3;

/**
 * A probe that follows the planned strokes exactly, at constant speed, as on a robot's arm, but for the tremor. `skin`:
 * negative inside the body, knee frame, mm. Throws an UnsuitableInputError when a stroke misses the body.
 */
export function guideProbe(
  plans: readonly SweepPlan[],
  skin: DistanceField,
  options: GuidedOptions,
  rng: Rng,
): ProbeMotion {
  let startS = 0;
  const strokes = plans.map((plan) => {
    const path = layOnSkin(plan, skin);
    const fromS = startS,
      toS = fromS + path.lengthMm / options.speedMmPerS;
    startS = toS + options.pauseS;
    return { name: plan.name, path, fromS, toS };
  });
  const shake = Array.from({ length: 6 }, (_, axis) => tremor(rng.fork(`tremor/${axis}`)));

  const sceneFromImage = (timeS: number): Rigid<"knee", "image"> => {
    const stroke = strokes.find((s) => timeS <= s.toS + options.pauseS / 2) ?? strokes[strokes.length - 1]!;
    const still = stroke.path.at((timeS - stroke.fromS) * options.speedMmPerS);
    const [a, b, c, x, y, z] = shake.map((wave) => wave(timeS)) as [number, number, number, number, number, number];
    const hand = fromAxisAngle<"image", "image">([a, b, c], options.tremorRad * Math.hypot(a, b, c), [
      options.tremorMm * x,
      TREMOR_ALONG_BEAM * options.tremorMm * y + options.pressMm,
      options.tremorMm * z,
    ]);
    return compose(still, hand);
  };
  return {
    sweeps: strokes.map(({ name, fromS, toS }) => ({ name, fromS, toS })),
    durationS: startS,
    kneeFromImage: sceneFromImage,
    sceneFromImage,
  };
}

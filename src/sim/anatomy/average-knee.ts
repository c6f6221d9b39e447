import type { Rng } from "../../core/rng.ts";
import { type KneeParameters, type Sex, typicalKnee } from "../knee/parameters.ts";

/** Draws nothing but means. */
const mean: Rng = {
  path: "mean",
  uniform: () => 0.5,
  normal: () => 0,
  integer: (n) => Math.floor(n / 2),
  fork: () => mean,
};

/** The knee of the published means, lengths scaled to a femur of this epicondylar width. */
export function averageKnee(sex: Sex, epicondylarWidthMm: number): KneeParameters {
  const knee = typicalKnee(mean, sex);
  const scale = epicondylarWidthMm / knee.femur.epicondylarWidthMm;
  return {
    ...knee,
    femur: scaleLengths(knee.femur, scale),
    tibia: scaleLengths(knee.tibia, scale),
    patella: scaleLengths(knee.patella, scale),
  };
}

/** Times `by` what is named as a length; angles and shares stay. */
export function scaleLengths<T extends object>(sizes: T, by: number): T {
  const scaled = Object.entries(sizes).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === "number" && name.endsWith("Mm") ? value * by : value,
  ]);
  return Object.fromEntries(scaled) as T;
}

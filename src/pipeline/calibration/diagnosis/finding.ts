/** What can be wrong with the recording that a spatial calibration is made of. */
export type SpatialCause =
  | "lag"
  | "speed-of-sound"
  | "wrong-phantom"
  | "wire-misplaced"
  | "registration"
  | "marker-moved"
  | "tracker-noise"
  | "tracker-stuck"
  | "depth-blurred"
  | "dots-confused"
  | "mirrored"
  | "motion-missing"
  | "depth-missing";

/** One likely cause of a result that is worse than it should be. */
export interface Finding<Cause extends string> {
  readonly cause: Cause;
  /** 0 to 1: how much of what was seen it explains. Findings of one diagnosis compare by it. */
  readonly score: number;
  /** What was seen. */
  readonly sentence: string;
  /** What to record or mend next. */
  readonly remedy: string;
}

/** Below this a finding is what chance and a good tracker make: chosen on sessions without a fault (docs/calibration.md). */
export const LEAST_SCORE = 0.25;

/** The likely causes, the likeliest first. */
export function ranked<Cause extends string>(findings: readonly (Finding<Cause> | undefined)[]): Finding<Cause>[] {
  return findings
    .filter((finding) => finding !== undefined)
    .filter(({ score }) => score >= LEAST_SCORE)
    .sort((a, b) => b.score - a.score);
}

/** 0 where `size` is at most `usual`, towards 1 as it grows beyond. */
export const beyond = (size: number, usual: number): number => (size > usual ? 1 - (usual / size) ** 2 : 0);

export const percent = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
export const degrees = (rad: number): string => `${((rad * 180) / Math.PI).toFixed(1)}°`;
export const mm = (value: number): string => `${value.toFixed(Math.abs(value) < 10 ? 1 : 0)} mm`;

import type { FrameVariance, SweepObservability } from "./observability.ts";

/** What the six numbers of a correction are called in a report. */
const NAMES = [
  "shift across the image",
  "shift along the beam",
  "way out of the plane",
  "turn about the image's width",
  "turn about the beam",
  "turn within the plane",
] as const;

/** A motion is open while more than this share of odometry's variance is left: the bone then says less than odometry. */
const OPEN_SHARE = 0.5;

export interface OpenMotions {
  /** Of the last frame against the first, by the six names: share of odometry's variance that the bone leaves. */
  readonly leftShare: readonly number[];
  readonly sentence: string;
}

/** Names what the bone's surface does not tell of a sweep. */
export function openMotions({ seen, open }: SweepObservability, last: FrameVariance): OpenMotions {
  const leftShare = NAMES.map((_, k) => last.fitted[7 * k]! / last.odometry[7 * k]!);
  const of = (isOpen: boolean): string[] =>
    NAMES.flatMap((name, k) => (leftShare[k]! > OPEN_SHARE === isOpen ? [`${name} (${Math.round(100 * leftShare[k]!)} %)`] : [])); // prettier-ignore
  const told = of(false), untold = of(true); // prettier-ignore
  const sentence =
    `the bone's surface tells ${seen.length} of ${seen.length + open.length} motions of the correction better than ` +
    "odometry does, and the others stay odometry's. " +
    (untold.length > 0
      ? `Of the last image it leaves open: ${untold.join(", ")}${told.length > 0 ? `; it tells: ${told.join(", ")}` : ""}`
      : `Of the last image it tells all: ${told.join(", ")}`) +
    " (share of odometry's variance that is left)";
  return { leftShare, sentence };
}

/** Periods of the scanner that are tried about the mean gap between pictures, and their phases. */
const PERIOD_RANGE = [0.8, 1.06] as const,
  PERIOD_STEP = 4e-4,
  PHASES = 24;
/** Share of the polls that a steady scanner must explain. */
const EXPLAINED = 0.9;
const LEAST_PICTURES = 12;

/**
 * When each distinct picture was made, up to one delay that all share. A host that polls a scanner stamps a picture up to
 * one period late, gets some pictures twice and never sees others; the scanner itself is steady. Its period and phase are
 * those that explain best which polls brought a new picture; the stamps themselves where no steady scanner does.
 *
 * `stampS`: of every frame; `firstFrame`: the frame that shows each picture first.
 */
export function pictureTimes(stampS: Readonly<Float64Array>, firstFrame: readonly number[]): Float64Array {
  const n = firstFrame.length,
    stamps = Float64Array.from(firstFrame, (frame) => stampS[frame]!);
  if (n < LEAST_PICTURES || n === stampS.length) return stamps;
  const isNew = new Uint8Array(stampS.length);
  for (const frame of firstFrame) isNew[frame] = 1;
  const from = stampS[0]!,
    usual = (stampS[stampS.length - 1]! - from) / (n - 1);
  let most = -1,
    candidates: { readonly period: number; readonly phase: number }[] = [];
  for (let share = PERIOD_RANGE[0]; share <= PERIOD_RANGE[1]; share += PERIOD_STEP) {
    const period = share * usual;
    for (let k = 0; k < PHASES; k++) {
      const phase = (k / PHASES) * period;
      let agree = 0,
        before = Math.floor((phase + 1e-12) / period);
      for (let i = 1; i < stampS.length; i++) {
        const now = Math.floor((stampS[i]! - from + phase) / period);
        if (now > before === (isNew[i] === 1)) agree++;
        before = now;
      }
      if (agree > most) {
        most = agree;
        candidates = [];
      }
      if (agree === most) candidates.push({ period, phase });
    }
  }
  if (most < EXPLAINED * (stampS.length - 1)) return stamps;
  // Several explain the polls alike: the middle one is farthest from being wrong.
  const best = candidates[candidates.length >> 1]!;
  const made = stamps.map((t) => from - best.phase + best.period * Math.floor((t - from + best.phase) / best.period));
  // A poll that came late by a little may seem to have brought the picture after.
  for (let k = 1; k < n; k++) made[k] = Math.max(made[k]!, made[k - 1]! + best.period / 2);
  const age = made.reduce((sum, t, i) => sum + stamps[i]! - t, 0) / n;
  return made.map((t) => t + age);
}

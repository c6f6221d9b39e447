/**
 * CPU seconds of one core, measured on the default rig with 512x512 pixels (two cases of which-tracker: 57.0 and 12.6 s); a guess for other
 * machines and other rigs.
 */
export const COST_S = { knee: 9, picture: 0.05, mask: 0.03, sessions: 4, case: 4, frame: 0.02 };
/** Length of a stroke, pause included, mm: eleven take 41 s at 25 mm/s. */
export const STROKE_MM = 94,
  STROKES = 11;
export const CASE_KB = 20,
  PICTURE_KB = 250;

/** Of cases that nobody has planned: each as the default scenario, with pictures of its own. */
export function predictCases(cases: number, cores: number): { readonly seconds: number; readonly resultsMb: number } {
  const frames = (STROKES * STROKE_MM * 16) / 25;
  const { case: fixed, frame, picture, mask } = COST_S;
  return {
    seconds: (cases * (fixed + (frame + picture + mask) * frames)) / cores,
    resultsMb: (cases * CASE_KB) / 1024,
  };
}

/** "12 minutes", "3.5 hours". */
export function inWords(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} seconds`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} minutes`;
  const hours = seconds / 3600;
  if (hours < 48) return `${hours.toFixed(1)} hours`;
  const days = hours / 24;
  return days < 730 ? `${Math.round(days)} days` : `${Math.round(days / 365)} years`;
}

import type { PageColour } from "../data/report-page.ts";

/** Dark blue over teal to pale yellow, ever lighter by even steps: for values of one sign (after viridis). */
export const sequential: readonly PageColour[] = [
  [0.267, 0.005, 0.329],
  [0.283, 0.141, 0.458],
  [0.254, 0.265, 0.53],
  [0.207, 0.372, 0.553],
  [0.164, 0.471, 0.558],
  [0.128, 0.567, 0.551],
  [0.135, 0.659, 0.518],
  [0.267, 0.749, 0.441],
  [0.478, 0.821, 0.318],
  [0.741, 0.873, 0.15],
  [0.993, 0.906, 0.144],
];

/** Blue over gray to red, for signed values (Moreland's cool to warm; report/colour-map.ts has it in full). */
export const diverging: readonly PageColour[] = [
  [0.23, 0.299, 0.754],
  [0.411, 0.567, 0.951],
  [0.604, 0.739, 0.999],
  [0.782, 0.846, 0.934],
  [0.865, 0.865, 0.865],
  [0.939, 0.826, 0.766],
  [0.967, 0.657, 0.537],
  [0.88, 0.423, 0.333],
  [0.706, 0.016, 0.15],
];

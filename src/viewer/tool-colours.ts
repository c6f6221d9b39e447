/** Told apart by the colour-blind too (Okabe and Ito 2008), dark enough on white. */
const colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#a87900", "#4c8bb8"] as const;

export const toolColour = (tool: number): string => colours[tool % colours.length]!;

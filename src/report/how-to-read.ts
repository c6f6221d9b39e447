import { markup, type Markup } from "./markup.ts";
import type { Section } from "./page.ts";

/** Words of the pages, in plain words; metrics are defined to the letter in docs/metrics.md. */
const glossary = {
  signedError: [
    "Signed error",
    "distance from a point of the reconstructed surface to the nearest point of the true bone, in mm; positive outside.",
  ],
  assd: ["ASSD", "mean distance between the two surfaces, both ways, weighted by area, in mm."],
  hd95: ["HD95", "the larger of the two one-way distances that 95 % of a surface stays below, in mm."],
  rms: ["RMS", "root of the mean square: large errors count more than in a mean."],
  bias: ["Bias", "mean signed error: a surface that lies too far out everywhere has a bias and little else."],
  covered: ["Covered", "share of the true surface that has reconstructed surface within the distance given."],
  reachable: [
    "Reachable",
    "true bone that the beam met unshadowed, in depth and not too steeply. What no beam met cannot be measured.",
  ],
  icp: [
    "After rigid ICP",
    "the result moved as a whole onto the truth first: shape alone. Headline figures are never moved.",
  ],
  surfaceInterval: [
    "95 % CI",
    "the 95 % interval: how far the figure could move had other parts of the surface or other frames been sampled. It " +
      "says nothing of other knees: that is what a study is for.",
  ],
  kneeInterval: [
    "95 % interval",
    "where the mean over all knees like these lies, by Student's t over the knees that were tried. A single knee may lie outside.",
  ],
  knee: [
    "Knee",
    "one simulated anatomy. It is the unit of every mean and interval; draws within a knee are averaged first.",
  ],
  draw: [
    "Draw",
    "the same knee with other noise: another hand, other speckle, other errors of tracker and calibration.",
  ],
  paired: [
    "Against the reference",
    "differences on the same knees and draws. Knees differ by more than most variants do, so this sees what overlapping intervals hide.",
  ],
  kneesToShow: [
    "Knees to show",
    "how many knees a study needs to find the named difference in 80 of 100 tries, two-sided at 5 %.",
  ],
  worst: ["Worst case", "the worst of all single runs, not a percentile."],
  beyondNoise: [
    "Beyond noise",
    "the change is larger than both 95 % intervals together (root of the sum of squares of their halves). It holds for " +
      "these surfaces alone, not for other knees.",
  ],
  residual: [
    "Residual",
    "what the fit leaves over on the data that it was fitted to; it is no measure of error elsewhere.",
  ],
  tre: [
    "Target registration error",
    "how far a point of the image is put from where it truly is, in mm; the figure that a calibration is judged by.",
  ],
  uncertainty: ["Uncertainty", "half the 95 % interval of the position of a point of the image, in mm."],
  lag: ["Lag", "how much later an image arrives than the pose of the same moment, in s; positive: the image is late."],
  cause: ["Score of a cause", "from 0 to 1: how much of what was seen a cause explains. The likeliest comes first."],
  expected: [
    "Expected",
    "what a check should give, from a closed form, a paper, a datasheet or an independent program.",
  ],
  tolerance: ["Tolerance", "how far the measured value may lie from the expected one; fixed before the check is run."],
  fails: ["Fails", "the measured value lies beyond its tolerance. The statement does not hold for this version."],
  skipped: ["Skipped", "the check needs something that was not there (a public recording); nothing was measured."],
  simulation: [
    "Simulation",
    "body, hand, scanner and tracker are computed. It shows what the method does with the errors that were modelled.",
  ],
} as const satisfies Readonly<Record<string, readonly [string, string]>>;

export type Term = keyof typeof glossary;

export function definitions(terms: readonly Term[]): Markup {
  return markup`<dl>${terms.map((term) => markup`<dt>${glossary[term][0]}</dt><dd>${glossary[term][1]}</dd>`)}</dl>`;
}

/** The box that every page has: what to look at first, and what its words mean. */
export function howToReadSection(first: string, terms: readonly Term[]): Section {
  return {
    id: "how-to-read",
    short: "How to read",
    content: markup`<section id="how-to-read" class="help"><h2>How to read this</h2><p>${first}</p>${definitions(terms)}</section>`,
  };
}

import type { SpatialEvidence } from "./evidence.ts";
import { beyond, mm, percent, type Finding, type SpatialCause } from "./finding.ts";
import { oddestWire, wiresElsewhere, type Residuals } from "./signs.ts";
import type { Supposed } from "./suppose.ts";

/** A pixel's width is found to a few thousandths; a drawing or the scanner's statement may be off by this share. */
const USUAL_WIDTH = 0.012;
/** Likewise its height against its width. */
const USUAL_RATIO = 0.008;
/** Water between freezing and boiling, and a little more, m/s over 1540. */
const WATER_RATIO = [0.9, 1.07] as const;
/** In standard deviations. */
const SIGNIFICANT = 2.5;
/** Another fault that explains as much of the misfit is undone before the pixel's size is judged. */
const FITS_BETTER = 0.25;
/** A wire that fits no worse than others gains this much by chance. */
const ODD_BY_CHANCE = 0.1;

/** The drawing is of another phantom, a wire runs through another hole, or sound runs at another speed. */
export function phantomCauses(
  evidence: SpatialEvidence,
  residuals: Residuals,
  supposed: Supposed,
): (Finding<SpatialCause> | undefined)[] {
  const odd = oddestWire(evidence.session, residuals),
    elsewhere = wiresElsewhere(evidence.session, residuals);
  const oddScore = Math.min(odd.gain, elsewhere + ODD_BY_CHANCE);
  const wire = evidence.session.phantom.wires[odd.wire]!;
  return [
    scaleCause(evidence, supposed.gain > FITS_BETTER ? supposed.parameters : undefined, elsewhere),
    {
      cause: "wrong-phantom",
      score: elsewhere - Math.max(0, oddScore),
      sentence:
        `Several wires lie beside their places in the drawing, frame after frame: ${percent(elsewhere)} of the misfit ` +
        "would go if each might lie elsewhere.",
      remedy:
        "Check that the configuration describes this phantom (fCal 1.x, 2.0, 2.1 …) and how its wires are threaded.",
    },
    {
      cause: "wire-misplaced",
      score: oddScore,
      sentence:
        `The wire "${wire.name}" lies ${mm(Math.abs(odd.offMm[0]))} across and ${mm(Math.abs(odd.offMm[1]))} in depth from its ` +
        `place in the drawing (median over the frames); without it the others fit ${percent(odd.gain)} better.`,
      remedy: `Check through which holes "${wire.name}" runs and that it is taut, or leave its N out of the configuration.`,
    },
  ];
}

/** `undone`: parameters of the calibration without a fault that explains much; its pixel sizes are then the better ones. */
function scaleCause(
  { session, scanner, scaleSd }: SpatialEvidence,
  undone: Readonly<Float64Array> | undefined,
  elsewhere: number,
): Finding<SpatialCause> | undefined {
  if (!scanner) return undefined;
  const [width, height] = (undone ?? session.refined.parameters).subarray(6, 8),
    wide = width! / scanner.spacingMm[0],
    allowedFor = (scanner.bathMps ?? scanner.assumedMps) / scanner.assumedMps,
    ratio = height! / scanner.spacingMm[1] / wide / allowedFor;
  const widthScore = beyond(Math.abs(wide - 1), Math.max(USUAL_WIDTH, SIGNIFICANT * scaleSd[0])),
    usualRatio = Math.max(USUAL_RATIO, SIGNIFICANT * Math.hypot(...scaleSd));
  const speedScore = beyond(Math.abs(ratio - 1), usualRatio) * (1 - Math.max(0, elsewhere));
  const soundLike = ratio > WATER_RATIO[0] && ratio < WATER_RATIO[1];
  if (soundLike && speedScore > widthScore) {
    const mps = (scanner.assumedMps * allowedFor * ratio).toFixed(0),
      taken = (scanner.assumedMps * allowedFor).toFixed(0);
    return {
      cause: "speed-of-sound",
      score: speedScore,
      sentence: `Depth is off by ${percent(ratio - 1)} against width, as sound at ${mps} m/s makes it where ${taken} m/s were taken.`,
      remedy: "Give the water's temperature (--water <°C>), or warm the water: at 50 °C sound runs as in tissue.",
    };
  }
  return {
    cause: "wrong-phantom",
    score: Math.max(widthScore, soundLike ? 0 : speedScore),
    sentence:
      `The wires make a pixel ${percent(Math.abs(wide - 1))} ${wide > 1 ? "wider" : "narrower"} than the scanner says, and ` +
      "width does not depend on the speed of sound: the phantom is larger or smaller than its drawing.",
    remedy: "Measure the distance of two wires of the phantom, and check the drawing and the scanner's depth setting.",
  };
}

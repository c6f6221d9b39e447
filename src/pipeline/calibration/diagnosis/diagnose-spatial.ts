import type { SpatialEvidence } from "./evidence.ts";
import { ranked, type Finding, type SpatialCause } from "./finding.ts";
import { phantomCauses } from "./phantom-causes.ts";
import { recordingCauses } from "./recording-causes.ts";
import { residualsOf } from "./signs.ts";
import { supposedCauses } from "./supposed-causes.ts";

/**
 * Why a spatial calibration may be worse than it should be, the likeliest cause first; empty when nothing stands out.
 * One cause is named once, by its stronger sign.
 */
export function diagnoseSpatial(evidence: SpatialEvidence): Finding<SpatialCause>[] {
  const residuals = residualsOf(evidence.session);
  const { findings, best } = supposedCauses(evidence.session);
  const all = ranked([
    ...recordingCauses(evidence, residuals),
    ...phantomCauses(evidence, residuals, best),
    ...findings,
  ]);
  return all.filter(({ cause }, i) => all.findIndex((other) => other.cause === cause) === i);
}

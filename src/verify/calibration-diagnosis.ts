import { fromAxisAngle, multiply3x4 } from "../core/rigid.ts";
import { createRng, type Rng } from "../core/rng.ts";
import { diagnoseSpatial } from "../pipeline/calibration/diagnosis/diagnose-spatial.ts";
import type { Finding, SpatialCause } from "../pipeline/calibration/diagnosis/finding.ts";
import { calibrateSpatial, defaultSpatial } from "../pipeline/calibration/spatial/calibrate-spatial.ts";
import { pointImage, type WireSession } from "../sim/calibration-points/wire-session.ts";
import { TISSUE_MPS } from "../pipeline/calibration/sound-speed.ts";
import type { InjectedFault } from "./calibration-faults.ts";
import { accepted, pointSession } from "./calibration-sessions.ts";

const SMOOTH_S = 0.5;
/** A diagnosis is wanted of what a user's calibration would be refused for, too. */
const ANYTHING = { ...defaultSpatial, largestErrorMm: Infinity, leastMotionMm: 0, leastMotionRad: 0 };

/** An earlier calibration of the same probe that has got out of place by some millimetres and degrees. */
function earlierCalibration({ probeFromPixel }: WireSession["truth"], rng: Rng): Float64Array {
  const off = fromAxisAngle<"probe", "probe">([rng.normal(), rng.normal(), rng.normal()], 0.1, [3, -2, 4]);
  return multiply3x4(off.m, probeFromPixel);
}

/** What is said of a session of simulated wire points with a fault. */
export function diagnosed(
  { cause, draw }: Pick<InjectedFault, "draw"> & { readonly cause: string },
  seed: string,
): Finding<SpatialCause>[] {
  const rng = createRng(`${seed} ${cause}`);
  const { input, truth } = pointSession(rng.fork("session"), { faults: draw(rng.fork("fault")), smoothS: SMOOTH_S });
  const { spacingMm } = pointImage;
  const fit = calibrateSpatial(
    {
      ...input,
      scanner: { spacingMm: [spacingMm, spacingMm], assumedMps: TISSUE_MPS },
      earlier: earlierCalibration(truth, rng.fork("earlier")),
    },
    ANYTHING,
  );
  return diagnoseSpatial(accepted(fit).evidence);
}

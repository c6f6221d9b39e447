import type { JudgedSession } from "../spatial/uncertainty.ts";
import { degrees, mm, percent, type Finding, type SpatialCause } from "./finding.ts";
import { likeliestMoment } from "./slip-moment.ts";
import { suppose, type Supposed } from "./suppose.ts";
import { imagesLate, markerMoved, registrationOff } from "./suppositions.ts";

/** More frames say no more of a fault that is worth naming. */
const MOST_FRAMES = 60;

/** Faults of which the calibration itself can tell how much better it would fit without them. */
export function supposedCauses(whole: JudgedSession): {
  readonly findings: readonly Finding<SpatialCause>[];
  /** The supposition that goes furthest. */
  readonly best: Supposed;
} {
  const every = Math.ceil(whole.frames.length / MOST_FRAMES),
    kept = (_: unknown, i: number): boolean => i % every === 0;
  const session = { ...whole, frames: whole.frames.filter(kept) };
  const late = suppose(session, imagesLate(whole.frames));
  const registration = suppose(session, registrationOff);
  const slip = markersMoved(session);
  const best = [late, registration, slip.found].reduce((a, b) => (b.gain > a.gain ? b : a));
  return { findings: [lagFinding(late), registrationFinding(registration), slipFinding(session, slip)], best };
}

function lagFinding({ gain, by: [lagS] }: Supposed): Finding<SpatialCause> {
  return {
    cause: "lag",
    score: gain,
    sentence:
      `If the images came ${Math.abs(1000 * lagS!).toFixed(0)} ms ${lagS! > 0 ? "later" : "earlier"} than was taken for ` +
      `granted, ${percent(gain)} of the misfit would go.`,
    remedy: "Calibrate the lag (sonobench calibrate temporal) and give it with --lag; move the probe more slowly.",
  };
}

function registrationFinding(found: Supposed): Finding<SpatialCause> {
  return {
    cause: "registration",
    score: found.gain,
    sentence:
      `If the phantom sat elsewhere on its reference (turned by ${degrees(turn(found))}, off by ${mm(shift(found))} at its ` +
      `origin), ${percent(found.gain)} of the misfit would go.`,
    remedy:
      "Touch the phantom's landmarks again (sonobench calibrate landmarks), and check that the reference's marker sits " +
      "firmly on the phantom.",
  };
}

interface Slip {
  /** The first frame after it. */
  readonly from: number;
  readonly found: Supposed;
}

function markersMoved(session: JudgedSession): Slip {
  const from = likeliestMoment(session, markerMoved(0));
  return { from, found: suppose(session, markerMoved(from)) };
}

function slipFinding({ frames }: JudgedSession, { from, found }: Slip): Finding<SpatialCause> {
  return {
    cause: "marker-moved",
    score: found.gain,
    sentence:
      `About ${(frames[from]!.timeS - frames[0]!.timeS).toFixed(0)} s after the first frame something shifted: if the markers ` +
      `moved on the probe then (by ${degrees(turn(found))} and ${mm(shift(found))}), ${percent(found.gain)} of the misfit ` +
      "would go.",
    remedy: "Fasten the markers on the probe and the phantom on its reference, then record anew.",
  };
}

const turn = ({ by }: Supposed): number => Math.hypot(by[0]!, by[1]!, by[2]!);
const shift = ({ by }: Supposed): number => Math.hypot(by[3]!, by[4]!, by[5]!);

import type { CalibrationFigure } from "../../data/calibration-page.ts";
import type { Recording } from "../../data/recording.ts";
import { openMcap } from "../../io/mcap/reader.ts";
import { imageSignal } from "../../pipeline/calibration/temporal/image-signal.ts";
import { onHostClock } from "../../pipeline/sync/host-clock.ts";
import { stylusPoses, type SessionOutcome } from "../session/calibrate-session.ts";
import { landmarkFigures } from "./landmarks.ts";
import { pivotFigures } from "./pivot.ts";
import { spatialFigures } from "./spatial.ts";
import { temporalFigures } from "./temporal.ts";

/** Pictures of the last calibration of a simulated session; its recording is read once more. */
export async function sessionFigures(outcome: SessionOutcome): Promise<CalibrationFigure[]> {
  const recording = await openMcap(outcome.recordingPath);
  try {
    return await figuresOf(outcome, onHostClock(recording));
  } finally {
    await recording.close();
  }
}

async function figuresOf({ results, planned }: SessionOutcome, recording: Recording): Promise<CalibrationFigure[]> {
  const { pivot, landmarks, temporal, spatial, point, plane, speed } = results;
  if (spatial && speed) {
    const { probeFromPixel } = planned.truth.calibration;
    return spatialFigures(spatial, recording.images!, { estimate: speed.probeFromPixel, probeFromPixel });
  }
  if (point || plane) return [];
  if (temporal) {
    const signal = await imageSignal(recording.images!);
    return "status" in signal ? [] : temporalFigures(temporal, signal);
  }
  if (landmarks) return landmarkFigures(landmarks, planned.design.divots);
  return pivot ? pivotFigures(pivot, stylusPoses("pivot", recording)) : [];
}

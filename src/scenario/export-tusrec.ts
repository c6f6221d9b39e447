import { silentLog, type Log } from "../core/log.ts";
import { createRng } from "../core/rng.ts";
import type { WorkerPool } from "../core/worker-pool.ts";
import type { Recording } from "../data/recording.ts";
import { writeTusRec } from "../io/tusrec/write-tusrec.ts";
import { trackFrames } from "../pipeline/sync/track-frames.ts";

export interface TusRecExport {
  /** By how much the images run behind the tracker, seconds. */
  readonly imageLagS: number;
  readonly workers: WorkerPool;
  readonly log?: Log;
}

export interface ExportedScan {
  readonly frames: number;
  /** Frames that have no pose and are left out, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
}

const PIXELS = "Pixels of the exported frames";

/**
 * A recording as a scan of the TUS-REC challenges: the frames that have a pose of the probe, with it. Free-running
 * devices are brought to one clock as everywhere. Throws an UnsuitableInputError when no frame has a pose.
 */
export async function exportTusRec(
  path: string,
  recording: Recording,
  { imageLagS, workers, log = silentLog }: TusRecExport,
): Promise<ExportedScan> {
  // The probe's own frame in place of the pixels': what comes out is trackerFromProbe.
  const fixed = [{ from: PIXELS, to: "Probe", m: Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0) }];
  const options = { ...trackFrames.defaults, imageName: PIXELS, referenceName: "Tracker", imageLagS };
  const context = { rng: createRng("export"), log, workers };
  const { count, width, height, dropped, referenceFromPixel, read } = await trackFrames.run(
    { recording, fixed },
    options,
    context,
  );
  await writeTusRec(path, {
    width,
    height,
    count,
    trackerFromTool: referenceFromPixel,
    read: async (index) => (await read(index)).pixels,
  });
  return { frames: count, dropped };
}

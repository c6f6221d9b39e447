import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "../../core/log.ts";
import type { Sample, TrackerFrame } from "../../data/device.ts";
import type { Image } from "../../data/image.ts";
import type { LiveRecording, LiveStatus } from "../../data/live.ts";
import { recordDevices, type LiveRig, type RecordOutcome } from "../record-devices.ts";
import { createTap, type Tap } from "./tap.ts";

export interface LiveRecorderOptions {
  readonly rig: LiveRig;
  /** Where the files go, made when it is needed; their names end in what `fileStamp` says. */
  readonly folder: string;
  readonly fileStamp: () => string;
  /** Kept in the file: where it comes from. */
  readonly label: string;
  readonly nowS: () => number;
  readonly log: Log;
  /** Told when something went wrong, in a sentence. */
  readonly note: (sentence: string) => void;
}

/** Records what passes by, by the recorder of `sonobench record`, without holding it up. */
export interface LiveRecorder {
  /** The devices were opened: from now on there is something to record. */
  opened(rates: { readonly imageHz: number | undefined; readonly posesHz: number | undefined }): void;
  image(sample: Sample<Image>): void;
  poses(sample: Sample<TrackerFrame>): void;
  /** Does nothing when it records already, or when no device was opened. */
  start(): void;
  /** Resolves when the file is closed. */
  stop(why: string): Promise<void>;
  readonly recording: LiveRecording | null;
  readonly last: LiveStatus["lastRecording"];
}

interface Active {
  readonly file: string;
  readonly startedS: number;
  readonly images: Tap<Image>;
  readonly poses: Tap<TrackerFrame> | undefined;
  count: number;
  readonly outcome: Promise<RecordOutcome | undefined>;
}

/** Samples that the disk may be behind: 4 s. What is more is lost, and counted. */
const IMAGE_BACKLOG = 120,
  POSE_BACKLOG = 4096;

export function createLiveRecorder(options: LiveRecorderOptions): LiveRecorder {
  const { rig, folder, fileStamp, label, nowS, log, note } = options;
  let rates: { readonly imageHz: number; readonly posesHz: number } | undefined,
    active: Active | undefined,
    last: LiveStatus["lastRecording"] = null;

  async function write(file: string, images: Tap<Image>, poses: Tap<TrackerFrame> | undefined) {
    try {
      await mkdir(folder, { recursive: true });
      return await recordDevices(
        file,
        { ...rig, imager: images.device, ...(poses ? { tracker: poses.device } : {}) },
        // It is ended by the end of the taps, so that what is queued is written.
        { log, signal: new AbortController().signal, overwrite: false, nowS, fields: { source: label } },
      );
    } catch (error) {
      note(`the recording failed: ${error instanceof Error ? error.message : String(error)}`);
      active = undefined;
      return undefined;
    }
  }

  return {
    opened({ imageHz = 0, posesHz = 0 }) {
      rates = { imageHz, posesHz };
    },
    image(sample) {
      active?.images.push(sample);
      if (active) active.count++;
    },
    poses: (sample) => active?.poses?.push(sample),
    start() {
      if (active || !rates) return;
      const file = join(folder, `live-${fileStamp()}.mcap`);
      const images = createTap<Image>(rig.imager?.id ?? "image", rates.imageHz, IMAGE_BACKLOG),
        poses = rig.tracker && createTap<TrackerFrame>(rig.tracker.id, rates.posesHz, POSE_BACKLOG);
      active = { file, startedS: nowS(), images, poses, count: 0, outcome: write(file, images, poses) };
    },
    async stop(why) {
      const ending = active;
      if (!ending) return;
      ending.images.end();
      ending.poses?.end();
      const outcome = await ending.outcome;
      if (active === ending) active = undefined;
      if (outcome) last = { file: ending.file, images: outcome.images?.samples ?? 0, endedBy: why };
    },
    get recording() {
      if (!active) return null;
      const { file, images, poses, count, startedS } = active;
      return { file, images: count, seconds: nowS() - startedS, dropped: images.dropped + (poses?.dropped ?? 0) };
    },
    get last() {
      return last;
    },
  };
}

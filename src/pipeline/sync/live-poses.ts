import { withMeanPixelDepth } from "../../data/image.ts";
import type { LostStatus, Sample, TrackerFrame } from "../../data/device.ts";
import type { PoseTrack } from "../../data/recording.ts";
import { createClockFollower } from "./clock-follower.ts";
import { covers, poseAt } from "./pose-at.ts";
import { CHANGED_IMAGE, type SyncOptions } from "./track-frames.ts";
import { alongPath, findTransformPath, type FixedTransform, type Link } from "./transform-path.ts";

/** Where an image lies: now, when the tracker's next sample has come, or not at all. */
export type LivePose =
  | {
      readonly status: "posed";
      /** Row-major 3×4, (column, row, 0) of a pixel to mm in the reference frame. */
      readonly referenceFromPixel: Float64Array;
    }
  | { readonly status: "waiting" }
  | { readonly status: "unposed"; readonly reason: string };

/** What `trackFrames` does with a whole recording, done sample by sample while they come. */
export interface LivePoses {
  /** Names of the tools that the tracker has told of, in the order in which they came. */
  readonly tools: readonly string[];
  addPoses(sample: Sample<TrackerFrame>): void;
  /** Before its pose is asked for: the imager's clock is learnt from its samples. */
  addImage(sample: Sample<unknown>): void;
  poseOf(sample: Sample<unknown>): LivePose;
  /** After a device was connected anew: its clock and its tools may be others. */
  reset(): void;
}

/** Poses that are kept: 8 s of a tracker of 120 Hz, more than any scanner is late. */
const KEPT = 1024;

/** `referenceName` is asked for each image, since what tools there are is known only when they have come. */
export function createLivePoses(
  fixed: readonly FixedTransform[],
  referenceName: (tools: readonly string[]) => string,
  { imageName, imageLagS, maxGapPeriods }: Omit<SyncOptions, "referenceName">,
): LivePoses {
  let tracks: GrowingTrack[] = [],
    trackerEpoch: number | undefined,
    imageEpoch: number | undefined,
    path: { readonly tools: number; readonly links: readonly Link[] } | undefined;
  const trackerClock = createClockFollower(),
    imageClock = createClockFollower();

  const names = (): string[] => tracks.map(({ tool }) => tool);
  function linksNow(): readonly Link[] {
    if (path?.tools !== tracks.length) {
      const links = findTransformPath(imageName, referenceName(names()), fixed, tracks);
      path = { tools: tracks.length, links };
    }
    return path.links;
  }
  function forgetPoses(): void {
    tracks = [];
    path = undefined;
    trackerClock.reset();
  }

  return {
    get tools() {
      return names();
    },
    addPoses(sample) {
      if (trackerEpoch !== sample.geometryEpoch) forgetPoses();
      trackerEpoch = sample.geometryEpoch;
      trackerClock.add(sample);
      for (const reading of sample.value.tools) {
        let track = tracks.find(({ tool }) => tool === reading.tool);
        if (!track) tracks.push((track = new GrowingTrack(reading.tool)));
        track.add(
          sample.acquiredAt,
          reading.status,
          reading.status === "tracked" ? reading.trackerFromTool : undefined,
        );
      }
    },
    addImage(sample) {
      imageEpoch ??= sample.geometryEpoch;
      if (sample.geometryEpoch === imageEpoch) imageClock.add(sample);
    },
    poseOf(sample) {
      if (sample.geometryEpoch !== imageEpoch) return { status: "unposed", reason: CHANGED_IMAGE };
      if (tracks.length === 0) return { status: "waiting" };
      const image = imageClock.map(),
        tracker = trackerClock.map();
      const hostS = image.offsetS + image.rate * (sample.acquiredAt - imageLagS);
      let ahead = false;
      const pose = alongPath(linksNow(), fixed, (index) => {
        const track = tracks[index]!.view();
        const segment = { ...tracker, from: 0, to: track.acquiredAtS.length };
        const deviceS = (hostS - tracker.offsetS) / tracker.rate;
        if (covers(track, segment, hostS)) return poseAt(track, segment, deviceS, maxGapPeriods);
        ahead = deviceS >= (track.acquiredAtS.at(-1) ?? -Infinity);
        return `"${track.tool}" has no pose at the time of the frame`;
      });
      if (typeof pose !== "string") return { status: "posed", referenceFromPixel: withMeanPixelDepth(pose) };
      return ahead ? { status: "waiting" } : { status: "unposed", reason: pose };
    },
    reset() {
      forgetPoses();
      imageClock.reset();
      trackerEpoch = imageEpoch = undefined;
    },
  };
}

/** The last poses of a tool, at most twice as many as are kept. */
class GrowingTrack {
  readonly tool: string;
  readonly parent = "Tracker";
  readonly #timeS = new Float64Array(2 * KEPT);
  readonly #poses = new Float64Array(2 * KEPT * 12);
  #status: (LostStatus | "tracked")[] = [];

  constructor(tool: string) {
    this.tool = tool;
  }

  add(timeS: number, status: LostStatus | "tracked", trackerFromTool: Readonly<Float64Array> | undefined): void {
    if (this.#status.length === 2 * KEPT) {
      this.#timeS.copyWithin(0, KEPT);
      this.#poses.copyWithin(0, KEPT * 12);
      this.#status = this.#status.slice(KEPT);
    }
    const at = this.#status.length;
    if (at > 0 && timeS <= this.#timeS[at - 1]!) return; // a repeated frame says nothing new
    this.#timeS[at] = timeS;
    if (trackerFromTool) this.#poses.set(trackerFromTool, at * 12);
    else this.#poses.fill(NaN, at * 12, at * 12 + 12);
    this.#status.push(status);
  }

  view(): PoseTrack {
    const count = this.#status.length;
    const acquiredAtS = this.#timeS.subarray(0, count);
    return {
      tool: this.tool,
      parent: this.parent,
      acquiredAtS,
      receivedAtS: acquiredAtS,
      status: this.#status,
      parentFromTool: this.#poses.subarray(0, count * 12),
      fitRmsMm: NO_FIT,
    };
  }
}

/** Nobody asks for it here. */
const NO_FIT = new Float64Array(0);

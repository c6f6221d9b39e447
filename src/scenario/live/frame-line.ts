import type { BoneMask } from "../../data/bone-mask.ts";
import type { Sample } from "../../data/device.ts";
import type { Image } from "../../data/image.ts";
import type { LivePose } from "../../pipeline/sync/live-poses.ts";
import type { Looked } from "./look.ts";

/** A frame that went through. */
export interface LiveFrame {
  /** Counts the images that came. */
  readonly order: number;
  readonly image: Image;
  readonly mask: BoneMask;
  /** (column, row, 0) of a pixel to mm in the reference frame; undefined when nobody knows. */
  readonly referenceFromPixel: Readonly<Float64Array> | undefined;
  /** Why it has no pose. */
  readonly unposed: string | undefined;
  /** Host clock. */
  readonly arrivedS: number;
  /** When the surface had it. */
  readonly doneS: number;
  readonly facePx: readonly [number, number];
  readonly pixelMm: readonly [number, number];
}

export interface FrameLineOptions {
  /** Images that are looked at at the same time. */
  readonly lanes: number;
  readonly nowS: () => number;
  /** Waiting is allowed only while the answer to it may be "waiting". */
  poseOf(sample: Sample<Image>): LivePose;
  look(image: Image, referenceFromPixel: Float64Array | undefined): Promise<Looked>;
  /** Resolves when the surface has it. Called for one frame at a time. */
  insert(referenceFromPixel: Float64Array, mask: BoneMask): Promise<void>;
  done(frame: LiveFrame): void;
  refused(reason: string): void;
}

/**
 * From images to the surface, the newest first: an image that comes while the one before still waits takes its place.
 * Looking for bone and the surface are in threads of their own, so that the next image is looked at while the surface
 * takes up the one before.
 */
export interface FrameLine {
  push(sample: Sample<Image>, arrivedS: number): void;
  /** Something came for which an image may have waited. */
  pump(): void;
  /** Forgets the image that waits; whether there was one. */
  drop(): boolean;
  /** Resolves when nothing is on its way. */
  idle(): Promise<void>;
  readonly skipped: number;
  readonly onTheWay: number;
}

/** An image waits this long for the tracker's sample after it. */
const POSE_PATIENCE_S = 0.15;

interface Waiting {
  readonly sample: Sample<Image>;
  readonly arrivedS: number;
  readonly order: number;
}
type KnownPose = Exclude<LivePose, { readonly status: "waiting" }>;

export function createFrameLine(options: FrameLineOptions): FrameLine {
  const { lanes, nowS, poseOf, look, insert, done, refused } = options;
  let waiting: Waiting | undefined,
    order = 0,
    looking = 0,
    inserting = 0,
    skipped = 0,
    lastInsert: Promise<void> = Promise.resolve(),
    patience: NodeJS.Timeout | undefined,
    restful: (() => void)[] = [];
  const onTheWay = (): number => (waiting ? 1 : 0) + looking + inserting;

  function pump(): void {
    // One frame may wait for the surface while the next is looked at, no more: it would only grow old there.
    if (waiting && looking < lanes && inserting <= 1) {
      const pose = poseNow(waiting);
      if (pose) {
        const mine = waiting;
        waiting = undefined;
        void work(mine, pose);
      }
    }
    if (onTheWay() > 0) return;
    for (const tell of restful.splice(0)) tell();
  }

  /** Undefined as long as it is worth waiting for. */
  function poseNow({ sample, arrivedS }: Waiting): KnownPose | undefined {
    const pose = poseOf(sample);
    if (pose.status !== "waiting") return pose;
    if (nowS() - arrivedS >= POSE_PATIENCE_S)
      return { status: "unposed", reason: "the tracker has no pose for the time of the frame" };
    patience ??= setTimeout(() => {
      patience = undefined;
      pump();
    }, POSE_PATIENCE_S * 1000);
    return undefined;
  }

  async function work({ sample, arrivedS, order: mine }: Waiting, pose: KnownPose): Promise<void> {
    const referenceFromPixel = pose.status === "posed" ? pose.referenceFromPixel : undefined;
    let looked: Looked | undefined;
    looking++;
    try {
      looked = await look(sample.value, referenceFromPixel);
      inserting++;
    } catch (error) {
      refused(reasonOf(error));
    } finally {
      looking--;
    }
    pump();
    if (!looked) return;
    const { mask } = looked;
    try {
      if (referenceFromPixel && mask.ridgeConfidence.some((c) => c > 0)) {
        const before = lastInsert;
        lastInsert = before.catch(() => undefined).then(() => insert(referenceFromPixel, mask));
        await lastInsert;
      }
      const unposed = pose.status === "unposed" ? pose.reason : undefined;
      done({ order: mine, image: sample.value, referenceFromPixel, unposed, arrivedS, doneS: nowS(), ...looked });
    } catch (error) {
      refused(reasonOf(error));
    } finally {
      inserting--;
    }
    pump();
  }

  return {
    push(sample, arrivedS) {
      if (waiting) skipped++;
      waiting = { sample, arrivedS, order: ++order };
      pump();
    },
    pump,
    drop() {
      const hadOne = waiting !== undefined;
      waiting = undefined;
      pump();
      return hadOne;
    },
    idle: () => (onTheWay() === 0 ? Promise.resolve() : new Promise((resolve) => restful.push(resolve))),
    get skipped() {
      return skipped;
    },
    get onTheWay() {
      return onTheWay();
    },
  };
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

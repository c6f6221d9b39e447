import type { BoneMasks } from "../../data/bone-mask.ts";
import type { TrackedFrames } from "../../data/tracked-frames.ts";
import type { Stage } from "../stage.ts";
import { detectorDefaults, type DetectorOptions } from "./detector-options.ts";
import { segmentAll } from "./segment-all.ts";

export type ClassicalOptions = DetectorOptions;

/** Bone in every frame by `detectBone`. Frames are independent, so the answer is the same for any number of workers. */
export const classicalSegmentation: Stage<TrackedFrames, BoneMasks, ClassicalOptions> = {
  name: "segmentation/classical",
  defaults: detectorDefaults,
  run: (frames, options, context) =>
    segmentAll(new URL("./classical.worker.ts", import.meta.url), frames, options, context),
};

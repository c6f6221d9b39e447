import type { BoneMasks } from "../../../data/bone-mask.ts";
import type { TrackedFrames } from "../../../data/tracked-frames.ts";
import type { Stage } from "../../stage.ts";
import { segmentAll } from "../segment-all.ts";
import type { SegmentationModel } from "./model.ts";
import { type NeuralOptions, neuralDefaults } from "./segment-frame.ts";

export interface NeuralStageOptions extends NeuralOptions {
  readonly model: SegmentationModel;
}

/** Bone in every frame by a network. Frames are independent, so the answer is the same for any number of workers. */
export function neuralSegmentation(model: SegmentationModel): Stage<TrackedFrames, BoneMasks, NeuralStageOptions> {
  return {
    name: `segmentation/neural/${model.name}`,
    defaults: { ...neuralDefaults, model },
    run: (frames, options, context) =>
      segmentAll(new URL("./neural.worker.ts", import.meta.url), frames, options, context),
  };
}

import { serve } from "../../core/worker-serve.ts";
import { detectBone } from "./detect-bone.ts";
import type { DetectorOptions } from "./detector-options.ts";
import type { FrameJob } from "./segment-all.ts";

serve(({ pixelMm, options, width, height, pixels }: FrameJob<DetectorOptions>) => {
  const answer = detectBone({ width, height, pixels }, pixelMm, options);
  const { probability, ridgeRowPx, ridgeConfidence, ridgeSdPx } = answer;
  const transfer = [probability, ridgeRowPx, ridgeConfidence, ridgeSdPx].map(({ buffer }) => buffer as ArrayBuffer);
  return { answer, transfer };
});

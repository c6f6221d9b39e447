import { serve } from "../../core/worker-serve.ts";
import type { FrameJob } from "./classical.ts";
import { detectBone } from "./detect-bone.ts";

serve(({ pixelMm, options, ...image }: FrameJob) => {
  const answer = detectBone(image, pixelMm, options);
  const { probability, ridgeRowPx, ridgeConfidence } = answer;
  return { answer, transfer: [probability, ridgeRowPx, ridgeConfidence].map(({ buffer }) => buffer as ArrayBuffer) };
});

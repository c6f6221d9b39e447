import { serve } from "../../core/worker-serve.ts";
import { type BrightestOptions, findBrightest } from "./brightest.ts";
import type { FrameJob } from "./segment-all.ts";

serve(({ pixelMm, options, width, height, pixels }: FrameJob<BrightestOptions>) => {
  const answer = findBrightest({ width, height, pixels }, pixelMm, options);
  const { probability, ridgeRowPx, ridgeConfidence, ridgeSdPx } = answer;
  const transfer = [probability, ridgeRowPx, ridgeConfidence, ridgeSdPx].map(({ buffer }) => buffer as ArrayBuffer);
  return { answer, transfer };
});

import { serve } from "../core/worker-serve.ts";
import type { SegmentationModule } from "../data/user-stages.ts";
import type { FrameJob } from "../pipeline/segmentation/segment-all.ts";
import { boneLineMask } from "./bone-line-mask.ts";
import type { UserModule } from "./user-module.ts";

async function load(url: string): Promise<SegmentationModule> {
  const module = (await import(url)) as Partial<SegmentationModule>;
  if (typeof module.segment !== "function") throw new Error("it exports no function called segment");
  return module as SegmentationModule;
}

serve(async ({ options: { url, options }, width, height, pixels, pixelMm }: FrameJob<UserModule>) => {
  const module = await load(url);
  const answer = boneLineMask(
    await module.segment({ width, height, pixels, pixelMm }, options),
    width,
    height,
    pixelMm,
  );
  const { probability, ridgeRowPx, ridgeConfidence, ridgeSdPx } = answer;
  const transfer = [probability, ridgeRowPx, ridgeConfidence, ridgeSdPx].map(({ buffer }) => buffer as ArrayBuffer);
  return { answer, transfer };
});

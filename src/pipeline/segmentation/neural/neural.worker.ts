import type { InferenceSession } from "onnxruntime-node";
import { serve } from "../../../core/worker-serve.ts";
import type { FrameJob } from "../segment-all.ts";
import type { NeuralStageOptions } from "./neural.ts";
import { segmentFrame } from "./segment-frame.ts";
import { openSession } from "./session.ts";

/** The last model that was used, by the memory that its weights lie on. */
let open: { readonly key: string; readonly session: Promise<InferenceSession> } | undefined;

serve(async ({ pixelMm, options, key, ...image }: FrameJob<NeuralStageOptions>) => {
  if (open?.key !== key) open = { key, session: openSession(options.model) };
  const answer = await segmentFrame(await open.session, options.model, image, pixelMm, options);
  const { probability, ridgeRowPx, ridgeConfidence, ridgeSdPx } = answer;
  const transfer = [probability, ridgeRowPx, ridgeConfidence, ridgeSdPx].map(({ buffer }) => buffer as ArrayBuffer);
  return { answer, transfer };
});

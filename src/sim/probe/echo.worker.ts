import { serve } from "../../core/worker-serve.ts";
import { createEchoSimulator, type EchoFrame, type EchoSimulator } from "./echo.ts";
import type { FrameJob } from "./render.ts";

// The last simulator is kept: its tables take half a second and depend on nothing but the key.
let ready: { readonly key: string; readonly simulator: EchoSimulator } | undefined;

serve<FrameJob, EchoFrame>(({ key, scene, probe, settings, seed, boneSurface, kneeFromImage, frameIndex }) => {
  if (ready?.key !== key) {
    ready = { key, simulator: createEchoSimulator(scene, probe, settings, seed, boneSurface && { boneSurface }) };
  }
  const answer = ready.simulator.frame(kneeFromImage, frameIndex);
  const { pixels, trueRidge, hitsMm } = answer;
  return { answer, transfer: [pixels.buffer, trueRidge.buffer, hitsMm.buffer] as ArrayBuffer[] };
});

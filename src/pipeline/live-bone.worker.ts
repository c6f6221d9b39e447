import { serve } from "../core/worker-serve.ts";
import { createLiveBone, type LiveBone, type LiveBoneJob } from "./live-bone.ts";

/** The bone that grows in this thread, and which one it is. */
let growing: { readonly key: string; readonly bone: LiveBone } | undefined;

serve(({ key, options, frame, whole }: LiveBoneJob) => {
  if (growing?.key !== key) growing = { key, bone: createLiveBone(options) };
  const { bone } = growing;
  if (frame) bone.insert(frame);
  return { answer: { changes: bone.surfaceChanges(), ...(whole ? { whole: bone.surface() } : {}) } };
});

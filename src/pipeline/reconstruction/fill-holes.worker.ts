import { serve } from "../../core/worker-serve.ts";
import { fillHoles, type FillJob } from "./fill-holes.kernel.ts";

serve((job: FillJob) => {
  fillHoles(job);
  return { answer: null };
});

import { serve } from "../../core/worker-serve.ts";
import { fillHoles } from "./fill-holes.kernel.ts";
import type { FillJob } from "./fill-job.ts";

serve((job: FillJob) => {
  fillHoles(job);
  return { answer: null };
});

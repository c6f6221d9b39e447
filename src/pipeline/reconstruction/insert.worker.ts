import { serve } from "../../core/worker-serve.ts";
import { insertBatch, type InsertJob } from "./insert.kernel.ts";

serve((job: InsertJob) => {
  insertBatch(job);
  return { answer: null };
});

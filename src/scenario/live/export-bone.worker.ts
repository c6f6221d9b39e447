import { serve } from "../../core/worker-serve.ts";
import { encodeBone, type ExportJob } from "./export-bone.ts";

serve((job: ExportJob) => ({ answer: encodeBone(job) }));

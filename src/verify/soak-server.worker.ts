import { serve } from "../core/worker-serve.ts";
import { playSoak, type SoakJob } from "./soak-server.ts";

serve<SoakJob, Awaited<ReturnType<typeof playSoak>>>(async (job) => ({ answer: await playSoak(job) }));

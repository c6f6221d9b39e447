import { serve } from "../core/worker-serve.ts";
import type { PoseModule } from "../data/user-stages.ts";
import type { SweepJob } from "./user-pose.ts";

serve(async ({ module: { url, options }, sweep }: SweepJob) => {
  const module = (await import(url)) as Partial<PoseModule>;
  if (typeof module.recover !== "function") throw new Error("it exports no function called recover");
  const found = await module.recover(sweep, options);
  const numbers = found?.firstFromImage;
  return { answer: { firstFromImage: numbers === undefined ? undefined : Array.from(numbers) } };
});

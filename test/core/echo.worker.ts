import { serve } from "../../src/core/worker-serve.ts";

export interface EchoJob {
  readonly value: number;
  readonly waitMs?: number;
  readonly fail?: "throw" | "exit";
  readonly buffer?: ArrayBuffer;
}

serve<EchoJob, { value: number; bytes: number }>(async ({ value, waitMs, fail, buffer }) => {
  if (waitMs) await new Promise((resolve) => setTimeout(resolve, waitMs));
  if (fail === "throw") throw new RangeError(`job ${value} was told to fail`);
  if (fail === "exit") process.exit(3);
  return { answer: { value, bytes: buffer?.byteLength ?? 0 } };
});

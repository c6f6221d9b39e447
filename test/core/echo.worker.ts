import { FormatError, UnsuitableInputError } from "../../src/core/errors.ts";
import { serve } from "../../src/core/worker-serve.ts";

export interface EchoJob {
  readonly value: number;
  readonly waitMs?: number;
  readonly fail?: "throw" | "exit" | "exit-later" | "format" | "unsuitable";
  readonly buffer?: ArrayBuffer;
}

serve<EchoJob, { value: number; bytes: number }>(async ({ value, waitMs, fail, buffer }) => {
  if (waitMs) await new Promise((resolve) => setTimeout(resolve, waitMs));
  if (fail === "throw") throw new RangeError(`job ${value} was told to fail`);
  if (fail === "format") throw new FormatError("a.mha", { byteOffset: 7 }, "the size is negative", "Write it again");
  if (fail === "unsuitable") throw new UnsuitableInputError("nothing moves", "Record a sweep");
  if (fail === "exit-later") setTimeout(() => process.exit(0), 20);
  if (fail === "exit") process.exit(3);
  return { answer: { value, bytes: buffer?.byteLength ?? 0 } };
});

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** What this thread has in use once nothing that could go is left. */
export function heldBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

import { existsSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "./version.ts";

/** The public recordings: SONOBENCH_DATA, else ../shared/data beside the checkout; undefined when absent. */
export function findDataFolder(): string | undefined {
  return [process.env["SONOBENCH_DATA"], join(packageRoot(), "../shared/data")]
    .filter((path) => path !== undefined)
    .find((path) => existsSync(join(path, "README.md")));
}

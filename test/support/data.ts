import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

/** Folder of the public recordings (SONOBENCH_DATA, else ../shared/data), or undefined when it is not there. */
export const dataFolder: string | undefined = [process.env["SONOBENCH_DATA"], resolve("../shared/data")]
  .filter((path) => path !== undefined)
  .find((path) => existsSync(join(path, "README.md")));

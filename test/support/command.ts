import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";

const MAIN = resolve(import.meta.dirname, "../../dist/cli/main.js");

/** What a command left: exit code and the two streams. */
export interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the compiled command, as a user would. `npm test` builds first. */
export function sonobench(...args: readonly string[]): Outcome {
  if (!existsSync(MAIN)) throw new Error("the command is not built: run `npm run build`");
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  return { code: status, out: stdout, err: stderr };
}

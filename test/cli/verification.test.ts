import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runVerification } from "../../src/cli/verification.ts";
import { silentLog } from "../../src/core/log.ts";
import { allSuites } from "../../src/verify/all.ts";

const aborted = AbortSignal.abort();

test("suites that were finished with this code are not run again; one of other code is, and a stop keeps the others", async () => {
  const scratch = await mkdtemp(join(tmpdir(), "sonobench-verification-"));
  const folder = join(scratch, "verification");
  const options = { log: silentLog, full: false, dataFolder: undefined, folder, key: "this", signal: aborted };
  try {
    // The folder is made; nothing is kept of a suite that was stopped.
    await expect(runVerification(options)).rejects.toThrow("run the same command to go on");
    for (const { name } of allSuites) {
      await writeFile(join(folder, `${name}.json`), JSON.stringify({ key: "this", finishedAt: "2026-01-02T03:04:05Z", rows: [] })); // prettier-ignore
    }
    const { suites } = await runVerification(options);
    expect(suites.map(({ name }) => name)).toEqual(allSuites.map(({ name }) => name));
    expect(new Set(suites.map(({ from }) => from))).toEqual(new Set(["run 2026-01-02 by this version"]));
    await expect(runVerification({ ...options, key: "other" })).rejects.toThrow("run the same command to go on");
    expect(await readFile(join(folder, "io.json"), "utf8")).toContain('"this"');
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
});

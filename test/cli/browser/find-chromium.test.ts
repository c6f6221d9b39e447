import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findChromium } from "../../../src/cli/browser/find-chromium.ts";

test("CHROME_PATH goes before everything else, and one that is not there is told with what to do", async () => {
  expect(await findChromium({ CHROME_PATH: process.execPath, PATH: "" })).toEqual({
    path: process.execPath,
    found: "CHROME_PATH",
  });
  await expect(findChromium({ CHROME_PATH: "/no/such/chrome" })).rejects.toThrow(
    "CHROME_PATH names /no/such/chrome, which is not there. Correct it or unset it",
  );
});

test.skipIf(process.platform === "win32")("a browser under a usual name in a folder of PATH is found", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sonobench-chromium-"));
  try {
    await writeFile(join(folder, "google-chrome"), "");
    expect(await findChromium({ PATH: folder })).toEqual({
      path: join(folder, "google-chrome"),
      found: "of this system",
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

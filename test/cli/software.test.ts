import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { codeState, ownSoftware } from "../../src/cli/software.ts";

let root: string;
const git = (...words: readonly string[]): string =>
  execFileSync("git", ["-C", root, "-c", "user.name=t", "-c", "user.email=t@t", ...words], { encoding: "utf8" }).trim();

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "sonobench-software-"));
  git("init", "-q");
  await mkdir(join(root, "src"));
  await writeFile(join(root, "src", "a.ts"), "1");
  await writeFile(join(root, "notes.md"), "1");
  git("add", "-A");
  git("commit", "-qm", "first");
});
afterAll(() => rm(root, { recursive: true, force: true }));

test("a checkout has its commit, and is dirty when the program differs from it, not when other files do", async () => {
  const commit = git("rev-parse", "HEAD");
  expect(await codeState(root)).toEqual({ commit, dirty: false });
  await writeFile(join(root, "notes.md"), "2");
  expect(await codeState(root)).toEqual({ commit, dirty: false });
  await writeFile(join(root, "src", "b.ts"), "new");
  expect(await codeState(root)).toEqual({ commit, dirty: true });
});

test("a folder inside of another repository, or of none, has no commit: it would be somebody else's", async () => {
  expect(await codeState(join(root, "src"))).toBeUndefined();
  expect(await codeState(join(root, "nowhere"))).toBeUndefined();
});

test("the packages that figures follow from have the versions that are installed", async () => {
  const { packages = {} } = await ownSoftware();
  for (const name of ["onnxruntime-node", "manifold-3d", "cannon-es", "ml-matrix", "jstat", "seedrandom", "three"])
    expect(packages[name], name).toMatch(/^\d+\.\d+\.\d+/);
});

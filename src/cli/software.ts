import { execFile } from "node:child_process";
import { readFile, realpath } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import type { CodeState, Software } from "../data/provenance.ts";
import { packageRoot, packageVersion } from "./version.ts";

/** Numbers of a result follow from these; the rest of the packages reads, writes or draws. */
const packages = ["onnxruntime-node", "manifold-3d", "cannon-es", "ml-matrix", "jstat", "seedrandom", "three"];
/** What the figures of a run follow from; a changed page or test makes no other result. */
const ownFiles = ["src", "models", "package.json", "package-lock.json"];
/** git answers in some ten milliseconds; on a share that hangs a run does not wait for it. */
const PATIENCE_MS = 5000;

/** What of a report says which program made it. */
export async function ownSoftware(): Promise<Software> {
  const [code, versions] = await Promise.all([codeState(packageRoot()), packageVersions()]);
  return { name: "sonobench", version: packageVersion(), ...(code ? { code } : {}), packages: versions };
}

/** Of the checkout at `root`; undefined where it is none, be it inside of another one's. */
export async function codeState(root: string): Promise<CodeState | undefined> {
  try {
    const top = await git(root, "rev-parse", "--show-toplevel");
    if ((await realpath(top)) !== (await realpath(root))) return undefined;
    const commit = await git(root, "rev-parse", "HEAD");
    return { commit, dirty: (await git(root, "status", "--porcelain", "--", ...ownFiles)) !== "" };
  } catch {
    return undefined;
  }
}

async function git(root: string, ...words: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)("git", ["-C", root, ...words], {
    timeout: PATIENCE_MS,
    // Looking takes no lock that a commit at the same time would stumble over.
    env: { ...process.env, GIT_OPTIONAL_LOCKS: "0" },
  });
  return stdout.trim();
}

async function packageVersions(): Promise<Record<string, string>> {
  const found = await Promise.all(packages.map(async (name) => [name, await versionOf(name)] as const));
  return Object.fromEntries(found.filter((entry): entry is readonly [string, string] => entry[1] !== undefined));
}

/** From the package.json beside the code that is loaded; not every package lets that be imported. */
async function versionOf(name: string): Promise<string | undefined> {
  const { paths } = createRequire(import.meta.url).resolve;
  for (const folder of paths(name) ?? []) {
    const text = await readFile(join(folder, name, "package.json"), "utf8").catch(() => undefined);
    if (text !== undefined) return (JSON.parse(text) as { version: string }).version;
  }
  return undefined;
}

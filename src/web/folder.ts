import { realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { contentTypeOf, type Answer } from "./answer.ts";

const NOT_THERE: Answer = { kind: "refused", status: 404, reason: "there is no such file" };

/**
 * The file at a path of a URL (already decoded, "/" between its parts) below `folder`. Whatever leads outside, by "..",
 * an absolute name or a symbolic link, is answered as a file that is not there; so are folders and hidden files.
 */
export async function confinedFile(folder: string, urlPath: string): Promise<Answer> {
  const parts = urlPath.split("/").filter((part) => part !== "");
  if (parts.length === 0 || parts.some((part) => part.startsWith(".") || /[\\:\0]/.test(part))) return NOT_THERE;
  try {
    const root = await realpath(folder);
    const path = await realpath(join(root, ...parts));
    if (!path.startsWith(root.endsWith(sep) ? root : root + sep)) return NOT_THERE;
    const found = await stat(path);
    if (!found.isFile()) return NOT_THERE;
    if (found.size === 0) return { kind: "bytes", type: contentTypeOf(path), body: "" };
    return { kind: "file", type: contentTypeOf(path), path, sizeBytes: found.size };
  } catch (error) {
    if (isAbsence(error)) return NOT_THERE;
    throw error;
  }
}

const isAbsence = (error: unknown): boolean =>
  error instanceof Error &&
  "code" in error &&
  ["ENOENT", "ENOTDIR", "EACCES", "ELOOP", "ENAMETOOLONG", "EINVAL"].includes(String(error.code));

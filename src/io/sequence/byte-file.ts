import { constants } from "node:fs";
import { open, realpath, type FileHandle } from "node:fs/promises";
import { dirname, isAbsolute, relative, resolve, sep } from "node:path";
import { FormatError } from "../../core/errors.ts";

/** A file that is read by position, so that several readers do not disturb each other. */
export interface ByteFile {
  readonly path: string;
  readonly size: number;
  /** Fills `into` from byte `offset`; a file that ends before is a FormatError. */
  read(into: Uint8Array, offset: number): Promise<void>;
  /** May be called twice. */
  close(): Promise<void>;
}

/** Opens a regular file; anything else (missing, folder, pipe, device) is a FormatError. */
export async function openFile(path: string): Promise<ByteFile> {
  let handle: FileHandle;
  try {
    // Without O_NONBLOCK, opening a named pipe waits for a writer for ever.
    handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    throw new FormatError(path, { whole: true }, reasonOf(error), "Check the path");
  }
  let size: number;
  try {
    const facts = await handle.stat();
    if (!facts.isFile()) throw new FormatError(path, { whole: true }, "is not a regular file", "Name a file");
    size = facts.size;
  } catch (error) {
    await handle.close();
    throw error;
  }
  let closing: Promise<void> | undefined;
  return {
    path,
    size,
    async read(into, offset) {
      if (closing) throw new Error(`${path} was read after it was closed`);
      for (let filled = 0; filled < into.length;) {
        const { bytesRead } = await handle.read(into, filled, into.length - filled, offset + filled);
        if (bytesRead === 0) {
          throw new FormatError(path, { byteOffset: offset + filled }, "the file ends here", "Copy the file again");
        }
        filled += bytesRead;
      }
    },
    close() {
      closing ??= handle.close();
      return closing;
    },
  };
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ENOENT") return "there is no such file";
  if (code === "EACCES") return "may not be read by this user";
  return `cannot be opened (${code || String(error)})`;
}

/**
 * The path of the data file that a header names, which must lie in the header's own folder or below: a header that
 * came from elsewhere must not make us read other files of this machine, through links either.
 */
export async function besideHeader(headerPath: string, field: string, name: string): Promise<string> {
  const folder = dirname(resolve(headerPath));
  const path = resolve(folder, name);
  const refuse = (problem: string): FormatError =>
    new FormatError(headerPath, { field }, problem, "Put the data file beside its header and name it without folders");
  if (name === "" || name.includes("\0") || isAbsolute(name) || /^[A-Za-z]:|\\/.test(name) || !within(folder, path)) {
    throw refuse(`"${name}" does not name a file in the folder of the header`);
  }
  let real: string;
  try {
    real = await realpath(path);
  } catch {
    throw refuse(`the data file "${name}" is missing`);
  }
  if (!within(await realpath(folder), real)) throw refuse(`"${name}" is a link that leads out of the header's folder`);
  return path;
}

function within(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== "" && way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

import { constants } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { threadId } from "node:worker_threads";

/** A file that appears under its name only when it is complete. */
export interface PendingFile {
  readonly handle: FileHandle;
  /**
   * Flushes to the disk and gives the file its name, replacing what had it before. Not `durable`: without the flush,
   * for what a power cut may take or spoil.
   */
  commit(options?: { readonly durable?: boolean }): Promise<void>;
  /** Removes what was written. Does nothing after `commit`. */
  abort(): Promise<void>;
}

let counter = 0;

/** Opens a new file beside `path` (same folder, so that the rename never crosses a file system). */
export async function createPendingFile(path: string): Promise<PendingFile> {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${process.pid}-${threadId}-${counter++}.tmp`);
  const handle = await open(temporary, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o666);
  let state: "open" | "done" = "open";
  return {
    handle,
    async commit({ durable = true } = {}) {
      if (state === "done") throw new Error(`${path}: already committed or aborted`);
      state = "done";
      try {
        if (durable) await handle.sync();
        await handle.close();
        await rename(temporary, path);
      } catch (error) {
        await handle.close().catch(() => undefined); // closed twice is no error of its own
        await rm(temporary, { force: true });
        throw error;
      }
      if (durable) await syncFolder(folder);
    },
    async abort() {
      if (state === "done") return;
      state = "done";
      await handle.close();
      await rm(temporary, { force: true });
    },
  };
}

/**
 * Writes all of `bytes` or leaves what was there: no reader ever sees half a file, also after a power cut (that only
 * where it is `durable`).
 */
export async function writeFileAtomic(
  path: string,
  bytes: Uint8Array | string,
  { durable = true }: { readonly durable?: boolean } = {},
): Promise<void> {
  const pending = await createPendingFile(path);
  try {
    await pending.handle.writeFile(bytes);
  } catch (error) {
    await pending.abort();
    throw error;
  }
  await pending.commit({ durable });
}

/** Makes the rename itself durable. Some platforms cannot open a folder; there the rename alone has to do. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY).catch(() => undefined);
  if (!handle) return;
  try {
    await handle.sync();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== "EINVAL" && code !== "EPERM" && code !== "EISDIR" && code !== "EBADF") throw error;
  } finally {
    await handle.close();
  }
}

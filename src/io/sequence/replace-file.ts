import { createPendingFile } from "../atomic.ts";

/** Appends to a file that does not have its name yet. */
export interface FileWriter {
  /** Bytes written so far. */
  readonly position: number;
  write(bytes: Uint8Array | string): Promise<void>;
  /** Writes over what is there already. */
  overwrite(text: string, offset: number): Promise<void>;
}

/** Streams a file that gets its name when complete; when `write` throws, nothing is left and what was there stays. */
export async function replaceFile(path: string, write: (file: FileWriter) => Promise<void>): Promise<void> {
  const pending = await createPendingFile(path);
  let position = 0;
  const put = async (bytes: Uint8Array, offset: number): Promise<void> => {
    for (let done = 0; done < bytes.length;) {
      done += (await pending.handle.write(bytes, done, bytes.length - done, offset + done)).bytesWritten;
    }
  };
  try {
    await write({
      get position() {
        return position;
      },
      async write(bytes) {
        const raw = typeof bytes === "string" ? Buffer.from(bytes, "utf8") : bytes;
        await put(raw, position);
        position += raw.length;
      },
      overwrite: (text, offset) => put(Buffer.from(text, "utf8"), offset),
    });
  } catch (error) {
    await pending.abort();
    throw error;
  }
  await pending.commit();
}

import { rename, rm } from "node:fs/promises";
import { threadId } from "node:worker_threads";

/** One array of a shard; its first axis counts frames. */
export interface ShardArray {
  readonly name: string;
  readonly data: Uint8Array | Float32Array | Float64Array;
  readonly shape: readonly number[];
}

const dtypes = [
  [Uint8Array, "<B"],
  [Float32Array, "<f4"],
  [Float64Array, "<f8"],
] as const;

/** Frames that are compressed together: what a training step reads at a time. */
const CHUNK_FRAMES = 1;

/**
 * Writes one HDF5 file (gzip, one chunk a frame) that `h5py.File(path)` and PyTorch read directly. It appears under its
 * name only when it is whole.
 */
export async function writeShard(
  path: string,
  arrays: readonly ShardArray[],
  attributes: Readonly<Record<string, string>>,
): Promise<void> {
  // Loaded here: 14 MB of WebAssembly that no other command needs.
  const h5wasm = await import("h5wasm/node");
  await h5wasm.ready;
  const temporary = `${path}.${process.pid}-${threadId}.tmp`;
  const file = new h5wasm.File(temporary, "w");
  try {
    for (const { name, data, shape } of arrays) {
      const dtype = dtypes.find(([kind]) => data instanceof kind)![1];
      file.create_dataset({
        name,
        data,
        shape: [...shape],
        dtype,
        chunks: [Math.min(CHUNK_FRAMES, shape[0]!), ...shape.slice(1)],
        compression: "gzip",
        compression_opts: [4],
      });
    }
    for (const [name, value] of Object.entries(attributes)) file.create_attribute(name, value);
  } catch (error) {
    file.close();
    await rm(temporary, { force: true });
    throw error;
  }
  file.close();
  await rename(temporary, path);
}

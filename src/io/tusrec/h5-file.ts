import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import type { File as LibraryFile, Module } from "h5wasm";
import { FormatError } from "../../core/errors.ts";
import type { MemoryBudget } from "../sequence/budget.ts";

/** Longest side of an array, and most bytes that one compressed piece of it may unpack to. */
const MAX_SIDE = 2 ** 31,
  MAX_CHUNK_BYTES = 256 * 2 ** 20;

export interface H5Array {
  readonly shape: readonly number[];
  readonly type: "integer" | "float";
  readonly signed: boolean;
  readonly bytesPerNumber: number;
  /** Entries `from` to before `to` along the first axis, all along the others, as numbers. */
  read(from: number, to: number): ArrayLike<number>;
}

/** An HDF5 file for reading. */
export interface H5File {
  readonly path: string;
  /** Names in the root group, of arrays and of whatever else there is. */
  readonly names: readonly string[];
  /** The array of that name in the root group; undefined when there is none. */
  array(name: string): H5Array | undefined;
  /** May be called twice. */
  close(): void;
}

let opened = 0;

/**
 * Opens an HDF5 file. The library runs in a file system of its own, in memory, in which there is this file alone and
 * nothing can be written: whatever paths a file names, links and "external" data reach nothing. Links are refused besides, before
 * they are followed, and so are arrays that are made of other files. Bytes are read when they are asked for; `budget`
 * is asked before anything is allocated. Throws a FormatError that names the array.
 */
export async function openH5(path: string, budget: MemoryBudget): Promise<H5File> {
  const { h5wasm } = await import("h5wasm"); // not before it is needed: it brings 4 MB of WebAssembly
  const { FS, get_symbolic_link, get_external_link, activate_throwing_error_handler } = await h5wasm.ready;
  activate_throwing_error_handler(); // it would print its errors
  const inner = `/${++opened}.h5`;
  const fd = openRegular(path);
  const fail = (field: string, problem: string, remedy: string): FormatError =>
    new FormatError(path, { field }, problem, remedy);
  let file: LibraryFile | undefined;
  function close(): void {
    if (!file) return;
    file.close();
    file = undefined;
    FS.unlink(inner);
    closeSync(fd);
  }
  function guarded<T>(what: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (error instanceof FormatError) throw error;
      // The library's own errors, and traps of its WebAssembly.
      throw new FormatError(path, { field: what }, `cannot be read (${reasonOf(error)})`, "Copy the file again");
    }
  }
  expose(FS, inner, fd);
  let names: string[];
  try {
    const library = new h5wasm.File(inner, "r");
    if (library.file_id <= 0n) throw new Error("the library cannot open it");
    file = library;
    names = guarded("its root group", () => library.keys());
  } catch (error) {
    if (file) close();
    else {
      FS.unlink(inner);
      closeSync(fd);
    }
    throw error instanceof FormatError
      ? error
      : new FormatError(path, { whole: true }, `is no readable HDF5 file (${reasonOf(error)})`, "Copy the file again");
  }

  function array(name: string): H5Array | undefined {
    if (!file) throw new Error(`${path} was read after it was closed`);
    if (!names.includes(name)) return undefined;
    const id = file.file_id;
    // Only then is it looked at: opening an entry follows its link.
    if (get_symbolic_link(id, name) !== null || "filename" in get_external_link(id, name))
      throw fail(name, "is a link to another place", "Give the file that holds the data itself");
    const found = guarded(name, () => file?.get(name));
    if (!(found instanceof h5wasm.Dataset)) throw fail(name, "is no array", "Export the scan again");
    const { shape, type, size, signed, chunks, virtual_sources: sources } = guarded(name, () => found.metadata);
    if (sources && sources.length > 0)
      throw fail(name, "is put together from other files", "Copy the data into one file (h5repack)");
    if (!shape || shape.length === 0 || shape.some((n) => !(n >= 0 && n < MAX_SIDE)))
      throw fail(name, `has the shape [${shape?.join(", ") ?? ""}]`, "Export the scan again");
    if (type !== INTEGER && type !== FLOAT) throw fail(name, "does not hold numbers", "Export the scan again");
    const chunkBytes = (chunks ?? []).reduce((product, n) => product * n, size);
    if (chunks && chunkBytes > MAX_CHUNK_BYTES)
      throw fail(name, `is packed in pieces of ${chunkBytes} bytes`, "Repack it in smaller ones (h5repack)");
    const perEntry = shape.slice(1).reduce((product, n) => product * n, size);
    // Of one entry, within the library and out of it.
    budget.reserve(2 * (chunkBytes + perEntry), `reading "${name}"`);
    return {
      shape,
      type: type === INTEGER ? "integer" : "float",
      signed,
      bytesPerNumber: size,
      read(from, to) {
        if (!file) throw new Error(`${path} was read after it was closed`);
        return guarded(name, () =>
          numbersOf(found.slice([[from, to], ...shape.slice(1).map((n): [number, number] => [0, n])])),
        );
      },
    };
  }
  return { path, names, array, close };
}

/** H5T_class_t. */
const INTEGER = 0,
  FLOAT = 1;

function numbersOf(data: unknown): ArrayLike<number> {
  if (ArrayBuffer.isView(data) && !(data instanceof DataView)) {
    if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Float64Array.from(data, Number);
    return data as unknown as ArrayLike<number>;
  }
  throw new TypeError("the library gave no numbers");
}

function openRegular(path: string): number {
  let fd: number;
  try {
    // Without O_NONBLOCK, opening a named pipe waits for a writer for ever.
    fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    throw new FormatError(path, { whole: true }, `cannot be opened (${reasonOf(error)})`, "Check the path");
  }
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw new FormatError(path, { whole: true }, "is not a regular file", "Name a file");
}

const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/\s+/g, " ").slice(0, 200);

/** What Emscripten's file system in memory keeps of a file. */
interface MemoryNode {
  usedBytes: number;
  stream_ops: object;
}

/** Makes the bytes of an open file of this machine the content of `inner`, for reading. */
function expose(FS: (typeof Module)["FS"], inner: string, fd: number): void {
  const { size } = fstatSync(fd);
  FS.writeFile(inner, new Uint8Array(0));
  FS.chmod(inner, 0o444);
  const node = FS.lookupPath(inner, {}).node as unknown as MemoryNode;
  node.usedBytes = size;
  node.stream_ops = {
    ...node.stream_ops,
    read(_: unknown, into: Int8Array, offset: number, length: number, position: number): number {
      const count = Math.min(length, size - position);
      return count > 0 ? readSync(fd, into, offset, count, position) : 0;
    },
    write(): never {
      throw new Error("the file is read only");
    },
  };
}

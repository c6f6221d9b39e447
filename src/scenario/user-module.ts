import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { UnsuitableInputError } from "../core/errors.ts";

/** A program that a scenario names, and what is handed to it. */
export interface UserModuleOptions {
  readonly file: string;
  /** Handed to the module as they are. */
  readonly options: unknown;
  /** For one call, the module's first included. */
  readonly timeoutS: number;
}

/** What a worker needs to know of the module. */
export interface UserModule {
  readonly url: string;
  readonly options: unknown;
}

/** A changed module is another module: Node would go on with the one that it has loaded. */
export async function userModule({ file, options }: UserModuleOptions): Promise<UserModule> {
  const version = createHash("sha256")
    .update(await readFile(file))
    .digest("hex")
    .slice(0, 16);
  return { url: `${pathToFileURL(file).href}?${version}`, options };
}

/** Whatever the user's program threw is bad input, which in a study is a failed case. */
export async function blaming<T>(what: string, remedy: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UnsuitableInputError) throw error;
    throw new UnsuitableInputError(`${what}: ${error instanceof Error ? error.message : String(error)}`, remedy);
  }
}

/** Where in a file something is wrong: a field by name, or a byte offset. */
export type Place = { readonly field: string } | { readonly byteOffset: number } | { readonly whole: true };

/**
 * Bad input from outside: names the file and the place, says what is wrong and what to do.
 * The command line prints `message` and ends with exit code 2.
 */
export class FormatError extends Error {
  override readonly name = "FormatError";
  readonly file: string;
  readonly place: Place;
  readonly remedy: string;

  constructor(file: string, place: Place, problem: string, remedy: string) {
    const where = "field" in place ? `: ${place.field}` : "byteOffset" in place ? `: byte ${place.byteOffset}` : "";
    super(`${file}${where}: ${problem}${remedy ? `. ${remedy}` : ""}`);
    this.file = file;
    this.place = place;
    this.remedy = remedy;
  }
}

/** The input is well-formed but cannot serve the job (no such transform, nothing moves, memory too small …). */
export class UnsuitableInputError extends Error {
  override readonly name = "UnsuitableInputError";
  readonly remedy: string;

  constructor(problem: string, remedy: string) {
    super(`${problem}. ${remedy}`);
    this.remedy = remedy;
  }
}

/** The user stopped the job; the message says what was kept. The command line ends with exit code 130. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/** An error as plain data: what a thread boundary keeps of our own classes. */
export interface PackedError {
  readonly error: unknown;
  readonly own?: { readonly name: string; readonly file: string; readonly place: Place; readonly remedy: string };
}

/** Copying an error to another thread makes every class of ours a plain Error; this keeps what they carry. */
export function packError(error: unknown): PackedError {
  if (error instanceof FormatError) {
    const { name, file, place, remedy } = error;
    return { error, own: { name, file, place, remedy } };
  }
  if (error instanceof UnsuitableInputError)
    return { error, own: { name: error.name, file: "", place: { whole: true }, remedy: error.remedy } };
  return { error };
}

export function unpackError({ error, own }: PackedError): unknown {
  if (!own || !(error instanceof Error)) return error;
  const rebuilt =
    own.name === "FormatError"
      ? new FormatError(own.file, own.place, "", own.remedy)
      : new UnsuitableInputError("", own.remedy);
  rebuilt.message = error.message;
  if (error.stack !== undefined) rebuilt.stack = error.stack;
  return rebuilt;
}

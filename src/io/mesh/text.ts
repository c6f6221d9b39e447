import { FormatError } from "../../core/errors.ts";

/** Longest text file that is read: V8 holds no longer string. */
const MAX_TEXT_BYTES = 0x1fffffe8;

const SPACE = 32,
  NEWLINE = 10;

/** Words of a text file in order, with the line they stand on. Bytes are taken as Latin-1, so any byte decodes. */
export class TextScanner {
  readonly #text: string;
  readonly #file: string;
  readonly #remedy: string;
  #at = 0;
  #line: number;

  /** `firstLine`: the number of the line that `bytes` begin with. */
  constructor(bytes: Uint8Array, file: string, remedy: string, firstLine = 1) {
    this.#file = file;
    this.#remedy = remedy;
    this.#line = firstLine;
    if (bytes.length > MAX_TEXT_BYTES) {
      throw new FormatError(
        file,
        { whole: true },
        `${bytes.length} bytes of text are too many`,
        "Save the mesh in a binary format",
      );
    }
    this.#text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  }

  /** Line of the word that was read last. */
  get line(): number {
    return this.#line;
  }

  /** The next word, or undefined at the end of the file. */
  word(): string | undefined {
    const text = this.#text;
    let at = this.#at;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code > SPACE) break;
      if (code === NEWLINE) this.#line++;
    }
    if (at === text.length) {
      this.#at = at;
      return undefined;
    }
    let end = at + 1;
    while (end < text.length && text.charCodeAt(end) > SPACE) end++;
    this.#at = end;
    return text.slice(at, end);
  }

  /** What follows on the current line, without the line's end; the next word is on the next line. */
  restOfLine(): string {
    const newline = this.#text.indexOf("\n", this.#at);
    const end = newline < 0 ? this.#text.length : newline;
    const rest = this.#text.slice(this.#at, end);
    this.#at = end;
    return rest.trim();
  }

  /** The next line, trimmed, or undefined at the end of the file. `line` is its number. */
  nextLine(): string | undefined {
    if (this.#at > 0 && this.#text.charCodeAt(this.#at) === NEWLINE) {
      this.#at++;
      this.#line++;
    }
    return this.#at >= this.#text.length ? undefined : this.restOfLine();
  }

  expect(word: string): void {
    const found = this.word();
    if (found?.toLowerCase() !== word) this.fail(`expected "${word}", found ${quoted(found)}`);
  }

  /** The next word as a number that a single-precision float can hold. */
  float(what: string): number {
    return this.toFloat(this.word(), what);
  }

  toFloat(word: string | undefined, what: string): number {
    const value = word === undefined ? NaN : Number(word);
    if (!Number.isFinite(Math.fround(value))) this.fail(`${what}: expected a finite number, found ${quoted(word)}`);
    return value;
  }

  fail(problem: string): never {
    throw new FormatError(this.#file, { field: `line ${this.#line}` }, problem, this.#remedy);
  }
}

function quoted(word: string | undefined): string {
  return word === undefined ? "the end of the file" : `"${word.slice(0, 40)}"`;
}

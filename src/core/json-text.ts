import { FormatError } from "./errors.ts";

/**
 * The value of a JSON file's text. With `end`, the last character of such a file, one that was cut off is told apart from
 * one that was edited. Throws a FormatError that names the file.
 */
export function parseJsonText(text: string, file: string, remedy: string, end?: "}" | "]"): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const isCut = end !== undefined && !text.trimEnd().endsWith(end);
    throw new FormatError(file, { whole: true }, isCut ? "the file is cut off" : `no valid JSON (${reason})`, remedy);
  }
}

import type { z } from "zod";
import { FormatError } from "../core/errors.ts";

/** What a file held, as the schema has it, every default filled in. Throws a FormatError: file, field, what to do. */
export function checkSchema<S extends z.ZodType>(schema: S, json: unknown, file: string, remedy: string): z.output<S> {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const field = issue.path.map(String).join(".") || "(the whole file)";
  throw new FormatError(file, { field }, issue.message, remedy);
}

import { UsageError } from "./command.ts";

/** A number that an option was given; undefined when it was not. Throws a UsageError that says what was expected. */
export function numberWithin(name: string, text: string | undefined, low: number, high: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== "" && value >= low && value <= high) return value;
  throw new UsageError(`${name}: expected a number from ${low} to ${high}, got "${text}"`);
}

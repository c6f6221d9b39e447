import { FormatError } from "../core/errors.ts";
import type { XmlElement } from "./plus-xml.ts";
import { parseNumbers, shorten } from "./sequence/raster-header.ts";

export type Vector2 = readonly [number, number];
export type Vector3 = readonly [number, number, number];

/** Typed access to the attributes of one element: undefined when absent, a FormatError naming it when wrong. */
export interface FieldReader {
  /** Attributes asked for so far. */
  readonly known: ReadonlySet<string>;
  fail(field: string, problem: string, remedy: string): FormatError;
  text(field: string): string | undefined;
  number(field: string): number | undefined;
  integer(field: string, least: number): number | undefined;
  numbers(field: string, count: number): readonly number[] | undefined;
  vector2(field: string): Vector2 | undefined;
  vector3(field: string): Vector3 | undefined;
  /** Degrees in the file. */
  angleRad(field: string): number | undefined;
  /** ON/OFF or TRUE/FALSE, in any case. */
  flag(field: string): boolean | undefined;
  /** One of the words, in any case. */
  word<T>(field: string, words: Readonly<Record<string, T>>): T | undefined;
}

export const RADIANS_PER_DEGREE = Math.PI / 180;

export function fieldReader(file: string, label: string, { attributes }: XmlElement): FieldReader {
  const known = new Set<string>();
  const fail = (field: string, problem: string, remedy: string): FormatError =>
    new FormatError(file, { field: `${label}: ${field}` }, problem, remedy);
  const text = (field: string): string | undefined => {
    known.add(field);
    return attributes.get(field)?.trim();
  };
  const numbers = (field: string, count: number): number[] | undefined => {
    const raw = text(field);
    if (raw === undefined) return undefined;
    const values = parseNumbers(raw);
    if (values.length !== count || !values.every(Number.isFinite)) {
      throw fail(
        field,
        `expected ${count === 1 ? "a number" : `${count} numbers`}, got "${shorten(raw)}"`,
        "Correct it",
      );
    }
    return values;
  };
  const number = (field: string): number | undefined => numbers(field, 1)?.[0];
  const word = <T>(field: string, words: Readonly<Record<string, T>>): T | undefined => {
    const raw = text(field);
    if (raw === undefined) return undefined;
    const key = raw.toUpperCase();
    if (Object.hasOwn(words, key)) return words[key];
    throw fail(field, `"${shorten(raw)}" is unknown`, `Use one of ${Object.keys(words).join(", ")}`);
  };
  return {
    known,
    fail,
    text,
    number,
    numbers,
    word,
    integer(field, least) {
      const value = number(field);
      if (value !== undefined && !(Number.isSafeInteger(value) && value >= least)) {
        throw fail(field, `expected a whole number of at least ${least}, got ${value}`, "Correct it");
      }
      return value;
    },
    vector2(field) {
      const [x, y] = numbers(field, 2) ?? [];
      return x === undefined || y === undefined ? undefined : [x, y];
    },
    vector3(field) {
      const [x, y, z] = numbers(field, 3) ?? [];
      return x === undefined || y === undefined || z === undefined ? undefined : [x, y, z];
    },
    angleRad(field) {
      const degrees = number(field);
      return degrees === undefined ? undefined : degrees * RADIANS_PER_DEGREE;
    },
    flag: (field) => word(field, { ON: true, OFF: false, TRUE: true, FALSE: false }),
  };
}

import { FormatError } from "../../core/errors.ts";
import { MAX_FRAME_FIELD_NAMES } from "./budget.ts";

/** The number types of stored samples. */
export type ElementType = "u8" | "i8" | "u16" | "i16" | "u32" | "i32" | "f32" | "f64";

export const elementBytes: Readonly<Record<ElementType, number>> = {
  u8: 1, i8: 1, u16: 2, i16: 2, u32: 4, i32: 4, f32: 4, f64: 8,
}; // prettier-ignore

/** What runs along an axis: a direction of the image, time, or colour channels. */
export type AxisKind = "space" | "list" | "channel";

export interface Axis {
  readonly size: number;
  readonly kind: AxisKind;
}

/** Where the samples are and how they are packed, as the header says; nothing of it is checked against the file. */
export interface PayloadPlace {
  /** Name of the file beside the header; undefined: behind the header. */
  readonly fileName: string | undefined;
  /** Bytes to leave out before the samples; −1: the samples are the last bytes of the file. */
  readonly skipBytes: number;
  readonly compression: "none" | "zlib" | "gzip";
  /** As declared; undefined when the header does not say. */
  readonly storedBytes: number | undefined;
  /** Header field that names the place, for error messages. */
  readonly fileField: string;
  readonly storedBytesField: string;
}

/** What MetaImage and NRRD headers have in common. */
export interface RasterHeader {
  readonly format: "MetaImage" | "NRRD";
  /** Header field that holds the sizes, for error messages. */
  readonly sizeField: string;
  /** Fastest first. */
  readonly axes: readonly Axis[];
  /** The header did not say what runs along the last axis. */
  readonly kindsMissing: boolean;
  /** Undefined for MET_OTHER: no samples. */
  readonly element: ElementType | undefined;
  readonly littleEndian: boolean;
  readonly payload: PayloadPlace;
  /** Of the space axes, mm or pixels as the file has it. */
  readonly spacing: readonly number[];
  readonly origin: readonly number[];
  /** Unit direction of each space axis, LPS; empty when the header gives none. */
  readonly directions: readonly (readonly number[])[];
  /** UltrasoundImageOrientation as written; undefined when absent. */
  readonly orientation: string | undefined;
  /** Slicer's index values of the frames, on one line; undefined when absent. */
  readonly indexValues: string | undefined;
  /** Every other field, by its MetaImage name where it has one. */
  readonly fields: Readonly<Record<string, string>>;
  readonly frames: FrameTable;
  readonly warnings: readonly string[];
}

/** The `Seq_FrameNNNN_Name` lines, before the number of frames is known. */
export interface FrameTable {
  readonly columns: ReadonlyMap<string, { readonly frames: readonly number[]; readonly values: readonly string[] }>;
  /** Largest frame number + 1; 0 when there is none. */
  readonly frameCount: number;
}

const frameKey = /^Seq_Frame(\d{1,10})_(.+)$/;

export interface FrameTableBuilder extends FrameTable {
  /** False when the key is not that of a frame field. */
  add(file: string, key: string, value: string): boolean;
}

export function createFrameTable(): FrameTableBuilder {
  const columns = new Map<string, { frames: number[]; values: string[] }>();
  let frameCount = 0;
  return {
    columns,
    get frameCount() {
      return frameCount;
    },
    add(file, key, value) {
      const match = frameKey.exec(key);
      const name = match?.[2];
      if (!match || name === undefined) return false;
      let column = columns.get(name);
      if (!column) {
        if (columns.size >= MAX_FRAME_FIELD_NAMES) {
          const problem = `more than ${MAX_FRAME_FIELD_NAMES} differently named frame fields`;
          throw new FormatError(file, { field: key }, problem, "Name them alike in every frame");
        }
        column = { frames: [], values: [] };
        columns.set(name, column);
      }
      const frame = Number(match[1]);
      column.frames.push(frame);
      column.values.push(value);
      frameCount = Math.max(frameCount, frame + 1);
      return true;
    },
  };
}

/** Each part begins with another character than the one before may hold, so matching is linear in the length. */
const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** A decimal number, and nothing else that JavaScript takes for one; NaN otherwise (nan, inf, 1.#QNAN, 0x1). */
export function parseNumber(text: string): number {
  return decimal.test(text) ? Number(text) : NaN;
}

/** More words than any header field but Slicer's index values has; a hostile line is not split to its end. */
const MAX_WORDS = 64;

/** Words separated by blanks; at most one more than `most`. */
export function splitWords(text: string, most: number = MAX_WORDS): string[] {
  const trimmed = text.trim();
  return trimmed === "" ? [] : trimmed.split(/\s+/, most + 1);
}

/** Numbers separated by blanks. */
export function parseNumbers(text: string): number[] {
  return splitWords(text).map(parseNumber);
}

/** Whole numbers of at least `least`, at most 2^53 − 1. */
export function parseCounts(file: string, field: string, text: string, least: number): number[] {
  const numbers = parseNumbers(text);
  for (const n of numbers) {
    if (!Number.isSafeInteger(n) || n < least) {
      const problem = `expected whole numbers of at least ${least}, got "${shorten(text)}"`;
      throw new FormatError(file, { field }, problem, "Correct the header");
    }
  }
  return numbers;
}

export function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

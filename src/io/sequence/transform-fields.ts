import { determinant3x4 } from "../../core/rigid.ts";
import { parseNumber, splitWords } from "./raster-header.ts";

/**
 * "ProbeToTrackerTransform" to its frames; undefined when the name is not of that form or can be split in several
 * ways. "To" counts only between a name and a capital or digit, unless there is none such.
 */
export function parseTransformName(field: string): { readonly tool: string; readonly parent: string } | undefined {
  if (!field.endsWith("Transform")) return undefined;
  const name = field.slice(0, -"Transform".length);
  const cuts = (pattern: RegExp): number[] =>
    [...name.matchAll(pattern)].map(({ index }) => index).filter((at) => at > 0 && at + 2 < name.length);
  const capital = cuts(/To(?=[A-Z0-9])/g);
  const found = capital.length > 0 ? capital : cuts(/To/g);
  const at = found[0];
  if (at === undefined || found.length > 1) return undefined;
  return { tool: name.slice(0, at), parent: name.slice(at + 2) };
}

/** Smallest |det| relative to the product of the column lengths: below, the columns lie in a plane but for rounding. */
const SINGULAR = 1e-9;
/** The last row is written with few digits. */
const LAST_ROW_ROUNDING = 1e-6;

export type ParsedMatrix =
  { readonly ok: true; readonly m: Float64Array } | { readonly ok: false; readonly reason: string };

/** 16 numbers, row-major, to a 3×4. Scales are allowed (pixels to mm); mirrored and flat matrices are not. */
export function parseMatrix(text: string): ParsedMatrix {
  const bad = (reason: string): ParsedMatrix => ({ ok: false, reason });
  const words = splitWords(text, 16);
  if (words.length !== 16) return bad(`has ${words.length > 16 ? "more than 16" : words.length} numbers, not 16`);
  const all = words.map(parseNumber);
  if (!all.every(Number.isFinite)) return bad("holds something that is no finite number");
  const last = [0, 0, 0, 1];
  if (last.some((expected, i) => !(Math.abs(all[12 + i]! - expected) <= LAST_ROW_ROUNDING))) {
    return bad("does not end in 0 0 0 1");
  }
  const m = Float64Array.from(all.slice(0, 12));
  const column = (i: number): number => Math.hypot(m[i]!, m[4 + i]!, m[8 + i]!);
  const size = column(0) * column(1) * column(2),
    det = determinant3x4(m);
  if (!(Math.abs(det) > SINGULAR * size) || !Number.isFinite(size)) return bad("is singular");
  if (det < 0) return bad("is mirrored (its determinant is negative)");
  return { ok: true, m };
}

/** What is written for a tool that is not tracked and of which nothing else is known; reading it keeps nothing. */
export const IDENTITY_TEXT = "1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1";

/** 16 numbers with the shortest digits that read back as the same doubles; −0 keeps its sign. */
export function formatMatrix(m: Readonly<Float64Array>): string {
  return `${Array.from(m, formatNumber).join(" ")} 0 0 0 1`;
}

export function formatNumber(x: number): string {
  return Object.is(x, -0) ? "-0" : String(x);
}

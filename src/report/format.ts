import type { Figure } from "../data/report.ts";
import { isShare } from "./labels.ts";

const MINUS = "\u2212";
const NARROW_SPACE = "\u202f";

/** The dash for "there is no such number". */
export const NONE = "\u2013";

/** Digits after the point that show `spread` with one significant digit, two when that digit is 1 or 2. */
function decimalsFor(spread: number): number {
  if (!(spread > 0)) return 0;
  const exponent = Math.floor(Math.log10(spread) + 1e-9);
  const leading = spread / 10 ** exponent;
  return Math.max(0, -exponent + (leading < 3 ? 1 : 0));
}

/** At most 4 decimals and no minus before a zero; thousands set apart. */
export function formatNumber(value: number, decimals: number): string {
  const digits = Math.abs(value).toFixed(Math.min(4, decimals));
  const [whole, fraction] = digits.split(".") as [string, string | undefined];
  const grouped = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, NARROW_SPACE) : whole;
  const sign = value < 0 && Number(digits) !== 0 ? MINUS : "";
  return sign + grouped + (fraction ? `.${fraction}` : "");
}

export interface FigureText {
  readonly value: string;
  /** Empty for a count or another figure without spread. */
  readonly interval: string;
  /** Empty for a plain number. */
  readonly unit: string;
}

/**
 * Rounded to what the 95 % interval bears out: its half-width keeps one or two digits, the value no more. A figure
 * without spread keeps three digits, a whole number all. Shares are in percent.
 */
export function formatFigure(id: string, figure: Figure): FigureText {
  const percent = figure.unit === "1" && isShare(id);
  const scale = percent ? 100 : 1;
  const [value, low, high] = [figure.value * scale, figure.low * scale, figure.high * scale];
  const unit = percent ? "%" : figure.unit === "1" ? "" : figure.unit;
  if (!(high > low)) {
    const decimals = Number.isInteger(value) ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
    return { value: formatNumber(value, decimals), interval: "", unit };
  }
  const decimals = decimalsFor((high - low) / 2);
  return {
    value: formatNumber(value, decimals),
    interval: `${formatNumber(low, decimals)} to ${formatNumber(high, decimals)}`,
    unit,
  };
}

/** after − before with its sign and unit, with the digits that both intervals bear; percent points for shares. */
export function formatDifference(id: string, before: Figure, after: Figure): string {
  const percent = after.unit === "1" && isShare(id);
  const scale = percent ? 100 : 1,
    change = (after.value - before.value) * scale;
  const spread = (Math.hypot(after.high - after.low, before.high - before.low) / 2) * scale;
  const decimals = spread > 0 ? decimalsFor(spread) : Number.isInteger(change) ? 0 : 2;
  const text = formatNumber(change, decimals);
  const unit = percent ? "points" : after.unit === "1" ? "" : after.unit;
  return `${change > 0 && Number(change.toFixed(decimals)) !== 0 ? "+" : ""}${text}${unit && ` ${unit}`}`;
}

/** Three digits, and none below 10 µm, the finest that sampled surface distances bear. */
const lengthDecimals = (mm: number): number => {
  const size = Math.abs(mm);
  return size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
};

/** Of a length that has no interval of its own. */
export const formatMm = (value: number | null): string =>
  value === null ? NONE : formatNumber(value, lengthDecimals(value));

/** With a plus where it is positive. */
export const formatSignedMm = (value: number | null): string =>
  value === null ? NONE : (Number(value.toFixed(2)) > 0 ? "+" : "") + formatMm(value);

/** A share as whole percent; one that would round to 0 or 100 without being so keeps a digit, or is told from it. */
export function formatShare(share: number | null): string {
  if (share === null) return NONE;
  const percent = share * 100;
  if (percent > 0 && percent < 0.05) return `< 0.1${NARROW_SPACE}%`;
  if (percent > 99.95 && percent < 100) return `> 99.9${NARROW_SPACE}%`;
  const edge = (percent < 0.5 && percent > 0) || (percent > 99.5 && percent < 100);
  return `${formatNumber(percent, edge ? 1 : 0)}${NARROW_SPACE}%`;
}

/** mm² as cm². */
export const formatArea = (areaMm2: number): string => formatNumber(areaMm2 / 100, areaMm2 < 1000 ? 2 : 1);

export const formatCount = (count: number): string => formatNumber(count, 0);

/** A measured value, or its tolerance, with two digits of what is tolerated; three digits where nothing is. */
export function formatByTolerance(value: number, tolerance: number | string): string {
  if (typeof tolerance !== "number" || !(tolerance > 0)) return plainDigits(value, 3);
  if (tolerance < 1e-3 && value !== 0) return plainDigits(value, Math.abs(value) > tolerance ? 4 : 2);
  return formatNumber(value, decimalsFor(tolerance) + 1);
}

function plainDigits(value: number, digits: number): string {
  if (Number.isInteger(value)) return formatNumber(value, 0);
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e6)
    return value
      .toExponential(digits - 1)
      .replace("e", " × 10^")
      .replace("^+", "^");
  return formatNumber(value, Math.max(0, digits - 1 - Math.floor(Math.log10(size))));
}

import type { JudgedColumn } from "./judged-column.ts";

/** Found columns whose confidence lies between `from` and `to`. */
export interface ReliabilityBin {
  readonly from: number;
  readonly to: number;
  readonly columns: number;
  /** Null where the bin is empty, as is `rightShare`. */
  readonly meanConfidence: number | null;
  readonly rightShare: number | null;
}

export interface Reliability {
  readonly bins: readonly ReliabilityBin[];
  /** Mean distance between confidence and the share that is right, by columns. */
  readonly calibrationError: number | null;
}

const BINS = 10;

/** The reliability curve: of the columns found with some confidence, how many lie within `rightMm` of bone. */
export function reliabilityOf(columns: readonly JudgedColumn[], rightMm: number): Reliability {
  const found = columns.filter(({ isFound }) => isFound);
  const binOf = ({ confidence }: JudgedColumn): number => Math.min(BINS - 1, Math.floor(confidence * BINS));
  const bins = Array.from({ length: BINS }, (_, i): ReliabilityBin => {
    const inside = found.filter((column) => binOf(column) === i);
    const right = inside.filter(({ errorMm }) => Math.abs(errorMm) <= rightMm).length;
    const sure = inside.reduce((sum, { confidence }) => sum + confidence, 0);
    return {
      from: i / BINS,
      to: (i + 1) / BINS,
      columns: inside.length,
      meanConfidence: inside.length > 0 ? sure / inside.length : null,
      rightShare: inside.length > 0 ? right / inside.length : null,
    };
  });
  const off = bins.reduce(
    (sum, { columns: n, meanConfidence, rightShare }) => sum + n * Math.abs((meanConfidence ?? 0) - (rightShare ?? 0)),
    0,
  );
  return { bins, calibrationError: found.length > 0 ? off / found.length : null };
}

/** Errors of the right columns in standard deviations as stated: 1, 0.683 and 0.95 where these are normal and true. */
export interface SpreadCalibration {
  readonly rms: number | null;
  readonly within1: number | null;
  readonly within196: number | null;
}

/** Beyond this a found column is on something else than the bone; its standard deviation does not speak of that. */
const OTHER_THING_MM = 1.5;

export function spreadOf(columns: readonly JudgedColumn[]): SpreadCalibration {
  const z = columns
    .filter(({ errorMm, sdMm }) => Math.abs(errorMm) <= OTHER_THING_MM && sdMm > 0)
    .map(({ errorMm, sdMm }) => errorMm / sdMm);
  if (z.length === 0) return { rms: null, within1: null, within196: null };
  const within = (limit: number): number => z.filter((value) => Math.abs(value) <= limit).length / z.length;
  return {
    rms: Math.sqrt(z.reduce((sum, v) => sum + v * v, 0) / z.length),
    within1: within(1),
    within196: within(1.96),
  };
}

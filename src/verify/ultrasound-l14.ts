import { mean } from "../core/stats.ts";
import type { Check } from "./check.ts";
import { once } from "./ultrasound-frames.ts";
import { ROW_MM, simulatedFrames, simulatedLayout } from "./ultrasound-l14-frames.ts";
import { boneColumns, byTilt, grayQuantiles, type Spread, type TiltRow } from "./ultrasound-l14-statistics.ts";

/**
 * The recorded frames as `boneColumns` reads them: 10th, 50th and 90th percentile over the columns of 21 frames of one
 * person, and the range over frames of the gray quantiles. test/sim/ultrasound-reference.slow.test.ts reads them anew.
 */
export const recordedByTilt: readonly Omit<TiltRow, "columns">[] = [
  { tiltDeg: [0, 8], peakGray: [73, 225, 238], thicknessMm: [0.67, 0.92, 1.82], shadowNear: [27, 47, 59], shadowFar: [18, 25, 36] }, // prettier-ignore
  { tiltDeg: [8, 16], peakGray: [92, 199, 231], thicknessMm: [0.82, 1.13, 2.13], shadowNear: [28, 38, 57], shadowFar: [17, 23, 31] }, // prettier-ignore
  { tiltDeg: [16, 24], peakGray: [120, 169, 204], thicknessMm: [1.05, 1.6, 2.34], shadowNear: [27, 33, 50], shadowFar: [17, 22, 29] }, // prettier-ignore
  { tiltDeg: [24, 32], peakGray: [109, 155, 189], thicknessMm: [1.11, 1.61, 3.13], shadowNear: [26, 31, 43], shadowFar: [13, 18, 24] }, // prettier-ignore
  { tiltDeg: [32, 40], peakGray: [98, 153, 187], thicknessMm: [1.16, 1.56, 3.18], shadowNear: [23, 27, 36], shadowFar: [11, 14, 19] }, // prettier-ignore
  { tiltDeg: [40, 50], peakGray: [85, 139, 170], thicknessMm: [1.35, 1.78, 3.01], shadowNear: [21, 26, 34], shadowFar: [12, 13, 20] }, // prettier-ignore
];
export const recordedQuantiles: readonly (readonly [number, number])[] = [
  [8, 9],
  [12, 13],
  [19, 22],
  [40, 42],
  [71, 75],
  [119, 124],
];

/**
 * Reference 3.1: median and 90th percentile of the half-gray thickness in the same bins. It was read in whole pixels of
 * 0.0854 mm and printed with two decimals: 0.85, 1.11, 1.54, 1.71 mm are 10, 13, 18, 20 of them. Ours is read between
 * pixels, so a limit is what it is, not the next whole pixel.
 */
const THICKNESS_PX = [[10, 16], [13, 24], [18, 28], [18, 33], [18, 35], [20, 31]] as const; // prettier-ignore
/** A tenth of the recorded gray range between muscle and apex. */
const QUANTILE_GRAY = 20;

const frames = () => once("l14 frames", () => simulatedFrames(5));
const rows = (): readonly TiltRow[] =>
  once("l14 rows", () =>
    byTilt(frames().flatMap((frame) => boneColumns(frame, simulatedLayout))).slice(0, recordedByTilt.length),
  );

/** Medians by tilt, and the bins in which they are not between `low` and `high`. */
function comparison(of: (row: TiltRow) => Spread, range: (bin: number) => readonly [number, number], digits: number) {
  const medians = rows().map((row) => of(row)[1]);
  const off = medians.flatMap((value, i) => {
    const [low, high] = range(i);
    return value >= low && value <= high ? [] : [recordedByTilt[i]!.tiltDeg.join("-")];
  });
  return {
    measured:
      medians.map((v) => v.toFixed(digits)).join(", ") + (off.length ? `; outside at ${off.join(", ")}° of tilt` : ""),
    pass: off.length === 0,
  };
}

const spreadOf = (row: Omit<TiltRow, "columns">, of: "peakGray" | "shadowNear" | "shadowFar") =>
  [row[of][0], row[of][2]] as const;
const ranges = (of: "peakGray" | "shadowNear" | "shadowFar"): string =>
  recordedByTilt.map((row) => spreadOf(row, of).join("-")).join(", ");

const BINS = "0-8, 8-16, 16-24, 24-32, 32-40, 40-50° of tilt";

export const l14Checks: readonly Check[] = [
  {
    id: "ultrasound.l14.ridge-gray",
    statement: `Beside the recorded L14 frames a bone like theirs is as bright: median gray of the ridge at ${BINS}`,
    source: "PlusLibData BoneUltrasound_L14, read by the same program: 10th to 90th percentile",
    expected: ranges("peakGray"),
    tolerance: "inside",
    run: async () =>
      comparison((row) => row.peakGray, (bin) => spreadOf(recordedByTilt[bin]!, "peakGray"), 0), // prettier-ignore
  },
  {
    id: "ultrasound.l14.ridge-thickness",
    statement: "and as thick: median half-gray thickness in the same bins, mm",
    source: "reference 3.1: in-vivo median to 90th percentile",
    expected: THICKNESS_PX.map((range) => range.map((px) => (px * ROW_MM).toFixed(2)).join("-")).join(", "),
    tolerance: "one pixel, 0.0854 mm: the reference was read in whole pixels, ours between them",
    run: async () =>
      comparison(
        (row) => row.thicknessMm,
        (bin) => {
          const [low, high] = THICKNESS_PX[bin]!;
          return [(low - 1) * ROW_MM, (high + 1) * ROW_MM];
        },
        2,
      ),
  },
  {
    id: "ultrasound.l14.shadow-near",
    statement: "and its shadow as gray 2-4 mm below, in the same bins",
    source: "the recording: 10th to 90th percentile",
    expected: ranges("shadowNear"),
    tolerance: "inside",
    run: async () =>
      comparison((row) => row.shadowNear, (bin) => spreadOf(recordedByTilt[bin]!, "shadowNear"), 0), // prettier-ignore
  },
  {
    id: "ultrasound.l14.shadow-far",
    statement: "and 5-9 mm below",
    source: "the recording: 10th to 90th percentile",
    expected: ranges("shadowFar"),
    tolerance: "inside",
    run: async () =>
      comparison((row) => row.shadowFar, (bin) => spreadOf(recordedByTilt[bin]!, "shadowFar"), 0), // prettier-ignore
  },
  {
    id: "ultrasound.l14.histogram",
    statement: "The picture's gray at the quantiles 0.1, 0.25, 0.5, 0.75, 0.9 and 0.97 is that of the recorded frames",
    source: "the recording: range over its 21 frames",
    expected: recordedQuantiles.map((range) => range.join("-")).join(", "),
    tolerance: QUANTILE_GRAY,
    async run() {
      const each = frames().map((frame) => grayQuantiles(frame, simulatedLayout));
      const found = recordedQuantiles.map((_, i) => mean(each.map((values) => values[i]!)));
      return {
        measured: found.map((v) => v.toFixed(0)).join(", "),
        pass: found.every((v, i) => {
          const [low, high] = recordedQuantiles[i]!;
          return v >= low - QUANTILE_GRAY && v <= high + QUANTILE_GRAY;
        }),
      };
    },
  },
];

import type { BoneReport } from "../data/report.ts";

const HALF_WIDTH_MM = 5;
const BIN_MM = 0.25;
const BINS = (2 * HALF_WIDTH_MM) / BIN_MM;

/** Shares of the weight per bin of 0.25 mm from −5 to 5 mm; what lies beyond is counted in the outermost bins. */
export function signedHistogram(
  signedMm: Readonly<Float64Array>,
  weights: Readonly<Float64Array>,
): BoneReport["histogram"] {
  const share = Array.from({ length: BINS }, () => 0);
  let total = 0;
  for (let i = 0; i < signedMm.length; i++) {
    const bin = Math.floor((signedMm[i]! + HALF_WIDTH_MM) / BIN_MM);
    share[Math.min(BINS - 1, Math.max(0, bin))]! += weights[i]!;
    total += weights[i]!;
  }
  return {
    edgesMm: Array.from({ length: BINS + 1 }, (_, i) => -HALF_WIDTH_MM + i * BIN_MM),
    share: total > 0 ? share.map((s) => s / total) : share,
  };
}

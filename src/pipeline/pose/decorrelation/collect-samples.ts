import { invert, multiply3x4 } from "../../../core/rigid.ts";
import type { DecorrelationSamples } from "./calibrate-curves.ts";
import { LAGS, type SweepObservation } from "./observe-sweep.ts";

/** A sweep whose poses are known: measured by a tracker or a motor stage, or simulated. */
export interface KnownSweep {
  readonly observation: SweepObservation;
  /** 12 numbers a frame of the sweep: row-major 3×4 rigid, image to anything that stands still, mm. */
  readonly fromImage: Readonly<Float64Array>;
}

/** Every patch that was found again at any lag, with how far it moved out of its plane. */
export function collectSamples(sweeps: readonly KnownSweep[]): DecorrelationSamples {
  const rows: number[][] = [[], [], [], [], [], [], []];
  for (const { observation, fromImage } of sweeps) {
    const { grid, pairs, frames, count, pictureOf } = observation;
    for (const lag of LAGS) {
      for (let i = lag; i < count; i++) {
        const pair = pairs.get(lag)![i];
        if (!pair) continue;
        const pose = (k: number): Float64Array => {
          const frame = pictureOf.indexOf(k);
          return fromImage.slice(12 * frame, 12 * frame + 12);
        };
        const m = multiply3x4(invert({ m: pose(i - lag) }).m, pose(i)),
          frame = frames[i - lag]!;
        for (let patch = 0; patch < grid.count; patch++) {
          if (!pair.found[patch]) continue;
          const x = grid.xMm[patch]!,
            y = grid.yMm[patch]!;
          const sample = [
            lag,
            y,
            Math.abs(m[8]! * x + m[9]! * y + m[11]!),
            pair.peak[patch]!,
            frame.across[patch]!,
            frame.down[patch]!,
            Math.log(Math.max(1e-3, frame.snr[patch]!)),
          ];
          sample.forEach((value, k) => rows[k]!.push(value));
        }
      }
    }
  }
  const [lags, depthMm, distanceMm, correlation, across, down, logSnr] = rows.map((row) => Float64Array.from(row)) as [
    Float64Array, Float64Array, Float64Array, Float64Array, Float64Array, Float64Array, Float64Array,
  ]; // prettier-ignore
  return { lag: lags, depthMm, distanceMm, correlation, across, down, logSnr };
}

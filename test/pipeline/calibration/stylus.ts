import { compose, fromAxisAngle, transformPoint, type Rigid } from "../../../src/core/rigid.ts";
import type { Rng } from "../../../src/core/rng.ts";
import type { PoseSeries } from "../../../src/pipeline/calibration/pose-series.ts";
import type { Vector3 } from "../../../src/pipeline/calibration/vector3.ts";

export interface Stroke {
  /** Where the tip stands; "free": the stylus moves through the air. */
  readonly tipAt: Vector3 | "free";
  readonly seconds: number;
  /** Half angle of the cone that the shaft is led around, rad, about x and about y. */
  readonly lean: readonly [number, number];
  /** Amplitude of the turning about the shaft, rad. */
  readonly spin?: number;
}

export const RATE_HZ = 20;

/** Poses of a stylus whose shaft is z and whose tip is at `tipMm`, with normal noise on the translations. */
export function strokes(tipMm: Vector3, all: readonly Stroke[], rng: Rng, noiseMm = 0.2): PoseSeries {
  const timeS: number[] = [],
    poses: number[] = [];
  let t = 100;
  for (const { tipAt, seconds, lean, spin = 0 } of all) {
    for (let i = 0; i < seconds * RATE_HZ; i++, t += 1 / RATE_HZ) {
      const phase = (2 * Math.PI * i) / RATE_HZ / 3;
      const turn = compose(
        compose(
          fromAxisAngle<"body", "stylus">([1, 0, 0], lean[0] * Math.cos(phase)),
          fromAxisAngle<"stylus", "stylus">([0, 1, 0], lean[1] * Math.sin(phase)),
        ),
        fromAxisAngle<"stylus", "stylus">([0, 0, 1], spin * Math.sin(phase / 2)),
      );
      const at: Vector3 = tipAt === "free" ? [100 * Math.cos(9 * phase), 80 * Math.sin(7 * phase), 60 * phase] : tipAt;
      poses.push(...placed(turn, tipMm, at, rng, noiseMm));
      timeS.push(t);
    }
  }
  const sourceIndex = Uint32Array.from(timeS, (_, i) => i);
  return { timeS: Float64Array.from(timeS), poses: Float64Array.from(poses), sourceIndex, dropped: {} };
}

function placed(turn: Rigid<"body", "stylus">, tip: Vector3, at: Vector3, rng: Rng, noiseMm: number): Float64Array {
  const m = Float64Array.from(turn.m),
    now = transformPoint(m, ...tip);
  for (let k = 0; k < 3; k++) m[4 * k + 3]! += at[k]! - now[k]! + noiseMm * rng.normal();
  return m;
}

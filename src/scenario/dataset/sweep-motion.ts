import { compose, fromAxisAngle, type Rigid } from "../../core/rigid.ts";
import type { Rng } from "../../core/rng.ts";
import type { SkinPath } from "../../sim/operator/skin-path.ts";
import { wander } from "../../sim/operator/tremor.ts";
import type { SweepRecipe } from "./sweeps-schema.ts";

export const DEG = Math.PI / 180;

/** Drawn evenly from a range. */
export const between = ([low, high]: readonly [number, number], rng: Rng): number => low + (high - low) * rng.uniform();

/** Time between frames only sets how quickly the hand wavers. */
const FRAME_S = 1 / 28;

/** A slide along a stroke or a turn about one place of it, at a speed that wavers and may change its sign. */
export function drawMotion(recipe: SweepRecipe, paths: readonly SkinPath[], rng: Rng) {
  const count = recipe.framesPerSweep,
    path = paths[rng.integer(paths.length)]!;
  const turning = rng.uniform() < recipe.turningShare,
    back = rng.uniform() < recipe.reversedShare;
  const stepMm = between(recipe.stepMm, rng);
  const waver = wander(rng.fork("speed"), 0.2, 2),
    turnHz = 0.15 + 0.35 * rng.uniform(),
    phase = 2 * Math.PI * rng.uniform();
  const shake = Array.from({ length: 6 }, (_, axis) => wander(rng.fork(`shake/${axis}`), 0.3, 8));
  const lean = Array.from({ length: 3 }, (_, axis) => wander(rng.fork(`lean/${axis}`), 0.08, 0.5));
  const tremorMm = 0.4 * rng.uniform(), tremorRad = 0.7 * DEG * rng.uniform(); // prettier-ignore
  const leanRad = (turning ? 9 : 3) * DEG * (0.3 + rng.uniform());
  const pressMm = between(recipe.pressMm, rng);
  const turns = turning && rng.fork("turns").uniform() < recipe.steadyTurnShare ? steadyTurns(rng.fork("turns/way"), recipe.turnDegPerFrame) : undefined; // prettier-ignore
  const yaw0 = turning ? Math.PI * (2 * rng.uniform() - 1) : 10 * DEG * rng.normal();
  const forward = rng.uniform() < 0.5 ? 1 : -1;
  const total = turning ? 0 : stepMm * count;
  let way = turning
    ? rng.uniform() * path.lengthMm
    : 0.5 * path.lengthMm - 0.5 * forward * Math.min(total, path.lengthMm);
  if (!turning && !back) way += (rng.uniform() - 0.5) * Math.max(0, path.lengthMm - total);
  const poses = new Float64Array(12 * count);
  for (let i = 0; i < count; i++) {
    const timeS = i * FRAME_S;
    const speed =
      Math.max(0, 1 + 0.35 * waver(timeS)) * (back ? Math.sign(Math.sin(2 * Math.PI * turnHz * timeS + phase)) : 1);
    if (!turning) way += forward * stepMm * speed;
    const meant = turns?.(i) ?? [0, 1, 2].map((axis) => leanRad * lean[axis]!(timeS));
    const [a, b, c] = [0, 1, 2].map((axis) => meant[axis]! + tremorRad * shake[axis]!(timeS)) as [number, number, number]; // prettier-ignore
    const about = (axis: readonly [number, number, number], angle: number): Rigid<"image", "image"> =>
      fromAxisAngle(axis, angle);
    const hand = compose(about([0, 1, 0], yaw0 + b), compose(about([1, 0, 0], a), about([0, 0, 1], 0.6 * c)));
    const at = fromAxisAngle<"image", "image">([1, 0, 0], 0, [
      tremorMm * shake[3]!(timeS),
      pressMm + 0.3 * tremorMm * shake[4]!(timeS),
      tremorMm * shake[5]!(timeS),
    ]);
    poses.set(compose(path.at(way), compose(at, hand)).m, 12 * i);
  }
  return { poses, stepMm, turning };
}

/** Farthest that a fan, a turn about the beam and a rock go, as in the protocol of TUS-REC 2025 and beyond, rad. */
export const FARTHEST_RAD = [24 * DEG, 90 * DEG, 15 * DEG] as const;

/**
 * Fans, turns about the beam and rocks one after the other, each at the pace of the sweep from where the last one ended to
 * a place drawn: what an operator does about one contact, who turns back at once. Returns (fan, about the beam, rock) of a frame.
 */
export function steadyTurns(rng: Rng, degPerFrame: readonly [number, number]): (frame: number) => readonly number[] {
  const pace = between(degPerFrame, rng) * DEG;
  const ways: { readonly from: readonly number[]; readonly to: readonly number[]; readonly frames: number }[] = [];
  let at: readonly number[] = [0, 0, 0],
    axis = rng.integer(3);
  for (let total = 0; total < MOST_FRAMES && ways.length < 200;) {
    // Fans and rocks swing to and fro before another axis has its turn.
    if (rng.uniform() < 0.35) axis = rng.integer(3);
    const to = at.map((value, k) => (k === axis ? FARTHEST_RAD[k]! * (2 * rng.uniform() - 1) : value));
    const frames = Math.max(2, Math.round(Math.abs(to[axis]! - at[axis]!) / pace));
    ways.push({ from: at, to, frames });
    at = to;
    total += frames;
  }
  return (frame) => {
    let left = frame,
      k = 0;
    while (k + 1 < ways.length && left >= ways[k]!.frames) left -= ways[k++]!.frames;
    const { from, to, frames } = ways[k]!;
    return from.map((value, i) => value + (to[i]! - value) * Math.min(1, left / frames));
  };
}
const MOST_FRAMES = 1000;

import { compose, fromAxisAngle, type Rigid } from "../../core/rigid.ts";
import type { Rng } from "../../core/rng.ts";
import { tremor } from "../operator/tremor.ts";
import { along, type Vector } from "../operator/vector.ts";

/** The stylus over time, in the phantom's frame. */
export interface StylusSession {
  readonly durationS: number;
  phantomFromStylus(timeS: number): Rigid<"phantom", "stylus">;
}

/** Tip in the stylus's own frame: its shaft runs down from the markers along −z, not quite straight, mm. */
export const stylusTipMm: Vector = [1.4, -2.1, -158.6];

/** A ball tip in a conical divot comes to rest this far from its middle (SD an axis), mm, and slips by this much. */
const SEAT_MM = 0.08;
const SLIP_MM = 0.04;

/** Leans of the shaft about the phantom's x and y and its turn about itself, rad. */
function leaning(leanRad: number, turnRad: number, rng: Rng): (timeS: number) => Rigid<"phantom", "stylus"> {
  const phase = rng.uniform() * 2 * Math.PI,
    pace = 0.9 + 0.2 * rng.uniform();
  return (t) => {
    // A cone that opens and closes, as the hand goes round.
    const round = 2 * Math.PI * 0.31 * pace * t + phase,
      open = 0.65 + 0.35 * Math.sin(2 * Math.PI * 0.053 * t);
    const x = fromAxisAngle<"phantom", "phantom">([1, 0, 0], leanRad * open * Math.cos(round)),
      y = fromAxisAngle<"phantom", "phantom">([0, 1, 0], leanRad * open * Math.sin(round));
    const z = fromAxisAngle<"phantom", "stylus">([0, 0, 1], turnRad * Math.sin(2 * Math.PI * 0.083 * t));
    return compose(x, compose(y, z));
  };
}

/** The attitude of `m` with the stylus's tip at a place of the phantom. */
function withTipAt({ m }: Rigid<"phantom", "stylus">, [x, y, z]: Vector): Rigid<"phantom", "stylus"> {
  const [tx, ty, tz] = stylusTipMm,
    pose = Float64Array.from(m);
  const place = [x, y, z];
  for (let row = 0; row < 3; row++) {
    pose[4 * row + 3] = place[row]! - (m[4 * row]! * tx + m[4 * row + 1]! * ty + m[4 * row + 2]! * tz);
  }
  return { m: pose };
}

function slipping(rng: Rng): (timeS: number) => Vector {
  const waves = [0, 1, 2].map((axis) => tremor(rng.fork(`slip/${axis}`)));
  return (t) => waves.map((wave) => SLIP_MM * wave(t)) as Vector;
}

/** One divot, the stylus led round a cone of up to 35° for the whole time. */
export function pivoting(divotMm: Vector, durationS: number, rng: Rng): StylusSession {
  const lean = leaning(0.6, 0.8, rng.fork("lean")),
    slip = slipping(rng);
  return {
    durationS,
    phantomFromStylus: (t) => withTipAt(lean(t), along(divotMm, slip(t), 1)),
  };
}

/** How long the tip rests in each divot, and how long the way to the next one takes, s. */
const REST_S = 2.6;
const WAY_S = 1.2;
/** On its way the tip is lifted by this much, mm. */
const LIFT_MM = 30;

/** Divot after divot, the stylus turned a little in each so that a rest can be told from a pause. */
export function touching(divotsMm: readonly Vector[], rng: Rng): StylusSession {
  const lean = leaning(0.3, 0.3, rng.fork("lean")),
    slip = slipping(rng),
    seat = rng.fork("seat");
  const places = divotsMm.map((place): Vector => along(place, [seat.normal(), seat.normal(), seat.normal()], SEAT_MM));
  const each = REST_S + WAY_S;
  return {
    durationS: places.length * each,
    phantomFromStylus(t) {
      const i = Math.min(places.length - 1, Math.floor(t / each));
      const way = Math.min(1, Math.max(0, t - i * each - REST_S) / WAY_S),
        s = way * way * (3 - 2 * way);
      const from = places[i]!,
        to = places[Math.min(places.length - 1, i + 1)]!;
      const place: Vector = [
        from[0] + s * (to[0] - from[0]),
        from[1] + s * (to[1] - from[1]),
        from[2] + s * (to[2] - from[2]) + 4 * LIFT_MM * s * (1 - s),
      ];
      return withTipAt(lean(t), along(place, slip(t), 1));
    },
  };
}

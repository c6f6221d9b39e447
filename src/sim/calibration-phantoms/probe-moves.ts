import { compose, fromAxisAngle, interpolate, type Rigid } from "../../core/rigid.ts";
import type { Rng } from "../../core/rng.ts";
import { tremor } from "../operator/tremor.ts";
import type { Vector } from "../operator/vector.ts";

/** When images are polled, and where the image is: continuous in time, in the phantom's frame. */
export interface ProbeSession {
  readonly durationS: number;
  readonly stretches: readonly { readonly fromS: number; readonly toS: number }[];
  phantomFromImage(timeS: number): Rigid<"phantom", "image">;
}

/** Place and attitude of the face over the point that the operator looks at. */
interface Hold {
  /** Of the middle of the face from that point, along the phantom's x and y, mm. */
  readonly acrossMm: number;
  readonly alongMm: number;
  /** Of the face above that point, mm. */
  readonly heightMm: number;
  /** About the phantom's z, the image's normal and the face: turn, lean in the image, tilt out of it; rad. */
  readonly turnRad: number;
  readonly leanRad: number;
  readonly tiltRad: number;
}

/** Hand in the air above the tank, the arm rested on its rim. */
const TREMOR_MM = 0.15;
const TREMOR_RAD = 0.003;
/** The tracker runs on before and after, so that every image lies within its poses, s. */
export const LEAD_S = 1;

/** Looks down on the phantom: image x along the phantom's x, depth along −z. */
const lookingDown = (x: number, y: number, z: number): Rigid<"phantom", "image"> => ({
  m: Float64Array.of(1, 0, 0, x, 0, 0, 1, y, 0, -1, 0, z),
});

/** The hold's attitude about the point looked at, so that leaning does not lose it from view. */
function poseOf(hold: Hold, [cx, cy, cz]: Vector): Rigid<"phantom", "image"> {
  const depth = hold.heightMm;
  const turned = compose(
    fromAxisAngle<"phantom", "phantom">([0, 0, 1], hold.turnRad, [cx + hold.acrossMm, cy + hold.alongMm, cz]),
    lookingDown(0, 0, 0),
  );
  const leaned = compose(turned, fromAxisAngle<"image", "image">([0, 0, 1], hold.leanRad));
  const tilted = compose(leaned, fromAxisAngle<"image", "image">([1, 0, 0], hold.tiltRad));
  return compose(tilted, fromAxisAngle<"image", "image">([1, 0, 0], 0, [0, -depth, 0]));
}

function withTremor(rng: Rng): (timeS: number) => Rigid<"image", "image"> {
  const waves = Array.from({ length: 6 }, (_, i) => tremor(rng.fork(`tremor/${i}`)));
  return (t) => {
    const [a, b, c, x, y, z] = waves.map((wave) => wave(t)) as [number, number, number, number, number, number];
    const size = Math.hypot(a, b, c);
    return fromAxisAngle(size > 0 ? [a, b, c] : [1, 0, 0], TREMOR_RAD * size, [
      TREMOR_MM * x,
      TREMOR_MM * y,
      TREMOR_MM * z,
    ]);
  };
}

type Wave = (timeS: number) => number;

/** A slow, uneven swing between −1 and 1: two sines whose periods do not match. */
function swing(periodS: number, rng: Rng): Wave {
  const a = 2 * Math.PI * rng.uniform(),
    b = 2 * Math.PI * rng.uniform(),
    stretch = 0.9 + 0.2 * rng.uniform();
  const w = (2 * Math.PI) / (periodS * stretch);
  return (t) => 0.7 * Math.sin(w * t + a) + 0.3 * Math.sin(2.37 * w * t + b);
}

const parts = ["acrossMm", "alongMm", "heightMm", "turnRad", "leanRad", "tiltRad"] as const;

/** Every part of a hold swings about its mean by its own amplitude and period. */
function wander(
  centreMm: Vector,
  durationS: number,
  swings: { readonly [Part in keyof Hold]: { readonly mean: number; readonly by: number; readonly periodS: number } },
  rng: Rng,
): ProbeSession {
  const waves = parts.map((part) => ({ part, ...swings[part], wave: swing(swings[part].periodS, rng.fork(part)) }));
  const shake = withTremor(rng);
  return {
    durationS: durationS + 2 * LEAD_S,
    stretches: [{ fromS: LEAD_S, toS: LEAD_S + durationS }],
    phantomFromImage(t) {
      const hold = { acrossMm: 0, alongMm: 0, heightMm: 0, turnRad: 0, leanRad: 0, tiltRad: 0 };
      for (const { part, mean, by, wave } of waves) hold[part] = mean + by * wave(t);
      return compose(poseOf(hold, centreMm), shake(t));
    },
  };
}

/**
 * Back and forth over an N-wire phantom with turns, leans and small tilts, as the fCal user is told; its wires, ±15 mm
 * about `centreMm`, stay under the face.
 */
export function nWireSweep(centreMm: Vector, durationS: number, rng: Rng): ProbeSession {
  return wander(
    centreMm,
    durationS,
    {
      acrossMm: { mean: 0, by: 1.5, periodS: 9 },
      alongMm: { mean: 0, by: 12, periodS: 13 },
      heightMm: { mean: 28, by: 4, periodS: 11 },
      turnRad: { mean: 0, by: 0.25, periodS: 17 },
      leanRad: { mean: 0, by: 0.1, periodS: 7 },
      tiltRad: { mean: 0, by: 0.08, periodS: 8 },
    },
    rng,
  );
}

/** Over the tank's bottom with every motion that a plane needs: turns, leans and tilts, up and down, sideways. */
export function planeSweep(centreMm: Vector, durationS: number, rng: Rng): ProbeSession {
  return wander(
    centreMm,
    durationS,
    {
      acrossMm: { mean: 0, by: 20, periodS: 15 },
      alongMm: { mean: 0, by: 20, periodS: 12 },
      heightMm: { mean: 27, by: 11, periodS: 7 },
      turnRad: { mean: 0, by: 1.2, periodS: 23 },
      leanRad: { mean: 0, by: 0.5, periodS: 6 },
      tiltRad: { mean: 0, by: 0.45, periodS: 8 },
    },
    rng,
  );
}

/** Up and down over the tank's bottom at an uneven pace: what a temporal calibration asks for. */
export function upAndDown(centreMm: Vector, durationS: number, rng: Rng): ProbeSession {
  const slow = swing(4.1, rng.fork("slow")),
    quick = swing(1.7, rng.fork("quick"));
  const shake = withTremor(rng);
  return {
    durationS: durationS + 2 * LEAD_S,
    stretches: [{ fromS: LEAD_S, toS: LEAD_S + durationS }],
    phantomFromImage(t) {
      const heightMm = 27 + 5 * slow(t) + 8 * quick(t);
      const hold: Hold = { acrossMm: 0, alongMm: 0, heightMm, turnRad: 0, leanRad: 0.02, tiltRad: 0.01 };
      return compose(poseOf(hold, centreMm), shake(t));
    },
  };
}

/** How long the operator holds a view, and how long the way to the next one takes, s. */
const HOLD_S = 0.8;
const WAY_S = 1.2;
/** How far from the image plane the operator leaves the crossing: half of what the eye can tell, mm (SD). */
const AIM_SD_MM = 0.3;

/** At eighths of a turn one of the wires would lie in the image: the operator goes on by quarters. */
const QUARTER_RAD = Math.PI / 2;

/** The crossing of two wires brought to many places of the image, at many attitudes; images only while it is held. */
export function crossingViews(centreMm: Vector, views: number, rng: Rng): ProbeSession {
  const aim = rng.fork("aim");
  const within = (limit: number): number => limit * (2 * aim.uniform() - 1);
  const poses = Array.from({ length: views }, (_, i): Rigid<"phantom", "image"> => {
    // Columns by the golden ratio and depths by the plastic one: every part of the image is visited.
    const heightMm = 9 + 33 * ((i * 0.754878) % 1),
      asideMm = 32 * (((i * 0.618034) % 1) - 0.5);
    const hold = {
      acrossMm: 0,
      alongMm: 0,
      heightMm,
      turnRad: QUARTER_RAD * ((i % 3) - 1) + within(0.35),
      leanRad: within(0.55),
      tiltRad: within(0.45),
    };
    const shift = fromAxisAngle<"image", "image">([1, 0, 0], 0, [-asideMm, 0, AIM_SD_MM * aim.normal()]);
    return compose(poseOf(hold, centreMm), shift);
  });
  const shake = withTremor(rng);
  const each = HOLD_S + WAY_S;
  return {
    durationS: views * each + 2 * LEAD_S,
    stretches: poses.map((_, i) => ({ fromS: LEAD_S + i * each + 0.1, toS: LEAD_S + i * each + HOLD_S - 0.1 })),
    phantomFromImage(t) {
      const s = (t - LEAD_S) / each,
        i = Math.min(views - 1, Math.max(0, Math.floor(s)));
      const way = Math.min(1, Math.max(0, (s - i) * each - HOLD_S) / WAY_S);
      const from = poses[i]!,
        to = poses[Math.min(views - 1, i + 1)]!;
      return compose(way > 0 ? interpolate(from, to, way * way * (3 - 2 * way)) : from, shake(t));
    },
  };
}

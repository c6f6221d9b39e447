import { compose, invert, transformPoint, type Rigid } from "../core/rigid.ts";
import type { Rng } from "../core/rng.ts";
import type { PoseDevice } from "../data/device.ts";
import type { DistanceField } from "../geometry/distance-field.ts";
import type { Phantom } from "../sim/anatomy/phantom.ts";
import { movedTibia, type LegMotion } from "../sim/operator/leg-motion.ts";
import type { ProbeMotion } from "../sim/operator/motion.ts";
import { isFromBehind, type SweepPlan } from "../sim/operator/sweep-plan.ts";
import { freeSight, lineOfSight, type LineOfSight, type Point } from "../sim/tracker/line-of-sight.ts";
import { fourMarkerBody } from "../sim/tracker/marker-body.ts";
import { simulatedTracker, type TrackedBody } from "../sim/tracker/tracker-device.ts";
import { buildTracker } from "./build.ts";
import {
  forearm,
  FOREARM_RADIUS_MM,
  kneeFromFemurBody,
  probeFromImage,
  probeSolids,
  tibiaFromTibiaBody,
  trackerFromRoom,
  type Place,
} from "./rig.ts";
import type { TrackerConfig } from "./schema.ts";
import { timingOf } from "./tracker-timing.ts";

/** What there is to be tracked, and what stands in the way. */
export interface TrackedScan {
  readonly knee: Phantom;
  readonly motion: ProbeMotion;
  readonly leg: LegMotion;
  readonly plans: readonly SweepPlan[];
  /** Negative inside the leg, knee frame. */
  readonly skin: DistanceField;
}

/** True poses in the tracker's frame over time. */
export interface TrackedPoses {
  trackerFromKnee(timeS: number): Rigid<"tracker", "knee">;
  trackerFromTibia(timeS: number): Rigid<"tracker", "tibia">;
}

export function trackedPoses(config: TrackerConfig, scan: TrackedScan): TrackedPoses {
  const { knee, leg } = scan;
  const stands = placement(config, scan);
  const trackerFromKnee = forLast((timeS): Rigid<"tracker", "knee"> => compose(stands(timeS), leg.roomFromKnee(timeS)));
  return {
    trackerFromKnee,
    trackerFromTibia: (timeS) => compose(trackerFromKnee(timeS), movedTibia(leg, knee.pose.kneeFromTibia, timeS)),
  };
}

/** The answer for the time that was asked last is kept: one frame asks for it several times. */
function forLast<T>(of: (timeS: number) => T): (timeS: number) => T {
  let last: { readonly timeS: number; readonly value: T } | undefined;
  return (timeS) => (last?.timeS === timeS ? last : (last = { timeS, value: of(timeS) })).value;
}

export function trackerOf(config: TrackerConfig, scan: TrackedScan, rng: Rng): PoseDevice {
  const { knee } = scan;
  const kneeFromImage = forLast(scan.motion.kneeFromImage);
  const motion: ProbeMotion = { ...scan.motion, kneeFromImage };
  const { trackerFromKnee, trackerFromTibia } = trackedPoses(config, scan);
  const imageFromProbe = invert(probeFromImage);
  const trackerFromImage = forLast((timeS): Rigid<"tracker", "image"> =>
    compose(trackerFromKnee(timeS), kneeFromImage(timeS)),
  );
  const femur = kneeFromFemurBody(knee.lateralSign),
    tibia = tibiaFromTibiaBody(knee.lateralSign);
  const bodies: TrackedBody[] = [
    {
      ...fourMarkerBody("Probe", "first"),
      trackerFromTool: (timeS) => compose(trackerFromImage(timeS), imageFromProbe).m,
    },
    { ...fourMarkerBody("Femur", "second"), trackerFromTool: (timeS) => compose(trackerFromKnee(timeS), femur).m },
    { ...fourMarkerBody("Tibia", "third"), trackerFromTool: (timeS) => compose(trackerFromTibia(timeS), tibia).m },
  ];
  const timing = timingOf(config);
  const occluded = config.kind !== "aurora" && config.occlusion;
  const sight = occluded ? obstacles(trackerFromKnee, trackerFromImage, { ...scan, motion }) : freeSight;
  return simulatedTracker(buildTracker(config), bodies, timing, motion.durationS, rng, sight);
}

/** An optical bar that may be moved stands behind the leg for strokes from behind; between strokes it is carried. */
function placement(
  config: TrackerConfig,
  { motion, plans, knee }: TrackedScan,
): (timeS: number) => Rigid<"tracker", "room"> {
  const at = (place: Place) => trackerFromRoom(place, config.distanceMm, knee.lateralSign);
  if (config.kind === "aurora") {
    const beside = at("beside");
    return () => beside;
  }
  const front = at("front"),
    behind = at("behind");
  const byStroke = motion.sweeps.map(({ name, toS }, i) => {
    const plan = plans.find((p) => p.name === name);
    const nextS = motion.sweeps[i + 1]?.fromS ?? Infinity;
    return { untilS: (toS + nextS) / 2, stand: config.bar === "moved" && plan && isFromBehind(plan) ? behind : front };
  });
  return (timeS) => byStroke.find(({ untilS }) => timeS <= untilS)?.stand ?? front;
}

/** The ball about the knee in which the leg is modelled, mm. */
const LEG_REACH_MM = 260;

function obstacles(
  trackerFromKnee: (timeS: number) => Rigid<"tracker", "knee">,
  trackerFromImage: (timeS: number) => Rigid<"tracker", "image">,
  { motion, skin, knee }: TrackedScan,
): LineOfSight {
  const place = (m: Readonly<Float64Array>, [a, b]: readonly [Point, Point]): [Point, Point] => [
    transformPoint(m as Float64Array, ...a),
    transformPoint(m as Float64Array, ...b),
  ];
  return lineOfSight([
    ...probeSolids.map(({ aMm, bMm, radiusMm }) => ({
      kind: "capsule" as const,
      radiusMm,
      ends: (timeS: number) => place(trackerFromImage(timeS).m, [aMm, bMm]),
    })),
    {
      kind: "capsule",
      radiusMm: FOREARM_RADIUS_MM,
      ends: (timeS) => place(trackerFromKnee(timeS).m, forearm(motion.kneeFromImage(timeS).m, knee.lateralSign)),
    },
    {
      kind: "field",
      distance: skin,
      centreMm: [0, 0, 0],
      radiusMm: LEG_REACH_MM,
      solidFromTracker: (timeS) => invert(trackerFromKnee(timeS)).m,
    },
  ]);
}

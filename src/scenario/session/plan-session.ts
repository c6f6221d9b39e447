import { compose, invert, type Rigid } from "../../core/rigid.ts";
import { createRng } from "../../core/rng.ts";
import type { Calibration } from "../../data/calibration.ts";
import type { ImageGeometry } from "../../data/image.ts";
import { waterSpeedMps } from "../../data/water.ts";
import { asBuilt } from "../../sim/calibration-phantoms/as-built.ts";
import { crossedWires, fCal20, tankBottom, type PhantomDesign } from "../../sim/calibration-phantoms/design.ts";
import {
  crossingViews,
  nWireSweep,
  planeSweep,
  upAndDown,
  type ProbeSession,
} from "../../sim/calibration-phantoms/probe-moves.ts";
import { pivoting, stylusTipMm, touching, type StylusSession } from "../../sim/calibration-phantoms/stylus-moves.ts";
import { waterTank } from "../../sim/calibration-phantoms/tank.ts";
import { simulatedImager } from "../../sim/probe/imager-device.ts";
import { imageGeometry } from "../../sim/probe/probe.ts";
import { renderFrames } from "../../sim/probe/render.ts";
import { allRound, fourMarkerBody } from "../../sim/tracker/marker-body.ts";
import { simulatedTracker, type TrackedBody } from "../../sim/tracker/tracker-device.ts";
import type { TrackerSpec } from "../../sim/tracker/tracker.ts";
import type { Acquisition } from "../acquire.ts";
import type { RunContext } from "../run-context.ts";
import { buildTracker } from "../build.ts";
import { phantomFromReferenceBody, probeFromImage, trackerFromPhantom, trueCalibration } from "../rig.ts";
import { imageSettingsOf, probeOf } from "../scanner.ts";
import { poseDelayS, timingOf } from "../tracker-timing.ts";
import type { SessionKind, SessionSource, TrackerConfig } from "../schema.ts";

/** The devices of a session: those of a scenario, at the bench. */
export type SessionRig = Pick<SessionSource, "probe" | "imaging" | "tracker" | "conditions">;

export interface SessionTruth {
  /** For tissue, where sound runs as the scanner assumes. */
  readonly calibration: Calibration;
  readonly referenceFromPhantom: Rigid<"reference", "phantom">;
  readonly stylusTipMm: readonly [number, number, number];
  readonly waterMps: number;
}

export interface PlannedSession {
  readonly acquisition: Acquisition;
  /** As drawn: what the operator knows of the phantom. */
  readonly design: PhantomDesign;
  readonly truth: SessionTruth;
}

/** Gain hardly rises with depth: water takes nothing away. */
const WATER_TGC_DB_PER_CM = 2;
/** Images of a view of the crossed wires. */
const PER_VIEW = 2;
const CROSSING_RATE_HZ = 4;
/** The slower, the more time passes between two images of one attitude. */
const SWEEP_RATE_HZ = 5;
/** A lag is found from how fast the image moves: as often as the scanner gives images, up to this. */
const LAG_RATE_HZ = 16;
const PIVOT_S = 20;
/** As near as the whole session stays in view: error grows with the square of the distance. A Vega sees from 0.95 m on. */
const benchDistanceMm: { readonly [K in TrackerConfig["kind"]]: number } = {
  duo: 700,
  optical: 700,
  trio: 700,
  vega: 1300,
  aurora: 250,
};

/** One session of a scenario's rig. Sessions of one seed share the phantom as it was built. */
export function planSession(
  kind: SessionKind,
  rig: SessionRig,
  seed: string,
  { workers, pictures = renderFrames }: Pick<RunContext, "workers" | "pictures">,
): PlannedSession {
  const rng = createRng(seed).fork("sessions"),
    own = rng.fork(kind);
  const { conditions, imaging, tracker } = rig;
  const drawn = designs[kind],
    built = asBuilt(drawn, conditions.phantomToleranceMm, rng.fork(`phantom/${drawn.name}`));
  const probe = probeOf(rig.probe),
    { rateHz: scannerHz, lagS } = imaging;
  const settings = { ...imageSettingsOf(imaging), tgcDbPerCm: WATER_TGC_DB_PER_CM };
  const geometry = imageGeometry(probe, settings);
  const moved = moves[kind]({ built, images: conditions.images, scannerHz, rng: own.fork("operator") });
  const truth: SessionTruth = {
    calibration: trueCalibration(geometry, lagS - poseDelayS(tracker)),
    referenceFromPhantom: invert(phantomFromReferenceBody),
    stylusTipMm,
    waterMps: waterSpeedMps(conditions.waterC),
  };
  const distanceMm = conditions.trackerDistanceMm ?? benchDistanceMm[tracker.kind];
  const fromPhantom = trackerFromPhantom(distanceMm, drawn.centreMm);
  const bodies = [movingBody(moved, fromPhantom), referenceBody(fromPhantom)];
  const timing = timingOf(tracker);
  const scene = moved.kind === "probe" ? waterTank(built, conditions.waterC) : undefined;
  const render = async (timesS: readonly number[], firstFrame: number) => {
    if (moved.kind !== "probe" || !scene) return [];
    const poses = new Float64Array(12 * timesS.length);
    timesS.forEach((t, i) => poses.set(moved.session.phantomFromImage(t).m, 12 * i));
    const frames = await pictures({ scene, probe, settings, seed: `${seed}/${kind}`, poses, firstFrame, workers });
    return frames.map(({ pixels }) => ({ width: geometry.width, height: geometry.height, pixels }));
  };
  const stretches = moved.kind === "probe" ? moved.session.stretches : [];
  return {
    design: drawn,
    truth,
    acquisition: {
      imager: simulatedImager(stretches, { ...imaging, rateHz: moved.rateHz }, render),
      tracker: simulatedTracker(
        onBench(buildTracker(tracker)),
        bodies,
        timing,
        moved.session.durationS,
        own.fork("tracker"),
      ),
      ...(moved.kind === "probe" ? { geometry } : {}),
      points: [],
      sweeps: [],
      expectedImages: moved.kind === "probe" ? conditions.images : 0,
    },
  };
}

/** On the bench things are set up so that markers do not run into one another in the pictures: they count as points. */
const onBench = (spec: TrackerSpec): TrackerSpec =>
  spec.kind === "optical" ? { ...spec, optics: { ...spec.optics, radiusMm: POINT_MM } } : spec;
const POINT_MM = 0.5;

/** How pixels lie, as the scanner of a rig declares it. */
export function rigGeometry({ probe, imaging }: SessionRig): ImageGeometry {
  return imageGeometry(probeOf(probe), imageSettingsOf(imaging));
}

const designs: { readonly [K in SessionKind]: PhantomDesign } = {
  nwire: fCal20,
  "crossed-wire": crossedWires,
  plane: tankBottom,
  temporal: tankBottom,
  pivot: fCal20,
  landmarks: fCal20,
};

interface MoveInput {
  readonly built: PhantomDesign;
  readonly images: number;
  readonly scannerHz: number;
  readonly rng: ReturnType<typeof createRng>;
}

type Moved =
  | { readonly kind: "probe"; readonly session: ProbeSession; readonly rateHz: number }
  | { readonly kind: "stylus"; readonly session: StylusSession; readonly rateHz: number };

const moves: { readonly [K in SessionKind]: (input: MoveInput) => Moved } = {
  nwire({ built, images, scannerHz, rng }) {
    const rateHz = Math.min(SWEEP_RATE_HZ, scannerHz);
    return { kind: "probe", rateHz, session: nWireSweep(built.centreMm, images / rateHz, rng) };
  },
  "crossed-wire": ({ built, images, rng }) => ({
    kind: "probe",
    rateHz: CROSSING_RATE_HZ,
    session: crossingViews(built.centreMm, Math.ceil(images / PER_VIEW), rng),
  }),
  plane({ built, images, scannerHz, rng }) {
    const rateHz = Math.min(SWEEP_RATE_HZ, scannerHz);
    return { kind: "probe", rateHz, session: planeSweep(built.centreMm, images / rateHz, rng) };
  },
  temporal({ built, images, scannerHz, rng }) {
    const rateHz = Math.min(LAG_RATE_HZ, scannerHz);
    return { kind: "probe", rateHz, session: upAndDown(built.centreMm, images / rateHz, rng) };
  },
  pivot: ({ built, rng }) => ({
    kind: "stylus",
    rateHz: 1,
    session: pivoting(built.divots[0]!.positionMm, PIVOT_S, rng),
  }),
  landmarks: ({ built, rng }) => ({
    kind: "stylus",
    rateHz: 1,
    session: touching(
      built.divots.map(({ positionMm }) => positionMm),
      rng,
    ),
  }),
};

function movingBody(moved: Moved, fromPhantom: Rigid<"tracker", "phantom">): TrackedBody {
  if (moved.kind === "stylus") {
    const { session } = moved;
    return {
      ...allRound(fourMarkerBody("Stylus", "third")),
      trackerFromTool: (timeS) => compose(fromPhantom, session.phantomFromStylus(timeS)).m,
    };
  }
  const imageFromProbe = invert(probeFromImage),
    { session } = moved;
  return {
    ...allRound(fourMarkerBody("Probe")),
    trackerFromTool: (timeS) => compose(fromPhantom, compose(session.phantomFromImage(timeS), imageFromProbe)).m,
  };
}

function referenceBody(fromPhantom: Rigid<"tracker", "phantom">): TrackedBody {
  const still = compose(fromPhantom, phantomFromReferenceBody).m;
  return { ...allRound(fourMarkerBody("Reference", "second")), trackerFromTool: () => still };
}

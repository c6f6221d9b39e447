import type { Rng } from "../../core/rng.ts";
import { multiply3x4, invert } from "../../core/rigid.ts";
import type { LostStatus, ToolReading } from "../../data/device.ts";
import { fitRigid } from "../../geometry/rigid-fit.ts";
import { viewMarkers, type CameraFlaws, type Centroiding, type MarkerOptics, type StandingMarker } from "./blobs.ts";
import { cameraBar, cameraCentre, type Bar, type CameraTurn } from "./camera.ts";
import { followBody, placed, searchBody, shareBlob, type FoundBody } from "./identify.ts";
import type { LineOfSight } from "./line-of-sight.ts";
import type { MarkerBody } from "./marker-body.ts";
import { createSmoother } from "./smoothing.ts";
import type { TrackerRun } from "./tracker-run.ts";
import { matchBlobs, type SolvedPoint } from "./triangulate.ts";

/** Turning of the cameras against each other while the bar becomes warm; its solver knows the warm bar only. */
export interface WarmUp {
  /** Standard deviation of each camera's turn when it is switched on, in pixels. */
  readonly coldPx: number;
  readonly timeConstantS: number;
  /** How long it has been on when the session begins. */
  readonly onForS: number;
}

/** How spots become poses. */
export interface BodySolver {
  /** As in `IdentifyLimits`. */
  readonly deflectionMm: number;
  readonly maxRmsMm: number;
  readonly reprojectionPx: number;
  /** A body is first found with all its markers; it is followed with at least so many. */
  readonly minToContinue: number;
  /** A body that was lost must be found for so long before its pose is given again. */
  readonly reacquireS: number;
  /** Standard deviation, in each axis, of each marker in the tool's definition. */
  readonly templateErrorMm: number;
}

/**
 * A bar of cameras. Errors enter in the pictures: noise and bias of every marker's centre in every camera, cameras that
 * have turned, markers that are hidden, cut off, or run into one another; the poses are then solved from the pictures
 * as a tracker does it. So depth, tilt and lever arm behave as on a bench: one marker's σ_lateral = z σ/f,
 * σ_depth = √2 z² σ/(f b).
 */
export interface OpticalTracker extends Bar {
  readonly kind: "optical";
  readonly centroiding: Centroiding;
  readonly optics: MarkerOptics;
  readonly warmUp: WarmUp;
  readonly solver: BodySolver;
  /** Depths within which points are believed. */
  readonly nearMm: number;
  readonly farMm: number;
  /** Time constant of the smoothing of poses; 0 for none. */
  readonly smoothingS: number;
}

/** A hand's fastest between two frames: 2 m/s. */
const FASTEST_MM_PER_S = 2000;
const LEAST_GATE_MM = 8;
/** How often a body is looked for anew while it is followed, and how much better the other fit must be. */
const RECHECK_S = 0.25,
  CLEARLY_BETTER = 0.7;

interface Followed {
  readonly found: FoundBody;
  readonly previous: FoundBody | undefined;
  readonly timeS: number;
  readonly previousTimeS: number;
  readonly sinceS: number;
  readonly checkedS: number;
}

/** One body in the eyes of the solver. */
interface BodyState {
  readonly template: MarkerBody;
  readonly smoother: ReturnType<typeof createSmoother>;
  followed: Followed | undefined;
  /** Whether its pose is given, once it has been found long enough. */
  everLost: boolean;
}

export function startOptical(
  spec: OpticalTracker,
  bodies: readonly MarkerBody[],
  sight: LineOfSight,
  rng: Rng,
): TrackerRun {
  const { solver, warmUp } = spec;
  const known = cameraBar(spec); // what the solver believes of its cameras
  const centres = known.map(cameraCentre);
  const turns = known.map((_, i): CameraTurn => {
    const turn = rng.fork(`warm-up/${i}`);
    const yawRad = (warmUp.coldPx / spec.focalPx) * turn.normal();
    return { yawRad, pitchRad: (warmUp.coldPx / spec.focalPx) * turn.normal() };
  });
  const flaws = known.map((_, i): CameraFlaws => {
    const flaw = rng.fork(`camera/${i}`);
    const edgeTurnRad = 2 * Math.PI * flaw.uniform();
    return { edgeTurnRad, phase: [flaw.uniform(), flaw.uniform()] };
  });
  const noise = bodies.map((body) => rng.fork(`centroids/${body.tool}`));
  const states = bodies.map((body): BodyState => ({
    template: templateOf(body, solver.templateErrorMm, rng.fork(`template/${body.tool}`)),
    smoother: createSmoother(spec.smoothingS),
    followed: undefined,
    everLost: false,
  }));
  let firstFrame = true;

  return {
    observe(timeS, poses) {
      const cold = Math.exp(-(warmUp.onForS + timeS) / warmUp.timeConstantS);
      const cameras = cameraBar(
        spec,
        turns.map(({ yawRad, pitchRad }) => ({ yawRad: yawRad * cold, pitchRad: pitchRad * cold })),
      );
      const standing = bodies.map((body, i) => standingMarkers(body, poses[i]!));
      const drawn = standing.map((markers, i) =>
        known.map(() => Array.from({ length: 2 * markers.length }, () => noise[i]!.normal())),
      );
      const blocked = sight.at(timeS);
      const markers = standing.flat();
      const views = cameras.map((camera, c) =>
        viewMarkers(
          camera,
          centres[c]!,
          markers,
          { centroiding: spec.centroiding, optics: spec.optics, flaws: flaws[c]! },
          blocked,
          drawn.flatMap((body) => body[c]!),
        ),
      );
      const points = matchBlobs(
        known,
        views.map(({ blobs }) => blobs),
        { reprojectionPx: solver.reprojectionPx, nearMm: spec.nearMm, farMm: spec.farMm },
      );
      solve(timeS, points);
      firstFrame = false;
      let from = 0;
      return states.map((state, i): ToolReading => {
        const { tool } = bodies[i]!;
        const to = from + standing[i]!.length;
        const sightings = views.flatMap(({ sightings }) => sightings.slice(from, to));
        from = to;
        const { followed } = state;
        if (followed && (!state.everLost || timeS - followed.sinceS >= solver.reacquireS - 1e-9)) {
          const { m, rmsMm } = followed.found;
          return { tool, status: "tracked", trackerFromTool: state.smoother.next(timeS, m), fitRmsMm: rmsMm };
        }
        state.smoother.reset();
        return { tool, status: lostStatus(sightings) };
      });
    },
  };

  function solve(timeS: number, points: readonly SolvedPoint[]): void {
    const claimed: SolvedPoint[] = [];
    const free = (i: number): boolean => !claimed.some((p) => p === points[i] || shareBlob(p, points[i]!));
    const claim = ({ points: own }: FoundBody): void => own.forEach((i) => i >= 0 && claimed.push(points[i]!));
    for (const state of states) {
      if (!state.followed) continue;
      state.followed = follow(state, state.followed, timeS, points, free);
      if (state.followed) claim(state.followed.found);
      else state.everLost = true;
    }
    for (const state of states) {
      if (state.followed) {
        if (timeS - state.followed.checkedS < RECHECK_S) continue;
        const own = new Set(state.followed.found.points.filter((i) => i >= 0));
        const found = searchAmong(state.template, points, (i) => own.has(i) || free(i));
        const better = found && found.rmsMm < CLEARLY_BETTER * state.followed.found.rmsMm;
        state.followed = better ? begin(found, timeS) : { ...state.followed, checkedS: timeS };
        if (better) claim(found);
        continue;
      }
      const found = searchAmong(state.template, points, free);
      if (!found) {
        if (!firstFrame) state.everLost = true;
        continue;
      }
      state.followed = begin(found, timeS);
      claim(found);
    }
  }

  function searchAmong(
    template: MarkerBody,
    points: readonly SolvedPoint[],
    usable: (i: number) => boolean,
  ): FoundBody | undefined {
    const indices = points.map((_, i) => i).filter(usable);
    const found = searchBody(
      template,
      indices.map((i) => points[i]!),
      solver,
    );
    return found && { ...found, points: found.points.map((i) => indices[i]!) };
  }

  function follow(
    { template }: BodyState,
    { found, previous, timeS: lastS, previousTimeS, sinceS, checkedS }: Followed,
    timeS: number,
    points: readonly SolvedPoint[],
    free: (i: number) => boolean,
  ): Followed | undefined {
    const dt = timeS - lastS;
    const expected = previous ? extrapolate(previous.m, found.m, dt / (lastS - previousTimeS)) : found.m;
    const gateMm = Math.max(LEAST_GATE_MM, previous ? LEAST_GATE_MM : FASTEST_MM_PER_S * dt);
    const limits = { ...solver, gateMm, minMarkers: solver.minToContinue };
    const next = followBody(template, points, free, expected, limits);
    return next && { found: next, previous: found, timeS, previousTimeS: lastS, sinceS, checkedS };
  }
}

const begin = (found: FoundBody, timeS: number): Followed => ({
  found,
  previous: undefined,
  timeS,
  previousTimeS: timeS,
  sinceS: timeS,
  checkedS: timeS,
});

function standingMarkers(body: MarkerBody, m: Readonly<Float64Array>): StandingMarker[] {
  return placed(body, m).map((at, i) => {
    const x = body.facing[3 * i]!, y = body.facing[3 * i + 1]!, z = body.facing[3 * i + 2]!; // prettier-ignore
    return {
      at,
      facing: [
        m[0]! * x + m[1]! * y + m[2]! * z,
        m[4]! * x + m[5]! * y + m[6]! * z,
        m[8]! * x + m[9]! * y + m[10]! * z,
      ],
    };
  });
}

/** The pose moves on as it did: the last step once more, in the tracker's frame for place and in its own for turning. */
function extrapolate(from: Readonly<Float64Array>, to: Readonly<Float64Array>, share: number): Readonly<Float64Array> {
  if (Math.abs(share - 1) > 0.5) return to; // frames were lost in between: stay rather than overshoot
  const step = multiply3x4(invert({ m: from }).m as Float64Array, to as Float64Array);
  const m = multiply3x4(to as Float64Array, step);
  for (const k of [3, 7, 11]) m[k] = 2 * to[k]! - from[k]!;
  return m;
}

/**
 * The body as the tracker's tool definition has it: markers a little off. As a whole it is neither shifted nor turned,
 * since that would only be another choice of the tool's frame.
 */
function templateOf(body: MarkerBody, errorMm: number, rng: Rng): MarkerBody {
  const markersMm = body.markersMm.map((x) => x + errorMm * rng.normal());
  const fit = fitRigid(markersMm, body.markersMm);
  if (fit.status !== "fitted") throw new RangeError(`the markers of "${body.tool}" are no body: ${fit.reason}`);
  const aligned = placed({ markersMm }, fit.m).flat();
  return { ...body, markersMm: Float64Array.from(aligned) };
}

/** Why it is lost: by what hides most of its markers. In view and yet lost: not found, or not for long enough. */
function lostStatus(sightings: readonly string[]): LostStatus {
  const outside = sightings.filter((s) => s === "outside").length,
    hidden = sightings.filter((s) => s === "hidden").length;
  if (outside + hidden === 0) return "missing";
  return outside > hidden ? "out-of-volume" : "occluded";
}

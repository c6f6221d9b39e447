import { fromQuaternion } from "../../core/rigid.ts";
import type { LostStatus, ToolReading } from "../../data/device.ts";
import { TRACKING_VALID, type RigidBody } from "./frame.ts";
import type { BodyDefinition, ModelList } from "./model.ts";

export interface ToolOptions {
  /** Tool → name of the rigid body in Motive; undefined: every rigid body, by its own name. */
  readonly tools: Readonly<Record<string, string>> | undefined;
  /** Millimetres in the server's unit of length. */
  readonly unitMm: number;
  /** How the tracker frame's up axis is turned: see `toTracker`. */
  readonly zUpFrom: "x" | "y" | "z" | null;
  /** A body whose pose stays the same to the last bit for so long is stale: no optical tracker repeats itself. */
  readonly staleAfterS: number;
  /** Beyond this a body did not move but was mistaken for another. */
  readonly maxSpeedMmPerS: number;
}

export interface ToolCounters {
  occluded: number;
  stale: number;
  invalid: number;
  missing: number;
  /** Implausible jumps: the pose is passed on, since a jump does not say which side of it was wrong. */
  jumps: number;
  /** Rigid bodies that no definition names. */
  unknownBodies: number;
}

export const noToolCounters = (): ToolCounters => ({
  occluded: 0,
  stale: 0,
  invalid: 0,
  missing: 0,
  jumps: 0,
  unknownBodies: 0,
});

/** Largest deviation of a quaternion's length from 1: f32 rounding makes 1e-7, a torn record much more. */
const UNIT_TOLERANCE = 1e-3;
/** Nothing that is tracked is further away; beyond it numbers are garbage. */
const FARTHEST_MM = 100_000;

/** A step at most this long is noise and no jump, however short the time. */
const JITTER_MM = 5;

interface History {
  body: RigidBody;
  unchangedSinceS: number;
  /** Position when last tracked, mm, and when. */
  trackedMm: readonly [number, number, number] | null;
  trackedS: number;
}

/** From rigid bodies by id to tools by name, or why a tool has no pose. */
export class ToolTracker {
  readonly counters: ToolCounters;
  private readonly options: ToolOptions;
  private readonly onJump: (tool: string, distanceMm: number) => void;
  /** Null until definitions are known, and while they are out of date. */
  private names: readonly { tool: string; id: number | null; ambiguous: boolean }[] | null = null;
  private known = new Set<number>();
  private history = new Map<string, History>();
  private asked: readonly string[] = [];

  constructor(options: ToolOptions, counters: ToolCounters, onJump: (tool: string, distanceMm: number) => void) {
    this.options = options;
    this.counters = counters;
    this.onJump = onJump;
  }

  /** Null: ids can no longer be trusted, and every tool is "unknown" until definitions arrive. */
  define(models: ModelList | null): void {
    this.history.clear();
    if (!models) {
      this.asked = this.options.tools ? Object.keys(this.options.tools) : (this.names?.map(({ tool }) => tool) ?? []);
      this.names = null;
      return;
    }
    const bodies = models.definitions.filter((d): d is BodyDefinition => d.kind === "rigid-body");
    this.known = new Set(bodies.map(({ id }) => id));
    const wanted = this.options.tools
      ? Object.entries(this.options.tools)
      : [...new Set(bodies.map(({ name }) => name))].map((name) => [name, name] as const);
    this.names = wanted.map(([tool, name]) => {
      const found = bodies.filter((body) => body.name === name);
      const id = found[0]?.id ?? null;
      const ambiguous = found.length > 1 || bodies.filter((body) => body.id === id).length > 1;
      return { tool, id, ambiguous };
    });
  }

  /** Tools whose body cannot be told apart from another: two bodies of one name, or of one id. */
  get ambiguousTools(): readonly string[] {
    return this.names?.filter(({ ambiguous }) => ambiguous).map(({ tool }) => tool) ?? [];
  }

  hasUnknownBody(bodies: readonly RigidBody[]): boolean {
    if (!this.names) return false;
    const unknown = bodies.filter(({ id }) => !this.known.has(id)).length;
    this.counters.unknownBodies += unknown;
    return unknown > 0;
  }

  /** `timeS`: of any clock that goes on; for how long poses stay and how fast they move. */
  read(bodies: readonly RigidBody[], timeS: number): ToolReading[] {
    if (!this.names) return this.asked.map((tool) => ({ tool, status: "unknown" }));
    return this.names.map(({ tool, id, ambiguous }) => {
      const body = bodies.find((candidate) => candidate.id === id);
      if (id === null || !body) return this.lost(tool, "missing");
      if (ambiguous) return this.lost(tool, "invalid");
      return this.readTool(tool, body, timeS);
    });
  }

  private readTool(tool: string, body: RigidBody, timeS: number): ToolReading {
    const history = this.remember(tool, body, timeS);
    if (body.params !== null && !(body.params & TRACKING_VALID)) return this.lost(tool, "occluded");
    const position = body.position.map((value) => value * this.options.unitMm) as [number, number, number];
    // Negated, so that NaN is caught, too.
    const sound =
      Math.abs(Math.hypot(...body.quaternion) - 1) <= UNIT_TOLERANCE && Math.hypot(...position) <= FARTHEST_MM;
    if (!sound) return this.lost(tool, "invalid");
    if (timeS - history.unchangedSinceS >= this.options.staleAfterS) return this.lost(tool, "stale");
    this.checkSpeed(tool, history, position, timeS);
    const { m } = fromQuaternion(body.quaternion, position);
    return {
      tool,
      status: "tracked",
      trackerFromTool: toTracker(m, this.options.zUpFrom),
      // Markers that fit to the last bit do not exist: 0 stands for a server that gives no residual.
      fitRmsMm: body.meanError > 0 ? body.meanError * this.options.unitMm : NaN,
    };
  }

  private lost(tool: string, status: LostStatus): ToolReading {
    if (status === "occluded" || status === "stale" || status === "invalid" || status === "missing")
      this.counters[status]++;
    return { tool, status };
  }

  private remember(tool: string, body: RigidBody, timeS: number): History {
    const old = this.history.get(tool);
    const unchangedSinceS = old && samePose(old.body, body) ? old.unchangedSinceS : timeS;
    const entry: History = {
      body,
      unchangedSinceS,
      trackedMm: old?.trackedMm ?? null,
      trackedS: old?.trackedS ?? timeS,
    };
    this.history.set(tool, entry);
    return entry;
  }

  private checkSpeed(tool: string, history: History, position: [number, number, number], timeS: number): void {
    if (history.trackedMm) {
      const [x, y, z] = history.trackedMm;
      const distanceMm = Math.hypot(position[0] - x, position[1] - y, position[2] - z);
      const reachMm = JITTER_MM + this.options.maxSpeedMmPerS * Math.max(0, timeS - history.trackedS);
      if (distanceMm > reachMm) {
        this.counters.jumps++;
        this.onJump(tool, distanceMm);
      }
    }
    history.trackedMm = position;
    history.trackedS = timeS;
  }
}

const samePose = (a: RigidBody, b: RigidBody): boolean =>
  a.meanError === b.meanError &&
  a.position.every((value, i) => Object.is(value, b.position[i])) &&
  a.quaternion.every((value, i) => Object.is(value, b.quaternion[i]));

/**
 * The pose in a tracker frame with z up, by a rotation (no axis is mirrored). From y up: x, −z, y. From x up: −z, y, x.
 * Null leaves the frame as it is streamed.
 */
export function toTracker(m: Readonly<Float64Array>, upAxis: "x" | "y" | "z" | null): Float64Array {
  const row = (i: number, sign: number): number[] => Array.from(m.subarray(4 * i, 4 * i + 4), (value) => sign * value);
  if (upAxis === "y") return Float64Array.from([...row(0, 1), ...row(2, -1), ...row(1, 1)]);
  if (upAxis === "x") return Float64Array.from([...row(2, -1), ...row(1, 1), ...row(0, 1)]);
  return Float64Array.from(m);
}

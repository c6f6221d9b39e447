import { toQuaternion } from "../../core/rigid.ts";
import type { ToolReading, TrackerFrame } from "../../data/device.ts";
import { TRACKING_VALID, type Frame, type FrameTicks, type RigidBody } from "./frame.ts";
import type { BodyDefinition, ModelList } from "./model.ts";

/** Motive streams metres. */
export const UNIT_MM = 1000;

/** Bodies get their ids in this order, from 1. */
export function modelsOf(tools: readonly string[]): ModelList {
  const definitions = tools.map((name, i): BodyDefinition => ({
    kind: "rigid-body",
    name,
    id: i + 1,
    parent: -1,
    offset: [0, 0, 0],
    markers: [],
  }));
  return { definitions, complete: true };
}

/**
 * A tracker frame as Motive streams it. A tool that is not tracked keeps its last pose without the valid bit, as
 * Motive does; one that is missing is not in the frame. `lastPoses` is that memory, read and written.
 */
export function composeFrame(
  frameNumber: number,
  { tools }: TrackerFrame,
  names: readonly string[],
  lastPoses: Map<string, RigidBody>,
  timestampS: number,
  ticks: FrameTicks,
): Frame {
  const rigidBodies = tools.flatMap((reading) => {
    const id = names.indexOf(reading.tool) + 1;
    if (id === 0 || reading.status === "missing") return [];
    const body = bodyOf(reading, id, lastPoses.get(reading.tool));
    lastPoses.set(reading.tool, body);
    return [body];
  });
  return {
    frameNumber,
    markerSets: [],
    otherMarkers: [],
    rigidBodies,
    skeletons: [],
    assets: [],
    labelledMarkers: [],
    forcePlates: [],
    devices: [],
    softwareLatencyS: 0,
    timecode: { code: 0, subframe: 0 },
    timestampS,
    ticks,
    precision: null,
    params: 0,
    layout: "known",
  };
}

function bodyOf(reading: ToolReading, id: number, last: RigidBody | undefined): RigidBody {
  if (reading.status !== "tracked") {
    const { position = [0, 0, 0] as const, quaternion = [0, 0, 0, 1] as const } = last ?? {};
    return { id, position, quaternion, markers: [], meanError: 0, params: 0 };
  }
  const { trackerFromTool: m, fitRmsMm } = reading;
  return {
    id,
    position: [m[3]! / UNIT_MM, m[7]! / UNIT_MM, m[11]! / UNIT_MM],
    quaternion: toQuaternion(m),
    markers: [],
    meanError: Number.isFinite(fitRmsMm) ? fitRmsMm / UNIT_MM : 0,
    params: TRACKING_VALID,
  };
}

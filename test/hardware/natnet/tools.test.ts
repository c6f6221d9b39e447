import { expect, test } from "vitest";
import { determinant3x4, fromQuaternion } from "../../../src/core/rigid.ts";
import type { RigidBody } from "../../../src/hardware/natnet/frame.ts";
import { modelsOf } from "../../../src/hardware/natnet/compose-frame.ts";
import { noToolCounters, ToolTracker, toTracker, type ToolOptions } from "../../../src/hardware/natnet/tools.ts";

const options: ToolOptions = { tools: undefined, unitMm: 1000, zUpFrom: null, staleAfterS: 0.5, maxSpeedMmPerS: 2000 };

function tracker(change: Partial<ToolOptions> = {}, names: readonly string[] = ["Probe", "Femur"]) {
  const jumps: string[] = [];
  const tools = new ToolTracker({ ...options, ...change }, noToolCounters(), (tool) => jumps.push(tool));
  tools.define(modelsOf(names));
  return { tools, jumps };
}

const body = (id: number, change: Partial<RigidBody> = {}): RigidBody => ({
  id, position: [0.1, 0.2, 1], quaternion: [0, 0, 0, 1], markers: [], meanError: 0.0005, params: 1, ...change,
}); // prettier-ignore

const statuses = (tools: ToolTracker, bodies: readonly RigidBody[], timeS = 0): string[] =>
  tools.read(bodies, timeS).map(({ tool, status }) => `${tool} ${status}`);

test("poses are in millimetres by the server's unit, and so is the residual", () => {
  const { tools } = tracker();
  const [probe] = tools.read([body(1)], 0);
  expect(probe).toEqual({
    tool: "Probe",
    status: "tracked",
    trackerFromTool: Float64Array.of(1, 0, 0, 100, 0, 1, 0, 200, 0, 0, 1, 1000),
    fitRmsMm: 0.5,
  });
  const inches = tracker({ unitMm: 25.4 }).tools.read([body(1)], 0)[0]!;
  expect(inches.status === "tracked" && inches.trackerFromTool[11]).toBe(25.4);
});

test("no pose unless the valid bit is set; a body that is not in the frame is missing (F12)", () => {
  const { tools } = tracker();
  expect(statuses(tools, [body(1, { params: 0 })])).toEqual(["Probe occluded", "Femur missing"]);
  expect(tools.counters).toMatchObject({ occluded: 1, missing: 1 });
});

test("numbers that are no pose are invalid: NaN, infinity, a quaternion that is not of length 1, zero (F8)", () => {
  for (const change of [
    { position: [NaN, 0, 0] },
    { position: [0, Infinity, 0] },
    { position: [0, 1e9, 0] },
    { quaternion: [0, 0, 0, 0] },
    { quaternion: [0, 0, 0, 1.1] },
    { quaternion: [NaN, 0, 0, 1] },
  ] as const)
    expect(statuses(tracker().tools, [body(1, change)])).toEqual(["Probe invalid", "Femur missing"]);
});

test("a pose that stays the same to the last bit is stale after half a second, until it moves (F12)", () => {
  const { tools } = tracker({}, ["Probe"]);
  expect(statuses(tools, [body(1)], 0)).toEqual(["Probe tracked"]);
  expect(statuses(tools, [body(1)], 0.49)).toEqual(["Probe tracked"]);
  expect(statuses(tools, [body(1)], 0.5)).toEqual(["Probe stale"]);
  expect(statuses(tools, [body(1, { meanError: 0.00051 })], 0.51)).toEqual(["Probe tracked"]);
  const patient = tracker({ staleAfterS: Infinity }, ["Probe"]).tools;
  expect(statuses(patient, [body(1)], 0)).toEqual(["Probe tracked"]);
  expect(statuses(patient, [body(1)], 1e6)).toEqual(["Probe tracked"]);
});

test("a jump of 30 mm between two frames is reported, a stroke of the hand is not (F27)", () => {
  const { tools, jumps } = tracker({}, ["Probe"]);
  const at = (x: number, timeS: number): unknown => tools.read([body(1, { position: [x, 0, 1] })], timeS);
  at(0, 0);
  at(0.005, 1 / 120);
  at(0.01, 2 / 120);
  expect(jumps).toEqual([]);
  at(0.04, 3 / 120);
  expect(jumps).toEqual(["Probe"]);
  expect(tools.counters.jumps).toBe(1);
});

test("two bodies of one name, or of one id, have no pose; others keep theirs", () => {
  const { tools } = tracker({}, ["Probe", "Femur", "Probe"]);
  expect(tools.ambiguousTools).toEqual(["Probe"]);
  expect(statuses(tools, [body(1), body(2), body(3)])).toEqual(["Probe invalid", "Femur tracked"]);
  const twice = modelsOf(["Probe", "Femur", "Tibia"]).definitions.map((d, i) => (i === 1 ? { ...d, id: 1 } : d));
  tools.define({ definitions: twice as never, complete: true });
  expect(statuses(tools, [body(1), body(3)])).toEqual(["Probe invalid", "Femur invalid", "Tibia tracked"]);
});

test("tools can be named as the session needs them, and a name that Motive does not have is missing", () => {
  const { tools } = tracker({ tools: { Reference: "Femur", Stylus: "Pointer" } });
  expect(statuses(tools, [body(1), body(2)])).toEqual(["Reference tracked", "Stylus missing"]);
});

test("an id that means another body now is not taken for the old one: unknown until definitions are there (F13)", () => {
  const { tools } = tracker();
  tools.define(null);
  expect(statuses(tools, [body(1), body(2)])).toEqual(["Probe unknown", "Femur unknown"]);
  tools.define(modelsOf(["Femur", "Probe"]));
  expect(statuses(tools, [body(1)])).toEqual(["Femur tracked", "Probe missing"]);
});

test("a body that no definition names is seen as such", () => {
  const { tools } = tracker();
  expect(tools.hasUnknownBody([body(1), body(2)])).toBe(false);
  expect(tools.hasUnknownBody([body(1), body(9)])).toBe(true);
  expect(tools.counters.unknownBodies).toBe(1);
});

test("turning an axis up is a rotation of the tracker frame: determinant +1, the axis ends on z (F27)", () => {
  const { m } = fromQuaternion([0.1, -0.2, 0.3, 0.9], [10, 20, 30]);
  for (const [axis, up] of [
    ["x", 3],
    ["y", 7],
    ["z", 11],
  ] as const) {
    const turned = toTracker(m, axis);
    expect(turned[11]).toBe(m[up]);
    /** A product of nine doubles below 1. */
    const ROUNDING = 1e-15;
    expect(Math.abs(determinant3x4(turned) - determinant3x4(m))).toBeLessThan(ROUNDING);
    expect(Math.hypot(turned[3]!, turned[7]!, turned[11]!)).toBeCloseTo(Math.hypot(10, 20, 30), 12);
  }
  expect(toTracker(m, null)).toEqual(m);
});

import { describe, expect, it } from "vitest";
import { fromAxisAngle, multiply3x4 } from "../../../src/core/rigid.ts";
import { computeBeam } from "../../../src/sim/probe/beam.ts";
import { looksOf } from "../../../src/sim/probe/compounding.ts";
import { allEffects, corticalSurface } from "../../../src/sim/probe/effects.ts";
import type { KernelSetup } from "../../../src/sim/probe/kernel.ts";
import { fatTissue, muscleTissue, phantomPose, phantomScene } from "../../../src/sim/probe/phantoms.ts";
import { defaultProbe, defaultSettings, type ImageSettings } from "../../../src/sim/probe/probe.ts";
import { typescriptKernel } from "../../../src/sim/probe/typescript-kernel.ts";
import { wasmKernel } from "../../../src/sim/probe/wasm-kernel.ts";

const settings: ImageSettings = { ...defaultSettings, depthMm: 24, compoundLooks: 3, compoundAngleRad: 0.2 };
const beam = computeBeam(defaultProbe, settings.assumedSpeedMps, settings.depthMm);

/** Skin on one side only, fat over muscle with a slanting border, a round bone: every branch of the walk down a line. */
const scene = phantomScene(
  {
    bone: (x, y, z) => Math.hypot(x - 4, y - 22, 0.3 * z) - 9,
    tissue: (x, y) => (y < 7 + 0.2 * x ? 0 : 1),
    tissues: [fatTissue, muscleTissue, { ...muscleTissue, name: "bone", texture: "none" }],
    skin: (x, y) => (x < -14 ? 5 - y : -y),
  },
  { halfMm: [26, 5], depthMm: 30, spacingMm: 0.5 },
);

function setup(): KernelSetup {
  const looks = looksOf(defaultProbe, settings),
    scan = looks[0]!.scan;
  const samples = Math.ceil((settings.depthMm + 1) / beam.sampleMm);
  const parts = { boneSurface: corticalSurface, effects: allEffects, seed: 7, lines: scan.count, samples };
  return { scene, probe: defaultProbe, scan, looks, settings, beam, ...parts };
}

/** Single precision, in noise, exponentials and sums; re the largest value of the map. */
const SINGLE = 2e-5;
/** The place of a sheet is that of a zero of noise in single precision, mm; times the carrier's 61 rad/mm. */
const SHEET_PHASE = 1e-3;

function largest(values: Float32Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

function worst(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

describe("the line map in WebAssembly", () => {
  const fast = wasmKernel(setup()),
    plain = typescriptKernel(setup());
  const poses = [
    multiply3x4(phantomPose(1.5), fromAxisAngle([0.2, 1, 0.1], 0.3).m), // pressed in
    multiply3x4(phantomPose(-1), fromAxisAngle([0, 0, 1], 0.15).m), // on gel, one end in air
  ];

  it.each([
    [0, 0],
    [0, 1],
    [0, 2],
    [1, 0],
  ])("is that of the plain TypeScript: pose %i, look %i", (pose, look) => {
    const a = fast.see(poses[pose]!, look),
      b = plain.see(poses[pose]!, look);
    for (const name of ["contact", "boneDepthMm"] as const) expect(a[name], name).toEqual(b[name]);
    const isHit = (_: number, i: number): boolean => !Number.isNaN(b.boneDepthMm[Math.floor(i / 3)]!);
    expect(a.boneFace.filter(isHit)).toEqual(b.boneFace.filter(isHit));
    expect(a.boneFace.filter(isHit).length).toBeGreaterThan(300);
    expect(a.indentMm).toBe(b.indentMm);
    for (const name of ["amplitude", "shiftMm", "transmission", "pushMm"] as const) {
      const most = largest(b[name]);
      if (name !== "pushMm" || pose === 0) expect(most, name).toBeGreaterThan(0);
      expect(worst(a[name], b[name]), name).toBeLessThanOrEqual(SINGLE * most);
    }
    for (const part of ["re", "im"] as const) {
      const most = largest(plain.coherent[part]);
      expect(most).toBeGreaterThan(1);
      expect(worst(fast.coherent[part], plain.coherent[part]), part).toBeLessThan(SHEET_PHASE * most);
    }
  });

  it("forgets nothing and remembers nothing: a pose seen again gives the same map", () => {
    const first = fast.see(poses[0]!, 0).amplitude.slice();
    fast.see(poses[1]!, 1);
    expect(fast.see(poses[0]!, 0).amplitude).toEqual(first);
  });

  it("shows the same picture when the lines that it does not show are left out", () => {
    const pictureOf = (extent: "all" | "shown"): Uint8Array => {
      fast.see(poses[0]!, 0);
      fast.scatter({ count: 0, xyzMm: new Float64Array(), amplitude: new Float64Array() });
      fast.received.re.fill(NaN);
      fast.receive(3, extent);
      return fast.display();
    };
    const all = pictureOf("all");
    expect(fast.received.re.some(Number.isNaN)).toBe(false);
    const shown = pictureOf("shown");
    expect(shown.reduce((count, gray, i) => count + (gray === all[i] ? 0 : 1), 0)).toBe(0);
    expect(fast.received.re.some(Number.isNaN)).toBe(true);
    expect(new Set(all).size).toBeGreaterThan(50);
  });
});

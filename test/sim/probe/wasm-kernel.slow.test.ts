import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { fromAxisAngle, multiply3x4 } from "../../../src/core/rigid.ts";
// @ts-expect-error a build script without types
import { asModule, compileKernel } from "../../../src/sim/probe/assembly/compile.js";
import { computeBeam } from "../../../src/sim/probe/beam.ts";
import { createEchoSimulator } from "../../../src/sim/probe/echo.ts";
import { onlyEffects } from "../../../src/sim/probe/effects.ts";
import { domePhantom, phantomPose, phantomScene, plainTissue } from "../../../src/sim/probe/phantoms.ts";
import { defaultProbe, probes, type ImageSettings, type Probe } from "../../../src/sim/probe/probe.ts";
import type { Scene } from "../../../src/sim/scene.ts";

/** The fast path rounds to 32 bits: a scatterer between two half samples may fall to the other one. */
const DIFFERENT_SHARE = 2e-4;

/** Share of pixels that differ by more than one gray level between the two paths, and the mean gray. */
function compare(scene: Scene, probe: Probe, settings: Partial<ImageSettings>, poses: readonly Float64Array[]) {
  const beam = computeBeam(probe, 1540, settings.depthMm ?? 50);
  const fast = createEchoSimulator(scene, probe, settings, "seed", { beam }),
    plain = createEchoSimulator(scene, probe, settings, "seed", { beam, path: "typescript" });
  let different = 0, count = 0, sum = 0; // prettier-ignore
  poses.forEach((pose, i) => {
    const a = fast.frame(pose, i).pixels,
      b = plain.frame(pose, i).pixels;
    for (let at = 0; at < b.length; at++, count++) {
      sum += b[at]!;
      if (Math.abs(a[at]! - b[at]!) > 1) different++;
    }
  });
  return { share: different / count, meanGray: sum / count };
}

describe("the WebAssembly kernel", () => {
  it("in the sources is what the compiler makes of its own source", async () => {
    const committed = await readFile(new URL("../../../src/sim/probe/echo-kernel.wasm.ts", import.meta.url), "utf8");
    expect(committed).toBe(asModule(await compileKernel()));
  });

  it("draws what the TypeScript draws, within a gray level on 99.98 % of pixels, from any direction", () => {
    const scene = domePhantom();
    const turned = (axis: [number, number, number], angle: number): Float64Array =>
      multiply3x4(phantomPose(1, 0.4, 0.5), fromAxisAngle(axis, angle).m);
    const { share, meanGray } = compare(scene, defaultProbe, {}, [
      phantomPose(),
      turned([0, 1, 0], 1.3),
      turned([0.2, 0.9, 0.3], -0.6),
    ]);
    expect(meanGray).toBeGreaterThan(10);
    expect(share).toBeLessThan(DIFFERENT_SHARE);
  });

  it("does so with another probe, depth, picture size and gain, and without smoothing", () => {
    const settings = { widthPx: 301, heightPx: 203, depthMm: 31, gainDb: 6, smoothingMm: [0, 0] as const };
    const { share, meanGray } = compare(domePhantom(), probes["l14-5-38"], settings, [phantomPose()]);
    expect(meanGray).toBeGreaterThan(10);
    expect(share).toBeLessThan(DIFFERENT_SHARE);
  });

  it("leaves the same echo of a given point", () => {
    const scene = phantomScene({ tissue: () => 0, tissues: [plainTissue()] }, { spacingMm: 1 });
    const beam = computeBeam(defaultProbe, 1540, 50);
    const options = { beam, effects: onlyEffects([]), points: { positionsMm: [1, 20, 0.2, -7, 33, 0], amplitude: 3 } };
    const fast = createEchoSimulator(scene, defaultProbe, {}, "seed", options).echo(phantomPose(), 0),
      plain = createEchoSimulator(scene, defaultProbe, {}, "seed", { ...options, path: "typescript" });
    const expected = plain.echo(phantomPose(), 0);
    let peak = 0, worst = 0; // prettier-ignore
    for (let at = 0; at < expected.re.length; at++) {
      peak = Math.max(peak, Math.abs(expected.re[at]!));
      worst = Math.max(worst, Math.abs(fast.re[at]! - expected.re[at]!), Math.abs(fast.im[at]! - expected.im[at]!));
    }
    const PHASE_STEP = (2 * Math.PI) / 4096; // a range may fall into the next entry of the phase table
    expect(peak).toBeGreaterThan(0.1);
    expect(worst).toBeLessThan(1.5 * PHASE_STEP * peak);
  });
});

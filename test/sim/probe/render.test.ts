import { expect, it } from "vitest";
import { createWorkerPool } from "../../../src/core/worker-pool.ts";
import { createEchoSimulator } from "../../../src/sim/probe/echo.ts";
import { domePhantom, phantomPose } from "../../../src/sim/probe/phantoms.ts";
import { defaultProbe } from "../../../src/sim/probe/probe.ts";
import { renderFrames } from "../../../src/sim/probe/render.ts";

it("frames rendered by workers are those of one simulator, in the order of the poses", async () => {
  const scene = domePhantom(),
    settings = { widthPx: 128, heightPx: 128, depthMm: 30 };
  const poses = new Float64Array(4 * 12);
  for (let i = 0; i < 4; i++) poses.set(phantomPose(i, 0.1 * i, 0.3 * i), 12 * i);
  const simulator = createEchoSimulator(scene, defaultProbe, settings, "seed");
  const expected = Array.from({ length: 4 }, (_, i) => simulator.frame(poses.slice(12 * i, 12 * i + 12), 7 + i));
  const workers = createWorkerPool(2);
  try {
    const seen: number[] = [];
    const frames = await renderFrames({
      scene,
      probe: defaultProbe,
      settings,
      seed: "seed",
      poses,
      firstFrame: 7,
      workers,
      onDone: (_, index) => seen.push(index),
    });
    expect(frames).toEqual(expected);
    expect(seen.sort()).toEqual([0, 1, 2, 3]);
  } finally {
    await workers.close();
  }
});

import { silentLog } from "../src/core/log.ts";
import { createRng } from "../src/core/rng.ts";
import { createWorkerPool } from "../src/core/worker-pool.ts";
import type { GrayImage } from "../src/data/image.ts";
import { decorrelationMotion, inPlaneMotion } from "../src/pipeline/pose/decorrelation/recover.ts";
import { learnedMotion } from "../src/pipeline/pose/learned/recover.ts";
import { constantMotion } from "../src/pipeline/pose/null-models.ts";
import type { RecoverMotion, SweepImages } from "../src/pipeline/pose/sweep-images.ts";
import { defaultCurves, loadCurves } from "../src/scenario/decorrelation-curves.ts";
import { defaultPoseCard, loadPoseModel } from "../src/scenario/pose-model.ts";
import { createEchoSimulator } from "../src/sim/probe/echo.ts";
import { domePhantom, phantomPose } from "../src/sim/probe/phantoms.ts";
import { defaultProbe, imageGeometry } from "../src/sim/probe/probe.ts";
import type { BenchSuite, Published } from "./suite.ts";

const FRAMES = 24;
const STEP_MM = 0.45;
const settings = { widthPx: 512, heightPx: 512, depthMm: 50 };
const ASKED: Published = { name: "30 frames/s", perSecond: 30, source: "asked of 2 cores; this is one thread" };
const DYNAMIC_RANGE_DB = 60;

function sweep(): SweepImages {
  const simulator = createEchoSimulator(domePhantom(), defaultProbe, settings, "bench/trackerless"),
    geometry = imageGeometry(defaultProbe, settings);
  const pictures = Array.from({ length: FRAMES }, (_, i): GrayImage => ({
    width: geometry.width,
    height: geometry.height,
    pixels: simulator.frame(phantomPose(0, 0, i * STEP_MM), i).pixels.slice(),
  }));
  return {
    name: "bench",
    count: FRAMES,
    geometry,
    timeS: Float64Array.from({ length: FRAMES }, (_, i) => i / 28),
    read: async (i) => pictures[i]!,
  };
}

/** Whole sweeps from pictures to poses, on one thread; methods 1 to 4 of docs/trackerless.md. */
export const trackerlessBench: BenchSuite = {
  about: `poses of ${FRAMES} frames of 512x512, one thread`,
  async prepare() {
    const images = sweep(),
      workers = createWorkerPool(1),
      context = { rng: createRng("bench"), log: silentLog, workers };
    const methods: readonly (readonly [string, RecoverMotion])[] = [
      ["constant motion", constantMotion(12.6)],
      ["in-plane", inPlaneMotion(DYNAMIC_RANGE_DB)],
      ["decorrelation", decorrelationMotion(await loadCurves(defaultCurves), DYNAMIC_RANGE_DB)],
      ["learned", await learnedMotion(await loadPoseModel(defaultPoseCard), DYNAMIC_RANGE_DB)],
    ];
    return {
      cases: methods.map(([name, recover]) => ({
        name,
        unit: "frames",
        units: FRAMES,
        run: () => recover(images, context),
        beside: [ASKED],
      })),
      close: () => workers.close(),
    };
  },
};

import type { GrayImage } from "../src/data/image.ts";
import { brightestDefaults, findBrightest } from "../src/pipeline/segmentation/brightest.ts";
import { detectBone } from "../src/pipeline/segmentation/detect-bone.ts";
import { detectorDefaults } from "../src/pipeline/segmentation/detector-options.ts";
import { neuralDefaults, segmentFrame } from "../src/pipeline/segmentation/neural/segment-frame.ts";
import { openSession } from "../src/pipeline/segmentation/neural/session.ts";
import { defaultModelCard, loadSegmentationModel } from "../src/scenario/segmentation-model.ts";
import { createEchoSimulator } from "../src/sim/probe/echo.ts";
import { domePhantom, phantomPose } from "../src/sim/probe/phantoms.ts";
import { defaultProbe } from "../src/sim/probe/probe.ts";
import type { BenchSuite, Published } from "./suite.ts";

const SIZE = 256;
const DEPTH_MM = 50;
const PIXEL_MM = DEPTH_MM / SIZE;
/** What live use allows on one core. */
const LIVE: Published = { name: "25 ms a frame", perSecond: 40, source: "the limit set for live use" };
const CLASSICAL = "classical bone probability";
const BRIGHTEST = "brightest ridge with shadow";

function frames(): GrayImage[] {
  const settings = { widthPx: SIZE, heightPx: SIZE, depthMm: DEPTH_MM };
  const simulator = createEchoSimulator(domePhantom(), defaultProbe, settings, "bench/segmentation");
  return [-6, -2, 2, 6].map((xMm, i) => ({
    width: SIZE,
    height: SIZE,
    pixels: simulator.frame(phantomPose(xMm), i).pixels.slice(),
  }));
}

/** One frame at a time on one thread, as live use asks for them; the pictures hold a bone under fat and muscle. */
export const segmentationBench: BenchSuite = {
  about: `bone in ${SIZE}x${SIZE} frames, one core`,
  async prepare() {
    const pictures = frames(),
      pixelMm = [PIXEL_MM, PIXEL_MM] as const;
    const { model } = await loadSegmentationModel(defaultModelCard);
    const session = await openSession(model);
    let next = 0;
    const picture = (): GrayImage => pictures[next++ % pictures.length]!;
    return {
      cases: [
        {
          name: "network, frame to ridge",
          unit: "frames",
          units: 1,
          run: () => segmentFrame(session, model, picture(), pixelMm, neuralDefaults),
          beside: [LIVE, CLASSICAL, BRIGHTEST],
        },
        { name: CLASSICAL, unit: "frames", units: 1, run: () => detectBone(picture(), pixelMm, detectorDefaults) },
        { name: BRIGHTEST, unit: "frames", units: 1, run: () => findBrightest(picture(), pixelMm, brightestDefaults) },
      ],
      close: () => session.release(),
    };
  },
};

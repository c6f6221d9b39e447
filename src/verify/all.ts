import type { Suite } from "./check.ts";
import { calibrationSuite } from "./calibration.ts";
import { devicesSuite } from "./devices.ts";
import { completionSuite } from "./completion.ts";
import { determinismSuite } from "./determinism.ts";
import { exportSuite } from "./export.ts";
import { geometrySuite } from "./geometry.ts";
import { ioSuite } from "./io.ts";
import { kneeSuite } from "./knee.ts";
import { metricsSuite } from "./metrics.ts";
import { openigtlinkSuite } from "./openigtlink.ts";
import { reconstructionSuite } from "./reconstruction.ts";
import { statisticsSuite } from "./statistics.ts";
import { surfaceSuite } from "./surface.ts";
import { segmentationSuite } from "./segmentation.ts";
import { trackerSuite } from "./tracker.ts";
import { trackerlessSuite } from "./trackerless.ts";
import { ultrasoundSuite } from "./ultrasound.ts";
import { threeWaysSuite } from "./three-ways.ts";

/** In the order of the data's way: files, geometry, the pipeline's parts, scores, the whole. */
export const allSuites: readonly Suite[] = [
  ioSuite,
  geometrySuite,
  kneeSuite,
  ultrasoundSuite,
  trackerSuite,
  openigtlinkSuite,
  devicesSuite,
  calibrationSuite,
  segmentationSuite,
  reconstructionSuite,
  surfaceSuite,
  completionSuite,
  exportSuite,
  metricsSuite,
  trackerlessSuite,
  statisticsSuite,
  determinismSuite,
  threeWaysSuite,
];

import type { AcquisitionTruth } from "../data/ground-truth.ts";
import { faceContact } from "../sim/operator/face-contact.ts";
import type { PolledImage } from "../sim/probe/polling.ts";
import type { TrackerConfig } from "./schema.ts";
import { trackedPoses, type TrackedScan } from "./simulated-tracker.ts";

export function acquisitionTruth(
  tracker: TrackerConfig,
  scan: TrackedScan,
  images: readonly PolledImage[],
  faceLengthMm: number,
): AcquisitionTruth {
  const { motion, skin } = scan;
  const poses = trackedPoses(tracker, scan);
  const count = images.length;
  const truth = {
    echoAtS: Float64Array.from(images, ({ echoS }) => echoS),
    picture: Uint32Array.from(images, ({ picture }) => picture),
    contactForceN: Float32Array.from(images, ({ echoS }) => motion.contactForceN?.(echoS) ?? NaN),
    contactShare: new Float32Array(count),
    contactFromMm: new Float32Array(count),
    contactToMm: new Float32Array(count),
    trackerFromFemur: new Float64Array(12 * count),
    trackerFromTibia: new Float64Array(12 * count),
  };
  images.forEach(({ echoS }, i) => {
    const contact = faceContact(skin, motion.sceneFromImage(echoS).m, faceLengthMm);
    truth.contactShare[i] = contact.share;
    truth.contactFromMm[i] = contact.fromMm;
    truth.contactToMm[i] = contact.toMm;
    truth.trackerFromFemur.set(poses.trackerFromKnee(echoS).m, 12 * i);
    truth.trackerFromTibia.set(poses.trackerFromTibia(echoS).m, 12 * i);
  });
  return truth;
}

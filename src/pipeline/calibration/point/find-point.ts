import type { Image } from "../../../data/image.ts";
import type { Recording } from "../../../data/recording.ts";
import { imagePoses, type ImagePoseSearch } from "../image-poses.ts";
import type { Refused } from "../refused.ts";
import { findDots } from "../spatial/find-dots.ts";
import type { PointFrame } from "./calibrate-point.ts";

/** Echoes of the two wires nearer than this share of the width are one crossing. */
const TOGETHER_SHARE = 0.06;
/** The probe's own ring lights the rows at the face: this share of the height is no place for a point. */
const FACE_SHARE = 0.04;
/** A second echo of this share of the mass, elsewhere, makes the frame ambiguous. */
const RIVAL_SHARE = 0.6;

/** Column and row of the one bright point of an image; undefined when there is none or more than one. */
export function findPoint(image: Image): readonly [number, number] | undefined {
  const dots = findDots(image).filter(({ v }) => v > FACE_SHARE * image.height);
  const first = dots[0];
  if (!first) return undefined;
  const near = dots.filter(({ u, v }) => Math.hypot(u - first.u, v - first.v) < TOGETHER_SHARE * image.width);
  if (dots.some((dot) => !near.includes(dot) && dot.mass > RIVAL_SHARE * first.mass)) return undefined;
  const mass = near.reduce((sum, dot) => sum + dot.mass, 0);
  return [
    near.reduce((sum, dot) => sum + dot.mass * dot.u, 0) / mass,
    near.reduce((sum, dot) => sum + dot.mass * dot.v, 0) / mass,
  ];
}

export interface FoundPoints {
  readonly status: "found";
  readonly frames: readonly PointFrame[];
  readonly examined: number;
  readonly segmented: number;
}

/** Looks for the point in every frame of the recording and gives those with one the probe's pose. */
export async function findPoints(recording: Recording, search: ImagePoseSearch): Promise<FoundPoints | Refused> {
  const poses = imagePoses(recording, search);
  if (poses.status === "refused") return poses;
  const images = recording.images!;
  const frames: PointFrame[] = [];
  let examined = 0,
    segmented = 0;
  for (let index = 0; index < images.count; index++) {
    if (!images.valid[index]) continue;
    examined++;
    const pixel = findPoint(await images.read(index));
    if (!pixel) continue;
    segmented++;
    const referenceFromProbe = poses.of(index);
    if (referenceFromProbe) frames.push({ index, pixel, referenceFromProbe });
  }
  return { status: "found", frames, examined, segmented };
}

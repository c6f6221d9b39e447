import type { Recording } from "../../../data/recording.ts";
import { imagePoses, type ImagePoseSearch } from "../image-poses.ts";
import type { Refused } from "../refused.ts";
import { findImageLine } from "../temporal/image-line.ts";
import type { PlaneFrame } from "./calibrate-plane.ts";

export interface FoundPlanes {
  readonly status: "found";
  readonly frames: readonly PlaneFrame[];
  readonly examined: number;
  readonly segmented: number;
}

/** Columns at which the line is read, as shares of the width. */
const COLUMNS = [0.2, 0.8] as const;
/** The probe's own ring is a line too: nearer to the face than this share of the height no plane is looked for. */
const FACE_SHARE = 0.06;

/** Looks for the plane's line in every frame of the recording and gives those with one the probe's pose. */
export async function findPlanes(recording: Recording, search: ImagePoseSearch): Promise<FoundPlanes | Refused> {
  const poses = imagePoses(recording, search);
  if (poses.status === "refused") return poses;
  const images = recording.images!,
    { width, height } = images;
  const frames: PlaneFrame[] = [];
  let examined = 0,
    segmented = 0;
  for (let index = 0; index < images.count; index++) {
    if (!images.valid[index]) continue;
    examined++;
    const line = findImageLine(await images.read(index));
    if (!line || line.depthPx < FACE_SHARE * height) continue;
    segmented++;
    const at = (share: number): readonly [number, number] => {
      const u = share * (width - 1);
      return [u, line.depthPx + line.slope * (u - (width - 1) / 2)];
    };
    const referenceFromProbe = poses.of(index);
    if (referenceFromProbe) frames.push({ index, pixels: [at(COLUMNS[0]), at(COLUMNS[1])], referenceFromProbe });
  }
  return { status: "found", frames, examined, segmented };
}

import { basename } from "node:path";
import { UnsuitableInputError } from "../core/errors.ts";
import { invert3x4, multiply3x4 } from "../core/rigid.ts";
import { imageFromPixel } from "../data/image.ts";
import { readTrajectory } from "../io/trajectory-file.ts";
import { readTusRecCalibration } from "../io/tusrec/calibration-csv.ts";
import { readTusRecLandmarks, type FrameLandmark } from "../io/tusrec/landmarks.ts";
import { openTusRec } from "../io/tusrec/open-tusrec.ts";
import { predictionBytes, writePredictions, type WrittenPredictions } from "../io/tusrec/write-predictions.ts";
import { between, type Trajectory } from "../metrics/trajectory/trajectory.ts";

/** Of the pictures: pixels, and mm a pixel. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
  readonly spacingMm: readonly [number, number];
}

export interface ImagePoses {
  /**
   * 12 numbers a frame: row-major 3×4 rigid from the image frame (origin under the middle of the top row of pixels, +x to
   * the right, +y down, mm) to any one frame that stands still; NaN where there is none.
   */
  readonly poses: Float64Array;
  /** Where the file holds pictures. */
  readonly picture?: PictureSize;
}

/** The image frame's origin on a picture that says nothing else: the middle of its top row. */
export const faceCentre = ({ width }: Pick<PictureSize, "width">): readonly [number, number] => [(width - 1) / 2, 0];

export const isScan = (path: string): boolean => /\.(h5|hdf5)$/i.test(path);

/**
 * Poses of the images of a sweep: a text file of image poses, or a scan of TUS-REC (.h5), whose poses are of the tracked
 * tool and need `calibration`, the data set's `calib_matrix.csv`.
 */
export async function readImagePoses(path: string, calibration: string | undefined): Promise<ImagePoses> {
  if (!isScan(path)) return { poses: (await readTrajectory(path)).poses };
  if (calibration === undefined) {
    throw new UnsuitableInputError(`${path} holds poses of the tracked tool`, "Add --calibration calib_matrix.csv");
  }
  const { toolFromPixel, spacingMm } = await readTusRecCalibration(calibration);
  const recording = await openTusRec(path);
  try {
    const track = recording.poses[0],
      images = recording.images;
    if (!track || !images) throw new UnsuitableInputError(`${path} holds no tforms`, "Give a scan with its tforms");
    const { width, height } = images;
    const picture = { width, height, spacingMm };
    const toPixel = invert3x4(imageFromPixel({ ...picture, faceCentrePx: faceCentre(picture) }));
    const toolFromImage = multiply3x4(toolFromPixel, toPixel);
    const poses = new Float64Array(track.parentFromTool.length);
    for (let at = 0; at < poses.length; at += 12) {
      poses.set(multiply3x4(track.parentFromTool.slice(at, at + 12), toolFromImage), at);
    }
    return { poses, picture };
  } finally {
    await recording.close();
  }
}

/** Landmarks of one scan; its name is that of `path` unless `scan` says else. */
export function readScanLandmarks(file: string, path: string, scan: string | undefined): Promise<FrameLandmark[]> {
  return readTusRecLandmarks(file, scan ?? basename(path).replace(/\.\w+$/, ""));
}

/** More than the longest scan of the challenges takes. */
const MAX_BYTES = 64 * 2 ** 30;

/** Writes what the TUS-REC challenges take as a prediction (`writePredictions`): every frame must have a pose. */
export async function writeScanPredictions(
  folder: string,
  path: string,
  { poses, picture }: Required<ImagePoses>,
  landmarks: readonly FrameLandmark[] | undefined,
): Promise<WrittenPredictions> {
  const frames = poses.length / 12;
  const lost = poses.findIndex((x) => !Number.isFinite(x));
  if (lost >= 0 || frames < 2) {
    throw new UnsuitableInputError(
      lost >= 0 ? `${path}: frame ${Math.floor(lost / 12)} has no pose` : `${path} holds ${frames} poses`,
      "A prediction says of every frame how it lies to the first: give a pose for each",
    );
  }
  const beyond = landmarks?.find(({ frame }) => frame >= frames);
  if (beyond) {
    throw new UnsuitableInputError(
      `a landmark lies in frame ${beyond.frame}, and ${path} has ${frames} poses`,
      "Give the poses and landmarks of one scan",
    );
  }
  const bytes = predictionBytes(frames, picture);
  if (bytes > MAX_BYTES) {
    throw new UnsuitableInputError(
      `the fields of ${frames} frames of ${picture.width}x${picture.height} pixels take ${(bytes / 2 ** 30).toFixed(0)} GB`,
      "Give fewer frames, or the picture's true size with --image",
    );
  }
  const trajectory: Trajectory = { fromImage: poses };
  const [global, local] = [new Float64Array(12 * (frames - 1)), new Float64Array(12 * (frames - 1))];
  for (let i = 1; i < frames; i++) {
    global.set(between(trajectory, 0, i), 12 * (i - 1));
    local.set(between(trajectory, i - 1, i), 12 * (i - 1));
  }
  const geometry = { ...picture, faceCentrePx: faceCentre(picture) };
  return writePredictions(folder, { ...picture, imageFromPixel: imageFromPixel(geometry), global, local }, landmarks);
}

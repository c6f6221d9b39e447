import { compose, fromAxes, fromAxisAngle, invert, multiply3x4, type Rigid } from "../core/rigid.ts";
import type { Rng } from "../core/rng.ts";
import { imageFromPixel, type ImageGeometry } from "../data/image.ts";
import type { Calibration } from "../data/calibration.ts";

type Vector = readonly [number, number, number];

const unit = ([x, y, z]: Vector): [number, number, number] => {
  const length = Math.hypot(x, y, z);
  return [x / length, y / length, z / length];
};
const cross = (a: Vector, b: Vector): [number, number, number] => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

/**
 * How the image sits on the default probe: the published calibration of an OptiTrack Duo + Telemed rig (SlicerIGT/aigt,
 * ScoliosisScan.xml), its rotation columns normalised and its origin moved to the centre of the transducer face.
 * Lever arm from the markers to the face: 122 mm.
 */
export const probeFromImage: Rigid<"probe", "image"> = (() => {
  const x = unit([0.208517, -0.00967117, -0.0335985]);
  const roughY = unit([0.0316779, -0.0337209, 0.206304]);
  const z = unit(cross(x, roughY));
  return fromAxes(x, cross(z, x), z, [30.2, -70.7, 94.9]);
})();

/** Where the marker clusters sit: on the thigh (the knee frame is the femur's) and on the shank. */
export const kneeFromFemurBody: Rigid<"knee", "femur"> = fromAxisAngle([0.3, 1, -0.4], 0.2, [25, 95, 120]);
export const tibiaFromTibiaBody: Rigid<"tibia", "body"> = fromAxisAngle([0.2, 1, 0.5], -0.25, [10, 75, -150]);

/** The camera bar looks at the knee from the front, a little from above and from the lateral side. */
export function trackerFromKnee(distanceMm: number, lateralSign: 1 | -1): Rigid<"tracker", "knee"> {
  const view = unit([-0.35 * lateralSign, -0.85, -0.4]); // tracker z, in the knee frame
  const bar = unit(cross(view, [0, 0.3, -1]));
  const down = cross(view, bar);
  const origin: Vector = [-view[0] * distanceMm, -view[1] * distanceMm, -view[2] * distanceMm];
  return invert(fromAxes<"knee", "tracker">(bar, down, view, origin));
}

/** On a calibration phantom: its marker body, at the side away from the camera, higher than the box. */
export const phantomFromReferenceBody: Rigid<"phantom", "reference"> = fromAxisAngle([1, 0.1, 0.05], 0.9, [46, 95, 55]);

/**
 * On the bench the camera bar looks along the phantom's y and down on what moves about `centreMm`: the markers of probe
 * and stylus are 110 to 160 mm above it.
 */
export function trackerFromPhantom(
  distanceMm: number,
  [x, y, z]: readonly [number, number, number],
): Rigid<"tracker", "phantom"> {
  const view = unit([0.2, 0.8, -0.55]); // tracker z, in the phantom's frame
  const bar = unit(cross([0, 0, -1], view));
  const MARKERS_ABOVE_MM = 80;
  const origin: Vector = [
    x - view[0] * distanceMm,
    y - view[1] * distanceMm,
    z + MARKERS_ABOVE_MM - view[2] * distanceMm,
  ];
  return invert(fromAxes<"phantom", "tracker">(bar, cross(view, bar), view, origin));
}

export function trueCalibration(geometry: ImageGeometry, imageLagS: number): Calibration {
  return { probeFromPixel: multiply3x4(probeFromImage.m, imageFromPixel(geometry)), imageLagS };
}

/** Errors of a calibration, one standard deviation. */
export interface CalibrationError {
  readonly rotationSdRad: number;
  readonly translationSdMm: number;
  readonly lagSdS: number;
}

/**
 * The true calibration turned about the middle of the image (where a phantom's wires would have been) and shifted.
 */
export function perturbCalibration(
  truth: Calibration,
  geometry: ImageGeometry,
  error: CalibrationError,
  rng: Rng,
): Calibration {
  const middle: Vector = [0, (geometry.height / 2 - geometry.faceCentrePx[1]) * geometry.spacingMm[1], 0];
  const turn = [0, 1, 2].map(() => error.rotationSdRad * rng.normal()) as unknown as [number, number, number];
  const shift = [0, 1, 2].map(() => error.translationSdMm * rng.normal());
  const angle = Math.hypot(...turn);
  const toMiddle = fromAxisAngle<"image", "image">([1, 0, 0], 0, [-middle[0], -middle[1], -middle[2]]);
  const turned = fromAxisAngle<"image", "image">(angle > 0 ? turn : [1, 0, 0], angle, [
    middle[0] + shift[0]!,
    middle[1] + shift[1]!,
    middle[2] + shift[2]!,
  ]);
  const wrong = compose(probeFromImage, compose(turned, toMiddle));
  return {
    probeFromPixel: multiply3x4(wrong.m, imageFromPixel(geometry)),
    imageLagS: truth.imageLagS + error.lagSdS * rng.normal(),
  };
}

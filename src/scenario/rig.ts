import { compose, fromAxes, fromAxisAngle, invert, multiply3x4, transformPoint, type Rigid } from "../core/rigid.ts";
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

/** A frame whose z points from `outward` inwards, its x along `along` as far as that goes: markers face outwards. */
function plate<To extends "knee" | "tibia", From extends "femur" | "body">(
  outward: Vector,
  along: Vector,
  originMm: Vector,
): Rigid<To, From> {
  const [ox, oy, oz] = unit(outward);
  const z: Vector = [-ox, -oy, -oz];
  const y = unit(cross(z, along));
  return fromAxes(cross(y, z), y, z, originMm);
}

/**
 * Where the marker cluster of the femur sits: on the outer front of the thigh, about 30 mm off the skin, seen from the
 * front and from the outer side alike. The knee frame is the femur's.
 */
export function kneeFromFemurBody(lateralSign: 1 | -1): Rigid<"knee", "femur"> {
  return plate([0.66 * lateralSign, 0.75, 0.05], [0, 0.1, 1], [72 * lateralSign, 70, 155]);
}

/** On the outer front of the shank. */
export function tibiaFromTibiaBody(lateralSign: 1 | -1): Rigid<"tibia", "body"> {
  return plate([0.75 * lateralSign, 0.66, -0.05], [0, -0.1, 1], [70 * lateralSign, 60, -150]);
}

/** Where the tracker stands. */
export type Place = "front" | "behind" | "beside";

/** From the knee to the tracker, for a right knee; the x axis is mirrored for a left one. */
const places: Readonly<Record<Place, Vector>> = {
  front: [0.1, 0.97, 0],
  behind: [0.65, -0.7, 0.3],
  beside: [1, 0.25, 0],
};

/** Tracker frame: z looks at the knee's origin, from `distanceMm` away. Room = the knee frame of the resting leg. */
export function trackerFromRoom(place: Place, distanceMm: number, lateralSign: 1 | -1): Rigid<"tracker", "room"> {
  const [px, py, pz] = unit(places[place]);
  const view: Vector = [-px * lateralSign, -py, -pz]; // tracker z
  const bar = unit(cross(view, [0, 0.3, -1]));
  const down = cross(view, bar);
  const origin: Vector = [-view[0] * distanceMm, -view[1] * distanceMm, -view[2] * distanceMm];
  return invert(fromAxes<"room", "tracker">(bar, down, view, origin));
}

/** Probe and the hand about its grip, in the image frame, mm: what they hide is not seen. */
export const probeSolids: readonly { readonly aMm: Vector; readonly bMm: Vector; readonly radiusMm: number }[] = [
  { aMm: [0, 0, 0], bMm: [0, -90, 0], radiusMm: 14 },
  { aMm: [0, -25, 0], bMm: [0, -60, 0], radiusMm: 32 },
];

export const FOREARM_RADIUS_MM = 35;

/**
 * Grip and elbow in the knee frame, mm. The operator stands beside the couch, on the side of the leg that is scanned,
 * keeps the elbow lower than the grip, and on that side of the probe where its marker cluster is not.
 */
export function forearm(kneeFromImage: Readonly<Float64Array>, lateralSign: 1 | -1): readonly [Vector, Vector] {
  const m = kneeFromImage as Float64Array;
  const grip = transformPoint(m, 0, -45, 10);
  // The beam of a probe on the inner side of the leg points outwards.
  const side = m[1]! * lateralSign > 0.5 ? -lateralSign : lateralSign;
  const way = unit([0.8 * side + 0.5 * m[2]!, -0.45 + 0.5 * m[6]!, 0.5 * m[10]!]);
  return [grip, [grip[0] + 260 * way[0], grip[1] + 260 * way[1], grip[2] + 260 * way[2]]];
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

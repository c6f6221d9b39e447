import type { ElectromagneticTracker } from "./electromagnetic.ts";
import type { OpticalTracker } from "./optical.ts";

const degrees = (deg: number): number => (deg * Math.PI) / 180;

/**
 * OptiTrack V120:Duo class: two cameras of 640×480 at 120 Hz, 47° of view, factory calibrated (makers' sheet). The
 * makers publish neither baseline nor accuracy: 0.22 m and 0.05 px are the assumptions under which the published
 * behaviour comes out (depth error about 6× lateral at 1 m; PrimeX22 pair, arXiv 2502.21189). Markers: balls of 9.5 mm,
 * the usual size. Solver: Motive's ways (minimum markers to boot and to continue, maximum deflection); its numbers, the
 * warm-up and the biases are chosen within the ranges told by users: mm-order drift while a bar warms up, centroid bias
 * of 0.1-0.5 mm for grazing markers and at the edge of view.
 */
export const duoClass: OpticalTracker = {
  kind: "optical",
  cameraCount: 2,
  baselineMm: 220,
  toeInRad: 0,
  focalPx: 736,
  sensorPx: [640, 480],
  centroiding: { noisePx: 0.05, pixelLockingPx: 0.02, edgePx: 0.15, grazingMm: 0.4, minCircularity: 0.6 },
  optics: { radiusMm: 4.75, grazingFromRad: degrees(75), hiddenFromRad: degrees(130) },
  warmUp: { coldPx: 0.12, timeConstantS: 15 * 60, onForS: 60 * 60 },
  solver: {
    deflectionMm: 4,
    maxRmsMm: 2,
    reprojectionPx: 0.8,
    minToContinue: 3,
    reacquireS: 0.05,
    templateErrorMm: 0.1,
  },
  nearMm: 300,
  farMm: 5000,
  smoothingS: 0,
};

/** OptiTrack V120:Trio class: a third camera in the middle of a bar about twice as long (0.44 m assumed). */
export const trioClass: OpticalTracker = { ...duoClass, cameraCount: 3, baselineMm: 440 };

/**
 * NDI Polaris Vega class: two cameras half a metre apart, passive spheres of 11.5 mm, factory calibrated over its
 * volume. Focal length, toe-in and centroid noise are assumed such that the published 0.045 mm RMSE of a static tool
 * (Fattori et al. 2021, doi 10.1186/s13014-021-01804-7) and the maker's 0.12 mm RMS of a marker anywhere in the volume
 * come out. Its spheres snap on posts and hide behind their mounts as others do.
 */
export const vegaClass: OpticalTracker = {
  ...duoClass,
  baselineMm: 500,
  toeInRad: degrees(8),
  focalPx: 1600,
  sensorPx: [1536, 1200],
  centroiding: { noisePx: 0.02, pixelLockingPx: 0.01, edgePx: 0.05, grazingMm: 0.3, minCircularity: 0.6 },
  optics: { radiusMm: 5.75, grazingFromRad: degrees(75), hiddenFromRad: degrees(130) },
  warmUp: { coldPx: 0.06, timeConstantS: 10 * 60, onForS: 60 * 60 },
  solver: { ...duoClass.solver, deflectionMm: 2, maxRmsMm: 1, templateErrorMm: 0.05 },
  nearMm: 950,
  farMm: 2400,
};

/**
 * NDI Aurora class with a planar field generator: a half-metre volume from 50 mm before it. The coils' noise and
 * flaws are chosen such that its static error in a room without metal comes to about 0.5 mm and 0.3° (makers' figures for
 * a 6DOF sensor) and its jitter at 0.4 m to 0.3 mm (clinical quality control: 0.30-0.33 mm).
 */
export const auroraClass: ElectromagneticTracker = {
  kind: "electromagnetic",
  noiseMm: 0.1,
  referenceMm: 300,
  coilError: 0.00055,
  metals: [],
  nearMm: 50,
  farMm: 600,
  smoothingS: 0,
};

/** The same tracker without biases, template error, warm-up: what is left is the white noise of the centroids. */
export const unbiased = (tracker: OpticalTracker): OpticalTracker => ({
  ...tracker,
  centroiding: { ...tracker.centroiding, pixelLockingPx: 0, edgePx: 0, grazingMm: 0 },
  warmUp: { ...tracker.warmUp, coldPx: 0 },
  solver: { ...tracker.solver, templateErrorMm: 0 },
});

import type { ImageGeometry } from "../../data/image.ts";
import { UnsuitableInputError } from "../../core/errors.ts";

/** An array as data. Lengths along the face are `lateral`, across it `elevation`. */
export interface Probe {
  readonly name: string;
  /** Where its figures come from. */
  readonly source: string;
  /** Figures that the source does not give: chosen, or those of a similar probe. */
  readonly assumed: readonly (keyof Probe)[];
  readonly frequencyHz: number;
  /** −6 dB width of the two-way amplitude spectrum, as a share of the centre frequency. */
  readonly bandwidth: number;
  /** Distance of neighbouring elements along the face. */
  readonly pitchMm: number;
  readonly elementCount: number;
  /** Radius of a convex face; a flat one has none. */
  readonly radiusMm?: number;
  /** Height of the elements: the aperture in elevation. */
  readonly elevationApertureMm: number;
  /** Depth at which the acoustic lens focuses the elevation. */
  readonly elevationFocusMm: number;
  readonly transmitFocusMm: number;
  readonly transmitFNumber: number;
  /** Dynamic receive focus at a constant F-number, limited by the array's length. */
  readonly receiveFNumber: number;
  readonly lineCount: number;
}

/** What no maker publishes: how a scanner forms its beams. F-numbers as in the element model of the checks. */
const LINEAR_BEAM = { transmitFocusMm: 20, transmitFNumber: 2, receiveFNumber: 1.5, lineCount: 192 } as const;
const BEAM_FIELDS = ["transmitFocusMm", "transmitFNumber", "receiveFNumber", "lineCount"] as const;
const LENS_FIELDS = ["elevationApertureMm", "elevationFocusMm"] as const;

const telemedL12: Probe = {
  name: "telemed-l12-40",
  source:
    "Telemed L12-5L40S-3 on a micrUS: 40 mm face, 5-12 MHz (maker's brochure). Elements' height and focus are those of the " +
    "ATL L12-3v in the MUST toolbox.",
  assumed: ["frequencyHz", "bandwidth", "pitchMm", "elementCount", ...LENS_FIELDS, ...BEAM_FIELDS],
  frequencyHz: 7.5e6,
  bandwidth: 0.7,
  pitchMm: 40 / 192,
  elementCount: 192,
  elevationApertureMm: 5,
  elevationFocusMm: 20,
  ...LINEAR_BEAM,
};

const l11: Probe = {
  name: "l11-5-38",
  source:
    "Verasonics L11-5v as in the MUST toolbox: 7.6 MHz, 77 %, 0.3 mm pitch, 128 elements, 5 mm high, focus 18 mm.",
  assumed: BEAM_FIELDS,
  frequencyHz: 7.6e6,
  bandwidth: 0.77,
  pitchMm: 0.3,
  elementCount: 128,
  elevationApertureMm: 5,
  elevationFocusMm: 18,
  ...LINEAR_BEAM,
};

const l14: Probe = {
  name: "l14-5-38",
  source:
    "Ultrasonix L14-5/38 as in the MUST toolbox: 7.2 MHz, 70 %, 0.3048 mm pitch, 128 elements. Lens: 4 mm, 16 mm.",
  assumed: [...LENS_FIELDS, ...BEAM_FIELDS],
  frequencyHz: 7.2e6,
  bandwidth: 0.7,
  pitchMm: 0.3048,
  elementCount: 128,
  elevationApertureMm: 4,
  elevationFocusMm: 16,
  ...LINEAR_BEAM,
};

const c5: Probe = {
  name: "c5-2-r50",
  source:
    "Verasonics C5-2v as in the MUST toolbox: 3.57 MHz, 79 %, 0.508 mm pitch, 128 elements on a radius of 49.57 mm (75°), " +
    "13.5 mm high, focus 60 mm.",
  assumed: BEAM_FIELDS,
  frequencyHz: 3.57e6,
  bandwidth: 0.79,
  pitchMm: 0.508,
  elementCount: 128,
  radiusMm: 49.57,
  elevationApertureMm: 13.5,
  elevationFocusMm: 60,
  transmitFocusMm: 60,
  transmitFNumber: 3,
  receiveFNumber: 2,
  lineCount: 192,
};

const microConvex: Probe = {
  name: "microconvex-r20",
  source:
    "A micro-convex array of the class of Telemed's MC8-4R20S: its name says 4-8 MHz and a radius of 20 mm. All else is " +
    "assumed, so that 128 elements open a sector of 80°.",
  assumed: ["frequencyHz", "bandwidth", "pitchMm", "elementCount", ...LENS_FIELDS, ...BEAM_FIELDS],
  frequencyHz: 6e6,
  bandwidth: 0.65,
  pitchMm: 0.218,
  elementCount: 128,
  radiusMm: 20,
  elevationApertureMm: 7,
  elevationFocusMm: 35,
  transmitFocusMm: 35,
  transmitFNumber: 3,
  receiveFNumber: 2,
  lineCount: 192,
};

export const probes = {
  "telemed-l12-40": telemedL12,
  "l11-5-38": l11,
  "l14-5-38": l14,
  "c5-2-r50": c5,
  "microconvex-r20": microConvex,
} as const;
export type ProbeName = keyof typeof probes;
export const defaultProbe: Probe = telemedL12;

/** Length of the active face, along its arc when it is curved, mm. */
export function apertureMm({ pitchMm, elementCount }: Probe): number {
  return pitchMm * elementCount;
}

/** Distance of neighbouring lines at a depth, mm: `spacingMm` on the face, whose radius is 0 when it is flat. */
export function spacingAt(
  { spacingMm, radiusMm }: { readonly spacingMm: number; readonly radiusMm: number },
  depthMm: number,
): number {
  return radiusMm ? (spacingMm * (radiusMm + depthMm)) / radiusMm : spacingMm;
}

/** What the operator of a scanner can turn. Decibels are 20·log10 of amplitude. */
export interface ImageSettings {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly depthMm: number;
  /** Speed of sound that the scanner assumes. */
  readonly assumedSpeedMps: number;
  readonly dynamicRangeDb: number;
  /** At 0 dB mean muscle speckle at the face stands `MUSCLE_ABOVE_BLACK_DB` above black. */
  readonly gainDb: number;
  /** Gain that grows with depth, dB a centimetre (0 = none). */
  readonly tgcDbPerCm: number;
  /** Eight sliders, evenly spaced from face to full depth, on top of `tgcDbPerCm`. */
  readonly tgcSlidersDb: readonly [number, number, number, number, number, number, number, number];
  /**
   * Standard deviations [lateral, axial] of the Gaussian that smooths the echo's power before the logarithm, mm: what
   * frequency compounding and the speckle filter of a scanner do. [0, 0] shows the raw envelope.
   */
  readonly smoothingMm: readonly [number, number];
  /**
   * Spatial compounding: the mean power of this many frames, odd, whose beams are steered evenly between
   * ∓`compoundAngleRad`. 1: none. Each costs a whole frame. Linear probes only.
   */
  readonly compoundLooks: number;
  readonly compoundAngleRad: number;
  /** Unsharp mask on the logarithm: share of what is finer than 0.4 mm that is added once more. 0: none. */
  readonly edgeEnhancement: number;
  /** Gray map: (gray/255)^gamma, blended by `sCurve` (0 … 1) towards an S that darkens shadows and lifts lights. */
  readonly gamma: number;
  readonly sCurve: number;
  /** Receiver noise per sample, dB re mean muscle speckle at the face. */
  readonly noiseDb: number;
}

export const MUSCLE_ABOVE_BLACK_DB = 10;

export const defaultSettings: ImageSettings = {
  widthPx: 512,
  heightPx: 512,
  depthMm: 50,
  assumedSpeedMps: 1540,
  dynamicRangeDb: 60,
  gainDb: 0,
  tgcDbPerCm: 13,
  tgcSlidersDb: [0, 0, 0, 0, 0, 0, 0, 0],
  smoothingMm: [0.25, 0.1],
  compoundLooks: 1,
  compoundAngleRad: (8 * Math.PI) / 180,
  edgeEnhancement: 0,
  gamma: 1,
  sCurve: 0,
  noiseDb: -70,
};

/** Opening of the sector below a curved face, rad; 0 below a flat one. */
export function fieldAngleRad(probe: Probe): number {
  return probe.radiusMm ? apertureMm(probe) / probe.radiusMm : 0;
}

/**
 * Pixels are square and the middle of the face is at column (width − 1)/2. Flat face: in row 0, and depth fills the
 * height. Curved face: the ends of the face are in row 0, and the sector just fits into the picture.
 */
export function imageGeometry(probe: Probe, settings: Partial<ImageSettings>): ImageGeometry {
  const { widthPx: width, heightPx: height, depthMm } = { ...defaultSettings, ...settings };
  if (!(width >= 16 && width <= 4096 && height >= 16 && height <= 4096)) {
    throw new UnsuitableInputError(
      `an image of ${width}x${height} pixels cannot be made for ${probe.name}`,
      "Choose 16 to 4096 pixels each way",
    );
  }
  if (!(depthMm >= 5 && depthMm <= 200)) {
    throw new UnsuitableInputError(`a depth of ${depthMm} mm cannot be imaged by ${probe.name}`, "Choose 5 to 200 mm");
  }
  const angleRad = fieldAngleRad(probe),
    radiusMm = probe.radiusMm ?? 0;
  const centre = (width - 1) / 2;
  if (radiusMm === 0) {
    const spacing = depthMm / height;
    const fieldOfView = { kind: "rectangle", widthMm: apertureMm(probe), depthMm } as const;
    return { width, height, spacingMm: [spacing, spacing], faceCentrePx: [centre, 0], fieldOfView };
  }
  const rise = radiusMm * (1 - Math.cos(angleRad / 2)),
    across = 2 * (radiusMm + depthMm) * Math.sin(angleRad / 2);
  const spacing = Math.max((depthMm + rise) / height, across / (width - 1));
  return {
    width,
    height,
    spacingMm: [spacing, spacing],
    faceCentrePx: [centre, rise / spacing],
    fieldOfView: { kind: "sector", radiusMm, angleRad, depthMm },
  };
}

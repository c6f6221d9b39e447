import type { ImageGeometry } from "../../data/image.ts";
import { UnsuitableInputError } from "../../core/errors.ts";

/** An array as data. Lengths along the face are `lateral`, across it `elevation`. */
export interface Probe {
  readonly name: string;
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

/**
 * Telemed L12-5L40S-3 on a micrUS: 40 mm face, 5-12 MHz (maker's brochure). The lens is not published, so height and
 * focus of the elements are those of the ATL L12-3v class of the MUST toolbox (5 mm, 20 mm).
 */
const telemedL12: Probe = {
  name: "telemed-l12-40",
  frequencyHz: 7.5e6,
  bandwidth: 0.7,
  pitchMm: 40 / 192,
  elementCount: 192,
  elevationApertureMm: 5,
  elevationFocusMm: 20,
  transmitFocusMm: 20,
  transmitFNumber: 2,
  receiveFNumber: 1.5,
  lineCount: 192,
};

/** Ultrasonix L14-5/38 as in the MUST toolbox: 7.2 MHz, 0.3048 mm pitch, 128 elements, 70 %; lens as above. */
const l14: Probe = {
  name: "l14-5-38",
  frequencyHz: 7.2e6,
  bandwidth: 0.7,
  pitchMm: 0.3048,
  elementCount: 128,
  elevationApertureMm: 4,
  elevationFocusMm: 16,
  transmitFocusMm: 20,
  transmitFNumber: 2,
  receiveFNumber: 1.5,
  lineCount: 192,
};

export const probes = { "telemed-l12-40": telemedL12, "l14-5-38": l14 } as const;
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

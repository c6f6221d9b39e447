import type { ImageSettings, Probe, ProbeName } from "./probe.ts";

/** A scanner as it is set up for a knee: a probe, and what its knobs and its software do to the image. */
export interface Scanner {
  readonly probe: ProbeName;
  /** Where its figures come from, and which are chosen. */
  readonly source: string;
  readonly assumed: readonly string[];
  readonly settings: Omit<ImageSettings, "tgcDbPerCm">;
  readonly rateHz: number;
  /** From the echo to the time that the host gives the image. */
  readonly lagS: number;
  /** Share of a shown picture that is left after a thirtieth of a second; see `createPersistence`. */
  readonly persistence: number;
}

const NO_SLIDERS = [0, 0, 0, 0, 0, 0, 0, 0] as const;

const telemedMicrus: Scanner = {
  probe: "telemed-l12-40",
  source:
    "Telemed micrUS by its software interface: 512x512 pixels, depth 50 mm, polled at 30 Hz, lag 0.3 s (PlusLib issue 1001 " +
    "and its kin: 0.3-0.5 s). Gain and smoothing were set beside recorded bone frames.",
  assumed: ["dynamicRangeDb", "gainDb", "smoothingMm", "noiseDb", "compoundLooks", "persistence"],
  settings: {
    widthPx: 512,
    heightPx: 512,
    depthMm: 50,
    assumedSpeedMps: 1540,
    dynamicRangeDb: 60,
    gainDb: 0,
    tgcSlidersDb: NO_SLIDERS,
    smoothingMm: [0.25, 0.1],
    noiseDb: -70,
    compoundLooks: 1,
    compoundAngleRad: (8 * Math.PI) / 180,
    edgeEnhancement: 0,
    gamma: 1,
    sCurve: 0,
  },
  rateHz: 30,
  lagS: 0.3,
  persistence: 0,
};

const hospital: Scanner = {
  probe: "l11-5-38",
  source:
    "A cart-based scanner with a musculoskeletal preset, its screen caught by a frame grabber at 25 Hz (lag 0.53 s: PlusLib " +
    "issue 732, OptiTrack with a grabber). That such presets compound, sharpen, map and persist is common knowledge; how " +
    "much is chosen.",
  assumed: [
    "dynamicRangeDb",
    "gainDb",
    "smoothingMm",
    "noiseDb",
    "compoundLooks",
    "compoundAngleRad",
    "edgeEnhancement",
    "gamma",
    "sCurve",
    "persistence",
  ],
  settings: {
    widthPx: 640,
    heightPx: 640,
    depthMm: 50,
    assumedSpeedMps: 1540,
    dynamicRangeDb: 66,
    gainDb: 6,
    tgcSlidersDb: NO_SLIDERS,
    smoothingMm: [0.2, 0.08],
    noiseDb: -70,
    compoundLooks: 5,
    compoundAngleRad: (10 * Math.PI) / 180,
    edgeEnhancement: 0.5,
    gamma: 1,
    sCurve: 0.3,
  },
  rateHz: 25,
  lagS: 0.53,
  persistence: 0.3,
};

export const scanners = { "telemed-micrus": telemedMicrus, hospital } as const;
export type ScannerName = keyof typeof scanners;

/** Gain over depth that a preset gives to a probe, dB/cm: 13 at 7.5 MHz, in proportion to frequency as loss is. */
export function presetTgcDbPerCm({ frequencyHz }: Probe): number {
  return (13 * frequencyHz) / 7.5e6;
}

import type { RoughSurface } from "./rough-surface.ts";

/** Each part of the image formation can be left out, to see what it costs. */
export interface EchoEffects {
  readonly speckle: boolean;
  /** Septa, fascicles, fibrils: coherent sheets inside a tissue. */
  readonly structure: boolean;
  /** Specular echoes where two soft tissues meet. */
  readonly interfaces: boolean;
  readonly boneSpecular: boolean;
  readonly boneRough: boolean;
  readonly attenuation: boolean;
  /** Soft tissue gives way to the pressed face, bone does not. */
  readonly compression: boolean;
  /** Depths are shown where the assumed speed of sound puts them. */
  readonly speedOfSound: boolean;
  readonly shadow: boolean;
  /** The tail of reverberation below bone, and the second echo between bone and probe. */
  readonly reverberation: boolean;
  /** The probe's own ring at the face, long where there is air. */
  readonly ringDown: boolean;
  readonly noise: boolean;
}

export const allEffects: EchoEffects = {
  speckle: true,
  structure: true,
  interfaces: true,
  boneSpecular: true,
  boneRough: true,
  attenuation: true,
  compression: true,
  speedOfSound: true,
  shadow: true,
  reverberation: true,
  ringDown: true,
  noise: true,
};

/** For tests and studies: nothing but what is named. */
export function onlyEffects(names: readonly (keyof EchoEffects)[]): EchoEffects {
  const on = new Set(names);
  return Object.fromEntries(
    Object.keys(allEffects).map((name) => [name, on.has(name as keyof EchoEffects)]),
  ) as unknown as EchoEffects;
}

/**
 * Levels in dB re mean muscle speckle at the face. The mirror's level sets bone at right angles ~40 dB over muscle: in
 * the recorded L14 frames the ridge has gray 220 where muscle has 44 (reference 3.1; 41 dB if their range is 60 dB).
 */
export const levels = {
  /** A perfect mirror at right angles. */
  mirrorDb: 57,
  fasciaRoughnessMm: 0.02,
  /** Reverberation below bone at its surface and how it decays (in-vivo tails: 8-15 dB/cm after the scanner's gain). */
  tailDb: -3,
  tailDbPerCm: 25,
  /**
   * Scatter of the cortex's pores just below its surface, and how it dies away as it is shown: there and back at
   * 5 dB/cm/MHz and 7.5 MHz is 7.5 dB/mm, and 3500 m/s are drawn as 1540 (reference 2.3). The level is set beside the
   * recorded L14 frames, whose ridge falls more slowly than it rises.
   */
  cortexDb: 20,
  cortexDbPerMm: 17,
  /**
   * Copies of the tissue above in the tail, moved down by way of the face, re the tail at bone for a tissue of muscle;
   * those by way of bone are 14 dB higher. Bone's |R|² is −9 dB, and a dome of 12 mm spreads what it returns by some 20.
   */
  copyDb: -39,
  /**
   * Share of the bone echo that comes down again from the face and is still coherent: of the 0.1-0.3 that a face returns
   * (reference 2.6 g) the part exp(-2(kσ)²) = 0.18 that bone rough by 30 µm leaves. Bone's own R is apart.
   */
  faceReflection: 0.03,
  /** The transmit burst itself, at the face. */
  burstDb: 27,
  /**
   * Echoes to and fro inside the lens: level of the train at the face, and what an echo loses on its way through the lens
   * and at the elements. Air sends all of it back, tissue little, since lenses are matched to it (|R| 0.03-0.06). The
   * decay is not that of the Ultrasonix recording in air (91 to 49 dB over 19 mm), whose gain is not known.
   */
  ringDb: 36,
  ringLossDb: 11,
  lensToTissueReflection: 0.05,
  /**
   * Where the scanner shows the first echo of the lens, mm: 0.8 mm of silicone at 1000 m/s (0.5-1 mm is usual at these
   * frequencies; no maker publishes it).
   */
  lensEchoMm: 1.23,
} as const;

/**
 * The cortex. Its echo falls with tilt as that of the recorded L14 frames does if their range is 54 dB: 0, −2.7, −8.7,
 * −13.4, −15.2, −18.9 dB at 4, 8, 16, 24, 36, 48° (reference 3.1); the element model has −3.3, −9.1, −11.0, −15.4, −17.9.
 */
export const corticalSurface: RoughSurface = { rmsMm: 0.027, correlationMm: 0.11 };

/** Skin further than this below the face is not reached by the film of gel: that part of the face is in air. */
export const GEL_REACH_MM = 3;

export const decibel = (amplitude: number): number => 20 * Math.log10(amplitude);
export const fromDecibel = (db: number): number => 10 ** (db / 20);

import type { Tissue } from "../scene.ts";
import { fromDecibel, type EchoEffects } from "./effects.ts";
import { textureModels, type TextureModel } from "./texture.ts";

/** The tissues of a scene in the numbers that the marching loop uses; parallel arrays over label. */
export interface TissueTable {
  /** Natural logarithm of amplitude lost per mm of depth, there and back. */
  readonly lossPerMm: Float64Array;
  /** c0/c − 1: how much deeper a mm of this tissue is shown. */
  readonly stretch: Float64Array;
  /** MRayl. */
  readonly impedance: Float64Array;
  /** Scatter amplitude re muscle. */
  readonly echo: Float64Array;
  readonly textures: readonly (TextureModel | undefined)[];
  readonly fibre: readonly (readonly [number, number, number])[];
  readonly isBone: Uint8Array;
  readonly isAir: Uint8Array;
  readonly boneImpedance: number;
}

const DECIBEL_PER_NEPER = 20 / Math.LN10;
/** Gases are told from the rest by their speed of sound: no tissue is below 1300 m/s. */
const GAS_SPEED_MPS = 600;
/** Cortical bone of reference 2.3: 3500 m/s, 1900 kg/m³, used where the scene names no bone. */
const CORTICAL_MRAYL = 6.65;

export function tissueTable(
  tissues: readonly Tissue[],
  frequencyHz: number,
  assumedSpeedMps: number,
  effects: EchoEffects,
): TissueTable {
  const of = (value: (tissue: Tissue) => number): Float64Array => Float64Array.from(tissues, value);
  const impedance = of((t) => (t.speedMps * t.densityKgM3) / 1e6);
  const bone = tissues.findIndex((t) => t.name.includes("bone"));
  return {
    lossPerMm: of((t) =>
      effects.attenuation && t.speedMps > GAS_SPEED_MPS
        ? (2 * t.attenuationDbCmMhz * (frequencyHz / 1e6) ** t.attenuationExponent) / (10 * DECIBEL_PER_NEPER)
        : 0,
    ),
    stretch: of((t) => (effects.speedOfSound && t.speedMps > GAS_SPEED_MPS ? assumedSpeedMps / t.speedMps - 1 : 0)),
    impedance,
    echo: of((t) => (t.texture === "none" ? 0 : fromDecibel(t.echoDb))),
    textures: tissues.map((t) => (effects.structure ? textureModels[t.texture] : undefined)),
    fibre: tissues.map((t) => t.fibreDirection ?? [0, 0, 1]),
    isBone: Uint8Array.from(tissues, (t) => (t.name.includes("bone") ? 1 : 0)),
    isAir: Uint8Array.from(tissues, (t) => (t.speedMps <= GAS_SPEED_MPS ? 1 : 0)),
    boneImpedance: bone < 0 ? CORTICAL_MRAYL : impedance[bone]!,
  };
}

import type { Tissue } from "../scene.ts";
import type { Point } from "./implicit.ts";

/**
 * Acoustic constants, one row a tissue: speed m/s, density kg/m³, attenuation dB/cm at 1 MHz, exponent, echo level
 * dB re muscle, texture. Sources: [S] ex-vivo measurements of MDPI Bioengineering 2025 12(9):946 or PMC10346919
 * table A2 and PMC3233242 table 3; [K] ITIS and Duck's handbook. Echo levels are those of the speckle between the sheets
 * of probe/texture.ts, in dB re a mean muscle with them; fat to muscle as in the recorded L14 frames.
 */
const table = {
  /** Coupling gel outside the body. */
  gel: [1540, 1010, 0.08, 1, -Infinity, "none"],
  skin: [1655, 1131, 1.8, 1, 8, "diffuse"], // [S], attenuation [K]
  fat: [1462, 927, 0.5, 1.09, 1, "lobular"], // [S]
  muscle: [1575, 1058, 0.7, 1.09, -10, "fascicular"], // between 1562 across and 1599 along the fibres [S]; 0.6-1.1
  tendon: [1827, 1121, 1.2, 1.1, 8, "fibrillar"], // [S]; 1.2-4.7, and what lies below is seen in every clinic
  ligament: [1664, 1101, 1.4, 1.1, 7, "fibrillar"], // [S]
  cartilage: [1626, 1060, 2, 1, -22, "diffuse"], // [S], attenuation 1-5
  meniscus: [1630, 1090, 1.5, 1, 3, "fibrillar"], // [K]; bundles that run around the plateau
  "hoffa fat pad": [1460, 940, 0.6, 1.09, 3, "lobular"],
  "synovial fluid": [1530, 1010, 0.1, 1, -40, "none"], // [K]
  blood: [1584, 1060, 0.18, 1.2, -40, "none"], // [K]
  "vessel wall": [1569, 1102, 0.7, 1, 4, "diffuse"], // [K]; the adventitia is the bright part
  /** Cortical: what the beam meets first; nothing behind it is seen. */
  bone: [3500, 1900, 5, 1, -Infinity, "none"], // [S] 3000-4000, 1862-1908
} as const satisfies Record<string, readonly [number, number, number, number, number, Tissue["texture"]]>;

export type TissueName = keyof typeof table;

/** The row of `name`, under a longer name and with a fibre direction where the tissue has one. */
export function tissueOf(name: TissueName, called: string = name, fibreDirection?: Point): Tissue {
  const [speedMps, densityKgM3, attenuationDbCmMhz, attenuationExponent, echoDb, texture] = table[name];
  const tissue = { name: called, speedMps, densityKgM3, attenuationDbCmMhz, attenuationExponent, echoDb, texture };
  return fibreDirection ? { ...tissue, fibreDirection } : tissue;
}

import type { Beam } from "./beam.ts";
import { fromDecibel, levels, type EchoEffects } from "./effects.ts";
import { MAP_STEP_MM, valueAt, type LineMap } from "./map.ts";
import type { AddMirror } from "./mirrors.ts";
import type { Probe } from "./probe.ts";
import { coherentPeak, type RoughSurface } from "./rough-surface.ts";
import type { ScanLines } from "./scan-lines.ts";
import { specularAmplitude } from "./specular.ts";
import type { TissueTable } from "./tissue-table.ts";

/** Echoes of bone that are followed: the first, and two more by way of the face. */
const BONE_ECHOES = 3;
/** Mirrors whose echo has a smaller amplitude are left out: 10 dB under the noise. */
export const FAINTEST_ECHO = 1e-4;
/** MRayl of soft tissue where no label says more. */
const SOFT_MRAYL = 1.6;

/** The mirror that the mean surface of bone is, on each line of a map; `labelAt` tells the tissue of a cell, or −1. */
export type BoneEchoes = (map: LineMap, labelAt: (row: number, line: number) => number, add: AddMirror) => void;

export function boneEchoes(
  { directionX, directionY, steerRad }: ScanLines,
  probe: Probe,
  beam: Beam,
  effects: EchoEffects,
  boneSurface: RoughSurface,
  table: TissueTable,
): BoneEchoes {
  const mirror = fromDecibel(levels.mirrorDb),
    coherent = coherentPeak(boneSurface, probe, beam.twoWayWavenumber);
  return (map, labelAt, add) => {
    const { lines, rows, boneDepthMm, boneNormal, boneFace, transmission, shiftMm } = map;
    const reachMm = (rows - 1) * MAP_STEP_MM;
    for (let line = 0; line < lines; line++) {
      const y = boneDepthMm[lines + line]!;
      if (!(y >= 0)) continue;
      const n = 3 * (lines + line),
        along = boneFace[n + 2]!;
      if (along >= -0.05) continue;
      const across = boneNormal[n]! * directionY[line]! - boneNormal[n + 1]! * directionX[line]!;
      const overlap = specularAmplitude(beam.specular, probe, y, across / along, boneNormal[n + 2]! / along);
      const above = labelAt(Math.max(0, Math.floor(y / MAP_STEP_MM)), line);
      const z = above >= 0 ? table.impedance[above]! : SOFT_MRAYL;
      const reflection = (table.boneImpedance - z) / (table.boneImpedance + z),
        transmitted = valueAt(map, transmission, line, y),
        shift = valueAt(map, shiftMm, line, y);
      const amplitude = mirror * coherent(-along) * overlap * transmitted * reflection;
      if (effects.boneSpecular && Math.abs(amplitude) > FAINTEST_ECHO) add(line, y + shift, amplitude);
      // A steered beam that comes back at right angles to bone meets the face at another angle.
      if (!effects.reverberation || steerRad !== 0) continue;
      // To and fro between face and bone: each round loses and is delayed as much as the first.
      const round = levels.faceReflection * reflection * transmitted;
      for (let n = 2; n <= BONE_ECHOES && n * y < reachMm; n++) {
        const again = amplitude * round ** (n - 1);
        if (Math.abs(again) > FAINTEST_ECHO) add(line, n * (y + shift), again);
      }
    }
  };
}

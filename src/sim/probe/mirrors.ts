import { pulseAt } from "./band.ts";
import type { Beam } from "./beam.ts";
import { fromDecibel, levels } from "./effects.ts";
import type { ScanLines } from "./scan-lines.ts";
import type { IqGrid } from "./splat.kernel.ts";

/** Steps of a sample at which the pulse is tabulated. */
export const PULSE_STEPS = 16;

/** Row p: value k is the pulse k − pulseCentre − p / PULSE_STEPS samples below the echo. */
export function mirrorPulses({ sampleMm, pulse, pulseCentre, pulseSigmaMm }: Beam): Float32Array {
  const table = new Float32Array(PULSE_STEPS * pulse.length);
  for (let p = 0, at = 0; p < PULSE_STEPS; p++) {
    for (let k = 0; k < pulse.length; k++, at++) {
      table[at] = pulseAt(pulseSigmaMm, (k - pulseCentre - p / PULSE_STEPS) * sampleMm);
    }
  }
  return table;
}

/** Adds the echo of a mirror that the scanner shows at a depth: the pulse around it, with exact phase. */
export type AddMirror = (line: number, depthMm: number, amplitude: number) => void;

export function mirrorAdder(beam: Beam, { lines, samples, re, im }: IqGrid): AddMirror {
  const { twoWayWavenumber, sampleMm, pulseCentre } = beam;
  const table = mirrorPulses(beam),
    length = beam.pulse.length;
  return (line, depthMm, amplitude) => {
    const steps = Math.round((depthMm / sampleMm) * PULSE_STEPS),
      whole = Math.floor(steps / PULSE_STEPS),
      first = whole - pulseCentre,
      shape = (steps - PULSE_STEPS * whole) * length;
    const phase = -twoWayWavenumber * depthMm;
    const vr = amplitude * Math.cos(phase),
      vi = amplitude * Math.sin(phase);
    const from = Math.max(0, -first),
      end = Math.min(length, samples - first);
    for (let k = from, at = (first + from) * lines + line; k < end; k++, at += lines) {
      re[at]! += vr * table[shape + k]!;
      im[at]! += vi * table[shape + k]!;
    }
  };
}

/** Lens echoes below this amplitude are not drawn. */
const RING_FLOOR = 1e-5;

/** Echoes of the burst and of the lens, one after the other, their sign turned at each meeting with air. */
function train(reflection: number): readonly number[] {
  const echoes = [fromDecibel(levels.burstDb)];
  for (let n = 1; ; n++) {
    const amplitude = fromDecibel(levels.ringDb - n * levels.ringLossDb) * reflection ** n;
    if (Math.abs(amplitude) < RING_FLOOR) return echoes;
    echoes.push(amplitude);
  }
}

const IN_AIR = train(-1),
  IN_CONTACT = train(levels.lensToTissueReflection);

/**
 * The transmit burst, and the pulse that runs to and fro inside the lens: a train of equal spacing. Alike on all lines;
 * long where the face is in air, soon over in contact.
 */
export function addRing(contact: Uint8Array, { first, end, startMm }: ScanLines, add: AddMirror): void {
  for (let line = first; line < end; line++) {
    const echoes = contact[line] ? IN_CONTACT : IN_AIR;
    for (let n = 0; n < echoes.length; n++) add(line, startMm[line]! + n * levels.lensEchoMm, echoes[n]!);
  }
}

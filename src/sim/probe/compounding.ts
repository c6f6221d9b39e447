import { UnsuitableInputError } from "../../core/errors.ts";
import { MARGIN_LINES } from "./lateral.ts";
import type { ImageSettings, Probe } from "./probe.ts";
import { lineAt, scanLines, steeredLines, type ScanLines } from "./scan-lines.ts";
import type { IqGrid } from "./splat.kernel.ts";

/** One direction in which a compounding scanner looks. */
export interface Look {
  readonly steerRad: number;
  readonly scan: ScanLines;
}

/** The straight look first, then pairs of rising angles. Throws when beams of a curved face were to be steered. */
export function looksOf(probe: Probe, { compoundLooks, compoundAngleRad }: ImageSettings): readonly Look[] {
  if (!(Number.isInteger(compoundLooks) && compoundLooks >= 1 && compoundLooks <= 15 && compoundLooks % 2 === 1)) {
    throw new UnsuitableInputError(
      `${compoundLooks} directions cannot be compounded`,
      "Choose an odd number, 1 (no compounding) to 15: the straight one and as many to either side",
    );
  }
  const pairs = (compoundLooks - 1) / 2;
  if (pairs > 0 && probe.radiusMm) {
    throw new UnsuitableInputError(
      `the beams of the curved face of ${probe.name} cannot be steered here, so its directions cannot be compounded`,
      "Set compoundLooks to 1, or choose a linear probe",
    );
  }
  if (pairs > 0 && !(compoundAngleRad > 0 && compoundAngleRad <= MAX_STEER_RAD)) {
    throw new UnsuitableInputError(
      `beams cannot be steered by ${((compoundAngleRad * 180) / Math.PI).toFixed(1)}°`,
      "Choose an angle above 0 and up to 20°: further out elements hear little",
    );
  }
  const looks: Look[] = [{ steerRad: 0, scan: scanLines(probe) }];
  for (let pair = 1; pair <= pairs; pair++) {
    for (const side of [-1, 1]) {
      const steerRad = (side * pair * compoundAngleRad) / pairs;
      looks.push({ steerRad, scan: steeredLines(probe, steerRad) });
    }
  }
  return looks;
}

const MAX_STEER_RAD = (20 * Math.PI) / 180;

/** Adds the power of one look to a sum over all of them. */
export type AddLook = (echo: IqGrid, power: Float32Array, seen: Float32Array) => void;

/**
 * Reads a look's power where the samples of the straight lines lie (bilinear) and adds it to `power`, and 1 to `seen`:
 * index sample · lines + line, margin included, as an IqGrid has it. What a steered look does not reach stays out.
 */
export function lookAdder(straight: ScanLines, { steerRad, scan }: Look, sampleMm: number, samples: number): AddLook {
  const { count: lines, originX } = straight;
  const from = new Int32Array(lines * samples).fill(-1),
    across = new Float32Array(lines * samples),
    down = new Float32Array(lines * samples);
  const c = Math.cos(steerRad), s = Math.sin(steerRad); // prettier-ignore
  for (let sample = 0; sample < samples; sample++) {
    for (let line = MARGIN_LINES; line < lines - MARGIN_LINES; line++) {
      const x = originX[line]!, y = sample * sampleMm; // prettier-ignore
      const u = lineAt(scan, c * x - s * y, 0),
        v = (s * x + c * y) / sampleMm;
      const left = Math.floor(u), above = Math.floor(v); // prettier-ignore
      if (left < scan.first || left + 1 >= scan.end || above < 0 || above + 1 >= samples) continue;
      const at = sample * lines + line;
      from[at] = above * lines + left;
      across[at] = u - left;
      down[at] = v - above;
    }
  }
  return ({ re, im }, power, seen) => {
    for (let at = 0; at < from.length; at++) {
      const a = from[at]!;
      if (a < 0) continue;
      const b = a + lines, t = across[at]!; // prettier-ignore
      const p = re[a]! * re[a]! + im[a]! * im[a]!, q = re[a + 1]! * re[a + 1]! + im[a + 1]! * im[a + 1]!; // prettier-ignore
      const r = re[b]! * re[b]! + im[b]! * im[b]!, w = re[b + 1]! * re[b + 1]! + im[b + 1]! * im[b + 1]!; // prettier-ignore
      const top = p + t * (q - p);
      power[at]! += top + down[at]! * (r + t * (w - r) - top);
      seen[at]! += 1;
    }
  };
}

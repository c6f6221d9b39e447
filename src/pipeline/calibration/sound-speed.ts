import type { ImageGeometry } from "../../data/image.ts";
import { waterSpeedMps } from "../../data/water.ts";

/** What scanners take the speed of sound in tissue to be, m/s. */
export const TISSUE_MPS = 1540;

/** What is known of the water that a phantom was imaged in. */
export type WaterKnowledge =
  | { readonly kind: "temperature"; readonly temperatureC: number }
  /** From the calibration itself: how much depth is stretched against width. */
  | { readonly kind: "wires" }
  /** Depth is left as it was found: right for images of this water only. */
  | { readonly kind: "uncorrected" };

export interface SpeedCorrection {
  /** Row-major 3×4, valid where sound runs at the speed that the scanner assumes. */
  readonly probeFromPixel: Float64Array;
  /** Speed that the pixel's width and height together imply, m/s; NaN when the scanner's own spacing is not known. */
  readonly impliedMps: number;
  /** Speed that was used, m/s. */
  readonly usedMps: number;
  /** By how much depths were too small for tissue: assumed speed / water's speed. */
  readonly factor: number;
  /** What was found and done, for the report. */
  readonly sentences: readonly string[];
}

/** The speed that wires imply is this uncertain: half a percent of a scale, m/s. */
const WIRES_MPS = 10;

/**
 * A scanner shows echoes at the depth that its assumed speed of sound (1540 m/s) gives; in water of 20 °C that is 3.9 %
 * too deep. A calibration in water takes the stretch for the size of a pixel, and would show tissue 3.9 % too shallow.
 * Width is laid out by the array and knows nothing of it. This stretches the rows' axis about the face, where depth is 0.
 */
export function correctSpeed(
  probeFromPixel: Readonly<Float64Array>,
  geometry: ImageGeometry | undefined,
  water: WaterKnowledge,
  assumedMps = TISSUE_MPS,
): SpeedCorrection {
  const m = probeFromPixel;
  const width = Math.hypot(m[0]!, m[4]!, m[8]!),
    height = Math.hypot(m[1]!, m[5]!, m[9]!);
  const impliedMps = geometry ? (assumedMps * (height / width)) / (geometry.spacingMm[1] / geometry.spacingMm[0]) : NaN;
  const sentences: string[] = [];
  const speed = (mps: number): string => `${mps.toFixed(0)} m/s`;
  let usedMps = assumedMps;
  if (water.kind === "temperature") {
    usedMps = waterSpeedMps(water.temperatureC);
    sentences.push(
      `Water of ${water.temperatureC.toFixed(1)} °C carries sound at ${speed(usedMps)}, the scanner assumes ` +
        `${speed(assumedMps)}: depth was stretched by ${percent(assumedMps / usedMps)} for use in tissue.`,
    );
    if (Math.abs(impliedMps - usedMps) > 2 * WIRES_MPS) {
      sentences.push(
        `The wires imply ${speed(impliedMps)} instead: check the thermometer, the phantom's drawing and the scanner's depth.`,
      );
    }
  } else if (Number.isNaN(impliedMps)) {
    sentences.push(
      "The scanner's own pixel size is not in the recording, so the speed of sound of the water cannot be judged; give its temperature.",
    );
  } else if (water.kind === "wires") {
    usedMps = impliedMps;
    sentences.push(
      `Against its width a pixel's height differs by ${percent(impliedMps / assumedMps)} from what the scanner says, as ` +
        `sound at ${speed(impliedMps)} makes it: depth was stretched by ${percent(assumedMps / usedMps)} for use in tissue.`,
    );
  } else if (Math.abs(impliedMps - assumedMps) > 2 * WIRES_MPS) {
    sentences.push(
      `Depth is off by ${percent(impliedMps / assumedMps)} against width, as in water with sound at ${speed(impliedMps)}: ` +
        "this calibration is right in that water and wrong in tissue. Give the water's temperature to correct it.",
    );
  }
  const factor = assumedMps / usedMps;
  return {
    probeFromPixel: stretchDepth(probeFromPixel, factor, geometry?.faceCentrePx[1] ?? 0),
    impliedMps,
    usedMps,
    factor,
    sentences,
  };
}

/** Rows' axis longer by `factor`, about the row of the transducer's face, where depth is 0. Row-major 3×4. */
export function stretchDepth(probeFromPixel: Readonly<Float64Array>, factor: number, faceRow: number): Float64Array {
  const m = Float64Array.from(probeFromPixel);
  for (const row of [0, 4, 8]) {
    const along = m[row + 1]!;
    m[row + 1] = factor * along;
    m[row + 3]! += (1 - factor) * faceRow * along;
  }
  return m;
}

const percent = (ratio: number): string => `${(100 * (ratio - 1)).toFixed(1)} %`;

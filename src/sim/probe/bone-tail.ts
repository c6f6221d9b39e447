import { fromDecibel, levels } from "./effects.ts";
import { blurRows } from "./map-filter.ts";
import type { Crossing } from "./interfaces.ts";
import type { SheetEcho } from "./structure.ts";

export interface TailMap {
  readonly lines: number;
  readonly rows: number;
  readonly rowMm: number;
  /** Scatter of the tissue, lines × rows. */
  readonly echo: Float32Array;
  readonly transmission: Float32Array;
  /** Per line; NaN for no bone. */
  readonly boneDepthMm: Float32Array;
  /** Cosine between the line and the normal of bone, per line. */
  readonly facing: (line: number) => number;
  readonly scratch: Float32Array;
  /** Echo of a fascia that sends back everything. */
  readonly mirror: number;
}

/**
 * What a copy keeps of a coherent echo, re what it keeps of scatter: more of that of an interface, which goes on beyond the
 * aperture, less of that of a sheet, which is short and wavy; and lines over which a copy is blurred.
 */
const INTERFACE_COPY = 2.5;
const COHERENT_COPY = 0.25;
export const COPY_BLUR_LINES = 9;
/** Upside down a copy has met bone once more, |R| 0.6; moved down the face, of which little comes back, in either order. */
const MIRRORED = 5;
/** A copy has met bone like a mirror: it is gone where bone is tilted by more than this tangent (reference 2.6 a: 16°). */
const COPY_TAN = 0.2;

/**
 * What is seen below bone: scatter of the cortex itself, which is soon gone; paths too many to follow, a tail that decays;
 * and faint copies of the tissue above, by way of bone, layer and bone (upside down) and of layer, face and bone (moved
 * down by the bone's depth). The tail falls with tilt as Lambert's law has it; copies are gone sooner. All paths but the
 * straight one are blurred over the aperture. Amplitude of scatterers, lines × rows; belongs to the next call.
 */
export function createBoneTail(
  map: TailMap,
): (sheets: readonly SheetEcho[], interfaces: readonly Crossing[]) => Float32Array {
  const { lines, rows, rowMm, echo, transmission, boneDepthMm, facing, scratch, mirror } = map;
  const tail = new Float32Array(lines * rows),
    reflected = new Float32Array(lines * rows);
  const atSurface = fromDecibel(levels.tailDb),
    copies = fromDecibel(levels.copyDb),
    perRow = fromDecibel((-levels.tailDbPerCm * rowMm) / 10),
    cortex = fromDecibel(levels.cortexDb),
    cortexPerRow = fromDecibel(-levels.cortexDbPerMm * rowMm);
  return (sheets, interfaces) => {
    tail.fill(0);
    reflected.set(echo);
    for (const { line, depthMm, amplitude } of sheets) {
      reflected[Math.round(depthMm / rowMm) * lines + line]! += COHERENT_COPY * amplitude;
    }
    for (const { line, depthMm, reflection } of interfaces) {
      reflected[Math.round(depthMm / rowMm) * lines + line]! += INTERFACE_COPY * mirror * Math.abs(reflection);
    }
    blurRows(reflected, scratch, lines, rows, () => COPY_BLUR_LINES);
    for (let line = 0; line < lines; line++) {
      const bone = boneDepthMm[line]!;
      if (!(bone >= 0)) continue;
      const first = Math.ceil(bone / rowMm);
      if (first >= rows) continue;
      const cosine = Math.max(0, facing(line)),
        seen = cosine * transmission[first * lines + line]!,
        copy = atSurface * copies * Math.exp((1 - 1 / (cosine * cosine)) / (2 * COPY_TAN * COPY_TAN));
      let decay = atSurface * perRow ** (first - bone / rowMm),
        scatter = cortex * cortexPerRow ** (first - bone / rowMm);
      for (let since = 0; first + since < rows; since++, decay *= perRow, scatter *= cortexPerRow) {
        const moved = since * lines + line,
          mirrored = (first - 1 - since) * lines + line;
        // Both go the way down to the bone and back, and that of the layer once more.
        const copied =
          transmission[moved]! * (reflected[moved]! + (mirrored >= 0 ? MIRRORED * reflected[mirrored]! : 0));
        tail[(first + since) * lines + line] = seen * (decay + scatter + copy * copied);
      }
    }
    return tail;
  };
}

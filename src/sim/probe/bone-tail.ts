import { fromDecibel, levels } from "./effects.ts";
import { blurRows } from "./map-filter.ts";
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
}

/** A surface seen at an angle sends back less, by this power of the cosine (set beside the recorded L14 frames). */
const TAIL_FACING = 1.5;
/** A sheet in a copy: its coherent echo spread over the length of a pulse, and lines over which a copy is blurred. */
const COHERENT_COPY = 0.1;
export const COPY_BLUR_LINES = 9;
/** Upside down the tissue is met twice by bone: fainter. */
const MIRRORED = 0.5;

/**
 * What is seen below bone: the inside of the cortex and paths too many to follow, a tail that decays; and faint copies of
 * the tissue above, by way of bone, layer and bone (upside down) and of layer, face and bone (moved down by the bone's
 * depth). All paths but the straight one are blurred over the aperture. Amplitude of scatterers, lines × rows; belongs to the next call.
 */
export function createBoneTail(map: TailMap): (sheets: readonly SheetEcho[]) => Float32Array {
  const { lines, rows, rowMm, echo, transmission, boneDepthMm, facing, scratch } = map;
  const tail = new Float32Array(lines * rows),
    reflected = new Float32Array(lines * rows);
  const atSurface = fromDecibel(levels.tailDb),
    copies = fromDecibel(levels.copyDb),
    perRow = fromDecibel((-levels.tailDbPerCm * rowMm) / 10);
  return (sheets) => {
    tail.fill(0);
    reflected.set(echo);
    for (const { line, depthMm, amplitude } of sheets) {
      reflected[Math.round(depthMm / rowMm) * lines + line]! += COHERENT_COPY * amplitude;
    }
    blurRows(reflected, scratch, lines, rows, () => COPY_BLUR_LINES);
    for (let line = 0; line < lines; line++) {
      const bone = boneDepthMm[line]!;
      if (!(bone >= 0)) continue;
      const first = Math.ceil(bone / rowMm);
      if (first >= rows) continue;
      const level = atSurface * Math.max(0, facing(line)) ** TAIL_FACING * transmission[first * lines + line]!;
      let decay = perRow ** (first - bone / rowMm);
      for (let since = 0; first + since < rows; since++, decay *= perRow) {
        const moved = since * lines + line,
          mirrored = (first - 1 - since) * lines + line;
        // Both go the way down to the bone and back, and that of the layer once more.
        const copied =
          transmission[moved]! * (reflected[moved]! + (mirrored >= 0 ? MIRRORED * reflected[mirrored]! : 0));
        tail[(first + since) * lines + line] = level * (decay + copies * copied);
      }
    }
    return tail;
  };
}

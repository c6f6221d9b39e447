import type { BoneMask } from "../../data/bone-mask.ts";
import type { Mesh } from "../../geometry/mesh.ts";

/** A surface that grows by the ridge of one frame after the other: each spans a ribbon to the one before. */
export interface RidgeRibbon {
  /** `referenceFromPixel`: row-major 3×4, mm. Frames come in the order of their times. */
  add(mask: BoneMask, referenceFromPixel: Readonly<Float64Array>): void;
  readonly vertexCount: number;
  /** What there is until now, a copy. Triangles face the probe. */
  mesh(): Mesh;
}

export interface RibbonOptions {
  /** A vertex for every so much of image width. */
  readonly everyMm: number;
  /** Longer edges span no bone: between two strokes, over a step in depth. */
  readonly longestEdgeMm: number;
}

export const defaultRibbon: RibbonOptions = { everyMm: 0.5, longestEdgeMm: 4 };

/**
 * No volume and no fusion: strokes that cross lie over one another. It is what can be shown while a scan goes on, for
 * the price of its points.
 */
export function createRidgeRibbon({ everyMm, longestEdgeMm }: RibbonOptions = defaultRibbon): RidgeRibbon {
  const positions: number[] = [],
    triangles: number[] = [];
  let before: readonly number[] = [];

  const gapMm = (a: number, b: number): number =>
    Math.hypot(...[0, 1, 2].map((k) => positions[3 * a + k]! - positions[3 * b + k]!));
  const isShort = (a: number, b: number, c: number): boolean =>
    gapMm(a, b) <= longestEdgeMm && gapMm(b, c) <= longestEdgeMm && gapMm(c, a) <= longestEdgeMm;
  const span = (a: number, b: number, c: number): void => {
    if (a >= 0 && b >= 0 && c >= 0 && isShort(a, b, c)) triangles.push(a, b, c);
  };

  return {
    get vertexCount() {
      return positions.length / 3;
    },
    add({ ridgeRowPx, ridgeConfidence, width }, m) {
      const step = Math.max(1, Math.round(everyMm / Math.hypot(m[0]!, m[4]!, m[8]!)));
      const line: number[] = [];
      for (let u = 0; u < width; u += step) {
        const row = ridgeRowPx[u]!;
        if (!(ridgeConfidence[u]! > 0) || Number.isNaN(row)) {
          line.push(-1);
          continue;
        }
        line.push(positions.length / 3);
        for (let k = 0; k < 12; k += 4) positions.push(m[k]! * u + m[k + 1]! * row + m[k + 3]!);
      }
      // Where the probe goes towards the image's +z, columns, way and the direction to the probe are right-handed.
      const forwards = goesForwards(m, before, line, positions);
      for (let i = 0; i + 1 < Math.min(line.length, before.length); i++) {
        const [a, b, c, d] = [before[i]!, before[i + 1]!, line[i]!, line[i + 1]!];
        if (forwards) {
          span(a, b, c);
          span(b, d, c);
        } else {
          span(a, c, b);
          span(b, c, d);
        }
      }
      before = line;
    },
    mesh: () => ({ positions: Float32Array.from(positions), triangles: Uint32Array.from(triangles) }),
  };
}

/** Whether the line lies on the side of the last one that (columns × rows) points to. */
function goesForwards(
  m: Readonly<Float64Array>,
  before: readonly number[],
  line: readonly number[],
  positions: readonly number[],
): boolean {
  const normal = [m[4]! * m[9]! - m[8]! * m[5]!, m[8]! * m[1]! - m[0]! * m[9]!, m[0]! * m[5]! - m[4]! * m[1]!];
  let way = 0;
  for (let i = 0; i < Math.min(line.length, before.length); i++) {
    const a = before[i]!,
      b = line[i]!;
    if (a < 0 || b < 0) continue;
    for (let k = 0; k < 3; k++) way += normal[k]! * (positions[3 * b + k]! - positions[3 * a + k]!);
  }
  return way > 0;
}

import { LineMaterial } from "three/addons/lines/LineMaterial.js";
import { LineSegments2 } from "three/addons/lines/LineSegments2.js";
import { LineSegmentsGeometry } from "three/addons/lines/LineSegmentsGeometry.js";

export interface LineLook {
  readonly colour: number;
  readonly widthPx: number;
}

/** Segments as they stand: six numbers each. */
export function lineObject(ends: readonly number[], { colour, widthPx }: LineLook): LineSegments2 {
  return new LineSegments2(
    new LineSegmentsGeometry().setPositions([...ends]),
    new LineMaterial({ color: colour, linewidth: widthPx }),
  );
}

/** Ends of the segments that join successive points (xyz each) not farther apart than `gapMm`; a NaN breaks the line. */
export function joined(points: ArrayLike<number>, gapMm: number): number[] {
  const ends: number[] = [];
  for (let i = 3; i + 2 < points.length; i += 3) {
    const [ax, ay, az, bx, by, bz] = Array.from({ length: 6 }, (_, k) => points[i - 3 + k]!);
    if (Math.hypot(bx! - ax!, by! - ay!, bz! - az!) <= gapMm) ends.push(ax!, ay!, az!, bx!, by!, bz!);
  }
  return ends;
}

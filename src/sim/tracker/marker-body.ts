/** Markers on one rigid body, in the frame of the body: interleaved xyz, mm. */
export interface MarkerBody {
  readonly tool: string;
  readonly markersMm: Float64Array;
  /**
   * Where each marker's post points: from behind it is hidden by its mount. Interleaved unit vectors; (0, 0, 0): it is
   * seen from all sides. */
  readonly facing: Float64Array;
}

function body(tool: string, markersMm: readonly number[], facing: readonly [number, number, number]): MarkerBody {
  const count = markersMm.length / 3;
  return {
    tool,
    markersMm: Float64Array.from(markersMm),
    facing: Float64Array.from(Array.from({ length: count }, () => facing).flat()),
  };
}

/**
 * Trees of four markers about 55 mm from their centroid, no two distances alike within a body, nor the triangles of one
 * body like those of another: makers ask for that, since look-alike bodies are swapped. Posts of different heights keep
 * the markers apart in pictures taken from the side. The posts point along body −z, so a body with its z along the beam
 * of a probe shows its markers to whoever looks at the probe's back.
 */
const layouts = {
  first: [-50, -26, -14, 48, -30, 16, 20, 52, -20, -26, 34, 20],
  second: [-56, 10, 18, 40, -38, -18, 34, 40, 12, -12, -34, 22],
  third: [-36, -46, -18, 58, -6, 20, -46, 34, 14, 22, 40, -20],
} as const;

export const markerLayouts = Object.keys(layouts) as readonly (keyof typeof layouts)[];

export function fourMarkerBody(tool: string, layout: keyof typeof layouts = "first"): MarkerBody {
  return body(tool, layouts[layout], [0, 0, -1]);
}

/** Four markers on a circle, a quarter turn apart but for `unevenMm`: a cluster of the kind that flips. */
export function nearlySquareBody(tool: string, radiusMm: number, unevenMm: number): MarkerBody {
  const r = radiusMm;
  return body(tool, [r + unevenMm, 0, 0, 0, r, 0, -r, 0, 0, 0, -r, 0], [0, 0, -1]);
}

/** A tree in the open, with nothing behind its markers: seen from all sides. */
export const allRound = (body: MarkerBody): MarkerBody => ({ ...body, facing: new Float64Array(body.facing.length) });

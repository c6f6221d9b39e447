/** Rows of the map, along depth. */
export const MAP_STEP_MM = 0.25;

/** Rows of a map that reaches somewhat beyond the image. */
export const mapRows = (depthMm: number): number => Math.ceil((depthMm + 2) / MAP_STEP_MM) + 1;

/**
 * What one pose sees, per scan line and depth: index row · lines + line. Lines include MARGIN_LINES beyond each end of
 * the face. All depths are true ones; `shiftMm` says how much deeper the scanner shows them.
 */
export interface LineMap {
  readonly lines: number;
  readonly rows: number;
  /** Amplitude of a scatterer: echo level, two-way loss, shadow and contact; below bone the reverberation tail. */
  readonly amplitude: Float32Array;
  readonly shiftMm: Float32Array;
  /** Two-way transmission and contact alone. */
  readonly transmission: Float32Array;
  /** Per line: 1 where the face touches skin or gel; 0 also on the margin's lines. */
  readonly contact: Uint8Array;
  /** Depth of the first bone at each of ELEVATIONS: index e · lines + line of bone-search.ts; NaN for none. */
  readonly boneDepthMm: Float32Array;
  /** Outward normals there, image frame, xyz. */
  readonly boneNormal: Float32Array;
  /** Image x and y of the hit, and the cosine between its normal and the line's direction: negative for bone that is seen. */
  readonly boneFace: Float32Array;
  /** How far the probe has pushed what rests at each point down its line, mm; `indentMm` is the largest, at the face. */
  readonly pushMm: Float32Array;
  indentMm: number;
}

/** The map is linear between its rows, and constant beyond them. */
export function valueAt(
  { lines, rows }: { readonly lines: number; readonly rows: number },
  values: Float32Array,
  line: number,
  depthMm: number,
): number {
  const row = Math.min(rows - 1.001, Math.max(0, depthMm / MAP_STEP_MM)),
    low = Math.floor(row);
  const a = values[low * lines + line]!,
    b = values[(low + 1) * lines + line]!;
  return a + (row - low) * (b - a);
}

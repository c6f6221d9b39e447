/** A straight wire of a phantom, in the phantom's frame, mm. */
export interface PhantomWire {
  readonly name: string;
  readonly frontMm: readonly [number, number, number];
  readonly backMm: readonly [number, number, number];
}

/** What one image of a calibration session says: where each wire was found, and what the tracker saw. */
export interface WirePointFrame {
  readonly timeS: number;
  /** Column and row of each wire, in the order of the phantom's wires. */
  readonly pixels: readonly (readonly [number, number])[];
  /** The phantom's first side lies on the left (+1) or on the right (−1) of the picture. */
  readonly handed: 1 | -1;
  /** Row-major 3×4, mm, as the tracker reports them. */
  readonly trackerFromProbe: Readonly<Float64Array>;
  readonly trackerFromReference: Readonly<Float64Array>;
}

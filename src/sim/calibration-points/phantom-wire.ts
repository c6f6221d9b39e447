/** A straight wire of a phantom, in the phantom's frame, mm. */
export interface PhantomWire {
  readonly name: string;
  readonly frontMm: readonly [number, number, number];
  readonly backMm: readonly [number, number, number];
}

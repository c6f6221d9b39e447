import { expect, test } from "vitest";
import { orient, parseOrientation } from "../../../src/io/sequence/orientation.ts";
import { openSequence } from "../../../src/io/sequence/open-sequence.ts";
import { mha, temporaryFile } from "./support.ts";

/** Row 0 lies at the transducer, column 0 at the unmarked side: what MF looks like. */
const internal = [
  [1, 2, 3],
  [4, 5, 6],
];

/**
 * The stored image of each orientation, made from the definition of its letters: the first letter says where stored
 * columns go, the second where stored rows go (M +u, U −u, F +v, N −v).
 */
function storedAs(letters: string): { readonly width: number; readonly height: number; readonly pixels: number[] } {
  const at = (letter: string, i: number): { readonly u?: number; readonly v?: number } => {
    if (letter === "M") return { u: i };
    if (letter === "U") return { u: 2 - i };
    return letter === "F" ? { v: i } : { v: 1 - i };
  };
  const lateralFirst = letters[0] === "M" || letters[0] === "U";
  const width = lateralFirst ? 3 : 2,
    height = lateralFirst ? 2 : 3;
  const pixels: number[] = [];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const { u = 0, v = 0 } = { ...at(letters[0]!, column), ...at(letters[1]!, row) };
      pixels.push(internal[v]![u]!);
    }
  }
  return { width, height, pixels };
}

for (const letters of ["MF", "MN", "UF", "UN", "FM", "FU", "NM", "NU", "MFA", "UNA", "FMA", "MFD"]) {
  test(`an image stored as ${letters} comes out as MF`, async () => {
    const { width, height, pixels } = storedAs(letters);
    const fields = { DimSize: `${width} ${height} 1`, UltrasoundImageOrientation: letters };
    const path = await temporaryFile("x.mha", mha({ fields, payload: Uint8Array.from(pixels) }));
    const recording = await openSequence(path);
    const image = await recording.images!.read(0);
    await recording.close();
    expect([image.width, image.height]).toEqual([3, 2]);
    expect([...image.pixels]).toEqual(internal.flat());
    expect(recording.storedOrientation).toBe(letters);
  });
}

test("words that are no orientation give none", () => {
  for (const text of ["", "XX", "M", "MM", "FN", "mf", "MFX", "MFAA"]) expect(parseOrientation(text)).toBeUndefined();
});

test("turning keeps every sample type", () => {
  const mirrored = { transpose: false, mirrorU: true, mirrorV: false };
  for (const samples of [Uint8Array.of(1, 2), Int16Array.of(-1, 2), Float32Array.of(0.5, -2)]) {
    const turned = orient(samples, 2, 1, mirrored);
    expect(turned.constructor).toBe(samples.constructor);
    expect([...turned]).toEqual([...samples].reverse());
  }
});

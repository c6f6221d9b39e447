import { FormatError } from "../../core/errors.ts";
import { invert3x4 } from "../../core/rigid.ts";

/**
 * An affine motion as ITK's text file (`.tfm`), LPS, mm. ITK stores the way that resampling takes: a point of the target
 * goes in, one of the source comes out. 3D Slicer turns it round, so that the node moves what hangs below it from source
 * to target: `targetFromSource` is what the node does.
 */
export function encodeTransform(targetFromSource: Readonly<Float64Array>): Uint8Array {
  const m = invert3x4(targetFromSource);
  const parameters = [0, 1, 2].flatMap((row) => [m[4 * row]!, m[4 * row + 1]!, m[4 * row + 2]!]);
  const all = [...parameters, m[3]!, m[7]!, m[11]!].map((value) => String(value + 0));
  return new TextEncoder().encode(
    "#Insight Transform File V1.0\n#Transform 0\nTransform: AffineTransform_double_3_3\n" +
      `Parameters: ${all.join(" ")}\nFixedParameters: 0 0 0\n`,
  );
}

/** Row-major 3×4 targetFromSource of an affine, Euler or similarity file with affine parameters. */
export function decodeTransform(bytes: Uint8Array, fileName: string): Float64Array {
  const fail = (field: string, problem: string): FormatError =>
    new FormatError(fileName, { field }, problem, "Save a linear transform as .tfm (ITK text)");
  const text = new TextDecoder().decode(bytes.subarray(0, 1 << 16));
  if (!text.startsWith("#Insight Transform File")) throw fail("first line", "is no ITK transform");
  const field = (name: string): string | undefined => new RegExp(`^${name}:(.*)$`, "m").exec(text)?.[1]?.trim();
  const kind = field("Transform") ?? "";
  if (!/^(Affine|MatrixOffsetBase)Transform_(double|float)_3_3$/.test(kind)) {
    throw fail("Transform", `"${kind.slice(0, 60)}" is not read here, only one affine transform`);
  }
  const numbers = (name: string, count: number): number[] => {
    const values = (field(name) ?? "").split(/\s+/).filter(Boolean).map(Number);
    if (values.length !== count || !values.every(Number.isFinite)) throw fail(name, `expected ${count} numbers`);
    return values;
  };
  const p = numbers("Parameters", 12),
    centre = numbers("FixedParameters", 3);
  const m = new Float64Array(12);
  for (let row = 0; row < 3; row++) {
    // y = A (x − c) + c + t
    let t = p[9 + row]! + centre[row]!;
    for (let col = 0; col < 3; col++) {
      m[4 * row + col] = p[3 * row + col]!;
      t -= p[3 * row + col]! * centre[col]!;
    }
    m[4 * row + 3] = t;
  }
  return invert3x4(m);
}

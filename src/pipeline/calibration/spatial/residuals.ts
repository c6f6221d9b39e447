import { placeOf } from "../vector3.ts";
import { matrixOf } from "./image-model.ts";
import type { NWirePhantom } from "./nwire-phantom.ts";
import { diagonalPoint, type WireFrame } from "./wire-frames.ts";

/** Residuals of a frame: two for each wire, then one for each diagonal. */
export const residualsPerFrame = ({ wires, patterns }: NWirePhantom): number => 2 * wires.length + patterns;

/** 0: across the beam, 1: along it, 2: out of the image. */
export function residualKinds(frames: number, { wires, patterns }: NWirePhantom): Uint8Array {
  const one = [...wires.flatMap(() => [0, 1]), ...Array.from({ length: patterns }, () => 2)];
  return Uint8Array.from({ length: frames * one.length }, (_, i) => one[i % one.length]!);
}

/**
 * Found minus expected, mm, frame by frame, as a function of the parameters of image-model.ts: each wire's dot against
 * the point at which the wire cuts the image; then each diagonal's place less its dot's, out of the image as it lies at
 * the parameters `near`. That direction stays fixed: turned with the image, it would weigh each place by where the
 * tracker's noise has put it, noise that the residual holds too, and so lean the image (half a degree with 1.4 mm).
 */
export function residualFunction(
  frames: readonly WireFrame[],
  phantom: NWirePhantom,
  rotation: Readonly<Float64Array>,
  near: Readonly<Float64Array>,
): (p: Readonly<Float64Array>) => Float64Array {
  const own = matrixOf(near, rotation),
    thick = Math.hypot(own[2]!, own[6]!, own[10]!),
    n0 = own[2]! / thick, n1 = own[6]! / thick, n2 = own[10]! / thick; // prettier-ignore
  const wires = phantom.wires.length,
    each = residualsPerFrame(phantom);
  // One end and the direction of every wire of every frame, the dots, and the diagonals' places.
  const lines = new Float64Array(6 * wires * frames.length),
    dots = new Float64Array(2 * wires * frames.length),
    places = new Float64Array(3 * phantom.patterns * frames.length);
  frames.forEach(({ pixels, probeFromPhantom }, i) => {
    placeLines(probeFromPhantom, phantom, lines.subarray(6 * wires * i, 6 * wires * (i + 1)));
    for (let w = 0; w < wires; w++) dots.set(pixels[w]!, 2 * (i * wires + w));
    for (let k = 0; k < phantom.patterns; k++) {
      const place = placeOf(probeFromPhantom, 0, diagonalPoint(phantom, k, pixels));
      places.set(place, 3 * (i * phantom.patterns + k));
    }
  });
  return (p) => {
    const m = matrixOf(p, rotation),
      out = new Float64Array(each * frames.length);
    const x0 = m[0]!, x1 = m[4]!, x2 = m[8]!, y0 = m[1]!, y1 = m[5]!, y2 = m[9]!; // prettier-ignore
    const t0 = m[3]!, t1 = m[7]!, t2 = m[11]!; // prettier-ignore
    const xn = x0 * n0 + x1 * n1 + x2 * n2,
      yn = y0 * n0 + y1 * n1 + y2 * n2;
    for (let i = 0; i < frames.length; i++) {
      for (let w = 0; w < wires; w++) {
        const l = 6 * (i * wires + w);
        const q0 = lines[l]! - t0, q1 = lines[l + 1]! - t1, q2 = lines[l + 2]! - t2; // prettier-ignore
        const d0 = lines[l + 3]!, d1 = lines[l + 4]!, d2 = lines[l + 5]!; // prettier-ignore
        // q = u ex + v ey + s d by Cramer's rule; c = ey × d, e = d × ex.
        const c0 = y1 * d2 - y2 * d1, c1 = y2 * d0 - y0 * d2, c2 = y0 * d1 - y1 * d0; // prettier-ignore
        const e0 = d1 * x2 - d2 * x1, e1 = d2 * x0 - d0 * x2, e2 = d0 * x1 - d1 * x0; // prettier-ignore
        const det = x0 * c0 + x1 * c1 + x2 * c2;
        const u = (q0 * c0 + q1 * c1 + q2 * c2) / det,
          v = (q0 * e0 + q1 * e1 + q2 * e2) / det,
          at = 2 * (i * wires + w);
        out[each * i + 2 * w] = (dots[at]! - u) * p[6]!;
        out[each * i + 2 * w + 1] = (dots[at + 1]! - v) * p[7]!;
      }
      for (let k = 0; k < phantom.patterns; k++) {
        const at = 3 * (i * phantom.patterns + k),
          dot = 2 * (i * wires + 3 * k + 1);
        const out0 = (places[at]! - t0) * n0 + (places[at + 1]! - t1) * n1 + (places[at + 2]! - t2) * n2;
        out[each * i + 2 * wires + k] = out0 - dots[dot]! * xn - dots[dot + 1]! * yn;
      }
    }
    return out;
  };
}

/** Writes the front end and front less back of every wire in probe mm, six numbers each. */
function placeLines(m: Readonly<Float64Array>, { wires }: NWirePhantom, out: Float64Array): void {
  for (let w = 0; w < wires.length; w++) {
    const { frontMm: a, backMm: b } = wires[w]!,
      dx = a[0] - b[0],
      dy = a[1] - b[1],
      dz = a[2] - b[2];
    for (let row = 0; row < 3; row++) {
      const r0 = m[4 * row]!, r1 = m[4 * row + 1]!, r2 = m[4 * row + 2]!; // prettier-ignore
      out[6 * w + row] = r0 * a[0] + r1 * a[1] + r2 * a[2] + m[4 * row + 3]!;
      out[6 * w + 3 + row] = r0 * dx + r1 * dy + r2 * dz;
    }
  }
}

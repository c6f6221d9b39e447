import type { RidgePoints } from "./ridge-points.ts";

/**
 * One point for all that lie in the same cube of `cellMm` and face the same way: their weighted mean. Bounds the work
 * by the area that was scanned, however long the recording.
 */
export function mergePoints(points: RidgePoints, cellMm: number): RidgePoints {
  const slots = new Map<string, number>();
  const slotOf = new Uint32Array(points.count);
  for (let p = 0; p < points.count; p++) {
    const [x, y, z] = points.position.subarray(3 * p, 3 * p + 3);
    const [a, b, c] = points.normal.subarray(3 * p, 3 * p + 3);
    const cube = [x!, y!, z!].map((value) => Math.floor(value / cellMm)).join(" ");
    const key = `${cube} ${a! < 0 ? "-" : "+"}${b! < 0 ? "-" : "+"}${c! < 0 ? "-" : "+"}`;
    let slot = slots.get(key);
    if (slot === undefined) slots.set(key, (slot = slots.size));
    slotOf[p] = slot;
  }
  const count = slots.size;
  const weight = new Float64Array(count),
    pixels = new Float64Array(count);
  for (let p = 0; p < points.count; p++) {
    weight[slotOf[p]!]! += points.weight[p]!;
    pixels[slotOf[p]!]! += points.pixels[p]!;
  }
  const meanOf = (
    vectors: Readonly<Float64Array>,
    scale: (x: number, y: number, z: number) => number,
  ): Float64Array => {
    const mean = new Float64Array(3 * count);
    for (let p = 0; p < points.count; p++) {
      const slot = slotOf[p]!, share = points.weight[p]! / weight[slot]!; // prettier-ignore
      for (let axis = 0; axis < 3; axis++) mean[3 * slot + axis]! += share * vectors[3 * p + axis]!;
    }
    for (let s = 0; s < 3 * count; s += 3) {
      const factor = scale(mean[s]!, mean[s + 1]!, mean[s + 2]!);
      for (let axis = 0; axis < 3; axis++) mean[s + axis]! *= factor;
    }
    return mean;
  };
  const unit = (x: number, y: number, z: number): number => 1 / (Math.hypot(x, y, z) || 1);
  return {
    count,
    weight,
    pixels,
    position: meanOf(points.position, () => 1),
    normal: meanOf(points.normal, unit),
    // Opposite sweeps name opposite elevation axes; any of them will do, so the sums may not cancel.
    elevation: firstOf(points.elevation, slotOf, count),
  };
}

function firstOf(vectors: Readonly<Float64Array>, slotOf: Readonly<Uint32Array>, count: number): Float64Array {
  const first = new Float64Array(3 * count);
  for (let p = slotOf.length - 1; p >= 0; p--) {
    first.set(vectors.subarray(3 * p, 3 * p + 3), 3 * slotOf[p]!);
  }
  return first;
}

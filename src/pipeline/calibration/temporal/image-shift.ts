import type { Image } from "../../../data/image.ts";

/** Mean gray value of each row: what moves up and down with the probe when there is no line to follow. */
export function rowProfile({ width, height, pixels }: Image): Float64Array {
  const profile = new Float64Array(height);
  for (let v = 0; v < height; v++) {
    let sum = 0;
    for (let u = 0; u < width; u += 2) sum += pixels[v * width + u]!;
    profile[v] = sum / Math.ceil(width / 2);
  }
  return profile;
}

/** Rows by which `next` lies deeper than `previous`, by least squares over ±`reach` rows with a parabola's minimum. */
export function profileShift(previous: Readonly<Float64Array>, next: Readonly<Float64Array>, reach: number): number {
  const costs = new Float64Array(2 * reach + 1);
  for (let shift = -reach; shift <= reach; shift++) {
    const first = Math.max(0, -shift),
      end = Math.min(previous.length, previous.length - shift);
    let sum = 0;
    for (let v = first; v < end; v++) sum += (next[v + shift]! - previous[v]!) ** 2;
    costs[shift + reach] = sum / (end - first);
  }
  let best = 0;
  for (let i = 1; i < costs.length; i++) if (costs[i]! < costs[best]!) best = i;
  if (best === 0 || best === costs.length - 1) return best - reach;
  const a = costs[best - 1]!,
    b = costs[best]!,
    c = costs[best + 1]!,
    curvature = a - 2 * b + c;
  return best - reach + (curvature > 0 ? (a - c) / 2 / curvature : 0);
}

export type Vector = [number, number, number];

export const dot = (a: readonly number[], b: readonly number[]): number =>
  a[0]! * b[0]! + a[1]! * b[1]! + a[2]! * b[2]!;

export const cross = (a: readonly number[], b: readonly number[]): Vector => [
  a[1]! * b[2]! - a[2]! * b[1]!,
  a[2]! * b[0]! - a[0]! * b[2]!,
  a[0]! * b[1]! - a[1]! * b[0]!,
];

/** p + t·d */
export const along = (p: readonly number[], d: readonly number[], t: number): Vector => [
  p[0]! + d[0]! * t,
  p[1]! + d[1]! * t,
  p[2]! + d[2]! * t,
];

export const between = (a: readonly number[], b: readonly number[]): Vector => along(b, a, -1);

/** Throws a RangeError for the zero vector. */
export function unit(v: readonly number[]): Vector {
  const length = Math.hypot(v[0]!, v[1]!, v[2]!);
  if (!(length > 0)) throw new RangeError("a zero vector has no direction");
  return [v[0]! / length, v[1]! / length, v[2]! / length];
}

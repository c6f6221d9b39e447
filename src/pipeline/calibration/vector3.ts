export type Vector3 = readonly [number, number, number];

export const subtract = (a: Vector3, b: Vector3): Vector3 => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const distance = (a: Vector3, b: Vector3): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
export const dot = (a: Vector3, b: Vector3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const scaled = (a: Vector3, s: number): Vector3 => [a[0] * s, a[1] * s, a[2] * s];
export const cross = (a: Vector3, b: Vector3): Vector3 => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

/** Place of the point x of the moving tool under pose `i` (12 numbers each). */
export function placeOf(poses: Readonly<Float64Array>, i: number, [x, y, z]: Vector3): Vector3 {
  const m = 12 * i;
  return [
    poses[m]! * x + poses[m + 1]! * y + poses[m + 2]! * z + poses[m + 3]!,
    poses[m + 4]! * x + poses[m + 5]! * y + poses[m + 6]! * z + poses[m + 7]!,
    poses[m + 8]! * x + poses[m + 9]! * y + poses[m + 10]! * z + poses[m + 11]!,
  ];
}

/** Direction of the tool's vector x under pose `i`. */
export function directionOf(poses: Readonly<Float64Array>, i: number, [x, y, z]: Vector3): Vector3 {
  const m = 12 * i;
  return [
    poses[m]! * x + poses[m + 1]! * y + poses[m + 2]! * z,
    poses[m + 4]! * x + poses[m + 5]! * y + poses[m + 6]! * z,
    poses[m + 8]! * x + poses[m + 9]! * y + poses[m + 10]! * z,
  ];
}

export function directionUnit(a: Vector3): Vector3 {
  const length = Math.hypot(a[0], a[1], a[2]);
  return [a[0] / length, a[1] / length, a[2] / length];
}

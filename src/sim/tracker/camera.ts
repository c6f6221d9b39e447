/** One camera of a tracking bar, without lens distortion: what remains of that after calibration is a centroid bias. */
export interface Camera {
  /** Row-major 3×4, mm; the camera looks along its +z, +x to the right of the sensor, +y down it. */
  readonly cameraFromTracker: Readonly<Float64Array>;
  readonly focalPx: number;
  /** Width and height; the optical axis meets the middle. */
  readonly sensorPx: readonly [number, number];
}

export interface Bar {
  /** Side by side at equal distances. */
  readonly cameraCount: number;
  /** Between the outermost two. */
  readonly baselineMm: number;
  /** How far each of the outermost cameras is turned towards the middle. */
  readonly toeInRad: number;
  readonly focalPx: number;
  readonly sensorPx: readonly [number, number];
}

/** By how much a camera is turned from where it should be, about its own y (yaw) and x (pitch). */
export interface CameraTurn {
  readonly yawRad: number;
  readonly pitchRad: number;
}

/** Tracker frame: origin in the middle of the bar, x along it, y down, z the way it looks; mm. */
export function cameraBar(
  { cameraCount, baselineMm, toeInRad, focalPx, sensorPx }: Bar,
  turns: readonly CameraTurn[] = [],
): Camera[] {
  return Array.from({ length: cameraCount }, (_, i) => {
    const side = cameraCount > 1 ? (2 * i) / (cameraCount - 1) - 1 : 0; // −1 … 1
    const x = (side * baselineMm) / 2;
    const yaw = -side * toeInRad + (turns[i]?.yawRad ?? 0),
      pitch = turns[i]?.pitchRad ?? 0;
    const [c, s] = [Math.cos(yaw), Math.sin(yaw)],
      [cp, sp] = [Math.cos(pitch), Math.sin(pitch)];
    // Rows are the camera's axes in the tracker frame: turned by yaw about y, then by pitch about its own x.
    const rows = [
      [c, 0, -s],
      [s * sp, cp, c * sp],
      [s * cp, -sp, c * cp],
    ] as const;
    return {
      cameraFromTracker: Float64Array.from(rows.flatMap(([a, b, d]) => [a, b, d, -a * x])),
      focalPx,
      sensorPx,
    };
  });
}

/** Where a point of the tracker frame falls: pixels from the middle of the sensor, and its depth in mm (≤ 0: behind). */
export function project({ cameraFromTracker: m, focalPx }: Camera, point: readonly number[]): [number, number, number] {
  const x = point[0]!, y = point[1]!, z = point[2]!; // prettier-ignore
  const depth = m[8]! * x + m[9]! * y + m[10]! * z + m[11]!;
  const scale = focalPx / depth;
  return [
    scale * (m[0]! * x + m[1]! * y + m[2]! * z + m[3]!),
    scale * (m[4]! * x + m[5]! * y + m[6]! * z + m[7]!),
    depth,
  ];
}

/** In the tracker frame, mm. */
export function cameraCentre({ cameraFromTracker: m }: Camera): [number, number, number] {
  return [0, 1, 2].map((k) => -(m[k]! * m[3]! + m[4 + k]! * m[7]! + m[8 + k]! * m[11]!)) as [number, number, number];
}

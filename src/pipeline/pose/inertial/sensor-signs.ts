type Vector = readonly [number, number, number];

/** A hand slides the face by this between two frames at least, one SD, mm: turns say less of a stroke that slides far. */
const LEAST_SLIDE_SD_MM = 0.25;
/** One step says no more than this, in units of the logarithm of a likelihood. */
const MOST_EVIDENCE = 3;
/** Cost of taking images and sensor to agree in one step and to contradict in the next: signs go wrong in runs. */
const SWITCH_COST = 6;

/**
 * Images know a way out of the plane up to its sign, and the sign is lost where nothing moves. A probe that fans turns about
 * its face, so that the middle of its picture goes to the side that the orientation sensor says. Returns 1 where a step's sign
 * is kept and −1 where it is turned, by the path of least cost.
 *
 * `steps`: way of the middle, mm, each in the axes of its earlier image. `turns`: row-major 3×3 of each picture, one more than
 * steps. `middle`: of the picture, mm from the face.
 */
export function sensorSigns(
  steps: readonly Vector[],
  turns: readonly Readonly<Float64Array>[],
  middle: Vector,
): Int8Array {
  const sizes = steps.map(([, , z]) => Math.abs(z)).sort((a, b) => a - b);
  const slideSd = Math.max(LEAST_SLIDE_SD_MM, sizes[sizes.length >> 1] ?? 0);
  let cost: [number, number] = [0, SWITCH_COST];
  const from: [number, number][] = [];
  steps.forEach(([, , z], i) => {
    const evidence = (2 * z * fannedWay(turns[i]!, turns[i + 1]!, middle)) / slideSd ** 2;
    const held = Math.max(-MOST_EVIDENCE, Math.min(MOST_EVIDENCE, evidence)) / 2;
    const keep = cost[1] + SWITCH_COST < cost[0] ? 1 : 0,
      turn = cost[0] + SWITCH_COST < cost[1] ? 0 : 1;
    from.push([keep, turn]);
    cost = [
      (keep === 0 ? cost[0] : cost[1] + SWITCH_COST) - held,
      (turn === 1 ? cost[1] : cost[0] + SWITCH_COST) + held,
    ];
  });
  const signs = new Int8Array(steps.length);
  let state: number = cost[1] < cost[0] ? 1 : 0;
  for (let i = steps.length - 1; i >= 0; i--) {
    signs[i] = state === 0 ? 1 : -1;
    state = from[i]![state]!;
  }
  return signs;
}

/** Way of the picture's middle out of the earlier picture's plane when the face's middle stands still, mm. */
function fannedWay(a: Readonly<Float64Array>, b: Readonly<Float64Array>, [x, y, z]: Vector): number {
  // Third row of aᵀ b: both turn the image into one frame.
  const entry = (column: number): number => a[2]! * b[column]! + a[5]! * b[3 + column]! + a[8]! * b[6 + column]!;
  return entry(0) * x + entry(1) * y + entry(2) * z - z;
}

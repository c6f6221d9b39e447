import { centreOf, type Facets, normalOf } from "./sheet-facets.ts";
import { along, dot, length, minus, unit, type Vector, without } from "./vector.ts";

/** Radius of the fibula's neck and shaft, mm: its axis lies so far below what is seen of it. */
const BONE_RADIUS_MM = 7;
/** What lies within this of the axis is fibula: its head is about 25 mm wide, and the axis is known to some mm. */
const REGION_RADIUS_MM = 12;
/** Farther than this from the touched tip's line is no fibula, whatever the error of palpation. */
const SEARCH_RADIUS_MM = 36;
/** How far above the touched tip it may begin: the error of palpation. */
const ABOVE_TIP_MM = 6;
/** How sharp the region's border is: a facet this far beyond is outside with a probability of 73 %. */
const BORDER_MM = 2.5;
/** The fibula leaves the lower leg's shaft by about so much (mm a mm, standard deviation). */
const LEAN = 0.1;
/** Standard deviation of the middle of one mm² of surface about the axis, mm, neighbours being alike: for the fit's weights. */
const SCATTER_MM = 30;
/** Rounds in which axis and membership find each other; more move the axis by less than a tenth of a millimetre. */
const ROUNDS = 6;

const inside = (byMm: number): number => 1 / (1 + Math.exp(-byMm / BORDER_MM));

interface Axis {
  readonly through: Vector;
  readonly direction: Vector;
}

/**
 * Per facet, how likely it is fibula rather than tibia: it lies near a line about parallel to the lower leg's shaft
 * (`down`, unit), and faces away from it. The line starts through the touched tip of the head and moves to the middle of
 * what faces away from it.
 */
export function fibulaRegion(
  facets: Facets,
  tip: Vector,
  down: Vector,
  belowJoint: (facet: number) => boolean,
): Float64Array {
  const share = new Float64Array(facets.count);
  const near: number[] = [];
  for (let i = 0; i < facets.count; i++) {
    if (!belowJoint(i)) continue;
    const from = minus(centreOf(facets, i), tip);
    if (dot(from, down) > -2 * ABOVE_TIP_MM && length(without(from, down)) < SEARCH_RADIUS_MM) near.push(i);
  }
  let axis: Axis = { through: tip, direction: down };
  for (let round = 0; round < ROUNDS; round++) {
    for (const i of near) {
      const place = centreOf(facets, i);
      const off = without(minus(place, axis.through), axis.direction), r = length(off); // prettier-ignore
      const facing = r > 0 ? dot(off, normalOf(facets, i)) / r : 0;
      const height = dot(minus(place, tip), down);
      share[i] = inside(REGION_RADIUS_MM - r) * inside(height + ABOVE_TIP_MM) * (0.5 + 0.5 * facing);
    }
    axis = fitAxis(facets, near, share, down) ?? axis;
  }
  return share;
}

/** Straight line through the middles below the facets, each weighted by its share; its lean from `down` is held small. */
function fitAxis(facets: Facets, near: readonly number[], share: Float64Array, down: Vector): Axis | undefined {
  const middle = (i: number): Vector => along(centreOf(facets, i), normalOf(facets, i), -BONE_RADIUS_MM);
  const weight = (i: number): number => share[i]! ** 2 * facets.areaMm2[i]!;
  let sum = 0;
  let mean: Vector = [0, 0, 0];
  for (const i of near) {
    sum += weight(i);
    mean = along(mean, middle(i), weight(i));
  }
  if (sum === 0) return undefined;
  mean = along([0, 0, 0], mean, 1 / sum);
  // Ridge regression of the offset across `down` on the height along it.
  let spread = (SCATTER_MM / LEAN) ** 2;
  let slope: Vector = [0, 0, 0];
  for (const i of near) {
    const from = minus(middle(i), mean), height = dot(from, down); // prettier-ignore
    spread += weight(i) * height * height;
    slope = along(slope, without(from, down), weight(i) * height);
  }
  return { through: mean, direction: unit(along(down, slope, 1 / spread)) };
}

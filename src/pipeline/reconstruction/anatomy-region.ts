import { UnsuitableInputError } from "../../core/errors.ts";
import type { DigitisedPoint } from "../../data/recording.ts";
import type { Grid } from "../../geometry/grid.ts";

/** A part of the knee that a volume can be limited to, by the points that the operator touched. */
export type AnatomyRegion = "femur" | "tibia" | "patella" | "fibula" | "joint";

/** The touched points that span each region. */
const pointsOf: Readonly<Record<AnatomyRegion, readonly string[]>> = {
  femur: ["femur-medial-epicondyle", "femur-lateral-epicondyle"],
  tibia: ["tibia-medial-plateau", "tibia-lateral-plateau", "tibia-tubercle"],
  patella: ["patella-superior-pole", "patella-inferior-pole"],
  fibula: ["fibula-head"],
  joint: ["femur-medial-epicondyle", "femur-lateral-epicondyle", "tibia-medial-plateau", "tibia-lateral-plateau"],
};

/**
 * Voxels of `spacingMm` over the box around the region's points and `marginMm` on every side, on the axes of the frame
 * that the points are in. Throws when a point was not touched.
 */
export function regionGrid(
  region: AnatomyRegion,
  points: readonly DigitisedPoint[],
  spacingMm: number,
  marginMm: number,
): Grid {
  const touched = pointsOf[region].map((name) => {
    const point = points.find((candidate) => candidate.name === name);
    if (!point) {
      throw new UnsuitableInputError(
        `Reconstruction: the region "${region}" needs the point "${name}", which was not touched`,
        "Touch it before the scan, or reconstruct the whole volume",
      );
    }
    return point.positionMm;
  });
  const axis = (a: number): { count: number; origin: number } => {
    const values = touched.map((point) => point[a]!);
    const low = Math.min(...values) - marginMm, range = Math.max(...values) + marginMm - low; // prettier-ignore
    return { count: Math.ceil(range / spacingMm) + 1, origin: low };
  };
  const axes = [axis(0), axis(1), axis(2)] as const;
  return {
    shape: [axes[0].count, axes[1].count, axes[2].count],
    spacingMm: [spacingMm, spacingMm, spacingMm],
    originMm: [axes[0].origin, axes[1].origin, axes[2].origin],
  };
}

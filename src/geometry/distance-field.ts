/** Signed distance to a closed surface in mm: negative inside. Points are in the frame of the surface. */
export interface DistanceField {
  distanceMm(x: number, y: number, z: number): number;
}

import type { DistanceField } from "../../geometry/distance-field.ts";
import { manifoldModule } from "../../geometry/manifold.ts";
import type { Bounds, Mesh } from "../../geometry/mesh.ts";

/** Step of the difference quotients, mm. */
const STEP_MM = 0.05;

/** A vertex this near to the zero set is left where it is; a float32 coordinate of 100 mm has steps of 8 nm. */
const ON_FIELD_MM = 1e-4;

/**
 * The zero set of a distance field as a closed manifold mesh, outward, with edges of about `edgeMm`; each vertex is
 * then moved along the gradient onto the field. `bounds` must hold the surface.
 */
export async function meshSolid(field: DistanceField, bounds: Bounds, edgeMm: number): Promise<Mesh> {
  const { Manifold: Solid } = await manifoldModule();
  const box = { min: [...bounds.min], max: [...bounds.max] } as {
    min: [number, number, number];
    max: [number, number, number];
  };
  const inside = ([x, y, z]: readonly [number, number, number]): number => -field.distanceMm(x, y, z);
  // The body-centred lattice of levelSet has edges of 1 and √3/2 of its step, and cuts them: about 2/3 on average.
  const solid = Solid.levelSet(inside, box, edgeMm * 1.4);
  const { vertProperties, triVerts, numProp } = solid.getMesh();
  solid.delete();
  const positions = new Float32Array((vertProperties.length / numProp) * 3);
  for (let v = 0; v < positions.length / 3; v++) {
    let x = vertProperties[v * numProp]!, y = vertProperties[v * numProp + 1]!, z = vertProperties[v * numProp + 2]!; // prettier-ignore
    let d = field.distanceMm(x, y, z);
    for (let iteration = 0; iteration < 8 && Math.abs(d) > ON_FIELD_MM; iteration++) {
      const gx = field.distanceMm(x + STEP_MM, y, z) - field.distanceMm(x - STEP_MM, y, z),
        gy = field.distanceMm(x, y + STEP_MM, z) - field.distanceMm(x, y - STEP_MM, z),
        gz = field.distanceMm(x, y, z + STEP_MM) - field.distanceMm(x, y, z - STEP_MM);
      const g2 = gx * gx + gy * gy + gz * gz;
      if (g2 < 0.04 * STEP_MM * STEP_MM) break;
      const scale = (d * 2 * STEP_MM) / g2;
      // In a hollow a full step can land on the far wall: it is halved until it comes nearer.
      for (let share = 1; share > 0.05; share /= 2) {
        const px = x - share * scale * gx, py = y - share * scale * gy, pz = z - share * scale * gz; // prettier-ignore
        const there = field.distanceMm(px, py, pz);
        if (Math.abs(there) >= Math.abs(d)) continue;
        x = px;
        y = py;
        z = pz;
        d = there;
        break;
      }
    }
    positions.set([x, y, z], v * 3);
  }
  return { positions, triangles: Uint32Array.from(triVerts) };
}

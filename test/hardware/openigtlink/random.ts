import { fromQuaternion } from "../../../src/core/rigid.ts";
import type { Rng } from "../../../src/core/rng.ts";

/** A uniformly random rotation with a translation of about `spreadMm` an axis, row-major 3×4. */
export function randomRotation(rng: Rng, spreadMm: number): Readonly<Float64Array> {
  const n = (): number => rng.normal();
  return fromQuaternion<"tracker", "probe">([n(), n(), n(), n()], [spreadMm * n(), spreadMm * n(), spreadMm * n()]).m;
}
